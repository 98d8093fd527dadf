//! Some permits for many threads.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::gate::{Gate, Need, Patience, Whose};
use crate::thing::Thing;
use crate::timeline::Timeline;
use crate::waiter::WhileUnwinding;

/// A number of permits: whoever wants one waits until one is free, as Python's
/// `threading.Semaphore`.
///
/// A clone is another handle on the same semaphore. It is fair, its waits can be stopped, and it
/// tells who has its permits.
///
/// ```
/// use lesson_support::Semaphore;
///
/// let seats = Semaphore::new("seats", 2);
/// let (_first, _second) = (seats.hold(), seats.hold());
/// assert!(!seats.try_acquire());
/// assert_eq!(seats.available(), 0);
/// ```
///
/// With no permits at the start it is a signal: one thread waits, another one lets it go on.
///
/// ```
/// use lesson_support::{Semaphore, Thread};
///
/// let ready = Semaphore::new("ready", 0);
/// let signal = ready.clone();
/// let ada = Thread::new("Ada", move || signal.release());
/// ada.start();
/// assert!(ready.acquire());
/// ```
#[derive(Clone)]
pub struct Semaphore {
    gate: Arc<Gate>,
}

// Nothing inside is left half changed by an unwinding.
impl UnwindSafe for Semaphore {}
impl RefUnwindSafe for Semaphore {}

impl Semaphore {
    /// So many permits, all free. The name appears in texts and pictures.
    pub fn new(name: &str, permits: usize) -> Self {
        Self {
            gate: Gate::shared("semaphore", Thing::named(name), permits),
        }
    }

    /// The name given to [`new`](Self::new).
    pub fn name(&self) -> &str {
        self.gate.name()
    }

    /// Waits until a permit is free and takes it. Returns `true`; `false` only when the thread was
    /// unwinding already and the cell is stopped.
    ///
    /// A stop unwinds with [`KeyboardInterrupt`](crate::KeyboardInterrupt).
    #[must_use = "`false` means that no permit was acquired"]
    pub fn acquire(&self) -> bool {
        self.take(Patience::Endless, WhileUnwinding::GiveUp)
            .is_some()
    }

    /// Waits for a permit for `limit` of wall-clock time at most. `true` if it got one.
    #[must_use = "`false` means that no permit was acquired"]
    pub fn acquire_for(&self, limit: Duration) -> bool {
        self.take(Patience::of(limit), WhileUnwinding::GiveUp)
            .is_some()
    }

    /// Takes a permit if one is free, and returns at once in any case.
    #[must_use = "`false` means that no permit was acquired"]
    pub fn try_acquire(&self) -> bool {
        self.take(Patience::None, WhileUnwinding::GiveUp).is_some()
    }

    /// Gives a permit back, or adds one: any thread may do this, also one that has none, so there
    /// can be more than at the start.
    ///
    /// ```
    /// # use lesson_support::Semaphore;
    /// let seats = Semaphore::new("seats", 0);
    /// seats.release();
    /// assert_eq!(seats.available(), 1);
    /// ```
    ///
    /// # Panics
    /// When `usize::MAX` permits are free. While the thread unwinds already, the message is only printed.
    #[track_caller]
    pub fn release(&self) {
        if !self.gate.release_or_add() {
            self.refuse_release();
        }
    }

    #[cold]
    #[track_caller]
    fn refuse_release(&self) {
        let message = format!(
            "semaphore {} has {} free permits, and no room for more",
            self.name(),
            usize::MAX
        );
        if thread::panicking() {
            eprintln!("{message}");
        } else {
            panic!("{message}");
        }
    }

    /// Acquires a permit, and returns a guard that gives it back when it is dropped. While the
    /// thread unwinds already, it waits on in spite of a stop.
    #[must_use = "dropped at once, the guard gives the permit back at once"]
    pub fn hold(&self) -> Permit {
        loop {
            // There is no guard without a permit. This patience gets it at the first try.
            if let Some(ticket) = self.take(Patience::Endless, WhileUnwinding::WaitOn) {
                return Permit {
                    semaphore: self.clone(),
                    ticket,
                };
            }
        }
    }

    /// How many permits are free. Old news as soon as it is returned.
    pub fn available(&self) -> usize {
        self.gate.free_permits()
    }

    /// The threads that have permits, one name for each permit.
    pub fn holders(&self) -> Vec<String> {
        self.gate.holders()
    }

    /// The names of the threads that wait, the next one first.
    pub fn waiters(&self) -> Vec<String> {
        self.gate.waiters()
    }

    /// What happened to it so far.
    pub fn timeline(&self) -> Timeline {
        self.gate.timeline()
    }

    fn take(&self, patience: Patience, while_unwinding: WhileUnwinding) -> Option<u64> {
        self.gate.take(Need::ONE_OF_MANY, patience, while_unwinding)
    }
}

/// `<semaphore seats: 0 free, held by Ada for 0.52 s, waiting: Bea>`.
impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<semaphore {}: ", self.name())?;
        self.gate.write_permits(f)?;
        write!(f, ">")
    }
}

/// A guard: as long as it lives, a permit of its [`Semaphore`] is taken.
///
/// It can be kept in a variable, and given to another thread. If somebody else released its permit
/// in the meantime, dropping it does nothing.
#[must_use = "dropped at once, the guard gives the permit back at once"]
pub struct Permit {
    semaphore: Semaphore,
    ticket: u64,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let gate = &self.semaphore.gate;
        gate.release_guard(Whose::Ticket(self.ticket));
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<permit of {:?}>", self.semaphore)
    }
}
