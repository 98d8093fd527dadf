//! Whether a cell is complete is asked with whatever stands in it.

use jupyter_protocol::IsCompleteReplyStatus as Status;
use rust_lessons::engine::syntax::{ends_with_value, first_error};
use rust_lessons::kernel::is_complete::is_complete;

/// Checks one cell.
pub fn check(code: &str) {
    let _ = ends_with_value(code);
    let reply = is_complete(code);
    if reply.status == Status::Complete {
        assert_eq!(first_error(code), None, "it is said to be complete");
    }
    if let Some((message, place)) = first_error(code) {
        assert!(code.get(place.clone()).is_some(), "{message} at {place:?}");
    }
}
