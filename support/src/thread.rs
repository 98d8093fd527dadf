//! A thread that is made first and started later.

use std::any::Any;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Builder, ThreadId};
use std::time::{Duration, Instant};

use crate::clock::Tick;
use crate::event_log::{Doing, What};
use crate::interrupt;
use crate::observed;
use crate::panicked::Panicked;
use crate::standing::Standing;
use crate::sync::Mutex;
use crate::thing::Thing;
use crate::thread_mark::ThreadMark;
use crate::wait_graph::JOIN;
use crate::waiter::{Outcome, Waiter, WhileUnwinding};
use crate::watched::{self, Hold, Seen, Wait, Watched};

/// A thread with a name, made first and started later, as Python's `threading.Thread`.
///
/// Its join can be stopped, can be repeated, and gives back the value of the closure or the
/// message of its panic. Dropping the last handle lets the thread run on.
///
/// ```
/// use lesson_support::Thread;
///
/// let ada = Thread::new("Ada", || 6 * 7);
/// assert!(!ada.is_alive(), "made, not started");
/// ada.start();
/// assert_eq!(ada.join(), Ok(42));
/// assert_eq!(ada.join(), Ok(42), "join again as often as you like");
/// ```
pub struct Thread<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    name: String,
    /// The thread itself, known from its first step on.
    id: OnceLock<ThreadId>,
    /// The same, for who waits for its end.
    mark: OnceLock<Arc<ThreadMark>>,
    thing: Arc<Thing>,
    progress: Mutex<Progress<T>>,
    standing: Arc<Standing>,
    /// Set once, before `progress` says [`Progress::Ended`].
    outcome: Mutex<Option<Result<T, Panicked>>>,
}

/// Made → Running → Ended, never back.
enum Progress<T> {
    Made(Box<dyn FnOnce() -> T + Send>),
    Running { joining: Vec<Arc<Waiter>> },
    Ended { panicked: bool },
}

// A panic of the thread is caught and kept as a value; nothing of it is left half done.
impl<T> UnwindSafe for Thread<T> {}
impl<T> RefUnwindSafe for Thread<T> {}

impl<T> Thread<T> {
    /// A thread that will run `work`. Nothing runs before [`start`](Self::start).
    pub fn new<F>(name: impl Into<String>, work: F) -> Self
    where
        F: FnOnce() -> T + Send + 'static,
    {
        let name = name.into();
        Self {
            shared: Arc::new(Shared {
                thing: Thing::named(name.as_str()),
                mark: OnceLock::new(),
                name,
                id: OnceLock::new(),
                progress: Mutex::new(Progress::Made(Box::new(work))),
                standing: Arc::default(),
                outcome: Mutex::new(None),
            }),
        }
    }

    /// The name given to [`new`](Self::new).
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Whether the thread is running: started, and not at its end.
    pub fn is_alive(&self) -> bool {
        matches!(*self.shared.progress.lock(), Progress::Running { .. })
    }

    /// Waits until the thread has settled: it sits in a blocking call of this crate
    /// ([`Lock::acquire`](crate::Lock::acquire), [`sleep`](crate::sleep()), [`join`](Self::join)
    /// and the like), or has ended. Then everything it had to print until there is printed, and a
    /// thread that waits for a lock is among its [`waiters`](crate::Lock::waiters).
    ///
    /// Returns `true` then, and `false` if the thread has not settled within 10 s of wall-clock
    /// time, say because it computes, or blocks in a call that this crate knows nothing of, such
    /// as [`std::thread::sleep`].
    ///
    /// A thread that has been given the lock it waited for, or whose sleep is over, has not
    /// settled, even if it has not taken its next step yet.
    ///
    /// A stop of the cell unwinds with [`KeyboardInterrupt`](crate::KeyboardInterrupt). While this
    /// thread unwinds already, it returns `false` on a stop.
    ///
    /// ```
    /// use lesson_support::{Lock, Thread};
    ///
    /// let lock = Lock::new("studio");
    /// let held = lock.hold();
    /// let handle = lock.clone();
    /// let ada = Thread::new("Ada", move || drop(handle.hold()));
    /// ada.start();
    /// assert!(ada.settle());
    /// assert_eq!(lock.waiters(), ["Ada"]);
    ///
    /// drop(held);
    /// assert!(ada.settle());
    /// assert!(!ada.is_alive());
    /// ```
    ///
    /// # Panics
    /// When the thread was never started, or asks this of itself.
    #[track_caller]
    pub fn settle(&self) -> bool {
        self.settle_within(SETTLE_LIMIT)
    }

    #[track_caller]
    fn settle_within(&self, limit: Duration) -> bool {
        interrupt::checkpoint();
        self.refuse_own_thread("for itself to settle");
        if let Progress::Made(_) = *self.shared.progress.lock() {
            panic!("thread '{}' was not started: it cannot settle", self.name());
        }
        let me = ThreadMark::current();
        let standing = &self.shared.standing;
        let deadline = Instant::now() + limit;
        loop {
            let watcher = Waiter::new(Arc::clone(&me));
            if standing.is_settled_else_watch(&watcher) {
                return true;
            }
            match watcher.wait(Some(deadline), WhileUnwinding::GiveUp) {
                // It has blocked, though perhaps not for long: look again.
                Outcome::Rung | Outcome::Called => {}
                Outcome::TimedOut | Outcome::StoppedWhileUnwinding => {
                    standing.forget(&watcher);
                    return false;
                }
                Outcome::Stopped => {
                    standing.forget(&watcher);
                    interrupt::unwind(&me);
                }
            }
        }
    }

    #[track_caller]
    fn refuse_own_thread(&self, what: &str) {
        if self.shared.id.get() == Some(&thread::current().id()) {
            panic!("thread '{}' waits {what}", self.name());
        }
    }
}

/// How long [`Thread::settle`] waits at most. A lesson's thread settles within milliseconds; on a
/// loaded machine within a second. A learner who forgot to make it settle should get the cell back.
const SETTLE_LIMIT: Duration = Duration::from_secs(10);

impl<T: Send + 'static> Thread<T> {
    /// Starts the thread and returns at once.
    ///
    /// # Panics
    /// When the thread was started before, or when the operating system refuses another thread.
    ///
    /// ```should_panic
    /// let ada = lesson_support::Thread::new("Ada", || ());
    /// ada.start();
    /// ada.start();
    /// ```
    #[track_caller]
    pub fn start(&self) {
        let running = Progress::Running {
            joining: Vec::new(),
        };
        let work = {
            let mut progress = self.shared.progress.lock();
            match mem::replace(&mut *progress, running) {
                Progress::Made(work) => Some(work),
                started => {
                    *progress = started;
                    None
                }
            }
        };
        let Some(work) = work else {
            panic!(
                "thread '{}' was started before: a thread starts once",
                self.name()
            );
        };
        watched::register(&self.shared);
        let shared = Arc::clone(&self.shared);
        let starts = What::Does(Doing::StartsThread(self.name().into()));
        observed::record(None, None, &ThreadMark::current(), Tick::now(), starts);
        let spawned = Builder::new()
            .name(self.shared.name.clone())
            .spawn(move || shared.run(work));
        if let Err(error) = spawned {
            let refused: Box<dyn Any + Send> = Box::new(error.to_string());
            self.shared
                .end(Err(Panicked::new(self.name(), refused.as_ref())));
            panic!("thread '{}' cannot start: {error}", self.name());
        }
    }
}

impl<T: Clone> Thread<T> {
    /// Waits until the thread has ended, and returns a copy of its value.
    ///
    /// A stop of the cell unwinds with [`KeyboardInterrupt`](crate::KeyboardInterrupt) and leaves
    /// the thread as it is; join it again whenever you like. While this thread unwinds already, it
    /// waits on in spite of a stop.
    ///
    /// # Errors
    /// [`Panicked`] when the thread panicked, or was stopped itself.
    ///
    /// # Panics
    /// When the thread was never started, or joins itself: it would wait for ever.
    #[track_caller]
    pub fn join(&self) -> Result<T, Panicked> {
        interrupt::checkpoint();
        self.refuse_own_thread("for its own end");
        let me = ThreadMark::current();
        while let Some(waiter) = self.shared.ask_for_end(&me) {
            // While unwinding there is nothing to return before the end; a stop that is meant for
            // all threads ends the other one, too.
            if let Outcome::Stopped = waiter.wait(None, WhileUnwinding::WaitOn) {
                self.shared.forget(&waiter);
                interrupt::unwind(&me);
            }
        }
        let outcome = self.shared.outcome.lock();
        outcome
            .clone()
            .expect("a thread has its outcome before it has ended")
    }
}

impl<T> Shared<T> {
    /// The life of the thread, on the thread.
    fn run(&self, work: Box<dyn FnOnce() -> T + Send>) {
        self.id.get_or_init(|| thread::current().id());
        let mark = ThreadMark::current();
        self.mark.get_or_init(|| Arc::clone(&mark));
        mark.report_to(&self.standing);
        observed::record(None, None, &mark, Tick::now(), What::Starts);
        let outcome = catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
            let failure = Panicked::new(&self.name, payload.as_ref());
            if !failure.is_interrupt() {
                mark.panic();
            }
            // A payload's destructor may panic, too: let it do so where nobody is waiting for us.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
            failure
        });
        // Before anyone can know that this thread is done: who joins it and then asks a lock for
        // its holder has to read that the holder has ended.
        mark.end();
        self.end(outcome);
    }

    fn end(&self, outcome: Result<T, Panicked>) {
        let panicked = outcome.is_err();
        *self.outcome.lock() = Some(outcome);
        let mut progress = self.progress.lock();
        // Rung under the lock: who sees that this thread has ended, and then asks how another one
        // stands that joined it, too, is not to be told that it still waits.
        if let Progress::Running { joining } = &*progress {
            joining.iter().for_each(|waiter| waiter.ring());
        }
        *progress = Progress::Ended { panicked };
        drop(progress);
        let watching = self.standing.end();
        watching.iter().for_each(|watcher| watcher.ring());
    }

    /// A waiter for the end of the thread; `None` if it has ended.
    #[track_caller]
    fn ask_for_end(&self, me: &Arc<ThreadMark>) -> Option<Arc<Waiter>> {
        let name = &self.name;
        let mut progress = self.progress.lock();
        match &mut *progress {
            Progress::Ended { .. } => None,
            Progress::Running { joining } => {
                let waiter = Waiter::new(Arc::clone(me));
                joining.push(Arc::clone(&waiter));
                Some(waiter)
            }
            Progress::Made(_) => {
                drop(progress);
                panic!("thread '{name}' was not started: nothing to join");
            }
        }
    }

    fn forget(&self, waiter: &Arc<Waiter>) {
        if let Progress::Running { joining } = &mut *self.progress.lock() {
            joining.retain(|other| !Arc::ptr_eq(other, waiter));
        }
    }
}

/// Its end is in the thread's own hands, as long as it runs.
impl<T: Send> Watched for Shared<T> {
    fn look(&self) -> Seen {
        let progress = self.progress.lock();
        let (holder, joining) = match &*progress {
            Progress::Running { joining } => (self.mark.get(), &joining[..]),
            Progress::Made(_) | Progress::Ended { .. } => (None, &[][..]),
        };
        let holds = holder.map(|mark| Hold {
            who: Arc::clone(mark),
            ticket: 0,
        });
        let waits = joining.iter().map(|waiter| Wait {
            who: Arc::clone(waiter.owner()),
            ticket: waiter.id(),
            until: None,
        });
        Seen {
            thing: Arc::clone(&self.thing),
            kind: JOIN,
            holds: holds.into_iter().collect(),
            waits: waits.collect(),
        }
    }
}

impl<T> fmt::Debug for Thread<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let progress = match &*self.shared.progress.lock() {
            Progress::Made(_) => "made, not started",
            Progress::Running { .. } => "running",
            Progress::Ended { panicked: false } => "ended",
            Progress::Ended { panicked: true } => "ended by a panic",
        };
        write!(f, "<thread {}: {progress}>", self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier};
    use std::time::Duration;

    use super::Thread;

    #[test]
    fn a_thread_that_does_not_settle_is_given_up() {
        let leave = Arc::new(Barrier::new(2));
        let inside = Arc::clone(&leave);
        let ada = Thread::new("Ada", move || {
            inside.wait();
        });
        ada.start();
        assert!(!ada.settle_within(Duration::from_millis(20)));
        leave.wait();
        assert!(ada.settle());
        assert!(!ada.is_alive());
    }
}
