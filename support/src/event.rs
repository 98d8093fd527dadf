//! A flag that one can wait for.

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

/// A flag: threads wait until it is set, as with Python's `threading.Event`. It stays set, for
/// all who come later, until it is cleared.
///
/// A clone is another handle on the same flag.
///
/// ```
/// use lesson_support::{Event, Thread};
///
/// let open = Event::new("open");
/// let sign = open.clone();
/// let ada = Thread::new("Ada", move || sign.wait());
/// ada.start();
/// open.set();
/// assert_eq!(ada.join(), Ok(true));
/// assert_eq!(format!("{open:?}"), "<event open: set>");
/// ```
#[derive(Clone)]
pub struct Event {
    shared: Arc<Shared>,
}

struct Shared {
    thing: Arc<Thing>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_set: bool,
    line: Line,
}

// Nothing inside is left half changed by an unwinding.
impl UnwindSafe for Event {}
impl RefUnwindSafe for Event {}

impl Event {
    /// A flag that is not set. The name appears in texts and pictures.
    pub fn new(name: &str) -> Self {
        let shared = Arc::new(Shared {
            thing: Thing::named(name),
            state: Mutex::default(),
        });
        watched::register(&shared);
        Self { shared }
    }

    /// The name given to [`new`](Self::new).
    pub fn name(&self) -> &str {
        self.shared.thing.name()
    }

    /// Sets the flag. All who wait for it go on.
    pub fn set(&self) {
        let mut state = self.shared.state.lock();
        tell(&self.shared.thing, "sets");
        state.is_set = true;
        state.line.ring_all(&self.shared.thing);
    }

    /// Takes the flag back. Who has been let go on by it goes on all the same.
    pub fn clear(&self) {
        let mut state = self.shared.state.lock();
        tell(&self.shared.thing, "clears");
        state.is_set = false;
    }

    /// Whether the flag is set. Old news as soon as it is returned.
    pub fn is_set(&self) -> bool {
        self.shared.state.lock().is_set
    }

    /// Waits until the flag is set. Returns `true`; `false` only when the thread was unwinding
    /// already and the cell is stopped.
    ///
    /// A stop unwinds with [`KeyboardInterrupt`](crate::KeyboardInterrupt).
    pub fn wait(&self) -> bool {
        self.wait_until(None)
    }

    /// Waits for `limit` of wall-clock time at most. `false` if the flag was not set then.
    ///
    /// ```
    /// use lesson_support::Event;
    /// use std::time::Duration;
    ///
    /// assert!(!Event::new("open").wait_timeout(Duration::from_millis(5)));
    /// ```
    #[must_use = "`false` means that the flag is not set"]
    pub fn wait_timeout(&self, limit: Duration) -> bool {
        // Further off than the clock can count is for ever.
        self.wait_until(Instant::now().checked_add(limit))
    }

    fn wait_until(&self, deadline: Option<Instant>) -> bool {
        interrupt::checkpoint();
        let Shared { thing, state } = &*self.shared;
        let ticket = {
            let mut state = state.lock();
            if state.is_set {
                return true;
            }
            state.line.enter(thing, deadline)
        };
        wait_in_line(
            state,
            |state| &mut state.line,
            thing,
            ticket,
            WhileUnwinding::GiveUp,
            |_, end| end.served,
        )
    }

    /// The names of the threads that wait, in the order in which they came.
    pub fn waiters(&self) -> Vec<String> {
        self.shared.state.lock().line.names()
    }
}

impl Watched for Shared {
    fn look(&self) -> Seen {
        Seen::awaited(&self.thing, "event", self.state.lock().line.waits())
    }
}

/// `<event open: not set, waiting: Ada>`.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (is_set, waiters) = {
            let state = self.shared.state.lock();
            (state.is_set, state.line.names())
        };
        let not = if is_set { "" } else { "not " };
        write!(f, "<event {}: {not}set", self.name())?;
        if !waiters.is_empty() {
            write!(f, ", waiting: {}", waiters.join(", "))?;
        }
        write!(f, ">")
    }
}
