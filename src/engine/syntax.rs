//! What a parse of a cell tells: whether it has a value, and where it is broken.

use std::ops::Range;

use ra_ap_syntax::ast::{HasModuleItem, HasName};
use ra_ap_syntax::{
    AstNode, Edition, SourceFile, SyntaxKind, SyntaxNode, TextSize, WalkEvent, ast,
};

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
    list(&SourceFile::parse(&wrap(code), EDITION).tree())
}

/// The statements of a wrapped cell, without its last expression.
pub fn statements(wrapped: &SourceFile) -> impl Iterator<Item = ast::Stmt> + use<> {
    let list = list(wrapped);
    list.into_iter().flat_map(|list| list.statements())
}

/// The last expression of a wrapped cell, where no semicolon follows it.
#[must_use]
pub fn tail(wrapped: &SourceFile) -> Option<ast::Expr> {
    list(wrapped)?.tail_expr()
}

fn list(wrapped: &SourceFile) -> Option<ast::StmtList> {
    wrapped.items().find_map(|item| match item {
        ast::Item::Fn(function) => function.body()?.stmt_list(),
        _ => None,
    })
}

/// A `let` at the top level of a cell: what evcxr keeps for later cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Let {
    /// The names that it binds.
    pub names: Vec<String>,
    /// Where it stands in the cell.
    pub range: Range<usize>,
    /// Where its pattern ends.
    pub pattern_end: usize,
    /// Whether its type is written.
    pub has_type: bool,
    /// The text of what it binds to; empty if there is none.
    pub value: String,
    /// The type of a function like the closure that it binds to, with `_` for what is not written.
    pub closure: Option<String>,
}

/// The `let` statements at the top level of a cell.
#[must_use]
pub fn lets(code: &str) -> Vec<Let> {
    let root = SourceFile::parse(&wrap(code), EDITION).tree();
    let place = |offset: TextSize| in_cell(code, usize::from(offset));
    statements(&root)
        .filter_map(|statement| {
            let ast::Stmt::LetStmt(statement) = statement else {
                return None;
            };
            let pattern = statement.pat()?;
            let names = pattern
                .syntax()
                .descendants()
                .filter_map(ast::IdentPat::cast)
                .filter_map(|name| Some(name.name()?.text().to_string()))
                .collect();
            let value = statement.initializer();
            let range = statement.syntax().text_range();
            Some(Let {
                names,
                range: place(range.start())..place(range.end()),
                pattern_end: place(pattern.syntax().text_range().end()),
                has_type: statement.ty().is_some(),
                closure: value.as_ref().and_then(function_type),
                value: value.map_or_else(String::new, |value| value.syntax().text().to_string()),
            })
        })
        .collect()
}

fn function_type(value: &ast::Expr) -> Option<String> {
    let ast::Expr::ClosureExpr(closure) = value else {
        return None;
    };
    if closure.async_token().is_some() {
        return None;
    }
    let parameters: Vec<String> = closure
        .param_list()?
        .params()
        .map(|parameter| match parameter.ty() {
            Some(ty) => ty.syntax().text().to_string(),
            None => "_".to_owned(),
        })
        .collect();
    let result = closure
        .ret_type()
        .and_then(|result| result.ty())
        .map_or_else(|| "_".to_owned(), |ty| ty.syntax().text().to_string());
    Some(format!("fn({}) -> {result}", parameters.join(", ")))
}

/// The place of the value of a cell: its closing expression.
#[must_use]
pub fn value_range(code: &str) -> Option<Range<usize>> {
    let range = body(code)?.tail_expr()?.syntax().text_range();
    let place = |offset: TextSize| in_cell(code, usize::from(offset));
    Some(place(range.start())..place(range.end()))
}

/// The end of the expression that starts at this byte of a cell, or whose operator or method does: what
/// the compiler means when it names a single place.
#[must_use]
pub fn expression_end(code: &str, offset: usize) -> Option<usize> {
    let root = SourceFile::parse(&wrap(code), EDITION).tree();
    let start = TextSize::try_from(in_wrapped(code, offset)).ok()?;
    let token = root.syntax().token_at_offset(start).right_biased()?;
    let is_whole = |node: &SyntaxNode| {
        ast::Expr::can_cast(node.kind()) || ast::MacroCall::can_cast(node.kind())
    };
    let starting = token
        .parent_ancestors()
        .take_while(|node| node.text_range().start() == start)
        .filter(is_whole)
        .last();
    let around = starting.or_else(|| token.parent_ancestors().find(is_whole))?;
    Some(in_cell(code, usize::from(around.text_range().end())))
}

/// The lines of a cell: how many bytes each has there, with its line end, and how many are shown in the
/// wrapped cell, without. A command is blank there.
fn lengths(code: &str) -> impl Iterator<Item = (usize, usize)> {
    let head = lines_before_rust(code);
    code.split_inclusive('\n')
        .enumerate()
        .map(move |(number, line)| {
            // As `str::lines` sees it.
            let text = line.strip_suffix('\n').unwrap_or(line);
            let text = text.strip_suffix('\r').unwrap_or(text);
            let blank = number < head && is_no_code(number, text);
            (line.len(), if blank { 0 } else { text.len() })
        })
}

/// The byte of the wrapped cell at which this byte of the cell stands.
fn in_wrapped(code: &str, offset: usize) -> usize {
    let mut at = HEAD.len();
    let mut before = 0;
    for (length, shown) in lengths(code) {
        if offset < before + length {
            return at + (offset - before).min(shown);
        }
        at += shown + 1;
        before += length;
    }
    at
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
    let errors = SourceFile::parse(&wrapped, EDITION).errors();
    // A comment or text without an end swallows what would close the rest.
    let open = errors
        .iter()
        .find(|error| is_unterminated(&error.to_string()));
    let error = open.or_else(|| errors.first())?;
    let place = |offset: TextSize| in_cell(code, usize::from(offset));
    let (start, end) = (place(error.range().start()), place(error.range().end()));
    Some((error.to_string(), start..end))
}

/// Whether the message is about a comment or a text that does not end.
#[must_use]
pub fn is_unterminated(message: &str) -> bool {
    message.contains("to terminate the")
}

/// The byte of the cell that stands at this byte of the wrapped one.
#[must_use]
pub fn in_cell(code: &str, offset: usize) -> usize {
    let mut left = offset.saturating_sub(HEAD.len());
    let mut before = 0;
    for (length, shown) in lengths(code) {
        if left <= shown {
            return before + left;
        }
        left -= shown + 1;
        before += length;
    }
    code.len()
}

/// How many lines evcxr reads before it takes the rest for Rust: commands, comments and empty lines.
#[must_use]
pub fn lines_before_rust(code: &str) -> usize {
    code.lines()
        .enumerate()
        .take_while(|(number, line)| {
            is_no_code(*number, line) || line.starts_with("//") || line.trim().is_empty()
        })
        .count()
}

/// Whether the line is none of Rust, where no Rust stands before it: a command of evcxr's, or one for
/// the shell. (evcxr takes a path such as `::std::thread::park();` for a command too: see
/// [`looks_like_a_command`].)
pub(super) fn is_command(line: &str) -> bool {
    let text = line.trim_start_matches(' ');
    line.starts_with('!') || (text.starts_with(':') && !text.starts_with("::"))
}

/// Whether the first line of Rust is one that evcxr would take for a command: it begins with a path
/// from the root (`::std::…`). The byte at which the line starts.
#[must_use]
pub fn looks_like_a_command(code: &str) -> Option<usize> {
    let head = lines_before_rust(code);
    let line = code.lines().nth(head)?;
    line.trim_start_matches(' ').starts_with("::").then(|| {
        code.split_inclusive('\n')
            .take(head)
            .map(str::len)
            .sum::<usize>()
    })
}

/// Whether the line of this number, from 0, is nothing for the compiler.
fn is_no_code(index: usize, line: &str) -> bool {
    is_command(line) || (index == 0 && is_shebang(line))
}

/// Whether a first line is for the operating system (`#!/usr/bin/env …`), and no attribute of Rust.
#[must_use]
pub fn is_shebang(line: &str) -> bool {
    line.strip_prefix("#!")
        .is_some_and(|rest| !rest.trim_start().starts_with('['))
}

const HEAD: &str = "fn cell() {\n";

/// The cell inside a function, with commands blanked out.
#[must_use]
pub fn wrap(code: &str) -> String {
    let mut wrapped = String::from(HEAD);
    let head = lines_before_rust(code);
    for (number, line) in code.lines().enumerate() {
        if number >= head || !is_no_code(number, line) {
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
    fn a_let_tells_its_names_and_the_type_of_a_closure() {
        let code =
            ":dep x\nlet (a, mut b) = f();\nlet c = |x: &i32, y| -> u8 { 1 };\n{ let d = 1; }";
        let found = lets(code);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].names, ["a", "b"]);
        assert_eq!(&code[found[0].range.clone()], "let (a, mut b) = f();");
        assert_eq!(found[1].closure.as_deref(), Some("fn(&i32, _) -> u8"));
        assert_eq!(
            &code[..found[1].pattern_end],
            ":dep x\nlet (a, mut b) = f();\nlet c"
        );
        assert_eq!(value_range("let a = 1;\na + 1"), Some(11..16));
    }

    #[test]
    fn the_expression_at_a_place_ends_where_it_ends() {
        let code = ":dep x\nlet r = spawn(|| panic!(\"no\")).join(); r.unwrap();\nn += v[3];";
        let until = |from: &str, text: &str| {
            let start = code.find(from).expect("it is there");
            let end = expression_end(code, start).expect("an expression");
            assert_eq!(&code[start..end], text);
        };
        until("panic!", "panic!(\"no\")");
        until("unwrap", "unwrap()");
        until("n += ", "n += v[3]");
        until("[3]", "[3]");
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
        let (message, place) = first_error("1;\n/* open").expect("an error");
        assert!(message.contains("terminate the block comment"), "{message}");
        assert_eq!(place.start, 3);
    }

    #[test]
    fn a_path_from_the_root_is_no_command() {
        for code in ["::std::thread::park();", "// a\n\n ::std::thread::park();"] {
            let line = code.len() - code.lines().last().unwrap_or_default().len();
            assert_eq!(looks_like_a_command(code), Some(line), "{code}");
            assert_eq!(first_error(code), None, "{code}");
        }
        for code in ["", ":dep x", ":dep x\nlet a = 1;\n::f();", "f();"] {
            assert_eq!(looks_like_a_command(code), None, "{code}");
        }
        assert!(is_expression("::std::process::id()"));
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
