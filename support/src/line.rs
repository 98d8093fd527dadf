//! A line of threads that wait for something to happen.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crate::clock::Tick;
use crate::event_log::{Doing, What};
use crate::forced::{self, Moment};
use crate::interrupt;
use crate::observed;
use crate::sync::Mutex;
use crate::thing::Thing;
use crate::thread_mark::ThreadMark;
use crate::timeline::GiveUp;
use crate::waiter::{Outcome, Waiter, WhileUnwinding};
use crate::watched::Wait;

/// Who waits for a bell, a value, company: first come, first served. Part of the state of the
/// thing that is waited for, and locked with it.
#[derive(Default)]
pub(crate) struct Line {
    places: VecDeque<Place>,
}

struct Place {
    waiter: Arc<Waiter>,
    asked: Tick,
    deadline: Option<Instant>,
}

/// A place in a line, seen from the one who stands there.
pub(crate) struct Ticket {
    waiter: Arc<Waiter>,
    deadline: Option<Instant>,
}

impl Ticket {
    /// No other ticket has it.
    pub(crate) fn id(&self) -> u64 {
        self.waiter.id()
    }
}

/// How a wait in a line came to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// What was waited for has happened, perhaps in the last moment.
    pub(crate) served: bool,
    /// The thread is going to unwind and cannot use it.
    pub(crate) stopped: bool,
}

impl Line {
    /// Puts the calling thread at the end of the line.
    pub(crate) fn enter(&mut self, thing: &Arc<Thing>, deadline: Option<Instant>) -> Ticket {
        let me = ThreadMark::current();
        let waiter = Waiter::new(Arc::clone(&me));
        let ticket = waiter.id();
        let asked = Tick::now();
        observed::record(None, Some(thing), &me, asked, What::Waits { ticket });
        self.places.push_back(Place {
            waiter: Arc::clone(&waiter),
            asked,
            deadline,
        });
        Ticket { waiter, deadline }
    }

    /// Lets the first one go on, and returns its ticket.
    pub(crate) fn ring_first(&mut self, thing: &Arc<Thing>) -> Option<u64> {
        let place = self.places.pop_front()?;
        Some(place.ring(thing))
    }

    /// Lets this one go on.
    pub(crate) fn ring(&mut self, thing: &Arc<Thing>, ticket: u64) {
        let has_it = |place: &Place| place.waiter.id() == ticket;
        if let Some(index) = self.places.iter().position(has_it)
            && let Some(place) = self.places.remove(index)
        {
            place.ring(thing);
        }
    }

    /// Lets everybody go on.
    pub(crate) fn ring_all(&mut self, thing: &Arc<Thing>) {
        while self.ring_first(thing).is_some() {}
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The first one first.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = self.places.iter().map(|place| place.waiter.owner().name());
        names.map(str::to_owned).collect()
    }

    pub(crate) fn waits(&self) -> impl Iterator<Item = Wait> {
        self.places.iter().map(|place| Wait {
            who: Arc::clone(place.waiter.owner()),
            ticket: place.waiter.id(),
            until: place.deadline,
        })
    }

    /// Takes the thread out of the line. `false` if it is not there any more.
    fn leave(&mut self, thing: &Arc<Thing>, waiter: &Waiter, why: GiveUp) -> bool {
        let is_it = |place: &Place| place.waiter.id() == waiter.id();
        let index = self.places.iter().position(is_it);
        let Some(place) = index.and_then(|index| self.places.remove(index)) else {
            return false;
        };
        let gives_up = What::GivesUp {
            ticket: waiter.id(),
            asked: place.asked,
            why,
        };
        observed::record(None, Some(thing), waiter.owner(), Tick::now(), gives_up);
        true
    }
}

impl Place {
    fn ring(self, thing: &Arc<Thing>) -> u64 {
        let ticket = self.waiter.id();
        let goes_on = What::GoesOn {
            ticket,
            waited_since: self.asked,
        };
        observed::record(None, Some(thing), self.waiter.owner(), Tick::now(), goes_on);
        self.waiter.ring();
        ticket
    }
}

/// Waits at the place of `ticket` in a line of `state`. When it is over, `finish` tidies up under
/// the lock, and what it returns is returned, unless the thread was stopped: then it unwinds.
pub(crate) fn wait_in_line<S, R>(
    state: &Mutex<S>,
    line: impl Fn(&mut S) -> &mut Line,
    thing: &Arc<Thing>,
    ticket: Ticket,
    while_unwinding: WhileUnwinding,
    finish: impl FnOnce(&mut S, End) -> R,
) -> R {
    let waiter = ticket.waiter;
    let outcome = waiter.wait(ticket.deadline, while_unwinding);
    if !matches!(outcome, Outcome::Rung | Outcome::Called) {
        forced::reached(Moment::WaitEnded);
    }
    let stopped = outcome == Outcome::Stopped;
    let result = {
        let mut state = state.lock();
        let why = match outcome {
            Outcome::Rung | Outcome::Called => None,
            Outcome::TimedOut => Some(GiveUp::TimedOut),
            Outcome::Stopped | Outcome::StoppedWhileUnwinding => Some(GiveUp::Interrupted),
        };
        let left = why.is_some_and(|why| line(&mut state).leave(thing, &waiter, why));
        let end = End {
            served: !left,
            stopped,
        };
        finish(&mut state, end)
    };
    if stopped {
        // Outside of the lock: it may be a value with a destructor of its own.
        drop(result);
        interrupt::unwind(waiter.owner());
    }
    result
}

/// Records that the calling thread does something to `thing`: `sends to`.
pub(crate) fn tell(thing: &Arc<Thing>, verb: &'static str) {
    let does = What::Does(Doing::To(verb));
    observed::record(None, Some(thing), &ThreadMark::current(), Tick::now(), does);
}
