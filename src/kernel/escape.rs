//! The sequences by which programs talk to terminals (ECMA-48, 5.4).

/// `ESC [ parameters command`.
#[derive(Clone, Copy, Debug)]
pub struct Sequence<'a> {
    /// All of it.
    pub whole: &'a str,
    /// Between `[` and the command.
    pub parameters: &'a str,
    /// What is asked for; NUL for nothing that is known.
    pub command: char,
}

impl Sequence<'_> {
    /// Whether it moves the cursor, or erases.
    #[must_use]
    pub fn draws(&self) -> bool {
        "ABCDEFGJK".contains(self.command)
    }
}

/// What stands at the beginning of a text that begins with ESC.
pub enum Escape<'a> {
    /// A sequence of so many bytes.
    Whole(usize, Sequence<'a>),
    /// More text is needed to tell.
    Partial,
}

/// Reads the sequence at the beginning of `text`, which begins with ESC. What is no sequence of the
/// form that counts here (ECMA-48, 5.4: CSI) is one without a meaning.
#[must_use]
pub fn escape(text: &str) -> Escape<'_> {
    let meaningless = |length: usize| {
        Escape::Whole(
            length,
            Sequence {
                whole: &text[..length],
                parameters: "",
                command: '\0',
            },
        )
    };
    match text.as_bytes().get(1) {
        None => return Escape::Partial,
        Some(b'[') => {}
        Some(_) => return meaningless(1),
    }
    let parameters = text[2..]
        .find(|c: char| !matches!(c, ' '..='?'))
        .map(|end| &text[2..2 + end]);
    let Some(parameters) = parameters else {
        // Longer than any sequence.
        return if text.len() > 64 {
            meaningless(2)
        } else {
            Escape::Partial
        };
    };
    let end = 2 + parameters.len();
    match text[end..].chars().next() {
        Some(command @ '@'..='~') => Escape::Whole(
            end + 1,
            Sequence {
                whole: &text[..=end],
                parameters,
                command,
            },
        ),
        _ => meaningless(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_is_whole_partial_or_none() {
        let read = |text: &str| match escape(text) {
            Escape::Whole(length, sequence) => Some((length, sequence.command)),
            Escape::Partial => None,
        };
        assert_eq!(read("\u{1b}[2Kx"), Some((4, 'K')));
        assert_eq!(read("\u{1b}[38;5;1mx"), Some((9, 'm')));
        assert_eq!(read("\u{1b}"), None);
        assert_eq!(read("\u{1b}[12;"), None);
        assert_eq!(read("\u{1b}]0;title"), Some((1, '\0')));
        assert_eq!(read("\u{1b}[é"), Some((2, '\0')));
        assert_eq!(
            read(&format!("\u{1b}[{}", "1".repeat(100))),
            Some((2, '\0'))
        );
    }
}
