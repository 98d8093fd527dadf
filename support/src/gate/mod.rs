//! The core of everything that can be held: permits, who has them, and who waits for them.

mod holds;
mod need;
mod queue;
mod state;
mod text;
pub(crate) mod turns;
pub(crate) mod word;

use std::sync::{Arc, Weak};
use std::thread;

use crate::attention::Attention;
use crate::observed::{self, Tale};
use crate::sync::Mutex;
use crate::thing::Thing;
use crate::thread_mark::ThreadMark;
use crate::timeline::Timeline;
use crate::waiter::WhileUnwinding;
use crate::watched::{self, Hold as WatchedHold, Seen as WatchedSeen, Wait, Watched};
pub(crate) use holds::Hold;
use holds::Holds;
pub(crate) use need::{Need, Patience, Whose};
use state::State;
pub(crate) use text::Times;
pub(crate) use word::LAST_THREAD;
use word::{Seen, Word};

/// Some permits, and a queue of threads that want some of them.
///
/// A lock has one permit. A semaphore has as many as one likes. A reader-writer lock has very
/// many, of which a reader wants one and a writer all. Who waits is served in order, also a writer
/// before readers that came later.
///
/// A lock that nobody waits for is one [`Word`], taken and released by one exchange each. As soon
/// as somebody waits, or wants to see who holds it, it becomes *slow*: all goes through the
/// [`State`], until it is free and nobody waits. Things of many permits are always slow.
///
/// A *detached* hold, that of a guard which owns no handle, must not see the gate go:
///
/// - In the word it counts on a handle, for it was taken through one. Every handle on a gate with
///   such holds calls [`let_go`](Self::let_go) before it goes, which moves the hold to the state.
/// - In the state it owns a handle itself, also when somebody else has ended it and its guard does
///   not know. The guard takes that handle away when it goes.
///
/// Lock order: a gate's state, then a waiter's flags, then the log of everything.
pub(crate) struct Gate {
    word: Word,
    holds: Holds,
    state: Mutex<State>,
    thing: Arc<Thing>,
    kind: &'static str,
    /// Has one permit only, so that it can do without the state.
    is_lock: bool,
    /// For holds that keep it.
    me: Weak<Self>,
}

impl Gate {
    /// A lock that is free.
    pub(crate) fn lock(kind: &'static str, thing: Arc<Thing>) -> Arc<Self> {
        Self::new(kind, thing, 1, true)
    }

    /// So many permits, all of them free, of which several threads may have some.
    pub(crate) fn shared(kind: &'static str, thing: Arc<Thing>, permits: usize) -> Arc<Self> {
        Self::new(kind, thing, permits, false)
    }

    fn new(kind: &'static str, thing: Arc<Thing>, permits: usize, is_lock: bool) -> Arc<Self> {
        let gate = Arc::new_cyclic(|me| Self {
            word: Word::new(if is_lock { Seen::free(0) } else { Seen::SLOW }),
            holds: Holds::new(),
            state: Mutex::new(State::new(permits)),
            thing,
            kind,
            is_lock,
            me: me.clone(),
        });
        watched::register(&gate);
        gate
    }

    pub(crate) fn name(&self) -> &str {
        self.thing.name()
    }

    pub(crate) fn is_held(&self) -> bool {
        let seen = self.word.look();
        if seen.is_slow() {
            !self.enter().holders.is_empty()
        } else {
            !seen.is_free()
        }
    }

    pub(crate) fn free_permits(&self) -> usize {
        self.enter().free
    }

    pub(crate) fn holders(&self) -> Vec<String> {
        let state = self.enter();
        let holders = state.holders.iter();
        holders.map(|holder| holder.who.describe()).collect()
    }

    /// The next one first.
    pub(crate) fn waiters(&self) -> Vec<String> {
        self.enter().waiters()
    }

    pub(crate) fn timeline(&self) -> Timeline {
        // Copied out, so that nobody waits while texts are made.
        let (mut log, tale) = {
            let state = self.enter();
            (state.log.clone(), self.tale(&state))
        };
        log.add(&tale, tale.count, crate::clock::Tick::default());
        log.put_in_order();
        Timeline::of_thing(&self.thing, log)
    }

    /// The ticket under which the permits were acquired, or `None`.
    #[inline]
    pub(crate) fn take(
        &self,
        need: Need,
        patience: Patience,
        while_unwinding: WhileUnwinding,
    ) -> Option<u64> {
        match self.take_at_once(need.detached) {
            Some(ticket) => Some(ticket),
            None => self.take_in_turn(need, patience, while_unwinding),
        }
    }

    /// Takes a free lock, if there is nothing else to be done. Finding no stop in the process, it
    /// needs not look whether one is meant for this thread.
    #[inline(always)]
    fn take_at_once(&self, detached: bool) -> Option<u64> {
        let seen = self.word.look();
        let attention = Attention::now();
        let me = ThreadMark::current_number();
        if !seen.is_free() || !attention.is_quiet() || me == 0 {
            return None;
        }
        let held = seen.taken_by(me, detached);
        if !self.word.take(seen, held) {
            return None;
        }
        if !attention.is_none() {
            self.holds.begin(held);
        }
        Some(held.ticket())
    }

    /// Ends a hold. `false` if there is none that is meant.
    #[inline(always)]
    pub(crate) fn release(&self, whose: Whose) -> bool {
        let attention = Attention::now();
        (attention.is_none() && self.release_at_once(whose, attention))
            || self.release_and_tell(whose, attention)
    }

    fn release_and_tell(&self, whose: Whose, attention: Attention) -> bool {
        self.release_at_once(whose, attention) || self.release_in_turn(whose)
    }

    /// Ends a hold as a guard does: it tells of a panic that drops the guard.
    #[inline(always)]
    pub(crate) fn release_guard(&self, whose: Whose) -> bool {
        let attention = Attention::now();
        // Inlined as far as here: a guard's drop is the half of what a free lock costs.
        (attention.is_none() && self.release_at_once(whose, attention))
            || self.release_guard_and_tell(whose, attention)
    }

    fn release_guard_and_tell(&self, whose: Whose, attention: Attention) -> bool {
        (!thread::panicking() && self.release_at_once(whose, attention))
            || self.release_guard_in_turn(whose)
    }

    /// Releases a lock that nobody waits for. Whoever holds it: with one holder, that is the one meant.
    #[inline]
    fn release_at_once(&self, whose: Whose, attention: Attention) -> bool {
        self.about_to_release(whose, attention)
            .is_some_and(|held| self.word.release(held, held.freed()))
    }

    /// All of it but the exchange.
    #[inline]
    fn about_to_release(&self, whose: Whose, attention: Attention) -> Option<Seen> {
        let held = self.word.look();
        if held.holder().is_none() || !attention.is_quiet() {
            return None;
        }
        let is_meant = match whose {
            Whose::Ticket(ticket) => ticket == held.ticket(),
            // The guard of a detached hold would not know.
            Whose::OwnElseOldest => !held.is_detached(),
        };
        if !is_meant {
            return None;
        }
        if !attention.is_none() {
            // Only the holder itself writes down the end of its hold.
            let is_mine = held.is_held_by(ThreadMark::current_number());
            if !is_mine || !self.holds.end(held) {
                return None;
            }
        }
        Some(held)
    }

    /// Prepares the end of a detached hold, if nobody waits. What is left to do is to exchange the
    /// word: not in here, since the gate may be gone in the next moment, and a method must not
    /// outlive what it was called on.
    #[inline(always)]
    pub(crate) fn about_to_end_detached(&self, ticket: u64) -> Option<(&Word, Seen)> {
        let attention = Attention::now();
        let whose = Whose::Ticket(ticket);
        let held = if attention.is_none() {
            self.about_to_release(whose, attention)
        } else {
            self.about_to_release_and_tell(whose, attention)
        };
        held.map(|held| (&self.word, held))
    }

    fn about_to_release_and_tell(&self, whose: Whose, attention: Attention) -> Option<Seen> {
        // What is told of a panic is told in turn.
        (!thread::panicking()).then(|| self.about_to_release(whose, attention))?
    }

    /// A handle is about to go. From here on, no hold that was taken through it counts on it.
    #[inline]
    pub(crate) fn let_go(&self) {
        // Not an old look: the caller has seen such holds begin.
        if self.word.look_behind().is_detached() {
            drop(self.enter());
        }
    }

    /// What is told of the holds at which nobody waited. Only with the gate entered.
    fn tale(&self, state: &State) -> Tale {
        let (first, last) = state.tickets_at_once();
        let tickets = (0..last.wrapping_sub(first) % word::TICKETS)
            .map(|back| last.wrapping_sub(1 + back) % word::TICKETS);
        let newest = tickets.take(holds::LIMIT as usize);
        let mut holds: Vec<Hold> = newest
            .filter_map(|ticket| self.holds.completed(ticket))
            .collect();
        holds.reverse();
        Tale::new(&self.thing, state.told_at_once(), holds)
    }
}

impl Watched for Gate {
    fn look(&self) -> WatchedSeen {
        let state = self.enter();
        WatchedSeen {
            thing: Arc::clone(&self.thing),
            kind: self.kind,
            holds: state
                .holders
                .iter()
                .map(|holder| WatchedHold {
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

    fn tell(&self) -> Option<Tale> {
        self.is_lock.then(|| self.tale(&self.enter()))
    }

    fn settle_accounts(&self) {
        drop(self.enter());
    }

    fn begin_era(&self, era: u64) {
        self.enter().begin_era(era);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if self.is_lock {
            let tale = self.tale(&self.enter());
            observed::keep(tale);
        }
    }
}
