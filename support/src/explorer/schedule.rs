//! One order in which the steps of all threads happen.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::explorer::did::Did;
use crate::explorer::end::End;
use crate::explorer::machine::{Machine, Situation};

/// One schedule: whose step comes first, whose second, and so on, and how it ends.
///
/// Shows itself as a table, a column for each thread and a line for each step:
///
/// ```
/// use lesson_support::{SEEN, Steps, explore};
///
/// let add_one = |name| Steps::of(name).load("n").store("n", SEEN + 1);
/// let bad = explore([add_one("Ada"), add_one("Bea")]).first_bad.unwrap();
/// let table = [
///     "   Ada           Bea",
///     "1  loads n: 0",
///     "2                loads n: 0",
///     "3  stores n = 1",
///     "4                stores n = 1",
///     "the end: n = 1",
/// ];
/// assert_eq!(bad.to_string(), table.join("\n"));
/// assert_eq!(bad.letters(), "ABAB");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Schedule {
    /// The names of the threads.
    pub threads: Vec<String>,
    /// The steps in order.
    pub moves: Vec<Move>,
    /// How it ends.
    pub end: End,
}

/// One step of a [`Schedule`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Move {
    /// Whose step: which of [`Schedule::threads`].
    pub thread: usize,
    /// What the thread did, and what it saw.
    #[serde(flatten)]
    pub did: Did,
}

impl Schedule {
    /// The schedule that makes these threads go on, in this order. Each must be ready in its turn.
    pub(crate) fn replay(machine: &Machine, order: &[usize]) -> Self {
        let mut now = machine.begin();
        let moves = order.iter().map(|&thread| Move {
            thread,
            did: machine.advance_and_tell(&mut now, thread),
        });
        let moves = moves.collect();
        Self {
            threads: machine.names(),
            moves,
            end: machine.end(&now),
        }
    }

    /// The schedule in letters, `ABAB`: the first letter of each step's thread, or its number when
    /// two threads begin alike.
    pub fn letters(&self) -> String {
        let initials: Vec<char> = self
            .threads
            .iter()
            .filter_map(|name| name.chars().next())
            .collect();
        let is_clear = initials.len() == self.threads.len()
            && (1..initials.len()).all(|n| !initials[..n].contains(&initials[n]));
        let of = |a_move: &Move| match is_clear {
            true => initials[a_move.thread].to_string(),
            false if self.threads.len() < 10 => (a_move.thread + 1).to_string(),
            false => format!("{} ", a_move.thread + 1),
        };
        let letters: String = self.moves.iter().map(of).collect();
        letters.trim_end().to_owned()
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const GAP: usize = 2;
        let number_width = self.moves.len().to_string().len();
        let widths: Vec<usize> = (0..self.threads.len())
            .map(|thread| {
                let own = self.moves.iter().filter(|a_move| a_move.thread == thread);
                let texts = own.map(|a_move| a_move.did.to_string());
                let texts = texts.chain([self.threads[thread].clone()]);
                texts.map(|text| text.chars().count()).max().unwrap_or(0) + GAP
            })
            .collect();

        let mut header = " ".repeat(number_width + GAP);
        for (name, width) in self.threads.iter().zip(&widths) {
            header += &format!("{name:width$}");
        }
        writeln!(f, "{}", header.trim_end())?;
        for (number, a_move) in self.moves.iter().enumerate() {
            let left: usize = widths[..a_move.thread].iter().sum();
            let number = number + 1;
            let did = &a_move.did;
            writeln!(f, "{number:number_width$}{:1$}{did}", "", GAP + left)?;
        }
        write!(f, "the end: {}", self.end)
    }
}

/// The same as the text, which reads well as the last expression of a cell.
impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// All schedules of a [`Program`](crate::Program), one after the other: from
/// [`Program::schedules`](crate::Program::schedules).
///
/// Each is made when it is asked for, so that the first few of a great many are no problem.
#[must_use = "an iterator does nothing until it is asked"]
pub struct Schedules {
    machine: Machine,
    /// Where to go on: the choices made, the situation before each, and in the last place the
    /// situation from which everything is still to be done.
    path: Vec<Fork>,
}

struct Fork {
    now: Situation,
    /// The threads not tried yet, the next one last.
    open: Vec<usize>,
    /// The thread that is being tried.
    taken: Option<usize>,
}

impl Schedules {
    pub(crate) fn new(machine: Machine) -> Self {
        let path = vec![Fork::at(&machine, machine.begin())];
        Self { machine, path }
    }
}

impl Fork {
    fn at(machine: &Machine, now: Situation) -> Self {
        let mut open: Vec<usize> = machine.ready(&now).collect();
        open.reverse();
        Self {
            now,
            open,
            taken: None,
        }
    }
}

impl Iterator for Schedules {
    type Item = Schedule;

    fn next(&mut self) -> Option<Schedule> {
        loop {
            let fork = self.path.last_mut()?;
            let was_tried = fork.taken.is_some();
            match fork.open.pop() {
                Some(thread) => {
                    fork.taken = Some(thread);
                    let mut then = fork.now.clone();
                    self.machine.advance(&mut then, thread);
                    self.path.push(Fork::at(&self.machine, then));
                }
                None => {
                    self.path.pop();
                    if !was_tried {
                        let order: Vec<usize> =
                            self.path.iter().filter_map(|fork| fork.taken).collect();
                        return Some(Schedule::replay(&self.machine, &order));
                    }
                }
            }
        }
    }
}
