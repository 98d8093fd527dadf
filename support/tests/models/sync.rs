//! What the crate's `sync` is in a model: each access lets the scheduler choose who goes on.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::time::Instant;

use shuttle::rand::{Rng, thread_rng};
pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicU32, Ordering};
pub(crate) use shuttle::thread_local;

/// Ground that does not hold what it promises, for the broken twins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A compare-exchange is a look and a store, with a moment between them.
    TornExchange,
    /// Going to sleep and releasing the mutex are two steps, with a moment between them.
    TornSleep,
    /// Every other notification gets lost.
    LostNotification,
    /// A look may show what was there before the last change, even to whoever made that.
    StaleLook,
}

std::thread_local! {
    /// A model runs on one thread of the operating system.
    static FAULT: Cell<Option<Fault>> = const { Cell::new(None) };
    static NOTIFICATIONS: Cell<u32> = const { Cell::new(0) };
}

pub(crate) fn set_fault(fault: Option<Fault>) {
    FAULT.set(fault);
}

fn has(fault: Fault) -> bool {
    FAULT.get() == Some(fault)
}

/// Only the first one is fair, so that both ways are taken.
pub(crate) const TURNS: u32 = 1;

pub(crate) fn spin(rounds: u32) -> bool {
    let again = rounds < 1;
    if again {
        shuttle::thread::yield_now();
    }
    again
}

macro_rules! global {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = $init:expr;) => {
        shuttle::lazy_static! {
            $(#[$attribute])*
            static ref $name: $type = $init;
        }
    };
}
pub(crate) use global;

/// Whether this is on broken ground, where counts of handles do not hold either.
pub(crate) fn is_faulty() -> bool {
    FAULT.get().is_some()
}

#[derive(Default)]
pub(crate) struct AtomicU64 {
    now: shuttle::sync::atomic::AtomicU64,
    /// For stale looks.
    before: std::sync::atomic::AtomicU64,
}

impl AtomicU64 {
    pub(crate) const fn new(value: u64) -> Self {
        Self {
            now: shuttle::sync::atomic::AtomicU64::new(value),
            before: std::sync::atomic::AtomicU64::new(value),
        }
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        let now = self.now.load(order);
        if has(Fault::StaleLook) && thread_rng().gen_bool(0.5) {
            return self.before.load(Ordering::Relaxed);
        }
        now
    }

    pub(crate) fn store(&self, value: u64, order: Ordering) {
        let before = self.now.swap(value, order);
        self.before.store(before, Ordering::Relaxed);
    }

    pub(crate) fn compare_exchange(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        if has(Fault::TornExchange) {
            let seen = self.load(failure);
            if seen != current {
                return Err(seen);
            }
            self.store(new, Ordering::SeqCst);
            return Ok(seen);
        }
        let exchanged = self.now.compare_exchange(current, new, success, failure);
        if let Ok(before) = exchanged {
            self.before.store(before, Ordering::Relaxed);
        }
        exchanged
    }
}

impl Deref for AtomicU64 {
    type Target = shuttle::sync::atomic::AtomicU64;

    fn deref(&self) -> &Self::Target {
        &self.now
    }
}

#[derive(Default)]
pub(crate) struct Mutex<T>(shuttle::sync::Mutex<T>);

pub(crate) struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    /// Absent only while it sleeps.
    held: Option<shuttle::sync::MutexGuard<'a, T>>,
}

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(shuttle::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        // As in `parking_lot`, there is no poison: stopped threads unwind.
        let held = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        MutexGuard {
            mutex: self,
            held: Some(held),
        }
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.held.as_ref().expect("the guard is awake")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.held.as_mut().expect("the guard is awake")
    }
}

pub(crate) struct Condvar(shuttle::sync::Condvar);

pub(crate) struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    pub(crate) fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    pub(crate) const fn new() -> Self {
        Self(shuttle::sync::Condvar::new())
    }

    pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        if has(Fault::TornSleep) {
            guard.held = None;
            shuttle::thread::yield_now();
            guard.held = guard.mutex.lock().held;
        }
        let held = guard.held.take().expect("the guard is awake");
        let held = self.0.wait(held);
        guard.held = Some(held.unwrap_or_else(|poisoned| poisoned.into_inner()));
    }

    /// The time is over after none, one or some steps of the others.
    pub(crate) fn wait_until<T>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        _: Instant,
    ) -> WaitTimeoutResult {
        for _ in 0..thread_rng().gen_range(0..4) {
            guard.held = None;
            shuttle::thread::yield_now();
            guard.held = guard.mutex.lock().held;
        }
        WaitTimeoutResult(true)
    }

    pub(crate) fn notify_one(&self) {
        let count = NOTIFICATIONS.get();
        NOTIFICATIONS.set(count.wrapping_add(1));
        if !has(Fault::LostNotification) || count.is_multiple_of(2) {
            self.0.notify_one();
        }
    }
}
