//! Values on their way from thread to thread.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};
use std::time::Duration;

use crate::gate::Patience;
use crate::interrupt;
use crate::line::{Line, tell, wait_in_line};
use crate::sync::Mutex;
use crate::thing::Thing;
use crate::waiter::WhileUnwinding;
use crate::watched::{self, Seen, Watched};

/// A channel that holds as many values as one likes: a send never waits.
///
/// ```
/// use lesson_support::{Thread, unbounded};
///
/// let (prices_tx, prices_rx) = unbounded("prices");
/// let ada = Thread::new("Ada", move || prices_tx.send(3).unwrap());
/// ada.start();
/// assert_eq!(prices_rx.recv(), Ok(3));
/// assert!(prices_rx.recv().is_err(), "Ada's sender is gone");
/// ```
pub fn unbounded<T: Send + 'static>(name: &str) -> (Sender<T>, Receiver<T>) {
    channel(name, None)
}

/// A channel that holds `capacity` values at most: when it is full, a send waits. With 0 it is a
/// [`rendezvous`].
///
/// ```
/// use lesson_support::bounded;
///
/// let (belt_tx, belt_rx) = bounded("belt", 1);
/// belt_tx.send("a box").unwrap();
/// assert!(belt_tx.try_send("another").is_err());
/// assert_eq!(belt_rx.recv(), Ok("a box"));
/// ```
pub fn bounded<T: Send + 'static>(name: &str, capacity: usize) -> (Sender<T>, Receiver<T>) {
    channel(name, Some(capacity))
}

/// A channel that holds nothing: a send waits until somebody receives, so that both meet.
///
/// ```
/// use lesson_support::rendezvous;
/// use std::time::Duration;
///
/// let (hand_tx, _hand_rx) = rendezvous("hand");
/// assert!(hand_tx.send_timeout("a letter", Duration::from_millis(5)).is_err());
/// ```
pub fn rendezvous<T: Send + 'static>(name: &str) -> (Sender<T>, Receiver<T>) {
    channel(name, Some(0))
}

fn channel<T: Send + 'static>(name: &str, capacity: Option<usize>) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared {
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
    });
    watched::register(&shared);
    let sender = Sender {
        shared: Arc::clone(&shared),
    };
    (sender, Receiver { shared })
}

/// The end of a channel into which values go. Clone it for more threads; when all are dropped, the
/// receivers get what is left, and then know that nothing will come.
///
/// [`unbounded`], [`bounded`] and [`rendezvous`] make it.
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

/// The end of a channel out of which values come. Clone it for more threads: each value goes to
/// one of them. When all are dropped, the senders get their values back as errors.
///
/// `for value in &receiver` goes on until the channel is empty and all senders are dropped.
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    thing: Arc<Thing>,
    capacity: Option<usize>,
    state: Mutex<State<T>>,
}

/// Where a value can be: with its sender, `offered`, `inside`, `handed`, with its receiver; and
/// only ever forward, but for one that is handed to a receiver which is stopped: it goes to the
/// next receiver, or back to the front of `inside`.
///
/// `offered` is empty unless `inside` is full. Nobody is `receiving` unless both are empty.
struct State<T> {
    inside: VecDeque<T>,
    /// By the senders in `sending`, in the same order. One whose value is not here any more has
    /// been served.
    offered: VecDeque<(u64, T)>,
    /// To receivers that were in `receiving` and have not woken yet.
    handed: Vec<(u64, T)>,
    sending: Line,
    receiving: Line,
    senders: usize,
    receivers: usize,
}

/// Why [`Sender::send_timeout`] failed; the value comes back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SendTimeoutError<T> {
    /// The time was over first.
    Timeout(T),
    /// All receivers are gone.
    Disconnected(T),
}

impl<T> fmt::Debug for SendTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout(_) => f.write_str("Timeout(..)"),
            Self::Disconnected(_) => f.write_str("Disconnected(..)"),
        }
    }
}

impl<T> fmt::Display for SendTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout(_) => f.write_str("nobody took the value in time"),
            Self::Disconnected(_) => f.write_str("all receivers are gone"),
        }
    }
}

impl<T> std::error::Error for SendTimeoutError<T> {}

/// How an attempt to send failed.
enum NotSent<T> {
    Full(T),
    Disconnected(T),
}

/// How an attempt to receive failed.
enum NotReceived {
    Empty,
    Disconnected,
}

impl<T> Sender<T> {
    /// Sends a value; waits while the channel is full.
    ///
    /// A stop unwinds with [`KeyboardInterrupt`](crate::KeyboardInterrupt), and the value is lost
    /// with the call. While the thread unwinds already, it waits on.
    ///
    /// # Errors
    /// When all receivers are gone, at once or while it waits. The value comes back.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        match self.shared.send(value, Patience::Endless) {
            Ok(()) => Ok(()),
            Err(NotSent::Full(value) | NotSent::Disconnected(value)) => Err(SendError(value)),
        }
    }

    /// Sends a value if that needs no waiting.
    ///
    /// # Errors
    /// When the channel is full, or all receivers are gone. The value comes back.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let sent = self.shared.send(value, Patience::None);
        sent.map_err(|error| match error {
            NotSent::Full(value) => TrySendError::Full(value),
            NotSent::Disconnected(value) => TrySendError::Disconnected(value),
        })
    }

    /// [`send`](Self::send), for `limit` of wall-clock time at most.
    ///
    /// # Errors
    /// When the time was over first, or all receivers are gone. The value comes back.
    pub fn send_timeout(&self, value: T, limit: Duration) -> Result<(), SendTimeoutError<T>> {
        let sent = self.shared.send(value, Patience::of(limit));
        sent.map_err(|error| match error {
            NotSent::Full(value) => SendTimeoutError::Timeout(value),
            NotSent::Disconnected(value) => SendTimeoutError::Disconnected(value),
        })
    }

    /// The name given to the channel.
    pub fn name(&self) -> &str {
        self.shared.thing.name()
    }
}

impl<T> Receiver<T> {
    /// Receives a value; waits while there is none.
    ///
    /// A stop unwinds with [`KeyboardInterrupt`](crate::KeyboardInterrupt), and no value is lost.
    /// While the thread unwinds already, it waits on.
    ///
    /// # Errors
    /// When there is no value, and all senders are gone.
    pub fn recv(&self) -> Result<T, RecvError> {
        let received = self.shared.receive(Patience::Endless);
        received.map_err(|_| RecvError)
    }

    /// Receives a value if there is one.
    ///
    /// # Errors
    /// When there is none, and whether one can still come.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let received = self.shared.receive(Patience::None);
        received.map_err(|error| match error {
            NotReceived::Empty => TryRecvError::Empty,
            NotReceived::Disconnected => TryRecvError::Disconnected,
        })
    }

    /// [`recv`](Self::recv), for `limit` of wall-clock time at most.
    ///
    /// # Errors
    /// When none came in time, or all senders are gone.
    pub fn recv_timeout(&self, limit: Duration) -> Result<T, RecvTimeoutError> {
        let received = self.shared.receive(Patience::of(limit));
        received.map_err(|error| match error {
            NotReceived::Empty => RecvTimeoutError::Timeout,
            NotReceived::Disconnected => RecvTimeoutError::Disconnected,
        })
    }

    /// The values as they come, until the channel is empty and all senders are gone.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { receiver: self }
    }

    /// The name given to the channel.
    pub fn name(&self) -> &str {
        self.shared.thing.name()
    }

    /// How many values are in the channel. Old news as soon as it is returned.
    pub fn len(&self) -> usize {
        self.shared.state.lock().inside.len()
    }

    /// Whether no value is in the channel. Old news as soon as it is returned.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> Shared<T> {
    fn send(&self, value: T, patience: Patience) -> Result<(), NotSent<T>> {
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

    fn receive(&self, patience: Patience) -> Result<T, NotReceived> {
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

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.state.lock().senders += 1;
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.senders -= 1;
        if state.senders == 0 {
            tell(&self.shared.thing, "closes");
            state.receiving.ring_all(&self.shared.thing);
        }
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.shared.state.lock().receivers += 1;
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let unread = {
            let mut state = self.shared.state.lock();
            state.receivers -= 1;
            if state.receivers > 0 {
                return;
            }
            tell(&self.shared.thing, "stops listening to");
            state.sending.ring_all(&self.shared.thing);
            mem::take(&mut state.inside)
        };
        // Outside of the lock: their destructors may use this channel.
        drop(unread);
    }
}

/// The values of a [`Receiver`], as they come.
pub struct Iter<'a, T> {
    receiver: &'a Receiver<T>,
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.recv().ok()
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
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
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

/// `<sender of channel belt: 5 of 5 inside, sending: Ada>`.
impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<sender of ")?;
        self.shared.describe(f)?;
        write!(f, ">")
    }
}

/// `<receiver of channel belt: 0 of 5 inside, receiving: Cy>`.
impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<receiver of ")?;
        self.shared.describe(f)?;
        write!(f, ">")
    }
}
