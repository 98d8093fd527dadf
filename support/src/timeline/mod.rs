//! What happened: who asked, who waited, who held what.

mod making;
mod text;

use serde::{Deserialize, Serialize};

/// What happened to a lock, or to everything, in order: as text, as a picture, and as data.
///
/// [`Lock::timeline`](crate::Lock::timeline) and its like make one of a single lock,
/// [`record`](crate::record()) one of everything that happens while a closure runs. It shows
/// itself as one line per event, with the seconds since the first event in front, both with `{}`
/// and with `{:?}`:
///
/// ```text
/// 0.00 Ada asks studio
/// 0.00 Ada gets studio
/// 1.00 notebook asks studio (held by Ada)
/// 3.20 Ada releases
/// 3.20 notebook gets studio after 2.20 s
/// ```
///
/// [`svg`](Self::svg) draws it. As the last expression of a cell it shows the picture, and the
/// lines as its alternative. Where it tells of more than one thing, each line names its thing.
///
/// As data, through `serde`, it is what the picture is drawn from. These things always hold: at
/// any time at most one thread has a lock, unless all who have it got it as
/// [`shared`](EventKind::Gets::shared); every *gets*, *goes on* and *gives up* has its *asks* or
/// *waits*; the events are in the order in which they happened.
///
/// A lock keeps its newest 2,000 events, and the newest 20,000 of all are kept together, up to 8,192
/// holds of one lock for which nobody had to wait; of an
/// attempt whose *asks* is no longer there, nothing is told, though the threads that came behind
/// still name it as the holder. Text shows the first and the last 20 when there are more
/// than 40, and says how many are missing.
///
/// ```
/// use lesson_support::{EventKind, Lock};
///
/// let lock = Lock::new("studio");
/// assert!(lock.acquire());
/// lock.release();
/// let kinds: Vec<EventKind> = lock.timeline().events.into_iter().map(|e| e.kind).collect();
/// assert!(matches!(
///     kinds[..],
///     [EventKind::Asks { .. }, EventKind::Gets { .. }, EventKind::Releases { .. }]
/// ));
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Timeline {
    /// The names of the locks and other things, in the order of their first event. Equal names
    /// are told apart as those of [`lanes`](Self::lanes).
    pub locks: Vec<String>,
    /// The threads, the notebook first and then in the order of their first event. A name that
    /// occurs again, because a cell was run again, is told apart by a number: `Ada`, `Ada (2)`.
    pub lanes: Vec<String>,
    /// The events in order.
    pub events: Vec<TimelineEvent>,
    /// How many older events are no longer there.
    pub left_out: u64,
    /// When this timeline was taken, in seconds since its first event: bars that are open at the
    /// end reach to here.
    pub end_seconds: f64,
    /// What the seconds are.
    pub clock: Clock,
}

/// What the times of a [`Timeline`] count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Clock {
    /// Seconds of wall-clock time.
    #[default]
    Seconds,
    /// Steps of a schedule: the times are whole numbers.
    Steps,
}

/// One thing that one thread did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TimelineEvent {
    /// Seconds since the first event of the timeline.
    pub seconds: f64,
    /// Which of the timeline's [`lanes`](Timeline::lanes).
    pub lane: usize,
    /// Which of the timeline's [`locks`](Timeline::locks) it is about, if any.
    pub lock: Option<usize>,
    /// What it did.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What a thread did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// It wants the lock.
    Asks {
        /// Who had it then, as a lane; nobody when it was free.
        held_by: Option<usize>,
        /// That thread had ended already: nobody will release the lock.
        holder_has_ended: bool,
    },
    /// It has the lock from here on.
    Gets {
        /// How long it waited, in seconds; nothing when the lock was free.
        waited_seconds: Option<f64>,
        /// Others may have it at the same time: a reader, or one of many permits.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shared: bool,
    },
    /// It waits for something after which it holds nothing: a bell, a value, other threads.
    Waits,
    /// What it waited for has happened.
    GoesOn {
        /// How long it waited, in seconds.
        waited_seconds: f64,
    },
    /// It goes on without the lock, or without what it waited for.
    GivesUp {
        /// How long it waited, in seconds.
        waited_seconds: f64,
        /// What ended the wait.
        why: GiveUp,
    },
    /// It frees the lock, or hands it to the first in the queue.
    Releases {
        /// The lane that held the lock. Any thread may release, so it can be another one.
        held_by: usize,
        /// The holder had ended already.
        holder_has_ended: bool,
    },
    /// It does something that takes no time.
    Does {
        /// What, as in `Ada sends to belt`.
        what: String,
    },
    /// The thread takes its first step.
    Starts,
    /// It panics.
    Panics,
    /// The thread ends.
    Ends,
}

/// Why a thread went on without the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GiveUp {
    /// The time it was willing to wait was over.
    TimedOut,
    /// The cell was stopped.
    Interrupted,
    /// It was not willing to wait at all.
    NotFree,
}

impl Timeline {
    pub(crate) fn lane_name(&self, lane: usize) -> &str {
        self.lanes.get(lane).map_or("?", String::as_str)
    }

    pub(crate) fn lock_name(&self, lock: Option<usize>) -> &str {
        let name = lock.and_then(|lock| self.locks.get(lock));
        name.map_or("?", String::as_str)
    }
}
