//! What threads wait for, hold, or send through.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// One lock, channel, bell or the like, as events and pictures know it. It outlives the thing
/// itself: what happened is still told when the thing is gone.
pub(crate) struct Thing {
    name: String,
}

impl Thing {
    pub(crate) fn named(name: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into() })
    }

    /// A thing to which nobody gave a name: `mutex 1`, `mutex 2`, `channel 3`.
    pub(crate) fn unnamed(kind: &str) -> Arc<Self> {
        static MADE: AtomicU64 = AtomicU64::new(1);
        Self::named(format!("{kind} {}", MADE.fetch_add(1, Ordering::Relaxed)))
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}
