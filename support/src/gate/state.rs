//! The truth about a gate that cannot do with one word.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Instant;

use crate::clock::Tick;
use crate::event_log::EventLog;
use crate::gate::turns::Turns;
use crate::gate::word::TICKETS;
use crate::gate::{Gate, Need, Whose};
use crate::sync::MutexGuard;
use crate::thread_mark::ThreadMark;
use crate::waiter::Waiter;

/// The truth about a gate that is slow.
///
/// Whoever is first in the queue wants more permits than are free, or is called, or the queue is
/// empty: every change that frees some ends with [`Gate::serve`].
pub(crate) struct State {
    pub(crate) free: usize,
    pub(crate) holders: Vec<Holder>,
    pub(crate) queue: VecDeque<Place>,
    pub(crate) log: EventLog,
    pub(super) next_ticket: u64,
    pub(super) turns: Turns,
    pub(super) at_once: AtOnce,
    /// Detached holds that somebody else has ended, by ticket: their guards are still there, and
    /// need the gate.
    pub(super) lost: Vec<(u64, Arc<Gate>)>,
}

/// The accounts of what went by without the state.
pub(super) struct AtOnce {
    /// The first ticket of this era.
    since: u64,
    /// How many holds were recorded, up to now and over all eras.
    pub(super) count: u64,
}

pub(crate) struct Holder {
    pub(crate) who: Arc<ThreadMark>,
    pub(crate) ticket: u64,
    pub(super) need: Need,
    /// Unknown if recording was switched off then.
    pub(crate) since: Option<Tick>,
    /// Of a detached hold: the gate itself.
    pub(super) keeps: Option<Arc<Gate>>,
}

pub(crate) struct Place {
    pub(crate) waiter: Arc<Waiter>,
    pub(crate) ticket: u64,
    pub(super) need: Need,
    pub(super) asked: Tick,
    pub(crate) deadline: Option<Instant>,
    /// It has been woken to try by itself, and the thing left to whoever comes first.
    pub(super) called: bool,
}

/// The state, locked, with the word made slow; if nobody holds the lock and nobody sleeps in the
/// queue, the word is free again in the end.
pub(crate) struct Entered<'a> {
    pub(super) gate: &'a Gate,
    pub(super) state: MutexGuard<'a, State>,
}

impl Deref for Entered<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Entered<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let gate = self.gate;
        if gate.is_lock && self.holders.is_empty() && !self.has_sleeper() {
            gate.word.speed_up(self.next_ticket);
        }
    }
}

impl State {
    /// All permits are free.
    pub(super) fn new(permits: usize) -> Self {
        Self {
            free: permits,
            holders: Vec::new(),
            queue: VecDeque::new(),
            log: EventLog::default(),
            next_ticket: 0,
            turns: Turns::new(),
            at_once: AtOnce { since: 0, count: 0 },
            lost: Vec::new(),
        }
    }

    /// Somebody waits who has not been called: nobody may overtake.
    pub(super) fn has_sleeper(&self) -> bool {
        self.queue.front().is_some_and(|first| !first.called)
    }

    pub(super) fn draw_ticket(&mut self) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket = (ticket + 1) % TICKETS;
        ticket
    }

    pub(super) fn place_of(&self, ticket: u64) -> Option<usize> {
        self.queue.iter().position(|place| place.ticket == ticket)
    }

    pub(super) fn holder_of(&self, whose: Whose, me: &Arc<ThreadMark>) -> Option<usize> {
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

    /// The guard of a detached hold goes that somebody else has ended.
    pub(super) fn forget_lost(&mut self, whose: Whose) {
        if let Whose::Ticket(ticket) = whose
            && let Some(place) = self.lost.iter().position(|lost| lost.0 == ticket)
        {
            self.lost.swap_remove(place);
        }
    }

    pub(super) fn waiters(&self) -> Vec<String> {
        let names = self.queue.iter().map(|place| place.waiter.owner().name());
        names.map(str::to_owned).collect()
    }

    pub(super) fn begin_era(&mut self, era: u64) {
        self.log.begin_era(era);
        self.at_once.since = self.next_ticket;
    }

    /// The tickets of this era, from the first to the one behind the last.
    pub(super) fn tickets_at_once(&self) -> (u64, u64) {
        (self.at_once.since, self.next_ticket)
    }

    /// How many holds were recorded without the state.
    pub(super) fn told_at_once(&self) -> u64 {
        self.at_once.count
    }
}
