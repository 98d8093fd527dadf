//! A clock that goes on by one tick at each look.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(u64);

impl Tick {
    pub(crate) fn now() -> Self {
        static LOOKS: AtomicU64 = AtomicU64::new(1);
        Self(LOOKS.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    pub(crate) const fn raw(self) -> u64 {
        self.0
    }

    pub(crate) fn behind(self, earlier: Self) -> Self {
        Self(self.0.max(earlier.0 + 1))
    }
}
