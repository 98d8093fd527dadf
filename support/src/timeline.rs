//! The story of a lock: who asked, who waited, who held it.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::event_log::{Entry, EventLog, What};
use crate::thread_mark::{NOTEBOOK, ThreadMark};

/// What happened to a lock, in order, as text and as data.
///
/// [`Lock::timeline`](crate::Lock::timeline) makes one. It shows itself as one line per event,
/// with the seconds since the first event in front, both with `{}` and with `{:?}`, so that it
/// reads well as the last expression of a cell:
///
/// ```text
/// 0.00 Ada asks studio
/// 0.00 Ada gets studio
/// 1.00 notebook asks studio (held by Ada)
/// 3.20 Ada releases
/// 3.20 notebook gets studio after 2.20 s
/// ```
///
/// The same as data, through `serde`, is what a picture is drawn from. Three things always hold:
/// at any time at most one thread has the lock; every *gets* and every *gives up* has its *asks*;
/// the events are in the order in which the lock saw them.
///
/// A lock keeps its newest 2,000 events; of an attempt whose *asks* is no longer there, nothing is
/// told, though the threads that came behind still name it as the holder. Text shows the first and the last 20 when there are more
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
    /// The name of the lock.
    pub lock: String,
    /// The threads, the notebook first and then in the order of their first event. A name that
    /// occurs again, because a cell was run again, is told apart by a number: `Ada`, `Ada (2)`.
    pub lanes: Vec<String>,
    /// The events in order.
    pub events: Vec<Event>,
    /// How many older events are no longer there.
    pub left_out: u64,
    /// When this timeline was taken, in seconds since its first event: bars that are open at the
    /// end reach to here.
    pub end_seconds: f64,
}

/// One thing that one thread did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// Seconds since the first event of the timeline.
    pub seconds: f64,
    /// Which of the timeline's [`lanes`](Timeline::lanes).
    pub lane: usize,
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
    },
    /// It goes on without the lock.
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
    /// Puts the lock's events and the threads' own in order and words.
    pub(crate) fn new(lock: &str, log: EventLog) -> Self {
        let taken = Instant::now();
        let (entries, left_out) = log.into_consistent();
        let threads = threads_in_lane_order(&entries);
        let moments = with_ends_of(&threads, entries);

        let zero = moments.first().map_or(taken, |moment| moment.at);
        let since = |at: Instant| at.saturating_duration_since(zero).as_secs_f64();
        let lane = |who: &Arc<ThreadMark>| {
            let known = threads.iter().position(|mark| Arc::ptr_eq(mark, who));
            known.expect("every thread of an event has a lane")
        };
        let had_ended =
            |who: &ThreadMark, at: Instant| who.ended().is_some_and(|ended| ended <= at);

        let events = moments
            .iter()
            .map(|moment| Event {
                seconds: since(moment.at),
                lane: lane(&moment.who),
                kind: match &moment.what {
                    Happening::Own(What::Asks { holder, .. }) => EventKind::Asks {
                        held_by: holder.as_ref().map(&lane),
                        holder_has_ended: holder
                            .as_ref()
                            .is_some_and(|holder| had_ended(holder, moment.at)),
                    },
                    Happening::Own(What::Gets { waited_since, .. }) => EventKind::Gets {
                        waited_seconds: waited_since
                            .map(|asked| moment.at.duration_since(asked).as_secs_f64()),
                    },
                    Happening::Own(What::GivesUp { asked, why, .. }) => EventKind::GivesUp {
                        waited_seconds: moment.at.duration_since(*asked).as_secs_f64(),
                        why: *why,
                    },
                    Happening::Own(What::Releases { holder, .. }) => EventKind::Releases {
                        held_by: lane(holder),
                        holder_has_ended: had_ended(holder, moment.at),
                    },
                    Happening::Own(What::Panics) | Happening::ThreadPanics => EventKind::Panics,
                    Happening::ThreadEnds => EventKind::Ends,
                },
            })
            .collect();

        Self {
            lock: lock.to_owned(),
            lanes: distinct_names(&threads),
            events,
            left_out,
            end_seconds: since(taken),
        }
    }

    fn write_event(&self, f: &mut fmt::Formatter<'_>, event: &Event) -> fmt::Result {
        let lock = &self.lock;
        let name = |lane: usize| self.lanes.get(lane).map_or("?", String::as_str);
        write!(f, "{:.2} {} ", event.seconds, name(event.lane))?;
        match &event.kind {
            EventKind::Asks { held_by: None, .. } => write!(f, "asks {lock}"),
            EventKind::Asks {
                held_by: Some(holder),
                holder_has_ended,
            } => {
                let ended = if *holder_has_ended {
                    ", thread has ended"
                } else {
                    ""
                };
                write!(f, "asks {lock} (held by {}{ended})", name(*holder))
            }
            EventKind::Gets {
                waited_seconds: None,
            } => write!(f, "gets {lock}"),
            EventKind::Gets {
                waited_seconds: Some(waited),
            } => write!(f, "gets {lock} after {waited:.2} s"),
            EventKind::GivesUp {
                waited_seconds,
                why,
            } => match why {
                GiveUp::TimedOut => write!(f, "gives up after {waited_seconds:.2} s (timed out)"),
                GiveUp::Interrupted => {
                    write!(f, "gives up after {waited_seconds:.2} s (interrupted)")
                }
                GiveUp::NotFree => write!(f, "gives up at once (not free)"),
            },
            EventKind::Releases { held_by, .. } if *held_by == event.lane => write!(f, "releases"),
            EventKind::Releases {
                held_by,
                holder_has_ended,
            } => {
                let ended = if *holder_has_ended {
                    " (thread has ended)"
                } else {
                    ""
                };
                write!(f, "releases for {}{ended}", name(*held_by))
            }
            EventKind::Panics => write!(f, "panics"),
            EventKind::Ends => write!(f, "ends"),
        }
    }
}

/// How many events the text shows at each end of a long timeline.
const SHOWN_AT_EACH_END: usize = 20;

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.left_out > 0 {
            writeln!(f, "({} older events left out)", self.left_out)?;
        }
        let count = self.events.len();
        if count == 0 {
            return write!(f, "(nothing has happened to {} yet)", self.lock);
        }
        let hidden = if count > 2 * SHOWN_AT_EACH_END {
            SHOWN_AT_EACH_END..count - SHOWN_AT_EACH_END
        } else {
            0..0
        };
        for (index, event) in self.events.iter().enumerate() {
            if hidden.contains(&index) {
                if index == hidden.start {
                    writeln!(f, "({} events not shown)", hidden.len())?;
                }
                continue;
            }
            self.write_event(f, event)?;
            if index + 1 < count {
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An event before it is put into words.
struct Moment {
    at: Instant,
    who: Arc<ThreadMark>,
    what: Happening,
}

enum Happening {
    Own(What),
    ThreadPanics,
    ThreadEnds,
}

fn threads_in_lane_order(entries: &[Entry]) -> Vec<Arc<ThreadMark>> {
    let mut threads: Vec<Arc<ThreadMark>> = Vec::new();
    let mut see = |who: &Arc<ThreadMark>| {
        if !threads.iter().any(|mark| Arc::ptr_eq(mark, who)) {
            threads.push(Arc::clone(who));
        }
    };
    for entry in entries {
        see(&entry.who);
        // A holder whose own events are left out is still spoken of.
        if let What::Asks {
            holder: Some(holder),
            ..
        }
        | What::Releases { holder, .. } = &entry.what
        {
            see(holder);
        }
    }
    // A stable sort: the others stay in order.
    threads.sort_by_key(|mark| mark.name() != NOTEBOOK);
    threads
}

/// Adds the panics and ends of the threads, each behind the last event before it.
fn with_ends_of(threads: &[Arc<ThreadMark>], entries: Vec<Entry>) -> Vec<Moment> {
    let mut moments: Vec<Moment> = entries
        .into_iter()
        .map(|entry| Moment {
            at: entry.at,
            who: entry.who,
            what: Happening::Own(entry.what),
        })
        .collect();
    for thread in threads {
        // A guard dropped by the panic has recorded it already.
        let panic_is_known = moments.iter().any(|moment| {
            Arc::ptr_eq(&moment.who, thread) && matches!(moment.what, Happening::Own(What::Panics))
        });
        let panicked = thread.panicked().filter(|_| !panic_is_known);
        for (at, what) in [
            (panicked, Happening::ThreadPanics),
            (thread.ended(), Happening::ThreadEnds),
        ] {
            if let Some(at) = at {
                moments.push(Moment {
                    at,
                    who: Arc::clone(thread),
                    what,
                });
            }
        }
    }
    // Stable, and the lock's own times grow: its events keep their order.
    moments.sort_by_key(|moment| moment.at);
    moments
}

fn distinct_names(threads: &[Arc<ThreadMark>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(threads.len());
    for (index, thread) in threads.iter().enumerate() {
        let earlier = threads[..index]
            .iter()
            .filter(|other| other.name() == thread.name())
            .count();
        names.push(match earlier {
            0 => thread.name().to_owned(),
            _ => format!("{} ({})", thread.name(), earlier + 1),
        });
    }
    names
}
