//! Brackets without a partner.
//!
//! The compiler looks at a cell between brackets of evcxr's, and takes those for the partners that are
//! missing: it names the wrong bracket, or none. Where two kinds are mixed up, it tells so well itself.

use std::ops::Range;

use rustc_lexer::{FrontmatterAllowed, TokenKind, tokenize};

use super::syntax::{first_error, is_unterminated, lines_before_rust};

/// What is wrong, the place of the bracket, and what is said there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpaired {
    /// In the compiler's words.
    pub message: String,
    /// The bytes of the bracket.
    pub place: Range<usize>,
    /// Its label.
    pub label: &'static str,
}

/// The bracket that closes nothing, or the only one that is not closed.
#[must_use]
pub fn unpaired(code: &str) -> Option<Unpaired> {
    // Then the rest of the cell is none of its code.
    if first_error(code).is_some_and(|(message, _)| is_unterminated(&message)) {
        return None;
    }
    let head = code.split_inclusive('\n').take(lines_before_rust(code));
    let mut at = head.map(str::len).sum();
    let mut open: Vec<(TokenKind, Range<usize>)> = Vec::new();
    for token in tokenize(&code[at..], FrontmatterAllowed::No) {
        let place = at..at + token.len as usize;
        at = place.end;
        let partner = match token.kind {
            TokenKind::OpenParen | TokenKind::OpenBracket | TokenKind::OpenBrace => {
                open.push((token.kind, place));
                continue;
            }
            TokenKind::CloseParen => TokenKind::OpenParen,
            TokenKind::CloseBracket => TokenKind::OpenBracket,
            TokenKind::CloseBrace => TokenKind::OpenBrace,
            _ => continue,
        };
        match open.pop() {
            Some((kind, _)) if kind == partner => {}
            Some(_) => return None,
            None => {
                return Some(Unpaired {
                    message: format!("unexpected closing delimiter: `{}`", &code[place.clone()]),
                    place,
                    label: "unexpected closing delimiter",
                });
            }
        }
    }
    match open.as_slice() {
        [(_, place)] => Some(Unpaired {
            message: "this cell contains an unclosed delimiter".to_owned(),
            place: place.clone(),
            label: "unclosed delimiter",
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, expected: Option<(usize, &str)>) {
        let found = unpaired(code).map(|found| (found.place.start, found.label));
        assert_eq!(found, expected, "{code}");
    }

    #[test]
    fn a_bracket_that_closes_nothing_is_named() {
        let label = "unexpected closing delimiter";
        check(")", Some((0, label)));
        check("fn f() {} }", Some((10, label)));
        check("let s = \"a)\"; // )\n]", Some((19, label)));
        let found = unpaired("f());").expect("one too many");
        assert_eq!(found.message, "unexpected closing delimiter: `)`");
    }

    #[test]
    fn the_only_one_that_is_open_is_named() {
        check(
            ":dep a = { b\nprintln!(\"a\"",
            Some((21, "unclosed delimiter")),
        );
        check("{ f(1);", Some((0, "unclosed delimiter")));
    }

    #[test]
    fn what_the_compiler_tells_well_is_left_to_it() {
        for code in [
            "f([1)]",
            "fn f() { if a {",
            "f(\"a);",
            "f(); /* (",
            "f('(', b'[', 'a)",
            "",
        ] {
            check(code, None);
        }
    }
}
