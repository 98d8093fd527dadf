//! Counts all schedules without going through them one by one.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::explorer::end::End;
use crate::explorer::machine::{Machine, Situation};

/// How many different situations are looked at before the space counts as too large. Far more
/// than a learner could want (half a second in an unoptimised build), and little memory.
pub(crate) const MOST_SITUATIONS: usize = 50_000;

/// What is known of all schedules that end alike.
pub(crate) struct Ending {
    pub(crate) schedules: u64,
    /// The first of them, where of two schedules the one comes first in which, where they part,
    /// the thread that is named first goes on.
    pub(crate) first: Vec<usize>,
}

/// How all schedules end; `None` when there are too many.
///
/// Goes from situation to situation and not from schedule to schedule: schedules that meet in one
/// situation go on alike, so their number is carried along instead.
pub(crate) fn count(machine: &Machine) -> Option<BTreeMap<End, Ending>> {
    let mut endings: BTreeMap<End, Ending> = BTreeMap::new();
    let mut situations = 1;
    // All situations after the same number of steps.
    let mut layer = HashMap::from([(
        machine.begin(),
        Ending {
            schedules: 1,
            first: Vec::new(),
        },
    )]);
    while !layer.is_empty() {
        let mut next: HashMap<Situation, Ending> = HashMap::new();
        for (now, so_far) in layer {
            let mut is_end = true;
            for thread in machine.ready(&now) {
                is_end = false;
                let mut then = now.clone();
                machine.advance(&mut then, thread);
                let mut first = so_far.first.clone();
                first.push(thread);
                let more = Ending {
                    schedules: so_far.schedules,
                    first,
                };
                match next.get_mut(&then) {
                    Some(known) => known.join(more)?,
                    None => {
                        situations += 1;
                        if situations > MOST_SITUATIONS {
                            return None;
                        }
                        next.insert(then, more);
                    }
                }
            }
            if is_end {
                let end = machine.end(&now);
                match endings.get_mut(&end) {
                    Some(known) => known.join(so_far)?,
                    None => {
                        endings.insert(end, so_far);
                    }
                }
            }
        }
        layer = next;
    }
    Some(endings)
}

impl Ending {
    /// `None` if the number gets too large to write down.
    fn join(&mut self, other: Self) -> Option<()> {
        self.schedules = self.schedules.checked_add(other.schedules)?;
        if other.first < self.first {
            self.first = other.first;
        }
        Some(())
    }
}

/// The ends of the schedules in which each thread runs from its first step to its last without
/// interruption. Not those in which that is impossible, because one waits for another.
pub(crate) fn one_after_the_other(machine: &Machine) -> HashSet<End> {
    let threads = machine.threads().len();
    let mut layer = HashSet::from([machine.begin()]);
    for _ in 0..threads {
        let mut next = HashSet::new();
        for now in &layer {
            for thread in 0..threads {
                if !machine.is_done(now, thread) {
                    next.extend(run_through(machine, now.clone(), thread));
                }
            }
        }
        // A thread without steps is done from the beginning.
        let is_end = |now: &&Situation| (0..threads).all(|thread| machine.is_done(now, thread));
        next.extend(layer.iter().filter(is_end).cloned());
        layer = next;
    }
    layer.iter().map(|now| machine.end(now)).collect()
}

fn run_through(machine: &Machine, mut now: Situation, thread: usize) -> Option<Situation> {
    while !machine.is_done(&now, thread) {
        if !machine.ready(&now).any(|ready| ready == thread) {
            return None;
        }
        machine.advance(&mut now, thread);
    }
    Some(now)
}
