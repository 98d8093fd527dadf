//! A machine that makes one step at a time.

use std::collections::VecDeque;

use crate::explorer::did::Did;
use crate::explorer::end::{End, Stuck};
use crate::explorer::steps::{Step, Steps, Value, Written};

/// The threads with their steps, all names turned into numbers.
#[derive(Clone)]
pub(crate) struct Machine {
    threads: Vec<Steps>,
    code: Vec<Vec<Op>>,
    variables: Vec<String>,
    start: Vec<i64>,
    locks: Vec<String>,
    bells: Vec<String>,
}

/// A [`Step`] with numbers in place of names.
#[derive(Clone, Copy)]
enum Op {
    Load {
        variable: usize,
    },
    Store {
        variable: usize,
        value: Value,
    },
    Add {
        variable: usize,
        amount: i64,
    },
    Lock {
        lock: usize,
    },
    Unlock {
        lock: usize,
    },
    Wait {
        bell: usize,
        lock: usize,
        only: Option<Only>,
    },
    Notify {
        bell: usize,
        all: bool,
    },
}

#[derive(Clone, Copy)]
struct Only {
    variable: usize,
    value: i64,
    again: bool,
}

/// Everything that can differ between two moments. Two schedules that lead to the same situation
/// have the same future, which is what makes counting quick.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Situation {
    /// Of each thread, which step comes next.
    next: Vec<usize>,
    /// Of each thread.
    wait: Vec<WaitStage>,
    /// Of each thread in turn, what it last saw of each variable. In one piece, as there are
    /// many situations, and each is copied.
    seen: Vec<i64>,
    values: Vec<i64>,
    holders: Vec<Option<usize>>,
    /// Who sleeps at each bell, the longest sleeper first.
    sleepers: Vec<VecDeque<usize>>,
}

/// Awake → Asleep → Woken → Awake.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum WaitStage {
    Awake,
    /// At the bell, the lock given back.
    Asleep,
    /// Notified; needs the lock to go on.
    Woken,
}

/// Whether a thread can make a step now.
pub(crate) enum Readiness {
    Ready,
    /// It has come to the end of its steps.
    Done,
    Waits(Stuck),
}

impl Machine {
    pub(crate) fn new(threads: Vec<Steps>, start: &[(String, i64)]) -> Self {
        let mut machine = Self {
            code: Vec::with_capacity(threads.len()),
            variables: start.iter().map(|(name, _)| name.clone()).collect(),
            start: start.iter().map(|&(_, value)| value).collect(),
            locks: Vec::new(),
            bells: Vec::new(),
            threads: Vec::new(),
        };
        for thread in &threads {
            let ops = thread.list().iter().map(|step| machine.translate(step));
            let ops = ops.collect();
            machine.code.push(ops);
        }
        machine.start.resize(machine.variables.len(), 0);
        machine.threads = threads;
        machine
    }

    fn translate(&mut self, step: &Step) -> Op {
        let (variables, locks, bells) = (&mut self.variables, &mut self.locks, &mut self.bells);
        match step {
            Step::Load { variable } => Op::Load {
                variable: number_of(variables, variable),
            },
            Step::Store { variable, value } => Op::Store {
                variable: number_of(variables, variable),
                value: *value,
            },
            Step::Add { variable, amount } => Op::Add {
                variable: number_of(variables, variable),
                amount: *amount,
            },
            Step::Lock { lock } => Op::Lock {
                lock: number_of(locks, lock),
            },
            Step::Unlock { lock } => Op::Unlock {
                lock: number_of(locks, lock),
            },
            Step::Wait { bell, lock, only } => Op::Wait {
                bell: number_of(bells, bell),
                lock: number_of(locks, lock),
                only: only.as_ref().map(|only| Only {
                    variable: number_of(variables, &only.variable),
                    value: only.value,
                    again: only.again,
                }),
            },
            Step::NotifyOne { bell } => Op::Notify {
                bell: number_of(bells, bell),
                all: false,
            },
            Step::NotifyAll { bell } => Op::Notify {
                bell: number_of(bells, bell),
                all: true,
            },
        }
    }

    pub(crate) fn threads(&self) -> &[Steps] {
        &self.threads
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let names = self.threads.iter().map(Steps::thread);
        names.map(str::to_owned).collect()
    }

    pub(crate) fn begin(&self) -> Situation {
        let threads = self.threads.len();
        Situation {
            next: vec![0; threads],
            wait: vec![WaitStage::Awake; threads],
            seen: vec![0; threads * self.variables.len()],
            values: self.start.clone(),
            holders: vec![None; self.locks.len()],
            sleepers: vec![VecDeque::new(); self.bells.len()],
        }
    }

    /// The threads that can make a step.
    pub(crate) fn ready<'a>(&'a self, now: &'a Situation) -> impl Iterator<Item = usize> + 'a {
        let all = 0..self.threads.len();
        all.filter(|&thread| self.blocked_by(now, thread).is_none() && !self.is_done(now, thread))
    }

    pub(crate) fn is_done(&self, now: &Situation, thread: usize) -> bool {
        now.next[thread] == self.code[thread].len()
    }

    pub(crate) fn next_step(&self, now: &Situation, thread: usize) -> usize {
        now.next[thread]
    }

    pub(crate) fn readiness(&self, now: &Situation, thread: usize) -> Readiness {
        if self.is_done(now, thread) {
            return Readiness::Done;
        }
        let name = |thread: usize| self.threads[thread].thread().to_owned();
        let (waits_for, held_by) = match self.blocked_by(now, thread) {
            None => return Readiness::Ready,
            Some(Obstacle::Lock(lock)) => (&self.locks[lock], now.holders[lock].map(name)),
            Some(Obstacle::Bell(bell)) => (&self.bells[bell], None),
        };
        Readiness::Waits(Stuck {
            thread: name(thread),
            waits_for: waits_for.clone(),
            held_by,
        })
    }

    fn blocked_by(&self, now: &Situation, thread: usize) -> Option<Obstacle> {
        let op = self.code[thread].get(now.next[thread])?;
        let needed = match (now.wait[thread], op) {
            (WaitStage::Asleep, &Op::Wait { bell, .. }) => return Some(Obstacle::Bell(bell)),
            (WaitStage::Woken, &Op::Wait { lock, .. }) => lock,
            (WaitStage::Awake, &Op::Lock { lock }) => lock,
            _ => return None,
        };
        now.holders[needed].map(|_| Obstacle::Lock(needed))
    }

    /// Lets a thread that is ready make its next step.
    pub(crate) fn advance(&self, now: &mut Situation, thread: usize) {
        self.perform(now, thread);
    }

    /// As [`advance`](Self::advance), and says what the thread did.
    pub(crate) fn advance_and_tell(&self, now: &mut Situation, thread: usize) -> Did {
        let deed = self.perform(now, thread);
        self.named(deed)
    }

    fn perform(&self, now: &mut Situation, thread: usize) -> Deed {
        let seen_by_me = thread * self.variables.len();
        let mut goes_on = true;
        let deed = match self.code[thread][now.next[thread]] {
            Op::Load { variable } => {
                let value = now.values[variable];
                now.seen[seen_by_me + variable] = value;
                Deed::Loads(variable, value)
            }
            Op::Store { variable, value } => {
                let value = match value.0 {
                    Written::Number(number) => number,
                    Written::SeenPlus(amount) => {
                        now.seen[seen_by_me + variable].wrapping_add(amount)
                    }
                };
                now.values[variable] = value;
                Deed::Stores(variable, value)
            }
            Op::Add { variable, amount } => {
                let value = now.values[variable].wrapping_add(amount);
                now.values[variable] = value;
                Deed::Adds(amount, variable, value)
            }
            Op::Lock { lock } => {
                now.holders[lock] = Some(thread);
                Deed::Locks(lock)
            }
            Op::Unlock { lock } => {
                now.holders[lock] = None;
                Deed::Unlocks(lock)
            }
            Op::Wait { bell, lock, only } => match (now.wait[thread], only) {
                (WaitStage::Woken, only) => {
                    now.holders[lock] = Some(thread);
                    now.wait[thread] = WaitStage::Awake;
                    goes_on = !only.is_some_and(|only| only.again);
                    Deed::WakesUp(bell, lock)
                }
                (_, Some(only)) if now.values[only.variable] != only.value => {
                    Deed::Finds(only.variable, now.values[only.variable])
                }
                _ => {
                    now.holders[lock] = None;
                    now.wait[thread] = WaitStage::Asleep;
                    now.sleepers[bell].push_back(thread);
                    goes_on = false;
                    Deed::FallsAsleep(bell, lock)
                }
            },
            Op::Notify { bell, all } => {
                let sleepers = &mut now.sleepers[bell];
                let how_many = if all { sleepers.len() } else { 1 };
                let woken: Vec<usize> = sleepers.drain(..how_many.min(sleepers.len())).collect();
                for &sleeper in &woken {
                    now.wait[sleeper] = WaitStage::Woken;
                }
                Deed::Notifies(bell, woken)
            }
        };
        if goes_on {
            now.next[thread] += 1;
        }
        deed
    }

    fn named(&self, deed: Deed) -> Did {
        let variable = |variable: usize| self.variables[variable].clone();
        let lock = |lock: usize| self.locks[lock].clone();
        let bell = |bell: usize| self.bells[bell].clone();
        match deed {
            Deed::Loads(v, value) => Did::Loads {
                variable: variable(v),
                value,
            },
            Deed::Stores(v, value) => Did::Stores {
                variable: variable(v),
                value,
            },
            Deed::Adds(amount, v, value) => Did::Adds {
                variable: variable(v),
                amount,
                value,
            },
            Deed::Locks(l) => Did::Locks { lock: lock(l) },
            Deed::Unlocks(l) => Did::Unlocks { lock: lock(l) },
            Deed::FallsAsleep(b, l) => Did::FallsAsleep {
                bell: bell(b),
                lock: lock(l),
            },
            Deed::WakesUp(b, l) => Did::WakesUp {
                bell: bell(b),
                lock: lock(l),
            },
            Deed::Finds(v, value) => Did::Finds {
                variable: variable(v),
                value,
            },
            Deed::Notifies(b, woken) => Did::Notifies {
                bell: bell(b),
                wakes: woken
                    .iter()
                    .map(|&w| self.threads[w].thread().to_owned())
                    .collect(),
            },
        }
    }

    /// How it stands when nobody can go on.
    pub(crate) fn end(&self, now: &Situation) -> End {
        let mut stuck = Vec::new();
        for thread in 0..self.threads.len() {
            if let Readiness::Waits(waits) = self.readiness(now, thread) {
                stuck.push(waits);
            }
        }
        let held = self.locks.iter().zip(&now.holders);
        let left = held.filter(|(_, holder)| holder.is_some_and(|who| self.is_done(now, who)));
        End {
            values: self.values(now).map(|(v, n)| (v.to_owned(), n)).collect(),
            stuck,
            left_locked: left.map(|(lock, _)| lock.clone()).collect(),
        }
    }

    pub(crate) fn values<'a>(
        &'a self,
        now: &'a Situation,
    ) -> impl Iterator<Item = (&'a str, i64)> + 'a {
        let names = self.variables.iter().map(String::as_str);
        names.zip(now.values.iter().copied())
    }

    /// The locks with their holders.
    pub(crate) fn holders<'a>(
        &'a self,
        now: &'a Situation,
    ) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + 'a {
        let names = self.locks.iter().map(String::as_str);
        let holders = now.holders.iter();
        names.zip(holders.map(|holder| holder.map(|who| self.threads[who].thread())))
    }
}

/// What keeps a thread from going on.
enum Obstacle {
    Lock(usize),
    Bell(usize),
}

/// A [`Did`] with numbers in place of names.
enum Deed {
    Loads(usize, i64),
    Stores(usize, i64),
    Adds(i64, usize, i64),
    Locks(usize),
    Unlocks(usize),
    FallsAsleep(usize, usize),
    WakesUp(usize, usize),
    Finds(usize, i64),
    Notifies(usize, Vec<usize>),
}

fn number_of(names: &mut Vec<String>, name: &str) -> usize {
    let known = names.iter().position(|known| known == name);
    known.unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    })
}
