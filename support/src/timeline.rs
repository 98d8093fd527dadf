//! What happened: who asked, who waited, who held what.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::Tick;
use crate::event_log::{Doing, Entry, EventLog, What};
use crate::thing::Thing;
use crate::thread_mark::{NOTEBOOK, ThreadMark};

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
/// A lock keeps its newest 2,000 events, and the newest 20,000 of all are kept together; of an
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
    /// Puts the events of one thing and its threads' own in order and words.
    pub(crate) fn of_thing(thing: &Arc<Thing>, log: EventLog) -> Self {
        Self::new(vec![Arc::clone(thing)], log, None)
    }

    /// The same for all things; of the threads' own events, those from `start` on.
    pub(crate) fn of_everything(start: Tick, log: EventLog) -> Self {
        Self::new(Vec::new(), log, Some(start))
    }

    fn new(mut things: Vec<Arc<Thing>>, log: EventLog, start: Option<Tick>) -> Self {
        let taken = Tick::now();
        let (entries, left_out) = log.into_consistent();
        let threads = threads_in_lane_order(&entries);
        for thing in entries.iter().filter_map(|entry| entry.thing.as_ref()) {
            if !things.iter().any(|known| Arc::ptr_eq(known, thing)) {
                things.push(Arc::clone(thing));
            }
        }
        let moments = with_ends_of(&threads, entries, start);

        let zero = moments.first().map_or(taken, |moment| moment.at);
        let since = |at: Tick| at.since(zero).as_secs_f64();
        let lane = |who: &Arc<ThreadMark>| {
            let known = threads.iter().position(|mark| Arc::ptr_eq(mark, who));
            known.expect("every thread of an event has a lane")
        };
        let strip = |thing: &Arc<Thing>| things.iter().position(|known| Arc::ptr_eq(known, thing));
        let events = moments
            .iter()
            .map(|moment| TimelineEvent {
                seconds: since(moment.at),
                lane: lane(&moment.who),
                lock: moment.thing.as_ref().and_then(strip),
                kind: moment.kind(lane),
            })
            .collect();

        Self {
            locks: distinct(things.iter().map(|thing| thing.name())),
            lanes: distinct(threads.iter().map(|thread| thread.name())),
            events,
            left_out,
            end_seconds: since(taken),
            clock: Clock::Seconds,
        }
    }

    pub(crate) fn lane_name(&self, lane: usize) -> &str {
        self.lanes.get(lane).map_or("?", String::as_str)
    }

    pub(crate) fn lock_name(&self, lock: Option<usize>) -> &str {
        let name = lock.and_then(|lock| self.locks.get(lock));
        name.map_or("?", String::as_str)
    }

    /// `2.20 s`, or `3 steps`.
    pub(crate) fn span(&self, seconds: f64) -> String {
        match self.clock {
            Clock::Seconds => format!("{seconds:.2} s"),
            Clock::Steps if seconds == 1.0 => "1 step".to_owned(),
            Clock::Steps => format!("{seconds:.0} steps"),
        }
    }

    fn write_event(&self, f: &mut fmt::Formatter<'_>, event: &TimelineEvent) -> fmt::Result {
        let name = |lane: usize| self.lane_name(lane);
        match self.clock {
            Clock::Seconds => write!(f, "{:.2} ", event.seconds)?,
            Clock::Steps => write!(f, "{:.0} ", event.seconds)?,
        }
        write!(f, "{} ", name(event.lane))?;
        let lock = self.lock_name(event.lock);
        // Of a single lock, saying it once per attempt is enough.
        let which = match self.locks.len() {
            0 | 1 => String::new(),
            _ => format!(" {lock}"),
        };
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
                ..
            } => write!(f, "gets {lock}"),
            EventKind::Gets {
                waited_seconds: Some(waited),
                ..
            } => write!(f, "gets {lock} after {}", self.span(*waited)),
            EventKind::Waits => write!(f, "waits for {lock}"),
            EventKind::GoesOn { waited_seconds } => {
                let waited = self.span(*waited_seconds);
                match self.locks.len() {
                    0 | 1 => write!(f, "goes on after {waited}"),
                    _ => write!(f, "goes on after {waited} ({lock})"),
                }
            }
            EventKind::GivesUp {
                waited_seconds,
                why,
            } => {
                let waited = self.span(*waited_seconds);
                match why {
                    GiveUp::TimedOut => write!(f, "gives up{which} after {waited} (timed out)"),
                    GiveUp::Interrupted => {
                        write!(f, "gives up{which} after {waited} (interrupted)")
                    }
                    GiveUp::NotFree => write!(f, "gives up{which} at once (not free)"),
                }
            }
            EventKind::Releases { held_by, .. } if *held_by == event.lane => {
                write!(f, "releases{which}")
            }
            EventKind::Releases {
                held_by,
                holder_has_ended,
            } => {
                let ended = if *holder_has_ended {
                    " (thread has ended)"
                } else {
                    ""
                };
                write!(f, "releases{which} for {}{ended}", name(*held_by))
            }
            EventKind::Does { what } => write!(f, "{what}"),
            EventKind::Starts => write!(f, "starts"),
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
            return match &self.locks[..] {
                [] => write!(f, "(nothing has happened)"),
                [lock, ..] => write!(f, "(nothing has happened to {lock} yet)"),
            };
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
    at: Tick,
    who: Arc<ThreadMark>,
    thing: Option<Arc<Thing>>,
    what: Happening,
}

enum Happening {
    Own(What),
    ThreadPanics,
    ThreadEnds,
}

impl Moment {
    fn kind(&self, lane: impl Fn(&Arc<ThreadMark>) -> usize) -> EventKind {
        let at = self.at;
        let had_ended = |who: &ThreadMark| who.ended().is_some_and(|ended| ended <= at);
        let seconds_since = |earlier: Tick| at.since(earlier).as_secs_f64();
        match &self.what {
            Happening::Own(What::Asks { holder, .. }) => EventKind::Asks {
                held_by: holder.as_ref().map(lane),
                holder_has_ended: holder.as_ref().is_some_and(|holder| had_ended(holder)),
            },
            Happening::Own(What::Gets {
                waited_since,
                shared,
                ..
            }) => EventKind::Gets {
                waited_seconds: waited_since.map(seconds_since),
                shared: *shared,
            },
            Happening::Own(What::Waits { .. }) => EventKind::Waits,
            Happening::Own(What::GoesOn { waited_since, .. }) => EventKind::GoesOn {
                waited_seconds: seconds_since(*waited_since),
            },
            Happening::Own(What::GivesUp { asked, why, .. }) => EventKind::GivesUp {
                waited_seconds: seconds_since(*asked),
                why: *why,
            },
            Happening::Own(What::Releases { holder, .. }) => EventKind::Releases {
                held_by: lane(holder),
                holder_has_ended: had_ended(holder),
            },
            Happening::Own(What::Does(doing)) => EventKind::Does {
                what: match doing {
                    Doing::StartsThread(name) => format!("starts {name}"),
                    Doing::To(verb) => {
                        let thing = self.thing.as_ref().map_or("?", |thing| thing.name());
                        format!("{verb} {thing}")
                    }
                },
            },
            Happening::Own(What::Starts) => EventKind::Starts,
            Happening::Own(What::Panics) | Happening::ThreadPanics => EventKind::Panics,
            Happening::ThreadEnds => EventKind::Ends,
        }
    }
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

/// Adds the panics and ends of the threads, those from `start` on, each behind the last event
/// before it.
fn with_ends_of(
    threads: &[Arc<ThreadMark>],
    entries: Vec<Entry>,
    start: Option<Tick>,
) -> Vec<Moment> {
    let mut moments: Vec<Moment> = entries
        .into_iter()
        .map(|entry| Moment {
            at: entry.at,
            who: entry.who,
            thing: entry.thing,
            what: Happening::Own(entry.what),
        })
        .collect();
    tell_each_panic_once(&mut moments);
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
            if let Some(at) = at.filter(|at| start.is_none_or(|start| start <= *at)) {
                moments.push(Moment {
                    at,
                    who: Arc::clone(thread),
                    thing: None,
                    what,
                });
            }
        }
    }
    // Stable, and the recorded times grow: what is recorded keeps its order.
    moments.sort_by_key(|moment| moment.at);
    moments
}

/// Each guard that a panic drops tells of it. What is left is the first of them, of which the
/// others are told apart by the thread doing nothing but release in between.
fn tell_each_panic_once(moments: &mut Vec<Moment>) {
    let mut unwinding: Vec<*const ThreadMark> = Vec::new();
    moments.retain(|moment| {
        let who = Arc::as_ptr(&moment.who);
        match moment.what {
            Happening::Own(What::Panics) if unwinding.contains(&who) => return false,
            Happening::Own(What::Panics) => unwinding.push(who),
            Happening::Own(What::Releases { .. }) => {}
            _ => unwinding.retain(|other| *other != who),
        }
        true
    });
}

/// Numbers equal names: `Ada`, `Ada (2)`.
fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen: HashMap<&str, u32> = HashMap::new();
    names
        .map(|name| {
            let count = seen.entry(name).or_default();
            *count += 1;
            match *count {
                1 => name.to_owned(),
                count => format!("{name} ({count})"),
            }
        })
        .collect()
}
