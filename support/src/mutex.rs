//! A mutex with its data inside.
#![allow(
    unsafe_code,
    reason = "lock_api's guards rely on the promise that only one thread gets the lock"
)]

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use lock_api::{GuardNoSend, RawMutex as _};

use crate::gate::{Gate, Need, Patience, Times, Whose};
use crate::thing::Thing;
use crate::timeline::Timeline;
use crate::waiter::WhileUnwinding;

/// A lock around its data: the data can be reached only through a guard, which releases the lock
/// when it is dropped.
///
/// The types are those of `lock_api`, as in `parking_lot`: no poisoning. Other than those of `std`
/// and `parking_lot`, its waits can be stopped ([`KeyboardInterrupt`](crate::KeyboardInterrupt)),
/// it is fair as a [`Lock`](crate::Lock) is, it has a name, and it tells who holds it, who waits, and what happened.
///
/// ```
/// use lesson_support::Mutex;
///
/// let till = Mutex::named("till", 0);
/// *till.lock() += 5;
/// assert_eq!(*till.lock(), 5);
/// assert_eq!(format!("{till:?}"), "<mutex till: free>");
/// ```
///
/// It is not reentrant: a thread that holds it and locks it again waits for itself. A guard stays
/// on its thread.
///
/// ```compile_fail,E0277
/// let till = lesson_support::Mutex::new(0);
/// std::thread::scope(|scope| {
///     let guard = till.lock();
///     scope.spawn(move || drop(guard));
/// });
/// ```
pub struct Mutex<T: ?Sized> {
    inner: lock_api::Mutex<RawMutex, T>,
}

/// The guard of a [`Mutex`].
pub type MutexGuard<'a, T> = lock_api::MutexGuard<'a, RawMutex, T>;

/// The lock of a [`Mutex`], without the data: for types of `lock_api` that this crate does not
/// name, as `lock_api::Mutex::from_raw(RawMutex::named("till"), 0)`.
pub struct RawMutex {
    gate: OnceLock<Arc<Gate>>,
}

impl RawMutex {
    /// A free lock. The name appears in texts and pictures.
    pub fn named(name: &str) -> Self {
        Self {
            gate: OnceLock::from(Gate::lock(KIND, Thing::named(name))),
        }
    }

    #[inline]
    pub(crate) fn gate(&self) -> &Arc<Gate> {
        // A constant has no name yet.
        self.gate
            .get_or_init(|| Gate::lock(KIND, Thing::unnamed(KIND)))
    }

    #[inline]
    fn take(&self, patience: Patience) -> bool {
        let gate = self.gate();
        gate.take(Need::ALONE, patience, WhileUnwinding::WaitOn)
            .is_some()
    }
}

const KIND: &str = "mutex";

// SAFETY: the gate has one permit and grants it to one ticket at a time; `take` is true only with
// it, and only `unlock` gives it back. A stop unwinds out of `lock` before there is a guard.
unsafe impl lock_api::RawMutex for RawMutex {
    const INIT: Self = Self {
        gate: OnceLock::new(),
    };
    type GuardMarker = GuardNoSend;

    #[inline]
    fn lock(&self) {
        // This patience gets it at the first try.
        while !self.take(Patience::Endless) {}
    }

    #[inline]
    fn try_lock(&self) -> bool {
        self.take(Patience::None)
    }

    #[inline]
    unsafe fn unlock(&self) {
        self.gate().release_guard(Whose::OwnElseOldest);
    }

    fn is_locked(&self) -> bool {
        self.gate().is_held()
    }
}

// SAFETY: as above; both only wait less long.
unsafe impl lock_api::RawMutexTimed for RawMutex {
    type Duration = Duration;
    type Instant = Instant;

    fn try_lock_for(&self, limit: Duration) -> bool {
        self.take(Patience::of(limit))
    }

    fn try_lock_until(&self, deadline: Instant) -> bool {
        self.take(Patience::Until(deadline))
    }
}

impl<T> Mutex<T> {
    /// A free mutex around `value`. It calls itself `mutex 1`, `mutex 2` and so on; see
    /// [`named`](Self::named).
    pub const fn new(value: T) -> Self {
        Self {
            inner: lock_api::Mutex::from_raw(RawMutex::INIT, value),
        }
    }

    /// A free mutex around `value`. The name appears in texts and pictures.
    pub fn named(name: &str, value: T) -> Self {
        Self {
            inner: lock_api::Mutex::from_raw(RawMutex::named(name), value),
        }
    }

    /// The value, out of the mutex, which nobody can hold any more.
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits until the mutex is free and takes it. A stop unwinds with
    /// [`KeyboardInterrupt`](crate::KeyboardInterrupt); while the thread unwinds already, it waits
    /// on.
    #[must_use = "dropped at once, the guard releases the mutex at once"]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.inner.lock()
    }

    /// Takes the mutex if it is free, and returns at once in any case.
    #[must_use = "dropped at once, the guard releases the mutex at once"]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.inner.try_lock()
    }

    /// Waits for the mutex for `limit` of wall-clock time at most.
    ///
    /// ```
    /// use lesson_support::Mutex;
    /// use std::time::Duration;
    ///
    /// let till = Mutex::new(0);
    /// let guard = till.lock();
    /// assert!(till.try_lock_for(Duration::from_millis(5)).is_none());
    /// ```
    #[must_use = "dropped at once, the guard releases the mutex at once"]
    pub fn try_lock_for(&self, limit: Duration) -> Option<MutexGuard<'_, T>> {
        self.inner.try_lock_for(limit)
    }

    /// Whether somebody holds it. Old news as soon as it is returned.
    pub fn is_locked(&self) -> bool {
        self.inner.is_locked()
    }

    /// The value, without waiting: nobody else can reach a mutex that is borrowed for change.
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }

    /// The name given to [`named`](Self::named), or its own.
    pub fn name(&self) -> &str {
        self.gate().name()
    }

    /// The thread that holds it: see [`Lock::holder`](crate::Lock::holder).
    pub fn holder(&self) -> Option<String> {
        self.gate().holders().into_iter().next()
    }

    /// The names of the threads that wait for it, the next one first.
    pub fn waiters(&self) -> Vec<String> {
        self.gate().waiters()
    }

    /// What happened to it so far.
    pub fn timeline(&self) -> Timeline {
        self.gate().timeline()
    }

    fn gate(&self) -> &Gate {
        // SAFETY: nothing is unlocked through it.
        unsafe { self.inner.raw() }.gate()
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

/// `<mutex till: held by Ada for 0.52 s, waiting: Bea>`, without the data.
impl<T: ?Sized> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<mutex {}: ", self.name())?;
        self.gate().write_state(f, Times::Shown)?;
        write!(f, ">")
    }
}

impl fmt::Debug for RawMutex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<mutex {}: ", self.gate().name())?;
        self.gate().write_state(f, Times::Shown)?;
        write!(f, ">")
    }
}
