//! The learner is the scheduler.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::explorer::end::{End, Verdict};
use crate::explorer::machine::{Machine, Readiness, Situation};
use crate::explorer::program::{Judge, Program};
use crate::explorer::schedule::Schedule;

/// A game in which you are the scheduler: you say whose step comes next, and try to make it end
/// badly.
///
/// ```
/// use lesson_support::{Game, Program, Steps, Verdict};
///
/// let ada = Steps::of("Ada").lock("east").lock("west").unlock("west").unlock("east");
/// let bea = Steps::of("Bea").lock("west").lock("east").unlock("east").unlock("west");
/// let mut game = Game::new(&Program::of([ada, bea]));
/// game.step("Ada");
/// let state = game.step("Bea");
/// assert_eq!(state.verdict, Some(Verdict::Stuck));
/// assert_eq!(state.moves, 2);
/// println!("{state}");
/// ```
///
/// A move that is not possible (the thread waits, has come to its end, or there is no such thread)
/// changes nothing, and the board says why.
pub struct Game {
    machine: Machine,
    judge: Judge,
    begin: Situation,
    now: Situation,
    order: Vec<usize>,
}

/// The board of a [`Game`]: where each thread is, what the variables are, who holds which lock.
///
/// ```
/// use lesson_support::{Game, Program, SEEN, Steps};
///
/// let add_one = |name| Steps::of(name).load("n").store("n", SEEN + 1);
/// let mut game = Game::new(&Program::of([add_one("Ada"), add_one("Bea")]));
/// let board = [
///     "move 1: Ada loads n: 0",
///     "  Ada                   Bea",
///     "✓ load n              > load n",
///     "> store n = seen + 1    store n = seen + 1",
///     "n = 0",
/// ];
/// assert_eq!(game.step("Ada").to_string(), board.join("\n"));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct State {
    /// How many steps have been made.
    pub moves: usize,
    /// What the last call did, or why it could not.
    pub message: String,
    /// Whether the last call made a step.
    pub moved: bool,
    /// The threads with their steps.
    pub threads: Vec<Lane>,
    /// The variables, and the locks with their holders, in words: `n = 0`, `light: held by Ada`.
    pub shared: Vec<String>,
    /// Where it all ended, once nobody can make a step.
    pub end: Option<End>,
    /// How that is to be judged.
    pub verdict: Option<Verdict>,
}

/// One thread on the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Lane {
    /// Its name.
    pub thread: String,
    /// Its steps: `load n`.
    pub steps: Vec<String>,
    /// Which of them comes next; their number if it has come to its end.
    pub next: usize,
    /// Whether it has to wait with that.
    pub waits: bool,
}

impl Game {
    /// A new game: no thread has made a step.
    pub fn new(program: &Program) -> Self {
        let machine = program.machine();
        Self {
            judge: program.judge(&machine),
            begin: machine.begin(),
            now: machine.begin(),
            order: Vec::new(),
            machine,
        }
    }

    /// Lets this thread make its next step, and returns the board.
    pub fn step(&mut self, thread: &str) -> State {
        let (message, moved) = match self.try_step(thread) {
            Ok(did) => (format!("move {}: {thread} {did}", self.order.len()), true),
            Err(reason) => (reason, false),
        };
        self.board(message, moved)
    }

    fn try_step(&mut self, name: &str) -> Result<String, String> {
        let threads = self.machine.threads();
        let Some(thread) = threads.iter().position(|steps| steps.thread() == name) else {
            let names = self.machine.names().join(", ");
            return Err(format!("there is no {name} here, only {names}"));
        };
        match self.machine.readiness(&self.now, thread) {
            Readiness::Done => Err(format!("{name} has made all steps")),
            Readiness::Waits(waits) => Err(format!("not possible: {waits}")),
            Readiness::Ready => {
                self.order.push(thread);
                let did = self.machine.advance_and_tell(&mut self.now, thread);
                Ok(did.to_string())
            }
        }
    }

    /// Takes the last step back, and returns the board.
    pub fn undo(&mut self) -> State {
        let (message, moved) = match self.order.pop() {
            None => ("nothing to take back".to_owned(), false),
            Some(thread) => {
                self.now = self.begin.clone();
                for &earlier in &self.order {
                    self.machine.advance(&mut self.now, earlier);
                }
                let name = self.machine.threads()[thread].thread();
                (format!("taken back: the last step of {name}"), true)
            }
        };
        self.board(message, moved)
    }

    /// The board as it stands.
    pub fn state(&self) -> State {
        let message = match self.order.len() {
            0 => "whose step comes first?".to_owned(),
            1 => "after 1 move".to_owned(),
            moves => format!("after {moves} moves"),
        };
        self.board(message, false)
    }

    /// All the steps made so far, as a table.
    pub fn schedule(&self) -> Schedule {
        Schedule::replay(&self.machine, &self.order)
    }

    fn board(&self, message: String, moved: bool) -> State {
        let (machine, now) = (&self.machine, &self.now);
        let lanes = machine.threads().iter().enumerate();
        let threads = lanes.map(|(thread, steps)| Lane {
            thread: steps.thread().to_owned(),
            steps: steps.list().iter().map(ToString::to_string).collect(),
            next: machine.next_step(now, thread),
            waits: matches!(machine.readiness(now, thread), Readiness::Waits(_)),
        });
        let values = machine
            .values(now)
            .map(|(name, value)| format!("{name} = {value}"));
        let locks = machine.holders(now).map(|(name, holder)| match holder {
            Some(holder) => format!("{name}: held by {holder}"),
            None => format!("{name}: free"),
        });
        let is_over = machine.ready(now).next().is_none();
        let end = is_over.then(|| machine.end(now));
        State {
            moves: self.order.len(),
            message,
            moved,
            threads: threads.collect(),
            shared: values.chain(locks).collect(),
            verdict: end.as_ref().map(|end| self.judge.verdict(end)),
            end,
        }
    }
}

impl State {
    /// Whether nobody can make another step.
    pub fn is_over(&self) -> bool {
        self.end.is_some()
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const GAP: usize = 2;
        writeln!(f, "{}", self.message)?;
        let cell = |lane: &Lane, row: usize| match lane.steps.get(row) {
            None => String::new(),
            Some(step) if row < lane.next => format!("✓ {step}"),
            Some(step) if row > lane.next => format!("  {step}"),
            Some(step) if lane.waits => format!("> {step} (waits)"),
            Some(step) => format!("> {step}"),
        };
        let rows = self.threads.iter().map(|lane| lane.steps.len()).max();
        let rows = rows.unwrap_or(0);
        let mut lines = vec![String::new(); rows + 1];
        for lane in &self.threads {
            let heading = format!("  {}", lane.thread);
            let cells = (0..rows).map(|row| cell(lane, row));
            let column: Vec<String> = [heading].into_iter().chain(cells).collect();
            let width = column.iter().map(|text| text.chars().count()).max();
            let width = width.unwrap_or(0) + GAP;
            for (line, text) in lines.iter_mut().zip(&column) {
                *line += &format!("{text:width$}");
            }
        }
        for line in &lines {
            writeln!(f, "{}", line.trim_end())?;
        }
        match self.shared.is_empty() {
            true => f.write_str("nothing shared")?,
            false => f.write_str(&self.shared.join(", "))?,
        }
        if let (Some(end), Some(verdict)) = (&self.end, self.verdict) {
            write!(f, "\nthe end, after {} moves: ", self.moves)?;
            match verdict {
                Verdict::Right => write!(f, "right ({end})")?,
                Verdict::Wrong => write!(f, "wrong ({end})")?,
                Verdict::Stuck => write!(f, "stuck ({end})")?,
            }
        }
        Ok(())
    }
}

/// The same as the text, which reads well as the last expression of a cell.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The board.
impl fmt::Debug for Game {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.state(), f)
    }
}
