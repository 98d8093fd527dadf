//! What an attempt is after, and what a release ends.

use std::time::{Duration, Instant};

/// What one attempt is after.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) permits: usize,
    /// Whether others may hold the thing at the same time.
    pub(crate) shared: bool,
    /// Whether the hold may outlive all handles on the gate, so that it has to keep the gate itself.
    /// Of locks only.
    pub(crate) detached: bool,
}

impl Need {
    /// The one permit of a lock.
    pub(crate) const ALONE: Self = Self {
        permits: 1,
        shared: false,
        detached: false,
    };
    /// The same, for a guard that owns no handle.
    pub(crate) const DETACHED: Self = Self {
        detached: true,
        ..Self::ALONE
    };
    /// One permit of many.
    pub(crate) const ONE_OF_MANY: Self = Self {
        permits: 1,
        shared: true,
        detached: false,
    };
}

/// How long an attempt is willing to wait.
#[derive(Clone, Copy)]
pub(crate) enum Patience {
    None,
    Until(Instant),
    Endless,
}

impl Patience {
    /// Further off than the clock can count is for ever.
    pub(crate) fn of(limit: Duration) -> Self {
        match Instant::now().checked_add(limit) {
            Some(deadline) => Self::Until(deadline),
            None => Self::Endless,
        }
    }
}

/// Whose hold a release ends, when several hold the thing.
#[derive(Clone, Copy)]
pub(crate) enum Whose {
    /// The calling thread's own one if it has one, else the oldest.
    OwnElseOldest,
    /// Exactly this one.
    Ticket(u64),
}
