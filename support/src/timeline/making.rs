//! From the log to the timeline.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Clock, EventKind, Timeline, TimelineEvent};
use crate::clock::Tick;
use crate::event_log::{Doing, Entry, EventLog, What};
use crate::thing::Thing;
use crate::thread_mark::{NOTEBOOK, ThreadMark};

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

        // A thread may have ended behind this look, and processors' clocks may differ by some ticks.
        let end = moments.last().map_or(taken, |last| last.at.max(taken));
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
            end_seconds: since(end),
            clock: Clock::Seconds,
        }
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
