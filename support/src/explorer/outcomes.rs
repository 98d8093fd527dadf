//! How all schedules end.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::explorer::end::{End, Verdict};
use crate::explorer::schedule::Schedule;
use crate::explorer::too_many::in_groups;

/// What [`explore`](crate::explore()) found: how many schedules there are, how they end, and the
/// first one that ends badly.
///
/// Shows itself as a table:
///
/// ```
/// use lesson_support::{SEEN, Steps, explore};
///
/// let add_one = |name| Steps::of(name).load("counter").store("counter", SEEN + 1);
/// let found = explore([add_one("Ada"), add_one("Bea")]);
/// let text = found.to_string();
/// let table = [
///     "6 schedules, 4 of them wrong",
///     "  2  right  counter = 2",
///     "  4  WRONG  counter = 1",
///     "right: as if the threads had run one after the other",
/// ];
/// assert!(text.starts_with(&table.join("\n")));
/// assert_eq!((found.schedules, found.wrong(), found.stuck()), (6, 4, 0));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outcomes {
    /// The number of all schedules.
    pub schedules: u64,
    /// The ends, and how many schedules lead to each: first those that are right, then the wrong
    /// ones, then those where somebody is stuck; of each the most frequent first.
    pub rows: Vec<Outcome>,
    /// When an end counts as right, in words.
    pub right_when: String,
    /// The first schedule that ends badly, if there is one.
    pub first_bad: Option<Schedule>,
}

/// One way for schedules to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outcome {
    /// How many schedules end like this.
    pub schedules: u64,
    /// Whether that is well.
    pub verdict: Verdict,
    /// The end.
    pub end: End,
}

impl Outcomes {
    /// How many schedules end well.
    pub fn right(&self) -> u64 {
        self.how_many(Verdict::Right)
    }

    /// How many schedules come to their end with a wrong result.
    pub fn wrong(&self) -> u64 {
        self.how_many(Verdict::Wrong)
    }

    /// In how many schedules somebody waits for ever.
    pub fn stuck(&self) -> u64 {
        self.how_many(Verdict::Stuck)
    }

    /// Whether every schedule ends well.
    pub fn all_right(&self) -> bool {
        self.right() == self.schedules
    }

    /// In how many schedules the end is like this.
    ///
    /// ```
    /// use lesson_support::{SEEN, Steps, explore};
    ///
    /// let add_one = |name| Steps::of(name).load("n").store("n", SEEN + 1);
    /// let found = explore(["Ada", "Bea", "Cy"].map(add_one));
    /// assert_eq!(found.ending_with(|end| end["n"] == 2), 36);
    /// ```
    pub fn ending_with(&self, holds: impl Fn(&End) -> bool) -> u64 {
        let rows = self.rows.iter().filter(|row| holds(&row.end));
        rows.map(|row| row.schedules).sum()
    }

    fn how_many(&self, verdict: Verdict) -> u64 {
        let rows = self.rows.iter().filter(|row| row.verdict == verdict);
        rows.map(|row| row.schedules).sum()
    }
}

impl fmt::Display for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = match self.schedules {
            1 => "1 schedule".to_owned(),
            all => format!("{} schedules", in_groups(all)),
        };
        let bad: Vec<String> = [(self.wrong(), "wrong"), (self.stuck(), "stuck")]
            .into_iter()
            .filter(|&(count, _)| count > 0)
            .map(|(count, what)| format!("{} of them {what}", in_groups(count)))
            .collect();
        match bad.is_empty() {
            true if self.schedules == 1 => writeln!(f, "{all}, and it is right")?,
            true => writeln!(f, "{all}, all of them right")?,
            false => writeln!(f, "{all}, {}", bad.join(", "))?,
        }
        let counts: Vec<String> = self.rows.iter().map(|r| in_groups(r.schedules)).collect();
        let width = counts.iter().map(String::len).max().unwrap_or(0);
        for (row, count) in self.rows.iter().zip(&counts) {
            writeln!(f, "  {count:>width$}  {}  {}", row.verdict, row.end)?;
        }
        write!(f, "right: {}", self.right_when)?;
        if let Some(bad) = &self.first_bad {
            let letters = bad.letters();
            write!(f, "\n\nthe first bad one, {letters}, step by step:\n{bad}")?;
        }
        Ok(())
    }
}

/// The same as the text, which reads well as the last expression of a cell.
impl fmt::Debug for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
