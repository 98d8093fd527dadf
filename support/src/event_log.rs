//! What locks remember of their past, and what the crate remembers of everything.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::attention;
use crate::clock::Tick;
use crate::gate::Hold;
use crate::roll;
use crate::sync::{AtomicU64, Mutex, Ordering, global};
use crate::thing::Thing;
use crate::thread_mark::ThreadMark;
use crate::timeline::GiveUp;
use crate::watched;

/// The newest events of one lock, or of all things together; of a lock, those at which somebody
/// had to wait or might have had to. The others are in its [`Holds`](crate::gate::Holds) until
/// somebody looks.
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
    pub(crate) at: Tick,
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
        waited_since: Option<Tick>,
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
        waited_since: Tick,
    },
    /// Ends an `Asks` or a `Waits`.
    GivesUp {
        ticket: u64,
        asked: Tick,
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

/// How many events of one lock are kept. A lesson has some dozens; a loop that hammers a lock
/// should cost a fixed amount of memory (some 200 kB).
const LOCK_LIMIT: usize = 2_000;

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
            index: observed.log.left_out + observed.log.entries.len() as u64,
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
        observed.log.since(start)
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

    /// Forgets what was recorded before a pause: it says nothing about who holds the lock now.
    pub(crate) fn begin_era(&mut self, era: u64) {
        if self.era < era {
            self.left_out += self.entries.len() as u64;
            self.entries.clear();
            self.era = era;
        }
    }

    /// Appends an event. Returns the one that had to go for it.
    fn push(&mut self, entry: Entry, era: u64) -> Option<Entry> {
        if era < self.era {
            // Overtaken by the switch.
            return Some(entry);
        }
        self.begin_era(era);
        let mut forgotten = None;
        if self.entries.len() == self.limit {
            forgotten = self.entries.pop_front();
            self.left_out += 1;
        }
        self.entries.push_back(entry);
        forgotten
    }

    /// What came behind `start`.
    fn since(&self, start: &Position) -> Self {
        let first_kept = start.index.max(self.left_out);
        let skipped = usize::try_from(first_kept - self.left_out)
            .map_or(self.entries.len(), |skipped| {
                skipped.min(self.entries.len())
            });
        Self {
            entries: self.entries.range(skipped..).cloned().collect(),
            left_out: first_kept - start.index,
            limit: self.limit,
            era: start.era,
        }
    }

    /// Adds the newest `count` holds of a lock, or rather those parts of them that came behind
    /// `start`. To be put in order in the end.
    pub(crate) fn add(&mut self, tale: &Tale, count: u64, start: Tick) {
        let mut kept = 0;
        for hold in tale.holds.iter().filter(|hold| start <= hold.released) {
            kept += 1;
            self.entries.extend(
                hold.events(&tale.thing)
                    .into_iter()
                    .filter(|entry| start <= entry.at),
            );
        }
        self.left_out += 3 * count.saturating_sub(kept);
    }

    /// Sorts by time, and leaves out the oldest ones beyond the limit.
    pub(crate) fn put_in_order(&mut self) {
        // Stable: what happens at one time to one lock, such as asking and getting, is in order.
        self.entries.make_contiguous().sort_by_key(|entry| entry.at);
        let beyond = self.entries.len().saturating_sub(self.limit);
        self.entries.drain(..beyond);
        self.left_out += beyond as u64;
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

impl Hold {
    fn events(&self, thing: &Arc<Thing>) -> [Entry; 3] {
        let Self {
            ticket,
            thread,
            got,
            released,
        } = *self;
        let who = roll::find(thread);
        let gets = What::Gets {
            ticket,
            waited_since: None,
            shared: false,
        };
        let releases = What::Releases {
            ticket,
            holder: Arc::clone(&who),
        };
        let asks = What::Asks {
            ticket,
            holder: None,
        };
        [(got, asks), (got, gets), (released, releases)].map(|(at, what)| Entry {
            at,
            who: Arc::clone(&who),
            thing: Some(Arc::clone(thing)),
            what,
        })
    }
}

impl Entry {
    /// Tells apart the things, while this entry keeps its own alive.
    fn of(&self) -> Option<*const Thing> {
        self.thing.as_ref().map(Arc::as_ptr)
    }
}
