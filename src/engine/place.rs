//! What is being written at a place in a cell, as far as the text around it tells.

use ra_ap_syntax::{AstNode, SourceFile, SyntaxKind, TextSize};

use super::syntax::{EDITION, in_function};

/// What can stand at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A command such as `:vars`.
    Command,
    /// A member of this variable.
    Member(String),
    /// Something of this type or module.
    Path(String),
    /// Any name.
    Name,
    /// Nothing that could be known from here: in a comment, in a string, after a long expression.
    Unknown,
}

/// The place at a byte offset, and where the word there starts.
#[must_use]
pub fn at(code: &str, offset: usize) -> (Place, usize) {
    let offset = code.floor_char_boundary(offset);
    let before = &code[..offset];
    let line = before.rfind('\n').map_or(0, |end| end + 1);
    if before[line..].starts_with(':') && !before[line..].contains(char::is_whitespace) {
        return (Place::Command, line);
    }
    let start = word_start(before);
    if in_text(code, start) {
        return (Place::Unknown, start);
    }
    let before = &before[..start];
    let place = if let Some(receiver) = before.strip_suffix('.') {
        simple(receiver).map_or(Place::Unknown, |name| Place::Member(name.to_owned()))
    } else if let Some(path) = before.strip_suffix("::") {
        let name = &path[word_start(path)..];
        if name.is_empty() {
            Place::Unknown
        } else {
            Place::Path(name.to_owned())
        }
    } else {
        Place::Name
    };
    (place, start)
}

/// The name that the text ends with, if it stands alone.
fn simple(text: &str) -> Option<&str> {
    let start = word_start(text);
    let alone = !text[..start].ends_with(['.', ':']);
    let name = &text[start..];
    let is_name = name.starts_with(|first: char| !first.is_ascii_digit());
    (alone && is_name).then_some(name)
}

fn word_start(text: &str) -> usize {
    text.char_indices()
        .rev()
        .take_while(|(_, letter)| letter.is_alphanumeric() || *letter == '_')
        .last()
        .map_or(text.len(), |(start, _)| start)
}

fn in_text(code: &str, offset: usize) -> bool {
    let (wrapped, head) = in_function(code);
    let tree = SourceFile::parse(&wrapped, EDITION).tree();
    let Ok(offset) = u32::try_from(head + offset) else {
        return true;
    };
    let offset = TextSize::from(offset);
    // At the border of two tokens: in the left one only if it goes on, as an open string does.
    let Some(token) = tree.syntax().token_at_offset(offset).left_biased() else {
        return false;
    };
    let text = match token.kind() {
        SyntaxKind::COMMENT => {
            return !token.text().ends_with("*/") || token.text_range().end() > offset;
        }
        SyntaxKind::STRING | SyntaxKind::BYTE_STRING | SyntaxKind::C_STRING | SyntaxKind::CHAR => {
            token
        }
        _ => return false,
    };
    text.text_range().start() < offset && text.text_range().end() > offset
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_end(code: &str) -> (Place, usize) {
        at(code, code.len())
    }

    #[test]
    fn the_text_before_tells_what_is_written() {
        assert_eq!(at_end("cou"), (Place::Name, 0));
        assert_eq!(at_end("f(cou"), (Place::Name, 2));
        assert_eq!(at_end("x.cou"), (Place::Member("x".to_owned()), 2));
        assert_eq!(at_end("ü.lé"), (Place::Member("ü".to_owned()), 3));
        assert_eq!(at_end("Light::Gr"), (Place::Path("Light".to_owned()), 7));
        assert_eq!(at_end("a::Light::"), (Place::Path("Light".to_owned()), 10));
        assert_eq!(at_end(":va"), (Place::Command, 0));
        assert_eq!(at_end("let a = 1;\n:va"), (Place::Command, 11));
        assert_eq!(at_end(":dep x"), (Place::Name, 5));
    }

    #[test]
    fn what_cannot_be_known_is_not_guessed() {
        for code in ["f().le", "a.b.le", "a::b.le", "1.le", " ::x", ".."] {
            let (place, _) = at_end(code);
            assert!(matches!(place, Place::Unknown), "{code}: {place:?}");
        }
    }

    #[test]
    fn there_are_no_names_in_comments_and_strings() {
        for code in ["// cou", "let s = \"cou", "/* cou", "let s = \"a cou"] {
            assert_eq!(at_end(code).0, Place::Unknown, "{code}");
        }
        assert_eq!(at("\"cou\"", 4).0, Place::Unknown);
        assert_eq!(at_end("// a\ncou").0, Place::Name);
        assert_eq!(at_end("/* a */ cou").0, Place::Name);
        assert_eq!(at_end("\"a\" cou").0, Place::Name);
    }

    #[test]
    fn any_offset_is_one() {
        let code = "ü.ä(\"€\").x";
        for offset in 0..code.len() + 3 {
            let (_, start) = at(code, offset);
            assert!(code.is_char_boundary(start));
        }
    }
}
