//! `is_complete_request`, answered from a real parse.

use jupyter_protocol::IsCompleteReply;
use ra_ap_syntax::{AstNode, SourceFile, SyntaxKind, SyntaxToken, TextSize};

use crate::engine::nesting::too_deep;
use crate::engine::syntax::{EDITION, wrap};

/// One step of indentation, as rustfmt does it.
const INDENT: &str = "    ";

/// The reply.
///
/// Code is *incomplete* when something is open at its end (a bracket, a string, a comment) or when
/// the only thing wrong with it is that it ends too early. It is *invalid* when an error stands
/// before its end.
#[must_use]
pub fn is_complete(code: &str) -> IsCompleteReply {
    // The parser would overflow the stack, and the compiler will not take it either.
    if too_deep(code).is_some() {
        return IsCompleteReply::invalid();
    }
    match open_at_the_end(code) {
        Open::Depth(depth) if depth > 0 => {
            return IsCompleteReply::incomplete(INDENT.repeat(depth));
        }
        Open::Text => return IsCompleteReply::incomplete(String::new()),
        Open::Depth(_) => {}
        Open::Closed => return IsCompleteReply::invalid(),
    }
    let wrapped = wrap(code);
    let parsed = SourceFile::parse(&wrapped, EDITION);
    let errors = parsed.errors();
    let Some(first) = errors.first() else {
        return IsCompleteReply::complete();
    };
    let end = end_of_code(&parsed.tree());
    if first.range().start() >= end {
        IsCompleteReply::incomplete(String::new())
    } else {
        IsCompleteReply::invalid()
    }
}

enum Open {
    /// So many brackets are open.
    Depth(usize),
    /// A string or a comment is open.
    Text,
    /// A bracket is closed that was never opened.
    Closed,
}

fn open_at_the_end(code: &str) -> Open {
    let lexed = ra_ap_syntax::SourceFile::parse(&wrap(code), EDITION);
    // An open string or comment swallows everything after it, the wrapper's last brace too.
    let mut depth: Vec<SyntaxKind> = Vec::new();
    let tokens: Vec<SyntaxToken> = lexed
        .tree()
        .syntax()
        .descendants_with_tokens()
        .filter_map(|element| element.into_token())
        .collect();
    if tokens.iter().any(unterminated) {
        return Open::Text;
    }
    // Without the wrapper: `fn cell() {` in front, `}` at the end.
    let inner = tokens
        .iter()
        .filter(|token| !token.kind().is_trivia())
        .skip(5)
        .collect::<Vec<_>>();
    let Some((_, inner)) = inner.split_last() else {
        return Open::Depth(0);
    };
    for token in inner {
        match token.kind() {
            open @ (SyntaxKind::L_CURLY | SyntaxKind::L_PAREN | SyntaxKind::L_BRACK) => {
                depth.push(open);
            }
            SyntaxKind::R_CURLY | SyntaxKind::R_PAREN | SyntaxKind::R_BRACK => {
                let fits = matches!(
                    (depth.pop(), token.kind()),
                    (Some(SyntaxKind::L_CURLY), SyntaxKind::R_CURLY)
                        | (Some(SyntaxKind::L_PAREN), SyntaxKind::R_PAREN)
                        | (Some(SyntaxKind::L_BRACK), SyntaxKind::R_BRACK)
                );
                if !fits {
                    return Open::Closed;
                }
            }
            _ => {}
        }
    }
    Open::Depth(depth.len())
}

fn unterminated(token: &SyntaxToken) -> bool {
    let text = token.text();
    match token.kind() {
        SyntaxKind::COMMENT => text.starts_with("/*") && !closed_comment(text),
        SyntaxKind::STRING | SyntaxKind::BYTE_STRING | SyntaxKind::C_STRING => !closed_string(text),
        _ => false,
    }
}

fn closed_comment(text: &str) -> bool {
    // Block comments nest.
    text.matches("/*").count() <= text.matches("*/").count()
}

fn closed_string(text: &str) -> bool {
    let Some(start) = text.find('"') else {
        return false;
    };
    let hashes = text[..start].matches('#').count();
    let body = &text[start + 1..];
    if text[..start].contains('r') {
        return body.ends_with(&format!("\"{}", "#".repeat(hashes)));
    }
    let mut escaped = false;
    for letter in body.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return true,
            _ => {}
        }
    }
    false
}

/// Where the learner's last token ends.
fn end_of_code(file: &SourceFile) -> TextSize {
    let mut tokens: Vec<SyntaxToken> = file
        .syntax()
        .descendants_with_tokens()
        .filter_map(|element| element.into_token())
        .filter(|token| !token.kind().is_trivia())
        .collect();
    // The last one is the wrapper's brace.
    tokens.pop();
    tokens
        .last()
        .map_or(TextSize::from(0), |token| token.text_range().end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jupyter_protocol::IsCompleteReplyStatus as Status;

    #[track_caller]
    fn check(code: &str, status: Status, indent: &str) {
        let reply = is_complete(code);
        assert_eq!(
            (reply.status, reply.indent.as_str()),
            (status, indent),
            "for {code:?}"
        );
    }

    #[test]
    fn whole_statements_items_and_expressions_are_complete() {
        for code in [
            "",
            "1 + 1",
            "let a = 1;",
            "fn f() {}",
            "use std::thread;",
            "for i in 0..3 {\n    f(i);\n}",
            "// only a comment",
            ":dep rand = \"0.9\"\nlet a = 1;",
            "let s = \"an { open brace in a string\";",
            "let c = '{';",
            "#[derive(Debug)]\nstruct A;",
        ] {
            check(code, Status::Complete, "");
        }
    }

    #[test]
    fn an_open_bracket_asks_for_more_with_its_indentation() {
        check("fn f() {", Status::Incomplete, "    ");
        check("let v = vec![1,", Status::Incomplete, "    ");
        check("fn f() {\n    if a {", Status::Incomplete, "        ");
    }

    #[test]
    fn an_open_string_or_comment_asks_for_more() {
        check("let s = \"abc", Status::Incomplete, "");
        check("/* a comment", Status::Incomplete, "");
        check("let s = r#\"abc\"", Status::Incomplete, "");
    }

    #[test]
    fn a_statement_that_ends_too_early_asks_for_more() {
        check("let a =", Status::Incomplete, "");
        check("a +", Status::Incomplete, "");
    }

    #[test]
    fn code_that_would_overflow_the_parser_is_invalid() {
        check(&"(".repeat(100_000), Status::Invalid, "");
        check(&format!("{}1", "!".repeat(100_000)), Status::Invalid, "");
    }

    #[test]
    fn an_error_in_the_middle_is_invalid() {
        check("let = 5;", Status::Invalid, "");
        check("fn f() { ) }", Status::Invalid, "");
        check("}", Status::Invalid, "");
    }
}
