//! What a lock remembers of its own past.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crate::thread_mark::ThreadMark;
use crate::timeline::GiveUp;

/// The newest events of one lock.
///
/// Kept short on the way in, for it is written while the lock's state is locked: a time, two
/// pointers, a number. Names, texts and the threads' own events come when somebody looks.
#[derive(Clone, Default)]
pub(crate) struct EventLog {
    entries: VecDeque<Entry>,
    left_out: u64,
}

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) at: Instant,
    pub(crate) who: Arc<ThreadMark>,
    pub(crate) what: What,
}

/// `ticket` numbers the attempts to acquire a lock, in the order in which they came.
#[derive(Clone)]
pub(crate) enum What {
    Asks {
        ticket: u64,
        holder: Option<Arc<ThreadMark>>,
    },
    Gets {
        ticket: u64,
        waited_since: Option<Instant>,
    },
    GivesUp {
        ticket: u64,
        asked: Instant,
        why: GiveUp,
    },
    Releases {
        ticket: u64,
        holder: Arc<ThreadMark>,
    },
    Panics,
}

impl EventLog {
    /// How many events are kept. A lesson has some dozens; a loop that hammers a lock should
    /// cost a fixed amount of memory (112 kB).
    pub(crate) const LIMIT: usize = 2_000;

    /// Appends an event of now, and returns that time.
    pub(crate) fn record(&mut self, who: &Arc<ThreadMark>, what: What) -> Instant {
        let at = Instant::now();
        if self.entries.len() == Self::LIMIT {
            self.entries.pop_front();
            self.left_out += 1;
        }
        self.entries.push_back(Entry {
            at,
            who: Arc::clone(who),
            what,
        });
        at
    }

    /// The events in order, without those whose beginning is no longer there, and how many are
    /// left out.
    pub(crate) fn into_consistent(mut self) -> (Vec<Entry>, u64) {
        if self.left_out > 0 {
            // Tickets grow, and the oldest events went first: from this ticket on all are whole.
            let first_whole = self.entries.iter().find_map(|entry| match entry.what {
                What::Asks { ticket, .. } => Some(ticket),
                _ => None,
            });
            let before = self.entries.len();
            self.entries.retain(|entry| match entry.what {
                What::Panics => true,
                What::Asks { ticket, .. }
                | What::Gets { ticket, .. }
                | What::GivesUp { ticket, .. }
                | What::Releases { ticket, .. } => first_whole.is_some_and(|first| ticket >= first),
            });
            self.left_out += (before - self.entries.len()) as u64;
        }
        (self.entries.into(), self.left_out)
    }
}
