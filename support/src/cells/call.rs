//! `thread::sleep`, `thread::park` and `thread::park_timeout`, told from other functions of these
//! names by their types.

use std::any::{Any, TypeId};
use std::thread;
use std::time::Duration;

use super::wakes::unparked_by_stop;
use crate::interrupt;
use crate::thread_mark::ThreadMark;

/// A sleep that is over sooner than a reader can press stop is left to `std`.
const TOO_SHORT_TO_STOP: Duration = Duration::from_millis(5);

/// Calls a function with its one argument.
pub fn call<F, A, R>(function: F, argument: A) -> R
where
    F: FnOnce(A) -> R + 'static,
    A: 'static,
    R: 'static,
{
    if let Some(duration) = (&argument as &dyn Any).downcast_ref::<Duration>() {
        if is(&function, thread::sleep) && *duration >= TOO_SHORT_TO_STOP {
            crate::sleep(*duration);
            return nothing();
        }
        if is(&function, thread::park_timeout) {
            park(|| thread::park_timeout(*duration));
            return nothing();
        }
    }
    function(argument)
}

/// Calls a function without arguments; the second parameter takes the place of their list.
pub fn call_bare<F, R>(function: F, (): ()) -> R
where
    F: FnOnce() -> R + 'static,
    R: 'static,
{
    if is(&function, thread::park) {
        park(thread::park);
        return nothing();
    }
    function()
}

/// A stop comes as an `unpark`: `park` may return without a reason at any time, and an `unpark` that
/// comes too early is not lost.
fn park(wait: impl FnOnce()) {
    let mark = ThreadMark::current();
    unparked_by_stop(&mark, || {
        interrupt::checkpoint();
        wait();
    });
    interrupt::checkpoint();
}

fn is<F: 'static, G: 'static>(_: &F, _: G) -> bool {
    TypeId::of::<F>() == TypeId::of::<G>()
}

/// What a function of `std` returns that returns nothing.
fn nothing<R: 'static>() -> R {
    let mut unit = Some(());
    (&mut unit as &mut dyn Any)
        .downcast_mut::<Option<R>>()
        .and_then(Option::take)
        .expect("its type was compared: it returns `()`")
}
