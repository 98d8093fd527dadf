//! What the crate's `sync` is here: loom's atomics, with one ordering weaker for the broken twins.

use std::cell::Cell;

pub(crate) use loom::sync::atomic::Ordering;

/// Which operations order nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An exchange that takes the lock does not see what was written under it before.
    Acquire,
    /// An exchange that frees the lock does not show what was written under it.
    Release,
    /// A look does not see what those did whose exchange it shows.
    Look,
}

std::thread_local! {
    /// A model runs on one thread of the operating system.
    static FAULT: Cell<Option<Fault>> = const { Cell::new(None) };
}

pub(crate) fn set_fault(fault: Option<Fault>) {
    FAULT.set(fault);
}

fn weakened(order: Ordering) -> Ordering {
    match (FAULT.get(), order) {
        (Some(Fault::Acquire), Ordering::Acquire) => Ordering::Relaxed,
        (Some(Fault::Acquire), Ordering::AcqRel) => Ordering::Release,
        (Some(Fault::Release), Ordering::Release) => Ordering::Relaxed,
        (Some(Fault::Release), Ordering::AcqRel) => Ordering::Acquire,
        _ => order,
    }
}

#[derive(Default)]
pub(crate) struct AtomicU64(loom::sync::atomic::AtomicU64);

impl AtomicU64 {
    pub(crate) fn new(value: u64) -> Self {
        Self(loom::sync::atomic::AtomicU64::new(value))
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        match FAULT.get() {
            Some(Fault::Look) => self.0.load(Ordering::Relaxed),
            _ => self.0.load(order),
        }
    }

    pub(crate) fn store(&self, value: u64, order: Ordering) {
        self.0.store(value, weakened(order));
    }

    pub(crate) fn fetch_max(&self, value: u64, order: Ordering) -> u64 {
        self.0.fetch_max(value, weakened(order))
    }

    pub(crate) fn compare_exchange(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        self.0
            .compare_exchange(current, new, weakened(success), failure)
    }
}
