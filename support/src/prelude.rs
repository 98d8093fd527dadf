//! Everything a lesson uses, for `use lesson_support::prelude::*;`.

pub use std::sync::Arc;
pub use std::time::{Duration, Instant};

pub use crate::{
    AtomicCounter, Held, KeyboardInterrupt, Lock, LockedCounter, Panicked, RacyCounter, Thread,
    Timeline, checkpoint, faulty_hogger, lock_hogger, one_line_panics, press_stop_after, sleep,
};
