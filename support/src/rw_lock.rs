//! A lock that many may read, or one may write.
#![allow(
    unsafe_code,
    reason = "lock_api's guards rely on the promise that a writer is alone"
)]

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use lock_api::{GuardNoSend, RawRwLock as _};

use crate::gate::{Gate, Need, Patience, Times, Whose};
use crate::thing::Thing;
use crate::timeline::Timeline;
use crate::waiter::WhileUnwinding;

/// A lock around its data, for many readers at a time or one writer.
///
/// As [`Mutex`](crate::Mutex), with `lock_api`'s guards; it can be stopped, has a name, tells who
/// holds it. It is fair: whoever asked first gets it first, so a writer is not starved by readers
/// that keep coming. For the same reason a thread that reads already and wants to read once more
/// waits for itself as soon as a writer stands between.
///
/// ```
/// use lesson_support::RwLock;
///
/// let price = RwLock::named("price", 3);
/// {
///     let (first, second) = (price.read(), price.read());
///     assert_eq!(*first + *second, 6);
///     assert!(price.try_write().is_none());
/// }
/// *price.write() = 4;
/// assert_eq!(price.into_inner(), 4);
/// ```
pub struct RwLock<T: ?Sized> {
    inner: lock_api::RwLock<RawRwLock, T>,
}

/// A reader's guard of an [`RwLock`].
pub type RwLockReadGuard<'a, T> = lock_api::RwLockReadGuard<'a, RawRwLock, T>;

/// The writer's guard of an [`RwLock`].
pub type RwLockWriteGuard<'a, T> = lock_api::RwLockWriteGuard<'a, RawRwLock, T>;

/// The lock of an [`RwLock`], without the data.
pub struct RawRwLock {
    gate: OnceLock<Arc<Gate>>,
}

const KIND: &str = "rwlock";

/// A reader wants one, a writer all. More than there can be threads.
const PERMITS: usize = 1 << 30;

const READ: Need = Need::ONE_OF_MANY;
const WRITE: Need = Need {
    detached: false,
    permits: PERMITS,
    shared: false,
};

impl RawRwLock {
    /// A free lock. The name appears in texts and pictures.
    pub fn named(name: &str) -> Self {
        Self {
            gate: OnceLock::from(Gate::shared(KIND, Thing::named(name), PERMITS)),
        }
    }

    fn gate(&self) -> &Arc<Gate> {
        self.gate
            .get_or_init(|| Gate::shared(KIND, Thing::unnamed(KIND), PERMITS))
    }

    fn take(&self, need: Need, patience: Patience) -> bool {
        let gate = self.gate();
        gate.take(need, patience, WhileUnwinding::WaitOn).is_some()
    }
}

// SAFETY: a writer's ticket takes all permits, so nobody else has any then; a reader's takes one,
// so no writer can have them. `take` is true only with them, and only the unlocks give them back:
// when a writer unlocks, it is the only holder; when a reader does, all holders are readers.
unsafe impl lock_api::RawRwLock for RawRwLock {
    const INIT: Self = Self {
        gate: OnceLock::new(),
    };
    type GuardMarker = GuardNoSend;

    fn lock_shared(&self) {
        while !self.take(READ, Patience::Endless) {}
    }

    fn try_lock_shared(&self) -> bool {
        self.take(READ, Patience::None)
    }

    unsafe fn unlock_shared(&self) {
        self.gate().release_guard(Whose::OwnElseOldest);
    }

    fn lock_exclusive(&self) {
        while !self.take(WRITE, Patience::Endless) {}
    }

    fn try_lock_exclusive(&self) -> bool {
        self.take(WRITE, Patience::None)
    }

    unsafe fn unlock_exclusive(&self) {
        self.gate().release_guard(Whose::OwnElseOldest);
    }

    fn is_locked(&self) -> bool {
        self.gate().is_held()
    }

    fn is_locked_exclusive(&self) -> bool {
        self.gate().free_permits() == 0
    }
}

// SAFETY: as above; they only wait less long.
unsafe impl lock_api::RawRwLockTimed for RawRwLock {
    type Duration = Duration;
    type Instant = Instant;

    fn try_lock_shared_for(&self, limit: Duration) -> bool {
        self.take(READ, Patience::of(limit))
    }

    fn try_lock_shared_until(&self, deadline: Instant) -> bool {
        self.take(READ, Patience::Until(deadline))
    }

    fn try_lock_exclusive_for(&self, limit: Duration) -> bool {
        self.take(WRITE, Patience::of(limit))
    }

    fn try_lock_exclusive_until(&self, deadline: Instant) -> bool {
        self.take(WRITE, Patience::Until(deadline))
    }
}

impl<T> RwLock<T> {
    /// A free lock around `value`. It calls itself `rwlock 1` and so on; see
    /// [`named`](Self::named).
    pub const fn new(value: T) -> Self {
        Self {
            inner: lock_api::RwLock::from_raw(RawRwLock::INIT, value),
        }
    }

    /// A free lock around `value`. The name appears in texts and pictures.
    pub fn named(name: &str, value: T) -> Self {
        Self {
            inner: lock_api::RwLock::from_raw(RawRwLock::named(name), value),
        }
    }

    /// The value, out of the lock, which nobody can hold any more.
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until no writer has the lock or is before in the queue, and shares it. A stop unwinds
    /// with [`KeyboardInterrupt`](crate::KeyboardInterrupt); while the thread unwinds already, it
    /// waits on.
    #[must_use = "dropped at once, the guard releases the lock at once"]
    pub fn read(&self) -> RwLockReadGuard<'_, T> {
        self.inner.read()
    }

    /// Waits until nobody has the lock, and takes it alone. A stop: as in [`read`](Self::read).
    #[must_use = "dropped at once, the guard releases the lock at once"]
    pub fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.inner.write()
    }

    /// Shares the lock if that needs no waiting.
    #[must_use = "dropped at once, the guard releases the lock at once"]
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, T>> {
        self.inner.try_read()
    }

    /// Takes the lock alone if that needs no waiting.
    #[must_use = "dropped at once, the guard releases the lock at once"]
    pub fn try_write(&self) -> Option<RwLockWriteGuard<'_, T>> {
        self.inner.try_write()
    }

    /// [`read`](Self::read), for `limit` of wall-clock time at most.
    #[must_use = "dropped at once, the guard releases the lock at once"]
    pub fn try_read_for(&self, limit: Duration) -> Option<RwLockReadGuard<'_, T>> {
        self.inner.try_read_for(limit)
    }

    /// [`write`](Self::write), for `limit` of wall-clock time at most.
    #[must_use = "dropped at once, the guard releases the lock at once"]
    pub fn try_write_for(&self, limit: Duration) -> Option<RwLockWriteGuard<'_, T>> {
        self.inner.try_write_for(limit)
    }

    /// The value, without waiting: nobody else can reach a lock that is borrowed for change.
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }

    /// The name given to [`named`](Self::named), or its own.
    pub fn name(&self) -> &str {
        self.gate().name()
    }

    /// The threads that have the lock: one writer, or some readers.
    pub fn holders(&self) -> Vec<String> {
        self.gate().holders()
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

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// `<rwlock price: held by Ada for 0.52 s and Bea for 0.50 s, waiting: Cy>`, without the data.
impl<T: ?Sized> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<rwlock {}: ", self.name())?;
        self.gate().write_state(f, Times::Shown)?;
        write!(f, ">")
    }
}

impl fmt::Debug for RawRwLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<rwlock {}: ", self.gate().name())?;
        self.gate().write_state(f, Times::Shown)?;
        write!(f, ">")
    }
}
