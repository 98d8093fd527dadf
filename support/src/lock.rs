//! A lock that is acquired and released by hand.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::gate::{Gate, Need, Patience, Times, Whose};
use crate::held::Held;
use crate::thing::Thing;
use crate::timeline::Timeline;
use crate::waiter::WhileUnwinding;

/// A lock with a name, acquired and released by hand, as Python's `threading.Lock`.
///
/// It guards no data of its own and nothing forces anyone to use it: that is the lesson. A clone
/// is another handle on the same lock, so it can be kept in a variable and given to threads.
///
/// - It is fair: of those who wait, whoever asked first gets it first, and a release hands it over
///   directly. Only a lock that is handed over more than a hundred times in a row, and then more
///   than twice in a millisecond, is left to whoever comes first, as `parking_lot` does it.
/// - It is not reentrant: a thread that acquires it twice waits for itself.
/// - Any thread may release it, also for a holder that has ended.
/// - It knows no poisoning: a thread that panics between [`acquire`](Self::acquire) and
///   [`release`](Self::release) leaves it held. The guard of [`hold`](Self::hold) releases it.
/// - Every wait can be stopped: see [`KeyboardInterrupt`](crate::KeyboardInterrupt).
/// - It remembers what happened to it: [`timeline`](Self::timeline).
///
/// ```
/// use lesson_support::Lock;
///
/// let lock = Lock::new("studio");
/// assert_eq!(format!("{lock:?}"), "<lock studio: free>");
/// assert!(lock.acquire());
/// assert!(lock.locked());
/// lock.release();
/// assert!(!lock.locked());
/// ```
#[derive(Clone)]
pub struct Lock {
    pub(crate) gate: Arc<Gate>,
}

// Nothing inside is left half changed by an unwinding: state is only locked for a few steps that
// do not panic.
impl UnwindSafe for Lock {}
impl RefUnwindSafe for Lock {}

impl Lock {
    /// A free lock. The name appears in texts and pictures.
    pub fn new(name: &str) -> Self {
        Self {
            gate: Gate::lock("lock", Thing::named(name)),
        }
    }

    /// The name given to [`new`](Self::new).
    pub fn name(&self) -> &str {
        self.gate.name()
    }

    /// Waits until the lock is free and takes it. As long as it takes: for ever, if nobody
    /// releases.
    ///
    /// Returns `true`, as it does in Python. The one exception: when the thread is unwinding from
    /// a panic already and the cell is stopped during the wait, it returns `false`, since it must
    /// not unwind a second time.
    ///
    /// When the cell is stopped, it leaves the queue and unwinds with
    /// [`KeyboardInterrupt`](crate::KeyboardInterrupt).
    #[must_use = "`false` means that the lock was not acquired"]
    #[inline]
    pub fn acquire(&self) -> bool {
        self.take(Patience::Endless, WhileUnwinding::GiveUp)
            .is_some()
    }

    /// Waits for the lock for `limit` of wall-clock time at most. `true` if it was acquired,
    /// `false` if the time was over first; then the queue forgets this thread.
    ///
    /// A stop unwinds as in [`acquire`](Self::acquire).
    ///
    /// ```
    /// # use lesson_support::Lock;
    /// use std::time::Duration;
    ///
    /// let lock = Lock::new("studio");
    /// assert!(lock.acquire_for(Duration::from_millis(5)));
    /// assert!(!lock.acquire_for(Duration::from_millis(5)), "not reentrant");
    /// ```
    #[must_use = "`false` means that the lock was not acquired"]
    pub fn acquire_for(&self, limit: Duration) -> bool {
        self.take(Patience::of(limit), WhileUnwinding::GiveUp)
            .is_some()
    }

    /// Takes the lock if it is free, and returns at once in any case: `true` if it was acquired.
    ///
    /// ```
    /// # use lesson_support::Lock;
    /// let lock = Lock::new("studio");
    /// assert!(lock.try_acquire());
    /// assert!(!lock.try_acquire());
    /// ```
    #[must_use = "`false` means that the lock was not acquired"]
    #[inline]
    pub fn try_acquire(&self) -> bool {
        self.take(Patience::None, WhileUnwinding::GiveUp).is_some()
    }

    /// Frees the lock, or hands it to the first in the queue. Any thread may do this, not only
    /// the holder.
    ///
    /// # Panics
    /// When the lock is free. While the thread unwinds already, where a second panic would end
    /// the process, the message is only printed.
    ///
    /// ```should_panic
    /// lesson_support::Lock::new("studio").release();
    /// ```
    #[track_caller]
    #[inline]
    pub fn release(&self) {
        if !self.gate.release(Whose::OwnElseOldest) {
            self.refuse_release();
        }
    }

    #[cold]
    #[track_caller]
    fn refuse_release(&self) {
        let message = format!(
            "lock {} is free: release() must follow a successful acquire",
            self.name()
        );
        if thread::panicking() {
            eprintln!("{message}");
        } else {
            panic!("{message}");
        }
    }

    /// Whether somebody holds the lock. Old news as soon as it is returned: to get the lock, ask
    /// for it.
    pub fn locked(&self) -> bool {
        self.gate.is_held()
    }

    /// The name of the thread that holds the lock: `Ada`, or `Ada (thread has ended)` when nobody
    /// is left who would release it. The thread that runs the cells is called `notebook`.
    ///
    /// The end of a [`Thread`](crate::Thread) is known here when its `join` returns, that of a
    /// `std` thread too; `std::thread::scope` alone may return a moment earlier.
    ///
    /// ```
    /// use lesson_support::{Lock, Thread};
    ///
    /// let lock = Lock::new("studio");
    /// let handle = lock.clone();
    /// let ada = Thread::new("Ada", move || assert!(handle.acquire()));
    /// ada.start();
    /// ada.join().unwrap();
    /// assert_eq!(lock.holder().unwrap(), "Ada (thread has ended)");
    /// ```
    pub fn holder(&self) -> Option<String> {
        self.gate.holders().into_iter().next()
    }

    /// The names of the threads that wait for the lock, the next one first.
    pub fn waiters(&self) -> Vec<String> {
        self.gate.waiters()
    }

    /// Acquires the lock, waiting as [`acquire`](Self::acquire) does, and returns a guard that
    /// releases it when it is dropped, also by a panic. While the thread unwinds already, it waits
    /// on in spite of a stop.
    ///
    /// The guard keeps the lock, even when all handles are gone. It can be kept in a variable, also from one cell to
    /// the next, and given to another thread. Bind it to a name: `let _ = lock.hold();` releases
    /// at once.
    ///
    /// ```
    /// # use lesson_support::Lock;
    /// let lock = Lock::new("studio");
    /// {
    ///     let _held = lock.hold();
    ///     assert!(lock.locked());
    /// }
    /// assert!(!lock.locked());
    /// ```
    #[must_use = "dropped at once, the guard releases the lock at once"]
    #[inline]
    pub fn hold(&self) -> Held {
        loop {
            // There is no guard without the lock. This patience always gets it, at the first try.
            let ticket = self
                .gate
                .take(Need::DETACHED, Patience::Endless, WhileUnwinding::WaitOn);
            if let Some(ticket) = ticket {
                return Held::new(self, ticket);
            }
        }
    }

    /// What happened to the lock so far.
    ///
    /// ```
    /// # use lesson_support::Lock;
    /// let lock = Lock::new("studio");
    /// drop(lock.hold());
    /// assert!(lock.timeline().to_string().ends_with("releases"));
    /// ```
    pub fn timeline(&self) -> Timeline {
        self.gate.timeline()
    }

    /// The ticket under which the lock was acquired, or `None`.
    #[inline]
    fn take(&self, patience: Patience, while_unwinding: WhileUnwinding) -> Option<u64> {
        self.gate.take(Need::ALONE, patience, while_unwinding)
    }
}

impl Drop for Lock {
    #[inline]
    fn drop(&mut self) {
        self.gate.let_go();
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<lock {}: ", self.name())?;
        self.gate.write_state(f, Times::Hidden)?;
        write!(f, ">")
    }
}
