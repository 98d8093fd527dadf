//! The value of a cell, shown without compiling the cell twice.
//!
//! evcxr first compiles `(value).evcxr_display()`, which only types have that bring a display of
//! their own, and then, for everything else, the whole cell again with `{:?}`. Here every type with
//! `Debug` has that method, so the first try compiles. It comes last: the method is one of `&T`, and
//! the value is borrowed before it is called, so whatever a type or a trait in scope offers for `T`
//! is found before.

use ra_ap_syntax::ast::{self, HasAttrs};
use ra_ap_syntax::{AstNode, SourceFile};

use super::Insertion;
use crate::engine::syntax::{is_loop_for_its_effect, tail};

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
    code.lines().any(|line| {
        let word = line.split_whitespace().next();
        word.is_some_and(|word| FORMAT_COMMANDS.contains(&word))
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

fn may_be_borrowed(value: &ast::Expr) -> bool {
    // An attribute would have to stand before the borrow.
    if is_loop_for_its_effect(value) || value.attrs().next().is_some() {
        return false;
    }
    match value {
        // What ends the cell has no value to borrow.
        ast::Expr::ReturnExpr(_) | ast::Expr::BreakExpr(_) | ast::Expr::LoopExpr(_) => false,
        // `thread_local! { … }` and its like define items.
        ast::Expr::MacroExpr(call) => call
            .macro_call()
            .and_then(|call| call.token_tree())
            .is_some_and(|tokens| tokens.l_curly_token().is_none()),
        _ => true,
    }
}
