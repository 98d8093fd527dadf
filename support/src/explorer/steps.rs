//! What one thread does, step by step.

use std::fmt;
use std::ops::{Add, Sub};

/// The list of steps that one thread makes, for [`explore`](crate::explore()) and
/// [`Game`](crate::Game).
///
/// Each step is indivisible, and between two steps any other thread may make some of its own.
/// Variables and locks are known by their names; they exist as soon as a step names them.
/// Variables start at 0, unless [`Program::start`](crate::Program::start) says otherwise.
///
/// ```
/// use lesson_support::{SEEN, Steps};
///
/// let ada = Steps::of("Ada")
///     .lock("light")
///     .load("visitors") //             let seen = visitors.load(Relaxed);
///     .store("visitors", SEEN + 1) //  visitors.store(seen + 1, Relaxed);
///     .unlock("light");
/// assert_eq!(ada.to_string(), "Ada: lock light, load visitors, store visitors = seen + 1, unlock light");
/// ```
///
/// A list that could not be a program is refused where it is written: the methods say how.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "each step returns the longer list"]
pub struct Steps {
    thread: String,
    steps: Vec<Step>,
}

/// One indivisible step, except that a wait is two: falling asleep, and going on.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Load {
        variable: String,
    },
    Store {
        variable: String,
        value: Value,
    },
    Add {
        variable: String,
        amount: i64,
    },
    Lock {
        lock: String,
    },
    Unlock {
        lock: String,
    },
    Wait {
        bell: String,
        lock: String,
        only: Option<Condition>,
    },
    NotifyOne {
        bell: String,
    },
    NotifyAll {
        bell: String,
    },
}

/// When a wait waits.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) variable: String,
    pub(crate) value: i64,
    /// Looked at again after waking up: `while`, not `if`.
    pub(crate) again: bool,
}

/// What a [`store`](Steps::store) writes: a number, or [`SEEN`] plus a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value(pub(crate) Written);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Number(i64),
    SeenPlus(i64),
}

/// The type of [`SEEN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen;

/// What the thread saw when it last loaded the variable which it now stores into, in
/// `store("visitors", SEEN + 1)`.
pub const SEEN: Seen = Seen;

impl Add<i64> for Seen {
    type Output = Value;

    fn add(self, amount: i64) -> Value {
        Value(Written::SeenPlus(amount))
    }
}

impl Sub<i64> for Seen {
    type Output = Value;

    fn sub(self, amount: i64) -> Value {
        Value(Written::SeenPlus(amount.wrapping_neg()))
    }
}

impl From<Seen> for Value {
    fn from(_: Seen) -> Self {
        Self(Written::SeenPlus(0))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self(Written::Number(number))
    }
}

// A bare `5` is an `i32` where several types would do.
impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self(Written::Number(number.into()))
    }
}

impl Steps {
    /// A thread of this name that does nothing yet.
    pub fn of(thread: &str) -> Self {
        Self {
            thread: thread.to_owned(),
            steps: Vec::new(),
        }
    }

    /// Reads a variable. [`SEEN`] is what it saw.
    pub fn load(self, variable: &str) -> Self {
        let variable = variable.to_owned();
        self.then(Step::Load { variable })
    }

    /// Writes a variable: a number, or something made of [`SEEN`].
    ///
    /// # Panics
    /// When the value is made of [`SEEN`] and the thread has not loaded the variable before.
    #[track_caller]
    pub fn store(self, variable: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let has_seen = self
            .steps
            .iter()
            .any(|step| matches!(step, Step::Load { variable: loaded } if loaded == variable));
        if matches!(value.0, Written::SeenPlus(_)) && !has_seen {
            panic!(
                "{} has seen nothing of {variable}: load(\"{variable}\") must come before the store",
                self.thread
            );
        }
        let variable = variable.to_owned();
        self.then(Step::Store { variable, value })
    }

    /// Adds to a variable in a single step, as `fetch_add` does. A negative number subtracts.
    pub fn add(self, variable: &str, amount: i64) -> Self {
        let variable = variable.to_owned();
        self.then(Step::Add { variable, amount })
    }

    /// Takes a lock. A thread whose next step this is can go on only while the lock is free; one
    /// that holds the lock itself already waits for ever.
    pub fn lock(self, lock: &str) -> Self {
        let lock = lock.to_owned();
        self.then(Step::Lock { lock })
    }

    /// Gives a lock back.
    ///
    /// # Panics
    /// When this thread does not hold the lock at this place of its list.
    #[track_caller]
    pub fn unlock(self, lock: &str) -> Self {
        self.demand_held(lock, "unlock");
        let lock = lock.to_owned();
        self.then(Step::Unlock { lock })
    }

    /// Waits at a condition variable (a bell): gives `lock` back and falls asleep, in one step.
    /// Once a notify has woken it, and `lock` is free, it takes the lock again and goes on.
    ///
    /// Nobody wakes up without a notify here, though real condition variables allow that.
    ///
    /// # Panics
    /// When this thread does not hold the lock at this place of its list.
    #[track_caller]
    pub fn wait(self, bell: &str, lock: &str) -> Self {
        self.wait_step(bell, lock, None)
    }

    /// Waits as [`wait`](Self::wait) does, but only if the variable has this value, and looks
    /// just once: `if variable == value { wait }`.
    ///
    /// # Panics
    /// When this thread does not hold the lock at this place of its list.
    #[track_caller]
    pub fn wait_if(self, bell: &str, lock: &str, variable: &str, value: i64) -> Self {
        let condition = Condition {
            variable: variable.to_owned(),
            value,
            again: false,
        };
        self.wait_step(bell, lock, Some(condition))
    }

    /// Waits as [`wait`](Self::wait) does as long as the variable has this value, and looks again
    /// after each waking up: `while variable == value { wait }`.
    ///
    /// # Panics
    /// When this thread does not hold the lock at this place of its list.
    #[track_caller]
    pub fn wait_while(self, bell: &str, lock: &str, variable: &str, value: i64) -> Self {
        let condition = Condition {
            variable: variable.to_owned(),
            value,
            again: true,
        };
        self.wait_step(bell, lock, Some(condition))
    }

    #[track_caller]
    fn wait_step(self, bell: &str, lock: &str, only: Option<Condition>) -> Self {
        self.demand_held(lock, "wait with");
        self.then(Step::Wait {
            bell: bell.to_owned(),
            lock: lock.to_owned(),
            only,
        })
    }

    /// Wakes the thread that has slept longest at this bell. If nobody sleeps there, nothing
    /// happens, and nobody who comes later will know of it.
    pub fn notify_one(self, bell: &str) -> Self {
        let bell = bell.to_owned();
        self.then(Step::NotifyOne { bell })
    }

    /// Wakes every thread that sleeps at this bell.
    pub fn notify_all(self, bell: &str) -> Self {
        let bell = bell.to_owned();
        self.then(Step::NotifyAll { bell })
    }

    /// The whole list so far, `times` times in all.
    ///
    /// ```
    /// use lesson_support::{SEEN, Steps, explore};
    ///
    /// let twice = |name| Steps::of(name).load("n").store("n", SEEN + 1).times(2);
    /// assert_eq!(explore([twice("Ada"), twice("Bea")]).schedules, 70);
    /// ```
    pub fn times(mut self, times: usize) -> Self {
        self.steps = std::iter::repeat_n(self.steps, times).flatten().collect();
        self
    }

    /// The name of the thread.
    pub fn thread(&self) -> &str {
        &self.thread
    }

    pub(crate) fn list(&self) -> &[Step] {
        &self.steps
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    #[track_caller]
    fn demand_held(&self, lock: &str, verb: &str) {
        let last = self.steps.iter().rev().find_map(|step| match step {
            Step::Lock { lock: name } if name == lock => Some(true),
            Step::Unlock { lock: name } if name == lock => Some(false),
            _ => None,
        });
        if last != Some(true) {
            let thread = &self.thread;
            panic!("{thread} cannot {verb} {lock} here: it must lock(\"{lock}\") first");
        }
    }
}

impl From<&Steps> for Steps {
    fn from(steps: &Steps) -> Self {
        steps.clone()
    }
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list: Vec<String> = self.steps.iter().map(Step::to_string).collect();
        write!(f, "{}: {}", self.thread, list.join(", "))
    }
}

/// The same as the text, which reads well as the last expression of a cell.
impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load { variable } => write!(f, "load {variable}"),
            Self::Store { variable, value } => write!(f, "store {variable} = {value}"),
            Self::Add { variable, amount } => write!(f, "add {amount} to {variable}"),
            Self::Lock { lock } => write!(f, "lock {lock}"),
            Self::Unlock { lock } => write!(f, "unlock {lock}"),
            Self::Wait { bell, only, .. } => match only {
                None => write!(f, "wait for {bell}"),
                Some(only) => {
                    let word = if only.again { "while" } else { "if" };
                    let Condition {
                        variable, value, ..
                    } = only;
                    write!(f, "wait for {bell} {word} {variable} == {value}")
                }
            },
            Self::NotifyOne { bell } => write!(f, "notify one at {bell}"),
            Self::NotifyAll { bell } => write!(f, "notify all at {bell}"),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Written::Number(number) => write!(f, "{number}"),
            Written::SeenPlus(0) => f.write_str("seen"),
            Written::SeenPlus(amount) if amount < 0 => {
                write!(f, "seen - {}", amount.unsigned_abs())
            }
            Written::SeenPlus(amount) => write!(f, "seen + {amount}"),
        }
    }
}
