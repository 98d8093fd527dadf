//! The waits of `mpsc::Receiver`.

use std::sync::mpsc::{Receiver, RecvError, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use super::reach::{On, Reach};
use super::send;
use crate::interrupt;

/// How long the thread of the cell waits before it looks for a stop; a message wakes it at once.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// The same for other threads, of which there can be many, and which are stopped later anyway.
const OTHERS_LOOK_EVERY: Duration = Duration::from_millis(100);

fn receive<T>(receiver: &Receiver<T>) -> Result<T, RecvError> {
    // Most receivers have something to do: no clock for them.
    match receiver.try_recv() {
        Ok(value) => return Ok(value),
        Err(TryRecvError::Disconnected) => return Err(RecvError),
        Err(TryRecvError::Empty) => {}
    }
    let slice = if interrupt::is_cell_thread() {
        LOOK_EVERY
    } else {
        OTHERS_LOOK_EVERY
    };
    loop {
        match receiver.recv_timeout(slice) {
            Ok(value) => return Ok(value),
            Err(RecvTimeoutError::Disconnected) => return Err(RecvError),
            Err(RecvTimeoutError::Timeout) => interrupt::checkpoint(),
        }
    }
}

impl<'a, 'm, X, T> On<'a, X>
where
    X: ?Sized + Reach<'a, Found = &'m Receiver<T>>,
    T: 'm,
{
    /// As [`Receiver::recv`].
    ///
    /// # Errors
    /// As there: when the senders are gone.
    pub fn recv(&self) -> Result<T, RecvError> {
        receive(self.reach())
    }

    /// As [`Receiver::try_recv`].
    ///
    /// # Errors
    /// As there: when there is nothing to receive.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let receiver = self.reach();
        let got = receiver.try_recv();
        if got.is_err() && send::somebody_tries() {
            // In a channel without room, one that blocks would be found; one that tries has to be met.
            return receiver
                .recv_timeout(send::LOOK_EVERY * 2)
                .map_err(|error| match error {
                    RecvTimeoutError::Timeout => TryRecvError::Empty,
                    RecvTimeoutError::Disconnected => TryRecvError::Disconnected,
                });
        }
        got
    }

    /// As [`Receiver::iter`].
    #[must_use]
    pub fn iter(&self) -> Iter<'m, T> {
        Iter(self.reach())
    }
}

/// The messages of a borrowed receiver.
#[derive(Debug)]
pub struct Iter<'a, T>(&'a Receiver<T>);

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        // Messages may come for ever, and the body of the loop be too short for a look of its own.
        interrupt::checkpoint();
        receive(self.0).ok()
    }
}

/// The messages of a receiver.
#[derive(Debug)]
pub struct IntoIter<T>(Receiver<T>);

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        // Messages may come for ever, and the body of the loop be too short for a look of its own.
        interrupt::checkpoint();
        receive(&self.0).ok()
    }
}

/// What a `for` goes through.
pub struct Each<I>(I);

/// Wraps what a `for` goes through.
pub fn each<I>(items: I) -> Each<I> {
    Each(items)
}

impl<T> Each<Receiver<T>> {
    #[doc(hidden)]
    pub fn lesson_each(self) -> IntoIter<T> {
        IntoIter(self.0)
    }
}

impl<'a, T> Each<&'a Receiver<T>> {
    #[doc(hidden)]
    pub fn lesson_each(self) -> Iter<'a, T> {
        Iter(self.0)
    }
}

/// What is not a receiver.
pub trait Otherwise {
    #[doc(hidden)]
    type Iter;

    #[doc(hidden)]
    fn lesson_each(self) -> Self::Iter;
}

impl<I: IntoIterator> Otherwise for Each<I> {
    type Iter = I::IntoIter;

    fn lesson_each(self) -> I::IntoIter {
        self.0.into_iter()
    }
}
