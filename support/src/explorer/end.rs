//! How a schedule ends.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Index;

use serde::{Deserialize, Serialize};

/// Where a schedule ends: what the variables are then, and who is stuck.
///
/// ```
/// use lesson_support::{SEEN, Steps, explore};
///
/// let add_one = |name| Steps::of(name).load("counter").store("counter", SEEN + 1);
/// let found = explore([add_one("Ada"), add_one("Bea")]);
/// let bad = found.first_bad.expect("updates get lost");
/// assert_eq!(bad.end["counter"], 1);
/// assert_eq!(bad.end.to_string(), "counter = 1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct End {
    /// The value of each variable.
    pub values: BTreeMap<String, i64>,
    /// The threads that cannot go on, none if all came to the end of their steps.
    pub stuck: Vec<Stuck>,
    /// The locks that are still held though their holder has come to its end.
    pub left_locked: Vec<String>,
}

/// A thread that waits for something which never comes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stuck {
    /// Its name.
    pub thread: String,
    /// The lock or the bell.
    pub waits_for: String,
    /// Who holds the lock; nobody holds a bell.
    pub held_by: Option<String>,
}

/// How an [`End`] is to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// All threads came to their end, and the result is as it should be.
    Right,
    /// All threads came to their end, with a wrong result.
    Wrong,
    /// Somebody waits for ever.
    Stuck,
}

impl End {
    /// Whether some thread cannot go on.
    pub fn is_stuck(&self) -> bool {
        !self.stuck.is_empty()
    }
}

/// The value of a variable.
///
/// # Panics
/// When no step names such a variable.
impl Index<&str> for End {
    type Output = i64;

    #[track_caller]
    fn index(&self, variable: &str) -> &i64 {
        match self.values.get(variable) {
            Some(value) => value,
            None => panic!("no step loads, stores or adds to a variable called {variable}"),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = self
            .values
            .iter()
            .map(|(variable, value)| format!("{variable} = {value}"))
            .collect();
        if !self.stuck.is_empty() {
            let stuck: Vec<String> = self.stuck.iter().map(Stuck::to_string).collect();
            parts.push(stuck.join("; "));
        } else if parts.is_empty() && self.left_locked.is_empty() {
            parts.push("all done".to_owned());
        }
        for lock in &self.left_locked {
            parts.push(format!("{lock} is never unlocked"));
        }
        f.write_str(&parts.join(", "))
    }
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            thread, waits_for, ..
        } = self;
        match &self.held_by {
            Some(holder) if holder == thread => {
                write!(f, "{thread} waits for {waits_for}, held by itself")
            }
            Some(holder) => write!(f, "{thread} waits for {waits_for}, held by {holder}"),
            None => write!(f, "{thread} waits for {waits_for}, which nobody notifies"),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Right => "right",
            Self::Wrong => "WRONG",
            Self::Stuck => "STUCK",
        })
    }
}
