//! Remarks to panics of crates that have their reason in cells.

/// What a learner can do about a panic with this message, where that is not to be seen from the message.
#[must_use]
pub fn hint(message: &str) -> Option<&'static str> {
    // tokio's words.
    message
        .starts_with("Cannot start a runtime from within a runtime")
        .then_some("since the first cell with `.await` at its top level, every cell runs in a runtime of tokio: await here without one of your own, or give yours a thread: `std::thread::spawn(|| { … }).join()`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_its_reason_in_cells_is_explained() {
        let within = "Cannot start a runtime from within a runtime. This happens because …";
        assert!(hint(within).is_some_and(|text| text.contains("await here")));
        assert_eq!(hint("index out of bounds"), None);
    }
}
