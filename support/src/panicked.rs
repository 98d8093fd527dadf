//! How a thread failed.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::KeyboardInterrupt;

/// A thread did not come to its end: it panicked, or was stopped.
///
/// What [`Thread::join`](crate::Thread::join) returns then. It can be cloned, unlike the payload
/// that `std` hands out, so that a thread can be joined again.
///
/// ```
/// use lesson_support::Thread;
///
/// let ada = Thread::new("Ada", || -> u32 { panic!("a string broke") });
/// ada.start();
/// let failure = ada.join().unwrap_err();
/// assert_eq!(failure.message(), "a string broke");
/// assert_eq!(failure.to_string(), "thread 'Ada' panicked: a string broke");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    thread: Arc<str>,
    message: Arc<str>,
    interrupted: bool,
}

impl Panicked {
    pub(crate) fn new(thread: &str, payload: &(dyn Any + Send)) -> Self {
        let interrupted = payload.is::<KeyboardInterrupt>();
        let message = match message_of(payload) {
            Some(message) => message,
            None if interrupted => "interrupted",
            None => NO_MESSAGE,
        };
        Self {
            thread: thread.into(),
            message: message.into(),
            interrupted,
        }
    }

    /// The name of the thread.
    pub fn thread(&self) -> &str {
        &self.thread
    }

    /// What was given to `panic!`; a payload other than text reads `(no message)`. Of a stopped
    /// thread: `interrupted`.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the thread was stopped by a [`KeyboardInterrupt`] and did not panic by itself.
    pub fn is_interrupt(&self) -> bool {
        self.interrupted
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            thread, message, ..
        } = self;
        if self.interrupted {
            write!(f, "thread '{thread}' was interrupted")
        } else {
            write!(f, "thread '{thread}' panicked: {message}")
        }
    }
}

impl Error for Panicked {}

/// What stands for the message of a panic that has none.
pub(crate) const NO_MESSAGE: &str = "(no message)";

/// The text given to `panic!`, if it was text.
pub(crate) fn message_of(payload: &(dyn Any + Send)) -> Option<&str> {
    let literal = payload.downcast_ref::<&'static str>().copied();
    literal.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}
