//! A mutex that its holder may lock again.
#![allow(
    unsafe_code,
    reason = "lock_api wants a promise that two threads never have one number"
)]

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lock_api::RawMutex as _;

use crate::mutex::RawMutex;
use crate::timeline::Timeline;

/// A lock around its data that the thread which has it can lock again, and then has to release as
/// often. As Python's `threading.RLock`, with the data inside.
///
/// Because one thread can have several guards, they only lend the data for reading; put a `Cell`
/// or `RefCell` inside to change it. It can be stopped, has a name and tells who holds it, as
/// [`Mutex`](crate::Mutex).
///
/// ```
/// use lesson_support::ReentrantMutex;
/// use std::cell::Cell;
///
/// let till = ReentrantMutex::named("till", Cell::new(0));
/// let outer = till.lock();
/// let inner = till.lock();
/// inner.set(outer.get() + 5);
/// assert_eq!(outer.get(), 5);
/// ```
pub struct ReentrantMutex<T: ?Sized> {
    inner: lock_api::ReentrantMutex<RawMutex, ThreadNumber, T>,
}

/// The guard of a [`ReentrantMutex`].
pub type ReentrantMutexGuard<'a, T> = lock_api::ReentrantMutexGuard<'a, RawMutex, ThreadNumber, T>;

/// Tells a [`ReentrantMutex`] which thread is asking.
pub struct ThreadNumber;

// SAFETY: each thread draws its number once, from a counter that only grows; a counter of this
// width does not come round while the process lives.
unsafe impl lock_api::GetThreadId for ThreadNumber {
    const INIT: Self = Self;

    fn nonzero_thread_id(&self) -> NonZeroUsize {
        static DRAWN: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static NUMBER: NonZeroUsize =
                NonZeroUsize::MIN.saturating_add(DRAWN.fetch_add(1, Ordering::Relaxed));
        }
        NUMBER.with(|number| *number)
    }
}

impl<T> ReentrantMutex<T> {
    /// A free mutex around `value`. It calls itself `mutex 1` and so on.
    pub const fn new(value: T) -> Self {
        Self {
            inner: lock_api::ReentrantMutex::from_raw(RawMutex::INIT, ThreadNumber, value),
        }
    }

    /// A free mutex around `value`. The name appears in texts and pictures.
    pub fn named(name: &str, value: T) -> Self {
        Self {
            inner: lock_api::ReentrantMutex::from_raw(RawMutex::named(name), ThreadNumber, value),
        }
    }

    /// The value, out of the mutex, which nobody can hold any more.
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> ReentrantMutex<T> {
    /// Waits until no other thread has the mutex, and takes it, once more if need be. A stop
    /// unwinds with [`KeyboardInterrupt`](crate::KeyboardInterrupt).
    #[must_use = "dropped at once, the guard releases the mutex at once"]
    pub fn lock(&self) -> ReentrantMutexGuard<'_, T> {
        self.inner.lock()
    }

    /// Takes the mutex if no other thread has it, and returns at once in any case.
    #[must_use = "dropped at once, the guard releases the mutex at once"]
    pub fn try_lock(&self) -> Option<ReentrantMutexGuard<'_, T>> {
        self.inner.try_lock()
    }

    /// Waits for the mutex for `limit` of wall-clock time at most.
    #[must_use = "dropped at once, the guard releases the mutex at once"]
    pub fn try_lock_for(&self, limit: Duration) -> Option<ReentrantMutexGuard<'_, T>> {
        self.inner.try_lock_for(limit)
    }

    /// Whether some thread has it. Old news as soon as it is returned.
    pub fn is_locked(&self) -> bool {
        self.inner.is_locked()
    }

    /// The name given to [`named`](Self::named), or its own.
    pub fn name(&self) -> &str {
        self.raw().gate().name()
    }

    /// The thread that has it: see [`Lock::holder`](crate::Lock::holder).
    pub fn holder(&self) -> Option<String> {
        self.raw().gate().holders().into_iter().next()
    }

    /// The names of the threads that wait for it, the next one first.
    pub fn waiters(&self) -> Vec<String> {
        self.raw().gate().waiters()
    }

    /// What happened to it so far. That its holder takes it once more is no event.
    pub fn timeline(&self) -> Timeline {
        self.raw().gate().timeline()
    }

    fn raw(&self) -> &RawMutex {
        // SAFETY: nothing is unlocked through it.
        unsafe { self.inner.raw() }
    }
}

/// `<mutex till: held by Ada for 0.52 s, waiting: Bea>`, without the data.
impl<T: ?Sized> fmt::Debug for ReentrantMutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.raw(), f)
    }
}
