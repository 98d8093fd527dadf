//! Whether a cell has a value.

use ra_ap_syntax::ast::HasModuleItem;
use ra_ap_syntax::{AstNode, Edition, SourceFile, ast};

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

/// The cell inside a function, with commands of evcxr blanked out; `:` starts none in Rust.
#[must_use]
pub fn wrap(code: &str) -> String {
    let mut wrapped = String::from("fn cell() {\n");
    for line in code.lines() {
        if !line.starts_with(':') {
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
}
