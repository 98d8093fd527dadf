//! Everything a lesson uses, for `use lesson_support::prelude::*;`.
//!
//! Neither `std::thread` nor any `Mutex` is here: a lesson says which one it means.

pub use std::sync::Arc;
pub use std::sync::atomic::AtomicU32;
pub use std::sync::atomic::Ordering::{self, Relaxed};
pub use std::time::{Duration, Instant};

pub use crate::{
    AtomicCounter, Display, Game, Held, Inside, KeyboardInterrupt, Lock, LockedCounter, Panicked,
    Program, RacyCounter, SEEN, Steps, Thread, Timeline, check, checkpoint, clear_output, compare,
    explore, faulty_hogger, guess, lock_hogger, one_line_panics, press_stop_after, record, sleep,
    stopwatch, who, within,
};
