//! A few threads that share variables.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

use crate::explorer::counting;
use crate::explorer::end::{End, Verdict};
use crate::explorer::machine::Machine;
use crate::explorer::outcomes::{Outcome, Outcomes};
use crate::explorer::schedule::{Schedule, Schedules};
use crate::explorer::steps::Steps;
use crate::explorer::too_many::TooMany;

/// Goes through *all* schedules of a few threads, and says how they end.
///
/// Short for [`Program::of`] and [`Program::explore`].
///
/// ```
/// use lesson_support::{SEEN, Steps, explore};
///
/// let bare = |name| Steps::of(name).load("counter").store("counter", SEEN + 1);
/// assert_eq!(explore([bare("Ada"), bare("Bea")]).wrong(), 4);
///
/// let careful = |name| {
///     Steps::of(name).lock("light").load("counter").store("counter", SEEN + 1).unlock("light")
/// };
/// assert!(explore([careful("Ada"), careful("Bea")]).all_right());
/// assert_eq!(explore([careful("Ada"), bare("Bea")]).wrong(), 9);
/// ```
///
/// # Panics
/// As [`Program::of`] and [`Program::explore`] do.
#[track_caller]
pub fn explore<S: Into<Steps>>(threads: impl IntoIterator<Item = S>) -> Outcomes {
    Program::of(threads).explore()
}

/// Threads that make [`Steps`] on shared variables and locks, with the values at the beginning and
/// an idea of what should come out.
///
/// An end is *right* if it could also have come out with the threads running one after the other,
/// each from its first step to its last, in one order or another; or as
/// [`right_when`](Self::right_when) says. Where somebody is stuck it is never right.
///
/// ```
/// use lesson_support::{Program, SEEN, Steps};
///
/// let ada = Steps::of("Ada")
///     .load("east").store("east", SEEN - 30)
///     .load("west").store("west", SEEN + 30);
/// let bea = Steps::of("Bea")
///     .load("west").store("west", SEEN - 30)
///     .load("east").store("east", SEEN + 30);
/// let accounts = Program::of([ada, bea])
///     .start("east", 100)
///     .start("west", 100)
///     .right_when("no coin is lost or made", |end| end["east"] + end["west"] == 200);
/// assert_eq!(accounts.explore().wrong(), 32);
/// ```
#[derive(Clone)]
#[must_use = "ask it to explore"]
pub struct Program {
    threads: Vec<Steps>,
    start: Vec<(String, i64)>,
    right: Option<Right>,
}

#[derive(Clone)]
pub(crate) struct Right {
    words: String,
    holds: Arc<dyn Fn(&End) -> bool + Send + Sync>,
}

impl Program {
    /// A program of these threads.
    ///
    /// # Panics
    /// When there is no thread, or two have the same name.
    #[track_caller]
    pub fn of<S: Into<Steps>>(threads: impl IntoIterator<Item = S>) -> Self {
        let threads: Vec<Steps> = threads.into_iter().map(Into::into).collect();
        assert!(!threads.is_empty(), "a program needs at least one thread");
        let mut names = HashSet::new();
        for thread in &threads {
            let name = thread.thread();
            assert!(names.insert(name), "two threads are called {name}");
        }
        Self {
            threads,
            start: Vec::new(),
            right: None,
        }
    }

    /// The value of a variable at the beginning, 0 where this is not called.
    pub fn start(mut self, variable: &str, value: i64) -> Self {
        self.start.retain(|(name, _)| name != variable);
        self.start.push((variable.to_owned(), value));
        self
    }

    /// What has to hold at the end, in words and as a test. Only ends where nobody is stuck are
    /// put to the test.
    pub fn right_when(
        mut self,
        words: &str,
        holds: impl Fn(&End) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.right = Some(Right {
            words: words.to_owned(),
            holds: Arc::new(holds),
        });
        self
    }

    /// Goes through all schedules.
    ///
    /// # Panics
    /// When there are too many; [`try_explore`](Self::try_explore) returns that instead.
    #[track_caller]
    pub fn explore(&self) -> Outcomes {
        match self.try_explore() {
            Ok(outcomes) => outcomes,
            Err(too_many) => panic!("{too_many}"),
        }
    }

    /// Goes through all schedules.
    ///
    /// # Errors
    /// [`TooMany`], within about a second, when there are too many to look at them all.
    pub fn try_explore(&self) -> Result<Outcomes, TooMany> {
        let machine = self.machine();
        let Some(endings) = counting::count(&machine) else {
            return Err(TooMany::of(&machine));
        };
        let judge = self.judge(&machine);
        let schedules = endings
            .values()
            .try_fold(0_u64, |sum, ending| sum.checked_add(ending.schedules));
        let Some(schedules) = schedules else {
            return Err(TooMany::of(&machine));
        };

        let mut first_bad: Option<Vec<usize>> = None;
        let mut rows = Vec::with_capacity(endings.len());
        for (end, ending) in endings {
            let verdict = judge.verdict(&end);
            let comes_first = first_bad.as_ref().is_none_or(|bad| ending.first < *bad);
            if verdict != Verdict::Right && comes_first {
                first_bad = Some(ending.first);
            }
            rows.push(Outcome {
                schedules: ending.schedules,
                verdict,
                end,
            });
        }
        // Stable: what is equal stays in the order of the ends.
        rows.sort_by_key(|row| (row.verdict, std::cmp::Reverse(row.schedules)));
        Ok(Outcomes {
            schedules,
            rows,
            right_when: judge.words(),
            first_bad: first_bad.map(|order| Schedule::replay(&machine, &order)),
        })
    }

    /// The schedules one after the other, each with its steps. In the order in which the thread
    /// that is named first goes on as long as it can.
    ///
    /// ```
    /// use lesson_support::{Program, SEEN, Steps};
    ///
    /// let add_one = |name| Steps::of(name).load("n").store("n", SEEN + 1);
    /// let program = Program::of([add_one("Ada"), add_one("Bea")]);
    /// let all: Vec<String> = program.schedules().map(|schedule| schedule.letters()).collect();
    /// assert_eq!(all, ["AABB", "ABAB", "ABBA", "BAAB", "BABA", "BBAA"]);
    /// ```
    pub fn schedules(&self) -> Schedules {
        Schedules::new(self.machine())
    }

    pub(crate) fn machine(&self) -> Machine {
        Machine::new(self.threads.clone(), &self.start)
    }

    pub(crate) fn judge(&self, machine: &Machine) -> Judge {
        match &self.right {
            Some(right) => Judge::Test(right.clone()),
            None => {
                let ends = counting::one_after_the_other(machine);
                let values = ends.into_iter().map(|end| end.values);
                Judge::OneOf(values.collect())
            }
        }
    }
}

/// Who says what is right.
pub(crate) enum Judge {
    Test(Right),
    /// What the variables may be.
    OneOf(HashSet<BTreeMap<String, i64>>),
}

impl Judge {
    pub(crate) fn verdict(&self, end: &End) -> Verdict {
        let is_right = match self {
            Self::Test(right) => (right.holds)(end),
            // Nobody could run alone, so there is nothing to compare with.
            Self::OneOf(values) => values.is_empty() || values.contains(&end.values),
        };
        match is_right {
            _ if end.is_stuck() => Verdict::Stuck,
            true => Verdict::Right,
            false => Verdict::Wrong,
        }
    }

    pub(crate) fn words(&self) -> String {
        match self {
            Self::Test(right) => right.words.clone(),
            Self::OneOf(values) if values.iter().all(BTreeMap::is_empty) => {
                "nobody is stuck".to_owned()
            }
            Self::OneOf(_) => "as if the threads had run one after the other".to_owned(),
        }
    }
}

/// The lists of steps, a line for each thread.
impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = self.threads.iter().map(Steps::to_string).collect();
        let start = self
            .start
            .iter()
            .map(|(name, value)| format!("start: {name} = {value}"));
        parts.extend(start);
        f.write_str(&parts.join("\n"))
    }
}
