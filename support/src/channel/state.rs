//! What is in a channel, and who waits at it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use crate::gate::Patience;
use crate::interrupt;
use crate::line::{Line, tell, wait_in_line};
use crate::sync::Mutex;
use crate::thing::Thing;
use crate::waiter::WhileUnwinding;
use crate::watched::{Seen, Watched};

pub(super) struct Shared<T> {
    pub(super) thing: Arc<Thing>,
    capacity: Option<usize>,
    pub(super) state: Mutex<State<T>>,
}

/// Where a value can be: with its sender, `offered`, `inside`, `handed`, with its receiver; and
/// only ever forward, but for one that is handed to a receiver which is stopped: it goes to the
/// next receiver, or back to the front of `inside`.
///
/// `offered` is empty unless `inside` is full. Nobody is `receiving` unless both are empty.
pub(super) struct State<T> {
    pub(super) inside: VecDeque<T>,
    /// By the senders in `sending`, in the same order. One whose value is not here any more has
    /// been served.
    offered: VecDeque<(u64, T)>,
    /// To receivers that were in `receiving` and have not woken yet.
    handed: Vec<(u64, T)>,
    pub(super) sending: Line,
    pub(super) receiving: Line,
    pub(super) senders: usize,
    pub(super) receivers: usize,
}

/// How an attempt to send failed.
pub(super) enum NotSent<T> {
    Full(T),
    Disconnected(T),
}

/// How an attempt to receive failed.
pub(super) enum NotReceived {
    Empty,
    Disconnected,
}

impl<T> Shared<T> {
    /// Empty, with one end of each kind.
    pub(super) fn new(name: &str, capacity: Option<usize>) -> Self {
        Self {
            thing: Thing::named(name),
            capacity,
            state: Mutex::new(State {
                inside: VecDeque::new(),
                offered: VecDeque::new(),
                handed: Vec::new(),
                sending: Line::default(),
                receiving: Line::default(),
                senders: 1,
                receivers: 1,
            }),
        }
    }

    pub(super) fn send(&self, value: T, patience: Patience) -> Result<(), NotSent<T>> {
        interrupt::checkpoint();
        let thing = &self.thing;
        let ticket = {
            let mut state = self.state.lock();
            if state.receivers == 0 {
                return Err(NotSent::Disconnected(value));
            }
            let has_room = self.capacity.is_none_or(|most| state.inside.len() < most);
            if state.receiving.len() > 0 {
                tell(thing, "sends to");
                state.hand(thing, value);
                return Ok(());
            }
            if has_room {
                tell(thing, "sends to");
                state.inside.push_back(value);
                return Ok(());
            }
            let deadline = match patience {
                Patience::None => return Err(NotSent::Full(value)),
                Patience::Until(deadline) => Some(deadline),
                Patience::Endless => None,
            };
            let ticket = state.sending.enter(thing, deadline);
            state.offered.push_back((ticket.id(), value));
            ticket
        };
        let id = ticket.id();
        wait_in_line(
            &self.state,
            |state| &mut state.sending,
            thing,
            ticket,
            WhileUnwinding::WaitOn,
            |state, end| match state.take_offer(id) {
                None => Ok(()),
                // Served without being taken: the last receiver has gone.
                Some(value) if end.served => Err(NotSent::Disconnected(value)),
                Some(value) => Err(NotSent::Full(value)),
            },
        )
    }

    pub(super) fn receive(&self, patience: Patience) -> Result<T, NotReceived> {
        interrupt::checkpoint();
        let thing = &self.thing;
        let ticket = {
            let mut state = self.state.lock();
            if let Some(value) = state.take(thing) {
                return Ok(value);
            }
            if state.senders == 0 {
                return Err(NotReceived::Disconnected);
            }
            let deadline = match patience {
                Patience::None => return Err(NotReceived::Empty),
                Patience::Until(deadline) => Some(deadline),
                Patience::Endless => None,
            };
            state.receiving.enter(thing, deadline)
        };
        let id = ticket.id();
        wait_in_line(
            &self.state,
            |state| &mut state.receiving,
            thing,
            ticket,
            WhileUnwinding::WaitOn,
            |state, end| match state.take_handed(id) {
                Some(value) if end.stopped => {
                    // Whoever is stopped cannot use it: it must not be lost with its wait.
                    state.give_back(thing, value);
                    Err(NotReceived::Empty)
                }
                Some(value) => Ok(value),
                // Served without a value: the last sender has gone.
                None if end.served => Err(NotReceived::Disconnected),
                None => Err(NotReceived::Empty),
            },
        )
    }
}

impl<T> State<T> {
    /// To the receiver that has waited longest.
    fn hand(&mut self, thing: &Arc<Thing>, value: T) {
        match self.receiving.ring_first(thing) {
            Some(ticket) => self.handed.push((ticket, value)),
            None => self.inside.push_back(value),
        }
    }

    /// The next value, if there is one. The next offer moves up.
    fn take(&mut self, thing: &Arc<Thing>) -> Option<T> {
        let (value, moves_up) = match self.inside.pop_front() {
            Some(value) => (value, true),
            // A rendezvous has no inside.
            None => (self.accept(thing)?, false),
        };
        if moves_up && !self.offered.is_empty() {
            if let Some(offer) = self.accept(thing) {
                self.inside.push_back(offer);
            }
        } else if moves_up {
            tell(thing, "receives from");
        }
        Some(value)
    }

    /// Takes the oldest offer, and lets its sender go on.
    fn accept(&mut self, thing: &Arc<Thing>) -> Option<T> {
        let (ticket, value) = self.offered.pop_front()?;
        tell(thing, "receives from");
        self.sending.ring(thing, ticket);
        Some(value)
    }

    fn give_back(&mut self, thing: &Arc<Thing>, value: T) {
        if self.receiving.len() > 0 {
            self.hand(thing, value);
        } else {
            self.inside.push_front(value);
        }
    }

    fn take_offer(&mut self, ticket: u64) -> Option<T> {
        let index = self.offered.iter().position(|(id, _)| *id == ticket)?;
        self.offered.remove(index).map(|(_, value)| value)
    }

    fn take_handed(&mut self, ticket: u64) -> Option<T> {
        let index = self.handed.iter().position(|(id, _)| *id == ticket)?;
        Some(self.handed.swap_remove(index).1)
    }
}

impl<T: Send> Watched for Shared<T> {
    fn look(&self) -> Seen {
        let state = self.state.lock();
        let waits = state.sending.waits().chain(state.receiving.waits());
        Seen {
            thing: Arc::clone(&self.thing),
            kind: "channel",
            holds: Vec::new(),
            waits: waits.collect(),
        }
    }
}

impl<T> Shared<T> {
    pub(super) fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        let (inside, sending, receiving) = (
            state.inside.len(),
            state.sending.names(),
            state.receiving.names(),
        );
        let (senders, receivers) = (state.senders, state.receivers);
        drop(state);
        write!(f, "channel {}: {inside}", self.thing.name())?;
        if let Some(capacity) = self.capacity {
            write!(f, " of {capacity}")?;
        }
        write!(f, " inside")?;
        if !sending.is_empty() {
            write!(f, ", sending: {}", sending.join(", "))?;
        }
        if !receiving.is_empty() {
            write!(f, ", receiving: {}", receiving.join(", "))?;
        }
        if senders == 0 {
            write!(f, ", all senders gone")?;
        }
        if receivers == 0 {
            write!(f, ", all receivers gone")?;
        }
        Ok(())
    }
}
