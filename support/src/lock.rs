//! A lock that is acquired and released by hand.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::event_log::{EventLog, What};
use crate::forced::{self, Moment};
use crate::held::Held;
use crate::interrupt;
use crate::thread_mark::ThreadMark;
use crate::timeline::{GiveUp, Timeline};
use crate::waiter::{Outcome, Waiter, WhileUnwinding};

/// A lock with a name, acquired and released by hand, as Python's `threading.Lock`.
///
/// It guards no data of its own and nothing forces anyone to use it: that is the lesson. A clone
/// is another handle on the same lock, so it can be kept in a variable and given to threads.
///
/// - It is fair: whoever asked first gets it first, and a release hands it over directly.
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
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    state: Mutex<State>,
}

/// Either free with an empty queue, or held: a release hands over to the first in the queue.
#[derive(Default)]
struct State {
    holder: Option<Holder>,
    queue: VecDeque<Place>,
    next_ticket: u64,
    log: EventLog,
}

struct Holder {
    who: Arc<ThreadMark>,
    ticket: u64,
}

struct Place {
    waiter: Arc<Waiter>,
    ticket: u64,
    asked: Instant,
}

/// How long an attempt is willing to wait.
enum Patience {
    None,
    Until(Instant),
    Endless,
}

// Nothing inside is left half changed by an unwinding: state is only locked for a few steps that
// do not panic.
impl UnwindSafe for Lock {}
impl RefUnwindSafe for Lock {}

impl Lock {
    /// A free lock. The name appears in texts and pictures.
    pub fn new(name: &str) -> Self {
        Self {
            shared: Arc::new(Shared {
                name: name.to_owned(),
                state: Mutex::default(),
            }),
        }
    }

    /// The name given to [`new`](Self::new).
    pub fn name(&self) -> &str {
        &self.shared.name
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
        // Further off than the clock can count is for ever.
        let patience = match Instant::now().checked_add(limit) {
            Some(deadline) => Patience::Until(deadline),
            None => Patience::Endless,
        };
        self.take(patience, WhileUnwinding::GiveUp).is_some()
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
    pub fn release(&self) {
        let mut state = self.shared.state.lock();
        if state.holder.is_some() {
            state.hand_over(&ThreadMark::current());
            return;
        }
        drop(state);
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
        self.shared.state.lock().holder.is_some()
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
        let state = self.shared.state.lock();
        state.holder.as_ref().map(|holder| holder.who.describe())
    }

    /// The names of the threads that wait for the lock, the next one first.
    pub fn waiters(&self) -> Vec<String> {
        let state = self.shared.state.lock();
        let names = state.queue.iter().map(|place| place.waiter.owner().name());
        names.map(str::to_owned).collect()
    }

    /// Acquires the lock, waiting as [`acquire`](Self::acquire) does, and returns a guard that
    /// releases it when it is dropped, also by a panic. While the thread unwinds already, it waits
    /// on in spite of a stop.
    ///
    /// The guard owns a handle on the lock. It can be kept in a variable, also from one cell to
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
    pub fn hold(&self) -> Held {
        loop {
            // There is no guard without the lock. This patience always gets it, at the first try.
            if let Some(ticket) = self.take(Patience::Endless, WhileUnwinding::WaitOn) {
                return Held::new(self.clone(), ticket);
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
        // Copied out, so that nobody waits while texts are made.
        let log = self.shared.state.lock().log.clone();
        Timeline::new(self.name(), log)
    }

    /// The ticket under which the lock was acquired, or `None`.
    fn take(&self, patience: Patience, while_unwinding: WhileUnwinding) -> Option<u64> {
        interrupt::checkpoint();
        let me = ThreadMark::current();
        let (waiter, ticket) = {
            let mut state = self.shared.state.lock();
            let ticket = state.next_ticket;
            state.next_ticket += 1;
            let holder = state.holder.as_ref().map(|holder| Arc::clone(&holder.who));
            let is_free = holder.is_none();
            let asked = state.log.record(&me, What::Asks { ticket, holder });
            if is_free {
                state.grant(me, ticket, None);
                return Some(ticket);
            }
            if let Patience::None = patience {
                let why = GiveUp::NotFree;
                state.log.record(&me, What::GivesUp { ticket, asked, why });
                return None;
            }
            let waiter = Waiter::new(Arc::clone(&me));
            state.queue.push_back(Place {
                waiter: Arc::clone(&waiter),
                ticket,
                asked,
            });
            (waiter, ticket)
        };
        let deadline = match patience {
            Patience::Until(deadline) => Some(deadline),
            Patience::None | Patience::Endless => None,
        };
        let outcome = waiter.wait(deadline, while_unwinding);
        if outcome != Outcome::Rung {
            forced::reached(Moment::WaitEnded);
        }
        match outcome {
            Outcome::Rung => Some(ticket),
            // Handed over in the last moment: late, but acquired.
            Outcome::TimedOut => {
                (!self.leave_queue(&me, ticket, GiveUp::TimedOut)).then_some(ticket)
            }
            Outcome::StoppedWhileUnwinding => {
                (!self.leave_queue(&me, ticket, GiveUp::Interrupted)).then_some(ticket)
            }
            Outcome::Stopped => {
                if !self.leave_queue(&me, ticket, GiveUp::Interrupted) {
                    // Handed over in the last moment: the next one must not wait for a thread
                    // that never got to know of it.
                    self.release_ticket(ticket);
                }
                interrupt::unwind(&me)
            }
        }
    }

    /// Takes the ticket out of the queue. `false` if it is not there any more, because the lock
    /// was handed over to it.
    fn leave_queue(&self, me: &Arc<ThreadMark>, ticket: u64, why: GiveUp) -> bool {
        let mut state = self.shared.state.lock();
        let place = state.queue.iter().position(|place| place.ticket == ticket);
        let Some(place) = place.and_then(|place| state.queue.remove(place)) else {
            return false;
        };
        let asked = place.asked;
        state.log.record(me, What::GivesUp { ticket, asked, why });
        true
    }

    /// Releases the lock if it is still held under `ticket`, and not by anyone who came later.
    pub(crate) fn release_ticket(&self, ticket: u64) {
        let me = ThreadMark::current();
        let mut state = self.shared.state.lock();
        let is_ours = |holder: &Holder| holder.ticket == ticket;
        if !state.holder.as_ref().is_some_and(is_ours) {
            return;
        }
        if thread::panicking() && !me.is_stopping() {
            state.log.record(&me, What::Panics);
        }
        state.hand_over(&me);
    }
}

impl State {
    fn grant(&mut self, who: Arc<ThreadMark>, ticket: u64, waited_since: Option<Instant>) {
        let gets = What::Gets {
            ticket,
            waited_since,
        };
        self.log.record(&who, gets);
        self.holder = Some(Holder { who, ticket });
    }

    /// Ends the present hold, in the name of `me`, and begins the next one.
    fn hand_over(&mut self, me: &Arc<ThreadMark>) {
        let Some(Holder { who, ticket }) = self.holder.take() else {
            return;
        };
        let holder = who;
        self.log.record(me, What::Releases { ticket, holder });
        if let Some(next) = self.queue.pop_front() {
            let who = Arc::clone(next.waiter.owner());
            self.grant(who, next.ticket, Some(next.asked));
            next.waiter.ring();
        }
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (holder, waiters) = {
            // Both from one look, else a lock that is handed over right now would show neither.
            let state = self.shared.state.lock();
            let waiters: Vec<String> = state
                .queue
                .iter()
                .map(|place| place.waiter.owner().name().to_owned())
                .collect();
            let holder = state.holder.as_ref().map(|holder| holder.who.describe());
            (holder, waiters)
        };
        write!(f, "<lock {}: ", self.name())?;
        match holder {
            None => write!(f, "free")?,
            Some(holder) => write!(f, "held by {holder}")?,
        }
        if !waiters.is_empty() {
            write!(f, ", waiting: {}", waiters.join(", "))?;
        }
        write!(f, ">")
    }
}
