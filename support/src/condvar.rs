//! Waiting until somebody says that something has changed.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::interrupt;
use crate::line::{Line, tell, wait_in_line};
use crate::mutex::MutexGuard;
use crate::sync::Mutex;
use crate::thing::Thing;
use crate::waiter::WhileUnwinding;
use crate::watched::{self, Seen, Watched};

/// A condition variable: threads wait in it until another one notifies them.
///
/// As that of `std`, without poisoning: [`wait`](Self::wait) takes a guard, releases its mutex and
/// waits in one step, and has the mutex again when it returns. Whoever is woken looks again at
/// what it waits for, since somebody else may have been quicker; [`wait_while`](Self::wait_while)
/// does that. A clone is another handle on the same one.
///
/// ```
/// use lesson_support::{Condvar, Mutex, Thread};
/// use std::sync::Arc;
///
/// let ready = Arc::new(Mutex::named("ready", false));
/// let bell = Condvar::new("bell");
/// let (there, rings) = (Arc::clone(&ready), bell.clone());
/// let ada = Thread::new("Ada", move || {
///     *there.lock() = true;
///     rings.notify_one();
/// });
/// ada.start();
/// let guard = bell.wait_while(ready.lock(), |ready| !*ready);
/// assert!(*guard);
/// ```
#[derive(Clone)]
pub struct Condvar {
    shared: Arc<Shared>,
}

struct Shared {
    thing: Arc<Thing>,
    line: Mutex<Line>,
}

// Nothing inside is left half changed by an unwinding.
impl UnwindSafe for Condvar {}
impl RefUnwindSafe for Condvar {}

/// What a wait with a limit came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult {
    timed_out: bool,
}

impl WaitTimeoutResult {
    /// Whether the time was over first.
    pub fn timed_out(&self) -> bool {
        self.timed_out
    }
}

impl Condvar {
    /// A condition variable in which nobody waits. The name appears in texts and pictures.
    pub fn new(name: &str) -> Self {
        let shared = Arc::new(Shared {
            thing: Thing::named(name),
            line: Mutex::default(),
        });
        watched::register(&shared);
        Self { shared }
    }

    /// The name given to [`new`](Self::new).
    pub fn name(&self) -> &str {
        self.shared.thing.name()
    }

    /// Releases the guard's mutex, waits for a notification, and takes the mutex again.
    ///
    /// A notification between the release and the wait is not lost; one that came before is. A
    /// stop unwinds with [`KeyboardInterrupt`](crate::KeyboardInterrupt) and leaves the mutex
    /// free; a notification that it had got already goes to the next one then.
    pub fn wait<'a, T: ?Sized>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.wait_until(guard, None).0
    }

    /// Waits as long as `condition` holds of the data.
    pub fn wait_while<'a, T: ?Sized>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> MutexGuard<'a, T> {
        while condition(&mut *guard) {
            guard = self.wait(guard);
        }
        guard
    }

    /// [`wait`](Self::wait), for `limit` of wall-clock time at most. The mutex is taken again in
    /// any case, and waited for without a limit.
    ///
    /// ```
    /// use lesson_support::{Condvar, Mutex};
    /// use std::time::Duration;
    ///
    /// let ready = Mutex::new(false);
    /// let bell = Condvar::new("bell");
    /// let (_guard, result) = bell.wait_timeout(ready.lock(), Duration::from_millis(5));
    /// assert!(result.timed_out());
    /// ```
    pub fn wait_timeout<'a, T: ?Sized>(
        &self,
        guard: MutexGuard<'a, T>,
        limit: Duration,
    ) -> (MutexGuard<'a, T>, WaitTimeoutResult) {
        // Further off than the clock can count is for ever.
        self.wait_until(guard, Instant::now().checked_add(limit))
    }

    /// [`wait_while`](Self::wait_while), for `limit` of wall-clock time at most. It has timed out
    /// only if `condition` still holds then.
    pub fn wait_timeout_while<'a, T: ?Sized>(
        &self,
        mut guard: MutexGuard<'a, T>,
        limit: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> (MutexGuard<'a, T>, WaitTimeoutResult) {
        let deadline = Instant::now().checked_add(limit);
        let mut timed_out = false;
        while condition(&mut *guard) {
            if timed_out {
                return (guard, WaitTimeoutResult { timed_out });
            }
            let (again, result) = self.wait_until(guard, deadline);
            (guard, timed_out) = (again, result.timed_out());
        }
        (guard, WaitTimeoutResult { timed_out: false })
    }

    fn wait_until<'a, T: ?Sized>(
        &self,
        guard: MutexGuard<'a, T>,
        deadline: Option<Instant>,
    ) -> (MutexGuard<'a, T>, WaitTimeoutResult) {
        interrupt::checkpoint();
        let Shared { thing, line } = &*self.shared;
        let mutex = MutexGuard::mutex(&guard);
        // In the line before the mutex is free: who changes the data finds it there.
        let ticket = line.lock().enter(thing, deadline);
        drop(guard);
        let served = wait_in_line(
            line,
            |line| line,
            thing,
            ticket,
            WhileUnwinding::WaitOn,
            |line, end| {
                if end.served && end.stopped {
                    // It may have been the only one, and meant for whoever comes next.
                    line.ring_first(thing);
                }
                end.served
            },
        );
        let guard = mutex.lock();
        (guard, WaitTimeoutResult { timed_out: !served })
    }

    /// Wakes the thread that has waited longest. If nobody waits, nothing happens, now or later.
    pub fn notify_one(&self) {
        let mut line = self.shared.line.lock();
        tell(&self.shared.thing, "notifies one at");
        line.ring_first(&self.shared.thing);
    }

    /// Wakes all threads that wait.
    pub fn notify_all(&self) {
        let mut line = self.shared.line.lock();
        tell(&self.shared.thing, "notifies all at");
        line.ring_all(&self.shared.thing);
    }

    /// The names of the threads that wait, the next one first.
    pub fn waiters(&self) -> Vec<String> {
        self.shared.line.lock().names()
    }
}

impl Watched for Shared {
    fn look(&self) -> Seen {
        Seen::awaited(&self.thing, "condvar", self.line.lock().waits())
    }
}

/// `<condvar bell: waiting: Ada, Bea>`.
impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiters = self.waiters();
        write!(f, "<condvar {}: ", self.name())?;
        if waiters.is_empty() {
            write!(f, "nobody waits>")
        } else {
            write!(f, "waiting: {}>", waiters.join(", "))
        }
    }
}
