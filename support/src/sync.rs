//! What threads share memory through, under one roof: the models in `tests/models` compile this
//! crate's files with another one, in which a scheduler tries out what can happen in between.

pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
pub(crate) use std::thread_local;

/// A `static` that each run of a model has anew.
macro_rules! global {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = $init:expr;) => {
        $(#[$attribute])*
        static $name: $type = $init;
    };
}
pub(crate) use global;

/// Lets the holder of a lock go on for a moment, the longer the more `rounds` there were. `false`
/// when it is time to sleep instead.
///
/// Ten rounds as in `parking_lot`: three busy ones of some nanoseconds, for holders on another
/// processor, then some in which another thread may have this one.
pub(crate) fn spin(rounds: u32) -> bool {
    match rounds {
        0..3 => (0..2 << rounds).for_each(|_| std::hint::spin_loop()),
        3..10 => std::thread::yield_now(),
        _ => return false,
    }
    true
}

/// How many turns a lock has in store: see [`Turns`](crate::gate::turns::Turns). A model has few, to
/// come to their end.
pub(crate) const TURNS: u32 = 100;
