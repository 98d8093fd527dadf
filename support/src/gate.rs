//! The core of everything that can be held: permits, who has them, and who waits for them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::event_log::{self, Doing, EventLog, What};
use crate::forced::{self, Moment};
use crate::interrupt;
use crate::thing::Thing;
use crate::thread_mark::ThreadMark;
use crate::timeline::{GiveUp, Timeline};
use crate::waiter::{Outcome, Waiter, WhileUnwinding};
use crate::watched::{self, Hold, Seen, Wait, Watched};

/// Some permits, and a queue of threads that want some of them.
///
/// A lock has one permit. A semaphore has as many as one likes. A reader-writer lock has very
/// many, of which a reader wants one and a writer all. It is fair: nobody overtakes, also not a
/// reader a waiting writer, and a release hands over directly.
///
/// Lock order: a gate's state, then a waiter's flags, then the log of everything.
pub(crate) struct Gate {
    thing: Arc<Thing>,
    kind: &'static str,
    state: Mutex<State>,
}

/// Whoever is first in the queue wants more permits than are free, or the queue is empty: every
/// change that frees some ends with [`State::serve`].
struct State {
    free: usize,
    holders: Vec<Holder>,
    queue: VecDeque<Place>,
    next_ticket: u64,
    log: EventLog,
}

struct Holder {
    who: Arc<ThreadMark>,
    ticket: u64,
    need: Need,
    /// Unknown if recording was switched off then.
    since: Option<Instant>,
}

struct Place {
    waiter: Arc<Waiter>,
    ticket: u64,
    need: Need,
    asked: Instant,
    deadline: Option<Instant>,
}

/// What one attempt is after.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) permits: usize,
    /// Whether others may hold the thing at the same time.
    pub(crate) shared: bool,
}

impl Need {
    /// The one permit of a lock.
    pub(crate) const ALONE: Self = Self {
        permits: 1,
        shared: false,
    };
    /// One permit of many.
    pub(crate) const ONE_OF_MANY: Self = Self {
        permits: 1,
        shared: true,
    };
}

/// How long an attempt is willing to wait.
#[derive(Clone, Copy)]
pub(crate) enum Patience {
    None,
    Until(Instant),
    Endless,
}

impl Patience {
    /// Further off than the clock can count is for ever.
    pub(crate) fn of(limit: Duration) -> Self {
        match Instant::now().checked_add(limit) {
            Some(deadline) => Self::Until(deadline),
            None => Self::Endless,
        }
    }
}

/// Whose hold a release ends, when several hold the thing.
#[derive(Clone, Copy)]
pub(crate) enum Whose {
    /// The calling thread's own one if it has one, else the oldest.
    OwnElseOldest,
    /// Exactly this one.
    Ticket(u64),
}

impl Gate {
    /// All permits are free.
    pub(crate) fn new(kind: &'static str, thing: Arc<Thing>, permits: usize) -> Arc<Self> {
        let gate = Arc::new(Self {
            thing,
            kind,
            state: Mutex::new(State {
                free: permits,
                holders: Vec::new(),
                queue: VecDeque::new(),
                next_ticket: 0,
                log: EventLog::default(),
            }),
        });
        watched::register(&gate);
        gate
    }

    pub(crate) fn name(&self) -> &str {
        self.thing.name()
    }

    pub(crate) fn is_held(&self) -> bool {
        !self.state.lock().holders.is_empty()
    }

    pub(crate) fn free_permits(&self) -> usize {
        self.state.lock().free
    }

    pub(crate) fn holders(&self) -> Vec<String> {
        let state = self.state.lock();
        let holders = state.holders.iter();
        holders.map(|holder| holder.who.describe()).collect()
    }

    /// The next one first.
    pub(crate) fn waiters(&self) -> Vec<String> {
        self.state.lock().waiters()
    }

    pub(crate) fn timeline(&self) -> Timeline {
        // Copied out, so that nobody waits while texts are made.
        let log = self.state.lock().log.clone();
        Timeline::of_thing(&self.thing, log)
    }

    /// The ticket under which the permits were acquired, or `None`.
    pub(crate) fn take(
        &self,
        need: Need,
        patience: Patience,
        while_unwinding: WhileUnwinding,
    ) -> Option<u64> {
        interrupt::checkpoint();
        let me = ThreadMark::current();
        let (waiter, ticket) = {
            let mut state = self.state.lock();
            let ticket = state.next_ticket;
            state.next_ticket += 1;
            let is_free = state.queue.is_empty() && state.free >= need.permits;
            let holder = if is_free {
                None
            } else {
                state.holders.first().map(|holder| Arc::clone(&holder.who))
            };
            let asks = What::Asks { ticket, holder };
            let asked = self.record(&mut state, &me, asks);
            if is_free {
                self.grant(&mut state, me, ticket, need, None);
                return Some(ticket);
            }
            let asked = asked.unwrap_or_else(Instant::now);
            let deadline = match patience {
                Patience::None => {
                    let why = GiveUp::NotFree;
                    self.record(&mut state, &me, What::GivesUp { ticket, asked, why });
                    return None;
                }
                Patience::Until(deadline) => Some(deadline),
                Patience::Endless => None,
            };
            let waiter = Waiter::new(Arc::clone(&me));
            state.queue.push_back(Place {
                waiter: Arc::clone(&waiter),
                ticket,
                need,
                asked,
                deadline,
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
                    self.release(Whose::Ticket(ticket));
                }
                interrupt::unwind(&me)
            }
        }
    }

    /// Takes the ticket out of the queue. `false` if it is not there any more, because it has
    /// been served.
    fn leave_queue(&self, me: &Arc<ThreadMark>, ticket: u64, why: GiveUp) -> bool {
        let mut state = self.state.lock();
        let place = state.queue.iter().position(|place| place.ticket == ticket);
        let Some(place) = place.and_then(|place| state.queue.remove(place)) else {
            return false;
        };
        let asked = place.asked;
        self.record(&mut state, me, What::GivesUp { ticket, asked, why });
        // Those behind may have waited for this one only: readers behind a writer.
        self.serve(&mut state);
        true
    }

    /// Ends a hold. `false` if there is none that is meant.
    pub(crate) fn release(&self, whose: Whose) -> bool {
        let me = ThreadMark::current();
        let mut state = self.state.lock();
        let Some(index) = state.holder_of(whose, &me) else {
            return false;
        };
        self.end_hold(&mut state, index, &me);
        true
    }

    /// Ends a hold as a guard does: it tells of a panic that drops the guard.
    pub(crate) fn release_guard(&self, whose: Whose) -> bool {
        let me = ThreadMark::current();
        let mut state = self.state.lock();
        let Some(index) = state.holder_of(whose, &me) else {
            return false;
        };
        if thread::panicking() && !me.is_stopping() {
            self.record(&mut state, &me, What::Panics);
        }
        self.end_hold(&mut state, index, &me);
        true
    }

    /// Ends a hold, or adds a permit that nobody held.
    pub(crate) fn release_or_add(&self) {
        let me = ThreadMark::current();
        let mut state = self.state.lock();
        match state.holder_of(Whose::OwnElseOldest, &me) {
            Some(index) => self.end_hold(&mut state, index, &me),
            None => {
                let adds = What::Does(Doing::To("adds a permit to"));
                self.record(&mut state, &me, adds);
                state.free += 1;
                self.serve(&mut state);
            }
        }
    }

    fn end_hold(&self, state: &mut State, index: usize, me: &Arc<ThreadMark>) {
        let Holder {
            who: holder,
            ticket,
            need,
            ..
        } = state.holders.remove(index);
        self.record(state, me, What::Releases { ticket, holder });
        state.free += need.permits;
        self.serve(state);
    }

    /// Hands the free permits to the first in the queue, as far as they go.
    fn serve(&self, state: &mut State) {
        while let Some(next) = state.queue.front()
            && next.need.permits <= state.free
        {
            let Some(next) = state.queue.pop_front() else {
                return;
            };
            let who = Arc::clone(next.waiter.owner());
            self.grant(state, who, next.ticket, next.need, Some(next.asked));
            next.waiter.ring();
        }
    }

    fn grant(
        &self,
        state: &mut State,
        who: Arc<ThreadMark>,
        ticket: u64,
        need: Need,
        waited_since: Option<Instant>,
    ) {
        let gets = What::Gets {
            ticket,
            waited_since,
            shared: need.shared,
        };
        let since = self.record(state, &who, gets);
        state.free -= need.permits;
        state.holders.push(Holder {
            who,
            ticket,
            need,
            since,
        });
    }

    fn record(&self, state: &mut State, who: &Arc<ThreadMark>, what: What) -> Option<Instant> {
        event_log::record(Some(&mut state.log), Some(&self.thing), who, what)
    }

    /// `free`, or who holds it and, if asked for, since when; and who waits.
    pub(crate) fn write_state(&self, f: &mut fmt::Formatter<'_>, times: Times) -> fmt::Result {
        let (_, holders, waiters) = self.who(times);
        if holders.is_empty() {
            write!(f, "free")?;
        } else {
            write!(f, "held by {}", holders.join(" and "))?;
        }
        write_waiters(f, &waiters)
    }

    /// How many permits are free, who holds the others and since when; and who waits.
    pub(crate) fn write_permits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (free, holders, waiters) = self.who(Times::Shown);
        write!(f, "{free} free")?;
        if !holders.is_empty() {
            write!(f, ", held by {}", holders.join(" and "))?;
        }
        write_waiters(f, &waiters)
    }

    /// All from one look, else a lock that is handed over right now would show neither.
    fn who(&self, times: Times) -> (usize, Vec<String>, Vec<String>) {
        let state = self.state.lock();
        let holders = state.holders.iter();
        let holders = holders.map(|holder| match (times, holder.since) {
            (Times::Shown, Some(since)) => {
                let seconds = since.elapsed().as_secs_f64();
                format!("{} for {seconds:.2} s", holder.who.describe())
            }
            _ => holder.who.describe(),
        });
        (state.free, holders.collect(), state.waiters())
    }
}

fn write_waiters(f: &mut fmt::Formatter<'_>, waiters: &[String]) -> fmt::Result {
    if waiters.is_empty() {
        return Ok(());
    }
    write!(f, ", waiting: {}", waiters.join(", "))
}

/// Whether a text says since when a thing is held. It differs from run to run then.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    Shown,
    Hidden,
}

impl State {
    fn holder_of(&self, whose: Whose, me: &Arc<ThreadMark>) -> Option<usize> {
        match whose {
            Whose::OwnElseOldest => {
                let is_mine = |holder: &Holder| Arc::ptr_eq(&holder.who, me);
                let own = self.holders.iter().position(is_mine);
                own.or_else(|| (!self.holders.is_empty()).then_some(0))
            }
            Whose::Ticket(ticket) => {
                let mut holders = self.holders.iter();
                holders.position(|holder| holder.ticket == ticket)
            }
        }
    }

    fn waiters(&self) -> Vec<String> {
        let names = self.queue.iter().map(|place| place.waiter.owner().name());
        names.map(str::to_owned).collect()
    }
}

impl Watched for Gate {
    fn look(&self) -> Seen {
        let state = self.state.lock();
        Seen {
            thing: Arc::clone(&self.thing),
            kind: self.kind,
            holds: state
                .holders
                .iter()
                .map(|holder| Hold {
                    who: Arc::clone(&holder.who),
                    ticket: holder.ticket,
                })
                .collect(),
            waits: state
                .queue
                .iter()
                .map(|place| Wait {
                    who: Arc::clone(place.waiter.owner()),
                    ticket: place.ticket,
                    until: place.deadline,
                })
                .collect(),
        }
    }
}
