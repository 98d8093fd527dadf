//! What a parse of a cell tells: whether it has a value, and where it is broken.

use std::ops::Range;

use ra_ap_syntax::ast::HasModuleItem;
use ra_ap_syntax::{AstNode, Edition, SourceFile, SyntaxKind, TextSize, WalkEvent, ast};

/// The edition in which evcxr compiles cells.
pub const EDITION: Edition = Edition::Edition2024;

/// Whether the cell's last statement is an expression whose value is to be shown.
#[must_use]
pub fn ends_with_value(code: &str) -> bool {
    body(code)
        .and_then(|body| body.tail_expr())
        .is_some_and(|tail| !code_is_only_a_block_for_its_effect(&tail))
}

/// The cell as the statements of a function.
#[must_use]
pub fn body(code: &str) -> Option<ast::StmtList> {
    let file = SourceFile::parse(&wrap(code), EDITION).tree();
    file.items().find_map(|item| match item {
        ast::Item::Fn(function) => function.body()?.stmt_list(),
        _ => None,
    })
}

/// The statements of a wrapped cell.
pub fn statements(wrapped: &SourceFile) -> impl Iterator<Item = ast::Stmt> + use<> {
    let function = wrapped.items().find_map(|item| match item {
        ast::Item::Fn(function) => function.body()?.stmt_list(),
        _ => None,
    });
    function.into_iter().flat_map(|list| list.statements())
}

/// How many statements the types of a cell's variables may depend on: all but those of functions.
#[must_use]
pub fn statements_outside_functions(code: &str) -> usize {
    let Some(body) = body(code) else { return 0 };
    let mut walk = body.syntax().preorder();
    let mut count = 0;
    while let Some(event) = walk.next() {
        let WalkEvent::Enter(node) = event else {
            continue;
        };
        match node.kind() {
            SyntaxKind::FN => walk.skip_subtree(),
            SyntaxKind::LET_STMT | SyntaxKind::EXPR_STMT => count += 1,
            _ => {}
        }
    }
    count
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
    for line in code.split_inclusive('\n') {
        // As `str::lines` sees it.
        let text = line.strip_suffix('\n').unwrap_or(line);
        let text = text.strip_suffix('\r').unwrap_or(text);
        // A command is blank there.
        let shown = if is_command(text) { 0 } else { text.len() };
        if left <= shown {
            return before + left;
        }
        left -= shown + 1;
        before += line.len();
    }
    code.len()
}

/// Whether evcxr takes the line for itself: a command of its own, or one for the shell.
fn is_command(line: &str) -> bool {
    line.starts_with([':', '!'])
}

const HEAD: &str = "fn cell() {\n";

/// The cell inside a function, with commands blanked out.
#[must_use]
pub fn wrap(code: &str) -> String {
    let mut wrapped = String::from(HEAD);
    for line in code.lines() {
        if !is_command(line) {
            wrapped.push_str(line);
        }
        wrapped.push('\n');
    }
    wrapped.push_str("}\n");
    wrapped
}

fn code_is_only_a_block_for_its_effect(tail: &ast::Expr) -> bool {
    // `for` and `while` have no value; evcxr does not display them either.
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
    fn statements_count_wherever_they_are_but_in_functions() {
        assert_eq!(statements_outside_functions("let a = 1;\na"), 1);
        assert_eq!(statements_outside_functions("for i in v { f(); g(); }"), 2);
        assert_eq!(
            statements_outside_functions("fn f() { g(); g(); }\nf();"),
            1
        );
        assert_eq!(statements_outside_functions("let c = || { g(); };"), 2);
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
}
