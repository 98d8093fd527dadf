//! `fn main`: a program that is copied into a cell runs there.

use ra_ap_syntax::ast::{self, HasArgList, HasAttrs, HasGenericParams, HasName};
use ra_ap_syntax::{AstNode, SourceFile};

use super::{Insertion, early};
use crate::engine::syntax::{statements, tail};

/// The call of the cell's `main`, to stand right behind it, at a place of the wrapped cell.
///
/// `None` for a cell without one, for one that calls it itself (then it would run twice), and for a
/// `main` that a program could not start with either.
#[must_use]
pub fn call(root: &SourceFile) -> Option<Insertion> {
    let main = statements(root).find_map(|statement| match statement {
        ast::Stmt::Item(ast::Item::Fn(function)) => is_main(&function).then_some(function),
        _ => None,
    })?;
    let called = statements(root)
        .filter(|statement| !matches!(statement, ast::Stmt::Item(_)))
        .map(|statement| statement.syntax().clone())
        .chain(tail(root).map(|tail| tail.syntax().clone()))
        .flat_map(|node| node.descendants())
        .filter_map(ast::CallExpr::cast)
        .any(|call| {
            call.arg_list()
                .is_some_and(|list| list.args().next().is_none())
                && calls_main(&call)
        });
    if called {
        return None;
    }
    let ty = main
        .ret_type()
        .and_then(|result| result.ty())
        .map_or_else(String::new, |ty| ty.syntax().text().to_string());
    // As a program does: an error is shown by `Debug`, and every end but success is one.
    let text = match ty.as_str() {
        "" | "()" | "!" => " main();".to_owned(),
        ty if ty.contains("Result") => {
            let name = usize::from(main.name()?.syntax().text_range().start());
            let asked = early::asked(name);
            format!(" {asked}main().map_err(|error| format!(\"{{error:?}}\")))?;")
        }
        _ => " assert!(std::process::Termination::report(main()) == std::process::ExitCode::SUCCESS, \
             \"`main` ended with a failure\");"
            .to_owned(),
    };
    Some(Insertion {
        at: usize::from(main.syntax().text_range().end()),
        text,
    })
}

fn is_main(function: &ast::Fn) -> bool {
    let takes_nothing = function
        .param_list()
        .is_some_and(|list| list.params().next().is_none() && list.self_param().is_none());
    // An attribute such as `#[tokio::main]` makes it one that can be called.
    let callable = function.async_token().is_none()
        || function
            .attrs()
            .any(|attribute| attribute.syntax().text().to_string().contains("main"));
    function.name().is_some_and(|name| name.text() == "main")
        && takes_nothing
        && callable
        && function.unsafe_token().is_none()
        && function.generic_param_list().is_none()
        && function.body().is_some()
}

fn calls_main(call: &ast::CallExpr) -> bool {
    call.expr()
        .is_some_and(|function| function.syntax().text() == "main")
}
