//! What a step did.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a thread did in one step, and what it saw.
///
/// Reads as the table of a [`Schedule`](crate::Schedule) has it: `loads n: 0`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Did {
    /// It read a variable.
    Loads {
        /// The variable.
        variable: String,
        /// What it saw there.
        value: i64,
    },
    /// It wrote a variable.
    Stores {
        /// The variable.
        variable: String,
        /// What is there now.
        value: i64,
    },
    /// It added to a variable in a single step.
    Adds {
        /// The variable.
        variable: String,
        /// So much.
        amount: i64,
        /// What is there now.
        value: i64,
    },
    /// It took a lock.
    Locks {
        /// The lock.
        lock: String,
    },
    /// It gave a lock back.
    Unlocks {
        /// The lock.
        lock: String,
    },
    /// It gave a lock back and fell asleep.
    FallsAsleep {
        /// Where it sleeps.
        bell: String,
        /// The lock it gave back.
        lock: String,
    },
    /// It had been notified, and took the lock again.
    WakesUp {
        /// Where it slept.
        bell: String,
        /// The lock it took.
        lock: String,
    },
    /// It looked whether it had to wait, and had not.
    Finds {
        /// The variable it looked at.
        variable: String,
        /// What it saw there.
        value: i64,
    },
    /// It rang a bell.
    Notifies {
        /// The bell.
        bell: String,
        /// The threads that slept there and have been woken.
        wakes: Vec<String>,
    },
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loads { variable, value } => write!(f, "loads {variable}: {value}"),
            Self::Stores { variable, value } => write!(f, "stores {variable} = {value}"),
            Self::Adds {
                variable,
                amount,
                value,
            } => write!(f, "adds {amount}: {variable} = {value}"),
            Self::Locks { lock } => write!(f, "locks {lock}"),
            Self::Unlocks { lock } => write!(f, "unlocks {lock}"),
            Self::FallsAsleep { bell, lock } => write!(f, "unlocks {lock}, waits for {bell}"),
            Self::WakesUp { lock, .. } => write!(f, "wakes up, locks {lock}"),
            Self::Finds { variable, value } => write!(f, "finds {variable} = {value}, goes on"),
            Self::Notifies { bell, wakes } if wakes.is_empty() => {
                write!(f, "notifies {bell}: nobody there")
            }
            Self::Notifies { bell, wakes } => write!(f, "notifies {bell}: {}", wakes.join(", ")),
        }
    }
}
