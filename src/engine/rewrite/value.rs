//! The value of a cell, shown without compiling the cell twice.
//!
//! evcxr first compiles `(value).evcxr_display()`, which only types have that bring a display of
//! their own, and then, for everything else, the whole cell again with `{:?}`. Here every type with
//! `Debug` has that method, so the first try compiles. It comes last: the method is one of `&T`, and
//! the value is borrowed before it is called, so whatever a type or a trait in scope offers for `T`
//! is found before.
//!
//! A `for` or `while` at the end, which evcxr takes for a value too, is closed by a semicolon instead.

use std::sync::LazyLock;

use ra_ap_syntax::ast::{self, HasAttrs};
use ra_ap_syntax::{AstNode, SourceFile};
use regex::Regex;

use super::Insertion;
use crate::engine::syntax::{is_loop_for_its_effect, lines_before_rust, tail};

/// The trait. Only `T: Debug` has it; for any other type evcxr's own way ends in the message that
/// `Debug` is missing.
pub const DEFINITION: &str = lesson_runtime::tools::VALUE;

/// Brings the trait into scope.
pub const USE: &str = "use lesson_value::Value as _;";

/// Takes the place of [`DEFINITION`] when values are to be shown in another format than `{:?}`: that
/// is evcxr's to do.
pub const OTHER_FORMAT: &str = "mod lesson_value { pub trait Value {} }";

/// Commands of evcxr that change how values are shown.
const FORMAT_COMMANDS: [&str; 3] = [":fmt", ":types", ":clear"];

/// Whether the cell has a command that changes how values are shown.
#[must_use]
pub fn changes_format(code: &str) -> bool {
    commands(code).any(|(command, _)| FORMAT_COMMANDS.contains(&command))
}

/// What a cell's `:fmt` asks for, if no value can be shown so. evcxr takes any text, and then no later
/// value compiles.
#[must_use]
pub fn impossible_format(code: &str) -> Option<&str> {
    // By the grammar of `std::fmt`, without arguments by name or number: a cell has one value.
    static FORMAT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^(?:[^{}]|\{\{|\}\})*\{0?(?::(?:.?[<^>])?[+-]?#?0?\d*(?:\.\d+)?(?:[xX]?\?|[xXobeE])?)?\}(?:[^{}]|\{\{|\}\})*$",
        )
        .expect("a valid pattern")
    });
    commands(code)
        .filter(|(command, asked)| *command == ":fmt" && !asked.is_empty())
        .map(|(_, asked)| asked)
        .find(|asked| !FORMAT.is_match(asked))
}

/// The lines before Rust: first word, and what follows it.
fn commands(code: &str) -> impl Iterator<Item = (&str, &str)> {
    let head = code.lines().take(lines_before_rust(code)).map(str::trim);
    head.map(|line| match line.split_once(char::is_whitespace) {
        Some((command, rest)) => (command, rest.trim()),
        None => (line, ""),
    })
}

/// Borrows the value of a wrapped cell.
pub fn borrow(wrapped: &SourceFile) -> impl Iterator<Item = Insertion> + use<> {
    let place = tail(wrapped)
        .filter(may_be_borrowed)
        .map(|value| value.syntax().text_range());
    place.into_iter().flat_map(|place| {
        [(place.start(), "&("), (place.end(), ")")].map(|(at, text)| Insertion {
            at: at.into(),
            text: text.to_owned(),
        })
    })
}

/// Makes a statement of a loop at the end of a wrapped cell that never has a value. (`loop` has one where it
/// is left by `break 5`; it is borrowed, and the unit value of any other is not shown.)
pub fn close_loop(wrapped: &SourceFile) -> Option<Insertion> {
    let end = tail(wrapped)?;
    (is_loop_for_its_effect(&end) && !end.syntax().text().is_empty()).then(|| Insertion {
        at: end.syntax().text_range().end().into(),
        text: ";".to_owned(),
    })
}

fn may_be_borrowed(value: &ast::Expr) -> bool {
    // An attribute would have to stand before the borrow.
    if is_loop_for_its_effect(value) || value.attrs().next().is_some() {
        return false;
    }
    match value {
        // What ends the cell has no value to borrow.
        ast::Expr::ReturnExpr(_) | ast::Expr::BreakExpr(_) => false,
        // `thread_local! { … }` and its like define items.
        ast::Expr::MacroExpr(call) => call
            .macro_call()
            .and_then(|call| call.token_tree())
            .is_some_and(|tokens| tokens.l_curly_token().is_none()),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_format_of_one_value_is_possible() {
        for format in [
            "{}", "{:?}", "{:#?}", "{:>10.3}", "{:#x?}", "<{:08b}>", "{{{:?}}}", "",
        ] {
            assert_eq!(
                impossible_format(&format!(":fmt {format}\n1")),
                None,
                "{format}"
            );
        }
        for format in ["{:nonsense}", "none", "{} {}", "{", "{1}", "{x}"] {
            let cell = format!(":fmt {format}\n1");
            assert_eq!(impossible_format(&cell), Some(format));
        }
        assert_eq!(impossible_format("let s = \"\n:fmt {:nonsense}\n\";"), None);
    }
}
