//! A block of evcxr's text protocol, and what our own words in its first line mean.

use super::report::{Bundle, Shown};

/// A block of this type clears the output of the cell.
const CLEAR_OUTPUT: &str = "application/x-clear-output";

/// What a block asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DisplayBlock {
    /// To show something.
    Show(Shown),
    /// To clear the output of the cell, at once or with the next output.
    Clear {
        /// With the next output.
        wait: bool,
    },
}

impl DisplayBlock {
    /// Reads a block. Its first line is a MIME type, which evcxr itself reads up to the first space;
    /// the words behind it are ours (see `lesson_support`'s `Display`).
    #[must_use]
    pub fn read(line: &str, data: String) -> DisplayBlock {
        let mut words = line.split_whitespace();
        let mime = words.next().unwrap_or("text/plain");
        let mut shown = Shown::default();
        let mut wait = false;
        for word in words {
            match word.split_once('=') {
                Some(("display_id", id)) => shown.id = Some(id.to_owned()),
                _ => match word {
                    "update" => shown.update = true,
                    "wait" => wait = true,
                    _ => {}
                },
            }
        }
        if mime == CLEAR_OUTPUT {
            return DisplayBlock::Clear { wait };
        }
        shown.bundle = Bundle::from([(mime.to_owned(), data)]);
        DisplayBlock::Show(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_behind_the_mime_type_are_ours() {
        let DisplayBlock::Show(shown) =
            DisplayBlock::read("text/html display_id=a update", "x".to_owned())
        else {
            panic!("it shows something");
        };
        assert_eq!(shown.id.as_deref(), Some("a"));
        assert!(shown.update);
        assert_eq!(shown.bundle["text/html"], "x");
        let clear = DisplayBlock::read("application/x-clear-output wait", String::new());
        assert_eq!(clear, DisplayBlock::Clear { wait: true });
    }
}
