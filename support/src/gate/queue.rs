//! The slow way through a gate: who holds, who waits, who is next.

use std::sync::Arc;
use std::thread;

use crate::attention::Attention;
use crate::clock::Tick;
use crate::event_log::{Doing, What};
use crate::forced::{self, Moment};
use crate::gate::state::{Entered, Holder, Place, State};
use crate::gate::word::{Seen, TICKETS};
use crate::gate::{Gate, Need, Patience, Whose};
use crate::interrupt;
use crate::observed;
use crate::roll;
use crate::sync::spin;
use crate::thread_mark::ThreadMark;
use crate::timeline::GiveUp;
use crate::waiter::{Outcome, Waiter, WhileUnwinding};

impl Gate {
    pub(super) fn enter(&self) -> Entered<'_> {
        let mut state = self.state.lock();
        if self.is_lock
            && let Some(seen) = self.word.slow_down()
        {
            self.catch_up(&mut state, seen);
        }
        Entered { gate: self, state }
    }

    /// Enters a lock that nobody holds, or does nothing.
    fn enter_free(&self) -> Option<Entered<'_>> {
        let mut state = self.state.lock();
        let seen = self.word.slow_down_if_free()?;
        self.catch_up(&mut state, seen);
        Some(Entered { gate: self, state })
    }

    /// Writes down what went by without the state.
    fn catch_up(&self, state: &mut State, seen: Seen) {
        let is_recording = observed::is_recording();
        let passed = seen.next_ticket().wrapping_sub(state.next_ticket) % TICKETS;
        state.next_ticket = seen.next_ticket();
        let goes_on = seen.holder();
        if is_recording {
            state.at_once.count += passed - u64::from(goes_on.is_some());
        }
        let Some(thread) = goes_on else { return };
        let who = roll::find(thread);
        let ticket = seen.ticket();
        let since = is_recording.then(|| self.holds.take_over(seen));
        if let Some(at) = since {
            let holder = None;
            self.record_at(at, state, &who, What::Asks { ticket, holder });
            let gets = What::Gets {
                ticket,
                waited_since: None,
                shared: false,
            };
            self.record_at(at, state, &who, gets);
        }
        let need = if seen.is_detached() {
            Need::DETACHED
        } else {
            Need::ALONE
        };
        state.free -= need.permits;
        state.holders.push(Holder {
            who,
            ticket,
            need,
            since,
            keeps: self.kept_by(need),
        });
    }

    #[cold]
    pub(super) fn take_in_turn(
        &self,
        need: Need,
        patience: Patience,
        while_unwinding: WhileUnwinding,
    ) -> Option<u64> {
        interrupt::checkpoint();
        let me = ThreadMark::current();
        if self.is_lock {
            let seen = self.word.look();
            match patience {
                // Nothing to be told, nothing to wait for.
                Patience::None if seen.holder().is_some() && Attention::now().is_none() => {
                    return None;
                }
                Patience::None => {}
                Patience::Until(_) | Patience::Endless => {
                    if let Some(ticket) = self.take_soon(need.detached) {
                        return Some(ticket);
                    }
                }
            }
        }
        let deadline = match patience {
            Patience::Until(deadline) => Some(deadline),
            Patience::None | Patience::Endless => None,
        };
        let (waiter, ticket, is_first) = {
            let mut state = self.enter();
            let ticket = state.draw_ticket();
            let is_free = !state.has_sleeper() && state.free >= need.permits;
            let holder = if is_free {
                None
            } else {
                state.holders.first().map(|holder| Arc::clone(&holder.who))
            };
            let asked = self.holds.stamp();
            self.record_at(asked, &mut state, &me, What::Asks { ticket, holder });
            if is_free {
                self.grant(&mut state, me, ticket, need, None);
                return Some(ticket);
            }
            if let Patience::None = patience {
                let why = GiveUp::NotFree;
                self.record(&mut state, &me, What::GivesUp { ticket, asked, why });
                return None;
            }
            let waiter = Waiter::new(Arc::clone(&me));
            state.queue.push_back(Place {
                waiter: Arc::clone(&waiter),
                ticket,
                need,
                asked,
                deadline,
                called: false,
            });
            (waiter, ticket, state.queue.len() == 1)
        };
        // Two threads that do nothing but lock hand it over a hundred times faster than if each
        // of them sleeps in between. Who stands further behind only takes their processors away.
        if self.is_lock && is_first {
            waiter.look_out();
        }
        loop {
            let outcome = waiter.wait(deadline, while_unwinding);
            if !matches!(outcome, Outcome::Rung | Outcome::Called) {
                forced::reached(Moment::WaitEnded);
            }
            match outcome {
                Outcome::Rung => return Some(ticket),
                Outcome::Called => {
                    let taken = self.answer_call(ticket, need);
                    if taken.is_some() {
                        return taken;
                    }
                }
                // Handed over in the last moment: late, but acquired.
                Outcome::TimedOut => {
                    return (!self.leave_queue(&me, ticket, GiveUp::TimedOut)).then_some(ticket);
                }
                Outcome::StoppedWhileUnwinding => {
                    return (!self.leave_queue(&me, ticket, GiveUp::Interrupted)).then_some(ticket);
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
    }

    /// Looks some moments long whether the lock becomes free: mostly it is held for less time than
    /// going to sleep takes. Not if others sleep already, for they are first.
    fn take_soon(&self, detached: bool) -> Option<u64> {
        for rounds in 0.. {
            let seen = self.word.look();
            if seen.is_free()
                && let Some(ticket) = self.take_at_once(detached)
            {
                return Some(ticket);
            }
            if seen.is_slow() || !spin(rounds) {
                break;
            }
        }
        None
    }

    /// A thread in the queue was called. Returns the ticket under which it has got what it wants; if it has
    /// not, it is to sleep again.
    fn answer_call(&self, ticket: u64, need: Need) -> Option<u64> {
        // To be the one who makes the lock slow, while somebody else holds it, would cost two calls
        // of the operating system: to sleep, and to be woken at the next release.
        for rounds in 0.. {
            if self.word.look().is_free() {
                if let Some(ticket) = self.leave_queue_holding(ticket, need) {
                    return Some(ticket);
                }
                if let Some(entered) = self.enter_free() {
                    return self.take_place(entered, ticket).then_some(ticket);
                }
            }
            if !spin(rounds) {
                break;
            }
        }
        self.take_place(self.enter(), ticket).then_some(ticket)
    }

    /// Takes the lock at once for who is alone in the queue, under a new ticket: a lock that stays quick, so
    /// that others need not queue. Not if the wait has to be told of.
    fn leave_queue_holding(&self, ticket: u64, need: Need) -> Option<u64> {
        if !Attention::now().is_none() {
            return None;
        }
        let mut state = self.state.lock();
        if state.queue.len() != 1 || state.place_of(ticket) != Some(0) {
            return None;
        }
        let ticket = self.take_at_once(need.detached)?;
        state.queue.clear();
        Some(ticket)
    }

    /// Takes what the place of this ticket is for, if it is free by now, or has been served.
    fn take_place(&self, mut state: Entered<'_>, ticket: u64) -> bool {
        let Some(index) = state.place_of(ticket) else {
            // It has been served since.
            return true;
        };
        let free = state.free;
        match state.queue.get_mut(index) {
            Some(place) if place.need.permits > free => {
                place.called = false;
                false
            }
            _ => {
                if let Some(place) = state.queue.remove(index) {
                    self.grant_place(&mut state, &place);
                }
                true
            }
        }
    }

    /// Takes the ticket out of the queue. `false` if it is not there any more, because it has
    /// been served.
    fn leave_queue(&self, me: &Arc<ThreadMark>, ticket: u64, why: GiveUp) -> bool {
        let mut state = self.enter();
        let place = state.place_of(ticket);
        let Some(place) = place.and_then(|place| state.queue.remove(place)) else {
            return false;
        };
        let asked = place.asked;
        self.record(&mut state, me, What::GivesUp { ticket, asked, why });
        // Those behind may have waited for this one only: readers behind a writer.
        self.serve(&mut state);
        true
    }

    pub(super) fn release_in_turn(&self, whose: Whose) -> bool {
        self.end_in_turn(whose, |_, _| {})
    }

    /// Tells of a panic that drops the guard.
    pub(crate) fn release_guard_in_turn(&self, whose: Whose) -> bool {
        self.end_in_turn(whose, |state, me| {
            if thread::panicking() && !me.is_stopping() {
                self.record(state, me, What::Panics);
            }
        })
    }

    /// Ends a hold, behind what is to be told before.
    #[cold]
    fn end_in_turn(&self, whose: Whose, tell: impl FnOnce(&mut State, &Arc<ThreadMark>)) -> bool {
        let me = ThreadMark::current();
        let mut state = self.enter();
        let Some(index) = state.holder_of(whose, &me) else {
            state.forget_lost(whose);
            return false;
        };
        tell(&mut state, &me);
        self.end_hold(&mut state, index, whose, &me);
        true
    }

    /// Ends a hold, or adds a permit that nobody held. `false` if there is no room for one more.
    #[must_use]
    pub(crate) fn release_or_add(&self) -> bool {
        let me = ThreadMark::current();
        let mut state = self.enter();
        let whose = Whose::OwnElseOldest;
        match state.holder_of(whose, &me) {
            Some(index) => self.end_hold(&mut state, index, whose, &me),
            None => {
                let Some(more) = state.free.checked_add(1) else {
                    return false;
                };
                let adds = What::Does(Doing::To("adds a permit to"));
                self.record(&mut state, &me, adds);
                state.free = more;
                self.serve(&mut state);
            }
        }
        true
    }

    fn end_hold(&self, state: &mut State, index: usize, whose: Whose, me: &Arc<ThreadMark>) {
        let Holder {
            who: holder,
            ticket,
            need,
            keeps,
            ..
        } = state.holders.remove(index);
        // Its guard does not know.
        if let (Some(gate), Whose::OwnElseOldest) = (keeps, whose) {
            state.lost.push((ticket, gate));
        }
        self.record(state, me, What::Releases { ticket, holder });
        state.free += need.permits;
        self.serve(state);
    }

    /// Hands the free permits to the first in the queue, as far as they go, or calls it.
    fn serve(&self, state: &mut State) {
        while let Some(next) = state.queue.front_mut()
            && next.need.permits <= state.free
        {
            // Things of many permits are not worth the difference.
            if self.is_lock && !state.turns.use_one(Tick::now()) {
                if !next.called {
                    next.called = true;
                    next.waiter.call();
                }
                return;
            }
            let Some(next) = state.queue.pop_front() else {
                return;
            };
            self.grant_place(state, &next);
            next.waiter.ring();
        }
    }

    fn grant_place(&self, state: &mut State, place: &Place) {
        let who = Arc::clone(place.waiter.owner());
        self.grant(state, who, place.ticket, place.need, Some(place.asked));
    }

    fn grant(
        &self,
        state: &mut State,
        who: Arc<ThreadMark>,
        ticket: u64,
        need: Need,
        waited_since: Option<Tick>,
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
            keeps: self.kept_by(need),
        });
    }

    /// What a hold in the state keeps: so it needs no handle any more.
    fn kept_by(&self, need: Need) -> Option<Arc<Self>> {
        need.detached.then(|| self.me.upgrade()).flatten()
    }

    fn record(&self, state: &mut State, who: &Arc<ThreadMark>, what: What) -> Option<Tick> {
        self.record_at(self.holds.stamp(), state, who, what)
    }

    fn record_at(
        &self,
        at: Tick,
        state: &mut State,
        who: &Arc<ThreadMark>,
        what: What,
    ) -> Option<Tick> {
        observed::record(Some(&mut state.log), Some(&self.thing), who, at, what)
    }
}
