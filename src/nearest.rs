//! The known word that was probably meant.

/// Words have more than this share of their letters in common, in order, where one may be meant by the other.
const ALIKE: f32 = 0.6;

/// The known word most like `word`, if one is like it.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|other| (similar::TextDiff::from_chars(word, other).ratio(), other))
        .filter(|(likeness, _)| *likeness > ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_near_that_has_most_letters_in_common() {
        let known = [":explain", ":vars", ":type"];
        assert_eq!(nearest(":explan", known), Some(":explain"));
        assert_eq!(nearest(":typ", known), Some(":type"));
        assert_eq!(nearest(":quit", known), None);
        assert_eq!(nearest("", known), None);
    }
}
