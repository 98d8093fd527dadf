//! What locks remember of their past, and what the crate remembers of everything.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

use crate::thing::Thing;
use crate::thread_mark::ThreadMark;
use crate::timeline::GiveUp;

/// The newest events of one lock, or of all things together.
///
/// Kept short on the way in, for it is written while the lock's state is locked: a time, some
/// pointers, a number. Names, texts and the threads' own ends come when somebody looks.
#[derive(Clone)]
pub(crate) struct EventLog {
    entries: VecDeque<Entry>,
    /// How many events there were before those in `entries`.
    left_out: u64,
    limit: usize,
    /// Which [`Era`] the entries are of.
    era: u64,
}

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) at: Instant,
    pub(crate) who: Arc<ThreadMark>,
    pub(crate) thing: Option<Arc<Thing>>,
    pub(crate) what: What,
}

/// `ticket` numbers the attempts at one thing, in the order in which they came.
#[derive(Clone)]
pub(crate) enum What {
    /// Wants to hold the thing.
    Asks {
        ticket: u64,
        holder: Option<Arc<ThreadMark>>,
    },
    Gets {
        ticket: u64,
        waited_since: Option<Instant>,
        /// Others may have it at the same time.
        shared: bool,
    },
    Releases {
        ticket: u64,
        holder: Arc<ThreadMark>,
    },
    /// Wants something to happen, after which it holds nothing: a bell, a value, company.
    Waits {
        ticket: u64,
    },
    GoesOn {
        ticket: u64,
        waited_since: Instant,
    },
    /// Ends an `Asks` or a `Waits`.
    GivesUp {
        ticket: u64,
        asked: Instant,
        why: GiveUp,
    },
    /// Does something that takes no time: `sends to belt`.
    Does(Doing),
    /// The thread's first step.
    Starts,
    Panics,
}

/// Put together when somebody looks.
#[derive(Clone)]
pub(crate) enum Doing {
    /// A verb, and the thing's name behind it.
    To(&'static str),
    /// Starts the thread of this name.
    StartsThread(Arc<str>),
}

impl What {
    /// The attempt it belongs to.
    fn ticket(&self) -> Option<u64> {
        match self {
            Self::Asks { ticket, .. }
            | Self::Gets { ticket, .. }
            | Self::Releases { ticket, .. }
            | Self::Waits { ticket }
            | Self::GoesOn { ticket, .. }
            | Self::GivesUp { ticket, .. } => Some(*ticket),
            Self::Does(_) | Self::Starts | Self::Panics => None,
        }
    }
}

/// Whether events are recorded, and for the how-manieth time that was changed: even numbers are
/// on. Events of two eras do not fit together, for what happened between is missing.
static ERA: AtomicU64 = AtomicU64::new(0);

/// Everything together, in the order in which it happened.
///
/// Lock order: the innermost of all; nothing is called while it is locked.
static OBSERVED: Mutex<EventLog> = Mutex::new(EventLog::with_limit(OBSERVED_LIMIT));

/// Ten times what the longest text or picture tells apart; some 2 MB.
const OBSERVED_LIMIT: usize = 20_000;

/// How many events of one lock are kept. A lesson has some dozens; a loop that hammers a lock
/// should cost a fixed amount of memory (some 200 kB).
const LOCK_LIMIT: usize = 2_000;

/// Switches recording on or off, and returns what it was.
pub(crate) fn switch(on: bool) -> bool {
    let change = |era: u64| (is_on(era) != on).then_some(era + 1);
    // Relaxed: it guards nothing. An event that races with the switch may fall on either side.
    match ERA.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change) {
        Ok(era) | Err(era) => is_on(era),
    }
}

fn is_on(era: u64) -> bool {
    era.is_multiple_of(2)
}

/// Records an event of now in the log of everything, and in `own`, the thing's own, if it has
/// one. Returns the time, or nothing while recording is switched off.
pub(crate) fn record(
    own: Option<&mut EventLog>,
    thing: Option<&Arc<Thing>>,
    who: &Arc<ThreadMark>,
    what: What,
) -> Option<Instant> {
    let era = ERA.load(Ordering::Relaxed);
    if !is_on(era) {
        return None;
    }
    let at_now = |what| Entry {
        at: Instant::now(),
        who: Arc::clone(who),
        thing: thing.cloned(),
        what,
    };
    let for_own = own.map(|own| (own, what.clone()));
    let (at, forgotten) = {
        let mut observed = OBSERVED.lock();
        // The time is read under the lock, so times grow along the log.
        let entry = at_now(what);
        (entry.at, observed.push(entry, era))
    };
    // Its pointers may be the last ones: nobody has to wait for that.
    drop(forgotten);
    if let Some((own, what)) = for_own {
        own.push(Entry { at, ..at_now(what) }, era);
    }
    Some(at)
}

/// A place in the log of everything.
#[derive(Clone, Copy)]
pub(crate) struct Position {
    era: u64,
    index: u64,
    at: Instant,
}

impl Position {
    /// The end of the log.
    pub(crate) fn now() -> Self {
        let observed = OBSERVED.lock();
        Self {
            era: observed.era,
            index: observed.left_out + observed.entries.len() as u64,
            at: Instant::now(),
        }
    }

    pub(crate) fn at(&self) -> Instant {
        self.at
    }
}

/// What happened since `start`.
pub(crate) fn observed_since(start: Position) -> EventLog {
    let observed = OBSERVED.lock();
    let first_kept = start.index.max(observed.left_out);
    let skipped = usize::try_from(first_kept - observed.left_out)
        .map_or(observed.entries.len(), |skipped| {
            skipped.min(observed.entries.len())
        });
    EventLog {
        entries: observed.entries.range(skipped..).cloned().collect(),
        left_out: first_kept - start.index,
        limit: observed.limit,
        era: start.era,
    }
}

impl Default for EventLog {
    fn default() -> Self {
        Self::with_limit(LOCK_LIMIT)
    }
}

impl EventLog {
    const fn with_limit(limit: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            left_out: 0,
            limit,
            era: 0,
        }
    }

    /// Appends an event. Returns the one that had to go for it.
    fn push(&mut self, entry: Entry, era: u64) -> Option<Entry> {
        if era < self.era {
            // Overtaken by the switch.
            return Some(entry);
        }
        if self.era != era {
            // What was recorded before a pause says nothing about who holds the lock now.
            self.left_out += self.entries.len() as u64;
            self.entries.clear();
            self.era = era;
        }
        let mut forgotten = None;
        if self.entries.len() == self.limit {
            forgotten = self.entries.pop_front();
            self.left_out += 1;
        }
        self.entries.push_back(entry);
        forgotten
    }

    /// The events in order, without those whose beginning is not there, and how many are left
    /// out.
    pub(crate) fn into_consistent(mut self) -> (Vec<Entry>, u64) {
        let begun: HashSet<(Option<*const Thing>, u64)> = self
            .entries
            .iter()
            .filter_map(|entry| match entry.what {
                What::Asks { ticket, .. } | What::Waits { ticket } => Some((entry.of(), ticket)),
                _ => None,
            })
            .collect();
        let before = self.entries.len();
        self.entries.retain(|entry| {
            let ticket = entry.what.ticket();
            ticket.is_none_or(|ticket| begun.contains(&(entry.of(), ticket)))
        });
        self.left_out += (before - self.entries.len()) as u64;
        (self.entries.into(), self.left_out)
    }
}

impl Entry {
    /// Tells apart the things, while this entry keeps its own alive.
    fn of(&self) -> Option<*const Thing> {
        self.thing.as_ref().map(Arc::as_ptr)
    }
}
