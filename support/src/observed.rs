//! What the crate remembers of everything.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::attention;
use crate::clock::Tick;
use crate::event_log::{Entry, EventLog, What};
use crate::gate::Hold;
use crate::sync::{AtomicU64, Mutex, Ordering, global};
use crate::thing::Thing;
use crate::thread_mark::ThreadMark;
use crate::watched;

global! {
    /// Whether events are recorded, and for the how-manieth time that was changed: even numbers are
    /// on. Events of two eras do not fit together, for what happened between is missing.
    static ERA: AtomicU64 = AtomicU64::new(0);
}

global! {
    /// Everything together, but for the holds that only their locks know of.
    ///
    /// Lock order: the innermost of all; nothing is called while it is locked.
    static OBSERVED: Mutex<Observed> = Mutex::new(Observed {
        log: EventLog::with_limit(OBSERVED_LIMIT),
        gone: VecDeque::new(),
        held_in_gone: 0,
    });
}

struct Observed {
    log: EventLog,
    /// What locks that are gone have told, the oldest first.
    gone: VecDeque<Tale>,
    held_in_gone: usize,
}

/// Ten times what the longest text or picture tells apart; some 2 MB.
const OBSERVED_LIMIT: usize = 20_000;

/// Switches recording on or off, and returns what it was.
pub(crate) fn switch(on: bool) -> bool {
    global! {
        static SWITCHING: Mutex<()> = Mutex::new(());
    }
    let _one_at_a_time = SWITCHING.lock();
    // Relaxed: it guards nothing. An event that races with the switch may fall on either side.
    let era = ERA.load(Ordering::Relaxed);
    let was = is_on(era);
    if was != on {
        // Holds that go on become known before, so that each is wholly of one era.
        watched::all()
            .iter()
            .for_each(|thing| thing.settle_accounts());
        ERA.store(era + 1, Ordering::Relaxed);
        attention::set_recording(on);
        if on {
            watched::all()
                .iter()
                .for_each(|thing| thing.begin_era(era + 1));
        }
    }
    was
}

fn is_on(era: u64) -> bool {
    era.is_multiple_of(2)
}

pub(crate) fn is_recording() -> bool {
    is_on(ERA.load(Ordering::Relaxed))
}

/// Records an event in the log of everything, and in `own`, the thing's own, if it has one. Returns
/// the time, or nothing while recording is switched off.
pub(crate) fn record(
    own: Option<&mut EventLog>,
    thing: Option<&Arc<Thing>>,
    who: &Arc<ThreadMark>,
    at: Tick,
    what: What,
) -> Option<Tick> {
    let era = ERA.load(Ordering::Relaxed);
    if !is_on(era) {
        return None;
    }
    let entry = Entry {
        at,
        who: Arc::clone(who),
        thing: thing.cloned(),
        what,
    };
    if let Some(own) = own {
        own.push(entry.clone(), era);
    }
    let forgotten = OBSERVED.lock().log.push(entry, era);
    // Its pointers may be the last ones: nobody has to wait for that.
    drop(forgotten);
    Some(at)
}

/// What one lock tells of the holds for which nobody had to wait.
pub(crate) struct Tale {
    pub(crate) thing: Arc<Thing>,
    /// How many there were since recording began, also those that are no longer there.
    pub(crate) count: u64,
    /// The newest ones, in order.
    pub(crate) holds: Vec<Hold>,
    pub(crate) era: u64,
}

impl Tale {
    pub(crate) fn new(thing: &Arc<Thing>, count: u64, holds: Vec<Hold>) -> Self {
        Self {
            thing: Arc::clone(thing),
            count,
            holds,
            era: ERA.load(Ordering::Relaxed),
        }
    }
}

/// Keeps what a lock has told that is about to go.
pub(crate) fn keep(tale: Tale) {
    if tale.holds.is_empty() {
        return;
    }
    let mut forgotten = Vec::new();
    {
        let mut observed = OBSERVED.lock();
        observed.held_in_gone += tale.holds.len();
        observed.gone.push_back(tale);
        while observed.held_in_gone > OBSERVED_LIMIT && observed.gone.len() > 1 {
            if let Some(oldest) = observed.gone.pop_front() {
                observed.held_in_gone -= oldest.holds.len();
                forgotten.push(oldest);
            }
        }
    }
    drop(forgotten);
}

/// A place in the log of everything.
pub(crate) struct Position {
    era: u64,
    index: u64,
    at: Tick,
    /// How many holds each lock had had by then.
    counts: HashMap<*const Thing, u64>,
    /// Keeps other things from taking the places of these.
    _things: Vec<Arc<Thing>>,
}

impl Position {
    /// The end of the log.
    pub(crate) fn now() -> Self {
        let tales: Vec<Tale> = watched::all()
            .iter()
            .filter_map(|thing| thing.tell())
            .collect();
        let observed = OBSERVED.lock();
        Self {
            era: ERA.load(Ordering::Relaxed),
            index: observed.log.count(),
            at: Tick::now(),
            counts: tales
                .iter()
                .map(|tale| (Arc::as_ptr(&tale.thing), tale.count))
                .collect(),
            _things: tales.into_iter().map(|tale| tale.thing).collect(),
        }
    }

    pub(crate) fn at(&self) -> Tick {
        self.at
    }
}

/// What happened since `start`.
pub(crate) fn observed_since(start: &Position) -> EventLog {
    // Kept alive, else one that goes in the meantime could be told of twice.
    let things = watched::all();
    let mut tales: Vec<Tale> = things.iter().filter_map(|thing| thing.tell()).collect();
    let mut log = {
        let observed = OBSERVED.lock();
        for gone in &observed.gone {
            if gone.era == start.era
                && gone
                    .holds
                    .last()
                    .is_some_and(|last| start.at <= last.released)
            {
                tales.push(Tale {
                    thing: Arc::clone(&gone.thing),
                    holds: gone.holds.clone(),
                    ..*gone
                });
            }
        }
        observed.log.since(start.index, start.era)
    };
    for tale in tales {
        let before = start
            .counts
            .get(&Arc::as_ptr(&tale.thing))
            .copied()
            .unwrap_or(0);
        log.add(&tale, tale.count.saturating_sub(before), start.at);
    }
    log.put_in_order();
    log
}
