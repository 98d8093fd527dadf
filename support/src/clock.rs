//! A clock that is cheap enough to be read at every hold of a lock.

use std::sync::OnceLock;
use std::time::Duration;

use quanta::Clock;

/// A moment, in ticks of the fastest monotonic clock that the machine has.
///
/// Not `Instant`: reading that costs twice as much as taking a free lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(u64);

impl Tick {
    /// Now. Processors may differ by some ticks, and the processor may read it somewhat early: see
    /// [`behind`](Self::behind).
    #[inline]
    pub(crate) fn now() -> Self {
        Self(clock().raw())
    }

    pub(crate) const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    pub(crate) const fn raw(self) -> u64 {
        self.0
    }

    /// This moment, or if need be a later one, so that it comes behind `earlier`. What happens to
    /// one lock is strictly in order by this, whatever the processors' clocks say.
    #[inline]
    pub(crate) fn behind(self, earlier: Self) -> Self {
        Self(self.0.max(earlier.0 + 1))
    }

    /// Zero, if `earlier` is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        clock().delta(earlier.0, self.0)
    }

    pub(crate) fn elapsed(self) -> Duration {
        Self::now().since(self)
    }
}

#[inline]
fn clock() -> &'static Clock {
    // The first one calibrates itself, for less than a millisecond.
    static CLOCK: OnceLock<Clock> = OnceLock::new();
    CLOCK.get_or_init(Clock::new)
}
