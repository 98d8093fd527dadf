//! The end of a cell by unwinding.
//!
//! A panic that is passed on (`resume_unwind`, as rayon does with those of its threads) calls no panic
//! hook, so here is the only place that knows of it.

use std::any::Any;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{KeyboardInterrupt, interrupt};

/// evcxr's word for it, by which the kernel, too, knows that the cell is over.
const PANIC_NOTIFICATION: &str = "EVCXR_PANIC_NOTIFICATION";
/// Said of a panic whose value evcxr's code does not give.
const PASSED_ON: &str = "a panic that was passed on";
const NO_TEXT: &str = "a panic that was passed on; it carries no text";
/// Said of a stop that came by way of another thread.
const STOPPED: &str = "interrupted";

/// Takes what the cell ended with.
pub fn unwound(payload: Box<dyn Any + Send>) {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let text = text.or_else(|| payload.is::<KeyboardInterrupt>().then_some(STOPPED));
    interrupt::tell_unwound(text.unwrap_or(NO_TEXT));
    notify();
    // Out of the cell's function nothing may unwind.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
}

/// The same, of a cell whose code does not keep what it ended with.
pub fn rethrown() {
    interrupt::tell_unwound(PASSED_ON);
    notify();
}

fn notify() {
    // A closed stdout is the learner's own doing.
    let _ = writeln!(std::io::stdout().lock(), "{PANIC_NOTIFICATION}");
}
