//! Waiting for company.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::interrupt;
use crate::line::{Line, tell, wait_in_line};
use crate::sync::Mutex;
use crate::thing::Thing;
use crate::waiter::WhileUnwinding;
use crate::watched::{self, Seen, Watched};

/// A barrier: nobody goes on before so many threads have come to it. Then it is closed again, for
/// the next ones.
///
/// A thread that gives up, or is stopped, no longer counts: another one can come in its place. A
/// clone is another handle on the same barrier.
///
/// ```
/// use lesson_support::{Barrier, Thread};
///
/// let start = Barrier::new("start", 2);
/// let line = start.clone();
/// let ada = Thread::new("Ada", move || line.wait().is_leader());
/// ada.start();
/// let first = start.wait().is_leader();
/// assert_ne!(first, ada.join().unwrap(), "one of them leads");
/// ```
#[derive(Clone)]
pub struct Barrier {
    shared: Arc<Shared>,
}

struct Shared {
    thing: Arc<Thing>,
    needed: usize,
    line: Mutex<Line>,
}

// Nothing inside is left half changed by an unwinding.
impl UnwindSafe for Barrier {}
impl RefUnwindSafe for Barrier {}

/// What [`Barrier::wait`] returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarrierWaitResult {
    is_leader: bool,
}

impl BarrierWaitResult {
    /// Whether this thread is the one of its group that came last.
    pub fn is_leader(&self) -> bool {
        self.is_leader
    }
}

impl Barrier {
    /// A barrier for groups of `threads`; 0 is as good as 1. The name appears in texts and
    /// pictures.
    pub fn new(name: &str, threads: usize) -> Self {
        let shared = Arc::new(Shared {
            thing: Thing::named(name),
            needed: threads,
            line: Mutex::default(),
        });
        watched::register(&shared);
        Self { shared }
    }

    /// The name given to [`new`](Self::new).
    pub fn name(&self) -> &str {
        self.shared.thing.name()
    }

    /// Waits until the group is complete.
    ///
    /// A stop unwinds with [`KeyboardInterrupt`](crate::KeyboardInterrupt); while the thread
    /// unwinds already, it waits on.
    pub fn wait(&self) -> BarrierWaitResult {
        loop {
            // Without a limit there is nothing else to wait for.
            if let Some(result) = self.wait_until(None) {
                return result;
            }
        }
    }

    /// Waits for `limit` of wall-clock time at most. `None` if the group was not complete then.
    ///
    /// ```
    /// use lesson_support::Barrier;
    /// use std::time::Duration;
    ///
    /// let start = Barrier::new("start", 2);
    /// assert!(start.wait_timeout(Duration::from_millis(5)).is_none());
    /// assert_eq!(format!("{start:?}"), "<barrier start: 0 of 2 are there>");
    /// ```
    pub fn wait_timeout(&self, limit: Duration) -> Option<BarrierWaitResult> {
        // Further off than the clock can count is for ever.
        self.wait_until(Instant::now().checked_add(limit))
    }

    fn wait_until(&self, deadline: Option<Instant>) -> Option<BarrierWaitResult> {
        interrupt::checkpoint();
        let Shared {
            thing,
            needed,
            line,
        } = &*self.shared;
        let ticket = {
            let mut line = line.lock();
            if line.len() + 1 >= *needed {
                tell(thing, "completes the group at");
                line.ring_all(thing);
                return Some(BarrierWaitResult { is_leader: true });
            }
            line.enter(thing, deadline)
        };
        let served = wait_in_line(
            line,
            |line| line,
            thing,
            ticket,
            WhileUnwinding::WaitOn,
            |_, end| end.served,
        );
        served.then_some(BarrierWaitResult { is_leader: false })
    }

    /// The names of the threads that wait, in the order in which they came.
    pub fn waiters(&self) -> Vec<String> {
        self.shared.line.lock().names()
    }
}

impl Watched for Shared {
    fn look(&self) -> Seen {
        Seen::awaited(&self.thing, "barrier", self.line.lock().waits())
    }
}

/// `<barrier start: 1 of 2 are there, waiting: Ada>`.
impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiters = self.waiters();
        let (name, needed) = (self.name(), self.shared.needed);
        write!(
            f,
            "<barrier {name}: {} of {needed} are there",
            waiters.len()
        )?;
        if !waiters.is_empty() {
            write!(f, ", waiting: {}", waiters.join(", "))?;
        }
        write!(f, ">")
    }
}
