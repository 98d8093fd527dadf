//! What locks remember of their past.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use crate::clock::Tick;
use crate::gate::Hold;
use crate::observed::Tale;
use crate::roll;
use crate::thing::Thing;
use crate::thread_mark::ThreadMark;
use crate::timeline::GiveUp;

/// The newest events of one lock, or of all things together; of a lock, those at which somebody
/// had to wait or might have had to. The others are in its `Holds` until
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
    /// Which era the entries are of: see the switch in `observed`.
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

/// How many events of one lock are kept. A lesson has some dozens; a loop that hammers a lock
/// should cost a fixed amount of memory (some 200 kB).
const LOCK_LIMIT: usize = 2_000;

impl Default for EventLog {
    fn default() -> Self {
        Self::with_limit(LOCK_LIMIT)
    }
}

impl EventLog {
    pub(crate) const fn with_limit(limit: usize) -> Self {
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

    /// How many events there have been.
    pub(crate) fn count(&self) -> u64 {
        self.left_out + self.entries.len() as u64
    }

    /// Appends an event. Returns the one that had to go for it.
    pub(crate) fn push(&mut self, entry: Entry, era: u64) -> Option<Entry> {
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

    /// What came behind so many events, of this era.
    pub(crate) fn since(&self, index: u64, era: u64) -> Self {
        let first_kept = index.max(self.left_out);
        let skipped = usize::try_from(first_kept - self.left_out)
            .map_or(self.entries.len(), |skipped| {
                skipped.min(self.entries.len())
            });
        Self {
            entries: self.entries.range(skipped..).cloned().collect(),
            left_out: first_kept - index,
            limit: self.limit,
            era,
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
