//! What an execution came to.

use super::not_kept::NotKept;
use super::outcome::{CellError, Outcome};

/// What an execution came to.
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    /// Compiled code was loaded and started.
    pub(super) ran: bool,
    /// evcxr compiles the cell's items into later cells. It does after a panic too.
    pub(super) taken_over: bool,
    /// It does not compile.
    pub(super) refused: bool,
    /// It would, but for what a value in it comes to, such as `1 / 0`.
    pub(super) found_by_lint: bool,
    /// A `return` has ended it.
    pub(super) returned: bool,
    /// It was not run, because this variable could not be kept.
    pub(super) not_kept: Option<NotKept>,
    /// Variables that were dropped, because their types were others than before.
    pub(super) retyped: Vec<String>,
}

impl Ended {
    /// The process was not there to run it.
    pub(super) fn before_start(error: CellError) -> Ended {
        Ended {
            outcome: Err(error),
            ran: false,
            taken_over: false,
            refused: false,
            found_by_lint: false,
            returned: false,
            not_kept: None,
            retyped: Vec::new(),
        }
    }
}
