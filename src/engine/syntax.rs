//! What a parse of a cell tells: whether it has a value, and where it is broken.

use std::ops::Range;

use ra_ap_syntax::ast::HasModuleItem;
use ra_ap_syntax::{AstNode, Edition, SourceFile, TextSize, ast};

/// The edition in which evcxr compiles cells.
pub const EDITION: Edition = Edition::Edition2024;

/// Whether the cell's last statement is an expression whose value is to be shown.
#[must_use]
pub fn ends_with_value(code: &str) -> bool {
    body(code)
        .and_then(|body| body.tail_expr())
        .is_some_and(|tail| !is_loop_for_its_effect(&tail))
}

/// Whether the code is one expression and nothing else.
#[must_use]
pub fn is_expression(code: &str) -> bool {
    first_error(code).is_none()
        && !code.lines().take(lines_before_rust(code)).any(is_command)
        && body(code)
            .is_some_and(|body| body.tail_expr().is_some() && body.statements().next().is_none())
}

/// The cell as the statements of a function.
#[must_use]
pub fn body(code: &str) -> Option<ast::StmtList> {
    body_of(&SourceFile::parse(&wrap(code), EDITION).tree())
}

/// The statements, and the value, of a wrapped cell.
#[must_use]
pub fn body_of(wrapped: &SourceFile) -> Option<ast::StmtList> {
    wrapped.items().find_map(|item| match item {
        ast::Item::Fn(function) => function.body()?.stmt_list(),
        _ => None,
    })
}

/// The statements of a wrapped cell.
pub fn statements(wrapped: &SourceFile) -> impl Iterator<Item = ast::Stmt> + use<> {
    let body = body_of(wrapped);
    body.into_iter().flat_map(|list| list.statements())
}

/// The cell inside a function, and the byte at which it begins there. Unlike in [`wrap`] each byte
/// keeps its distance from that: commands become spaces.
#[must_use]
pub fn in_function(code: &str) -> (String, usize) {
    let mut wrapped = String::from(HEAD);
    let head = lines_before_rust(code);
    for (number, line) in code.split_inclusive('\n').enumerate() {
        if number < head && is_command(line) {
            let text = line.trim_end_matches('\n');
            wrapped.extend(std::iter::repeat_n(' ', text.len()));
            wrapped.push_str(&line[text.len()..]);
        } else {
            wrapped.push_str(line);
        }
    }
    wrapped.push_str("\n}\n");
    (wrapped, HEAD.len())
}

/// The first syntax error of a cell: its message, and its place as a byte range of the cell.
#[must_use]
pub fn first_error(code: &str) -> Option<(String, Range<usize>)> {
    let wrapped = wrap(code);
    let error = SourceFile::parse(&wrapped, EDITION)
        .errors()
        .into_iter()
        .next()?;
    let place = |offset: TextSize| in_cell(code, usize::from(offset));
    let (start, end) = (place(error.range().start()), place(error.range().end()));
    Some((error.to_string(), start..end))
}

/// The byte of the cell that stands at this byte of the wrapped one.
#[must_use]
pub fn in_cell(code: &str, offset: usize) -> usize {
    let mut left = offset.saturating_sub(HEAD.len());
    let mut before = 0;
    let head = lines_before_rust(code);
    for (number, line) in code.split_inclusive('\n').enumerate() {
        // As `str::lines` sees it.
        let text = line.strip_suffix('\n').unwrap_or(line);
        let text = text.strip_suffix('\r').unwrap_or(text);
        // A command is blank there.
        let blank = number < head && is_command(text);
        let shown = if blank { 0 } else { text.len() };
        if left <= shown {
            return before + left;
        }
        left -= shown + 1;
        before += line.len();
    }
    code.len()
}

/// How many lines evcxr reads before it takes the rest for Rust: commands, comments and empty lines.
#[must_use]
pub fn lines_before_rust(code: &str) -> usize {
    code.lines()
        .take_while(|line| is_command(line) || line.starts_with("//") || line.trim().is_empty())
        .count()
}

/// Whether evcxr takes the line for itself, where no Rust stands before it: a command of its own, or
/// one for the shell.
fn is_command(line: &str) -> bool {
    line.starts_with('!') || line.trim_start_matches(' ').starts_with(':')
}

const HEAD: &str = "fn cell() {\n";

/// The cell inside a function, with commands blanked out.
#[must_use]
pub fn wrap(code: &str) -> String {
    let mut wrapped = String::from(HEAD);
    let head = lines_before_rust(code);
    for (number, line) in code.lines().enumerate() {
        if number >= head || !is_command(line) {
            wrapped.push_str(line);
        }
        wrapped.push('\n');
    }
    wrapped.push_str("}\n");
    wrapped
}

/// Whether the expression is a loop that has no value; evcxr does not display those either.
#[must_use]
pub fn is_loop_for_its_effect(tail: &ast::Expr) -> bool {
    matches!(tail, ast::Expr::ForExpr(_) | ast::Expr::WhileExpr(_))
        || tail.syntax().text().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_without_semicolon_is_a_value() {
        assert!(ends_with_value("let a = 1;\na + 1"));
        assert!(ends_with_value(":dep x\na"));
        assert!(ends_with_value("if a { 1 } else { 2 }"));
    }

    #[test]
    fn statements_and_items_are_none() {
        assert!(!ends_with_value("let a = 1;"));
        assert!(!ends_with_value("fn f() {}"));
        assert!(!ends_with_value("for i in 0..3 { f(i) }"));
        assert!(!ends_with_value(""));
    }

    #[test]
    fn an_expression_is_no_statement_item_or_command() {
        for expression in [
            "a",
            "a + 1",
            "f(\n1)",
            "if a { 1 } else { 2 }",
            "{ let b = 1; b }",
        ] {
            assert!(is_expression(expression), "{expression}");
        }
        for other in [
            "",
            "// a",
            "let b = 1;",
            "f();",
            "fn f() {}",
            ":vars",
            "!ls",
            "a b",
            "a; b",
        ] {
            assert!(!is_expression(other), "{other}");
        }
    }

    #[test]
    fn the_first_error_has_its_place_in_the_cell() {
        assert_eq!(first_error("let a = 1;\na"), None);
        assert_eq!(first_error(":dep x\nlet a = 1;"), None);
        let (_, place) = first_error("let a = 1;\nlet = 5;").expect("an error");
        assert_eq!(place.start, 14, "right behind `let`, or before `=`");
        let (_, place) = first_error("let a = 1;\r\nlet = 5;").expect("an error");
        assert_eq!(place.start, 15);
        let (_, place) = first_error(":dep x\nlet = 5;").expect("an error");
        assert_eq!(place.start, 10);
    }

    #[test]
    fn behind_rust_no_line_is_a_command() {
        assert_eq!(first_error("let differ = 1\n!= 2;"), None);
        assert!(ends_with_value("// first\n\n:dep x\nlet a = true;\n!a"));
        assert_eq!(
            lines_before_rust("// first\n\n :dep x\n!ls\nlet a = true;\n!a"),
            4
        );
        assert!(first_error(" let a = b\n :dep x").is_some());
    }
}
