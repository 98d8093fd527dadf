//! Values on their way from thread to thread.

mod state;

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};
use std::time::Duration;

use crate::gate::Patience;
use crate::line::tell;
use crate::watched;
use state::{NotReceived, NotSent, Shared};

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
    let shared = Arc::new(Shared::new(name, capacity));
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
