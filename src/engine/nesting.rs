//! Code so deeply nested that parsers cannot take it.
//!
//! Parsers are recursive, and the ones of rust-analyzer and rustc need memory for each level and time
//! for each pair of levels: with some thousand levels they overflow their stack, which would end the
//! kernel, or do not come back. No person writes such code, so a count of its tokens keeps it away
//! from them.

use rustc_lexer::{FrontmatterAllowed, TokenKind, tokenize};

/// So many brackets may be open at once.
pub const DEEPEST: usize = 400;
/// So many operators may stand in a row without a `;`, a `,` or a brace: each can be a level too.
pub const LONGEST_CHAIN: usize = 3_000;

/// Where and why code is too deep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooDeep {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub reason: String,
}

/// Finds the first place at which `code` is too deeply nested.
#[must_use]
pub fn too_deep(code: &str) -> Option<TooDeep> {
    let (mut at, mut depth, mut chain) = (0, 0_usize, 0_usize);
    for token in tokenize(code, FrontmatterAllowed::No) {
        let start = at;
        at += token.len as usize;
        match token.kind {
            TokenKind::OpenParen | TokenKind::OpenBracket => depth += 1,
            TokenKind::CloseParen | TokenKind::CloseBracket => depth = depth.saturating_sub(1),
            TokenKind::OpenBrace => (depth, chain) = (depth + 1, 0),
            TokenKind::CloseBrace => (depth, chain) = (depth.saturating_sub(1), 0),
            TokenKind::Semi | TokenKind::Comma => chain = 0,
            TokenKind::Whitespace
            | TokenKind::LineComment { .. }
            | TokenKind::BlockComment { .. }
            | TokenKind::Literal { .. }
            | TokenKind::Ident
            | TokenKind::RawIdent => {}
            _ => chain += 1,
        }
        let reason = if depth > DEEPEST {
            format!(
                "more than {DEEPEST} brackets are open here, which is too deep for the compiler"
            )
        } else if chain > LONGEST_CHAIN {
            format!(
                "more than {LONGEST_CHAIN} operators stand in one expression here, which is too \
                 much for the compiler"
            )
        } else {
            continue;
        };
        return Some(TooDeep {
            line: 1 + code[..start].matches('\n').count(),
            reason: format!("{reason}. Write it in smaller pieces"),
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn line(code: &str) -> Option<usize> {
        too_deep(code).map(|found| found.line)
    }

    #[test]
    fn brackets_count_while_they_are_open() {
        for (open, close) in [("(", ")"), ("[", "]"), ("{", "}")] {
            let nested = |levels| format!("\n{}1{}", open.repeat(levels), close.repeat(levels));
            assert_eq!(line(&nested(DEEPEST)), None);
            assert_eq!(line(&nested(DEEPEST + 1)), Some(2));
        }
        assert_eq!(line(&"f(x);\n".repeat(100_000)), None);
    }

    #[test]
    fn brackets_in_texts_and_comments_do_not_count() {
        let brackets = "(".repeat(DEEPEST + 1);
        assert_eq!(line(&format!("let s = \"{brackets}\";")), None);
        assert_eq!(line(&format!("let s = r#\"{brackets}\"#;")), None);
        assert_eq!(line(&format!("// {brackets}\n1")), None);
    }

    #[test]
    fn operators_count_up_to_the_end_of_their_expression() {
        assert_eq!(
            line(&format!("{}true", "!".repeat(LONGEST_CHAIN + 1))),
            Some(1)
        );
        assert_eq!(
            line(&format!("1{}", "+1".repeat(LONGEST_CHAIN + 1))),
            Some(1)
        );
        assert_eq!(line(&"-1,".repeat(100_000)), None);
        assert_eq!(line(&"let a = -1;\n".repeat(100_000)), None);
    }
}
