//! The value of a cell, shown without compiling the cell twice.
//!
//! evcxr first compiles `(value).evcxr_display()`, which only types have that bring a display of
//! their own, and then, for everything else, the whole cell again with `{:?}`. Here every type with
//! `Debug` has that method, so the first try compiles. It comes last: the method is one of `&T`, and
//! the value is borrowed before it is called, so whatever a type or a trait in scope offers for `T`
//! is found before.

use ra_ap_syntax::ast::{self, HasAttrs};
use ra_ap_syntax::{AstNode, SourceFile};

use crate::engine::syntax::{body_of, is_loop_for_its_effect};

/// The trait. Only `T: Debug` has it; for any other type evcxr's own way ends in the message that
/// `Debug` is missing.
pub const DEFINITION: &str = r#"mod lesson_value {
    pub trait Value {
        fn evcxr_display(&self);
    }
    impl<T: std::fmt::Debug + ?Sized> Value for &T {
        fn evcxr_display(&self) {
            use std::io::Write as _;
            // Made before anything is written: a `Debug` may print, or panic half way.
            let text = format!("{self:?}");
            let _ = write!(
                std::io::stdout().lock(),
                "EVCXR_BEGIN_CONTENT text/plain\n{text}\nEVCXR_END_CONTENT\n"
            );
        }
    }
}
use lesson_value::Value as _;"#;

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

/// Where the value of a wrapped cell starts and ends.
#[must_use]
pub fn place(wrapped: &SourceFile) -> Option<(usize, usize)> {
    let value = body_of(wrapped)?.tail_expr()?;
    // An attribute would have to stand before the borrow.
    if is_loop_for_its_effect(&value) || value.attrs().next().is_some() {
        return None;
    }
    let no_value = match &value {
        // What ends the cell has no value to borrow.
        ast::Expr::ReturnExpr(_) | ast::Expr::BreakExpr(_) | ast::Expr::LoopExpr(_) => true,
        // `thread_local! { … }` and its like define items.
        ast::Expr::MacroExpr(call) => call
            .macro_call()
            .and_then(|call| call.token_tree())
            .is_none_or(|tokens| tokens.l_curly_token().is_some()),
        _ => false,
    };
    if no_value {
        return None;
    }
    let range = value.syntax().text_range();
    Some((range.start().into(), range.end().into()))
}
