//! A schedule as a timeline, with step numbers for times.

use std::collections::HashMap;

use crate::explorer::did::Did;
use crate::explorer::schedule::Schedule;
use crate::timeline::{Clock, EventKind, Timeline, TimelineEvent};

impl Schedule {
    /// The schedule as a timeline, whose times are the numbers of the steps: it can be drawn, and
    /// looks like one of real threads.
    ///
    /// A thread waits for a lock from when it would have taken it, had it been free. Bells are
    /// among the timeline's locks.
    ///
    /// ```
    /// use lesson_support::{Steps, explore};
    ///
    /// let ada = Steps::of("Ada").lock("east").lock("west").unlock("west").unlock("east");
    /// let bea = Steps::of("Bea").lock("west").lock("east").unlock("east").unlock("west");
    /// let stuck = explore([ada, bea]).first_bad.unwrap().timeline();
    /// let lines = [
    ///     "1 Ada asks east",
    ///     "1 Ada gets east",
    ///     "2 Bea asks west",
    ///     "2 Bea gets west",
    ///     "2 Ada asks west (held by Bea)",
    ///     "2 Bea asks east (held by Ada)",
    /// ];
    /// assert_eq!(stuck.to_string(), lines.join("\n"));
    /// assert!(stuck.svg().starts_with("<svg"));
    /// ```
    pub fn timeline(&self) -> Timeline {
        let mut story = Story::new(self);
        for (number, a_move) in self.moves.iter().enumerate() {
            story.tell(number as f64 + 1.0, a_move.thread, &a_move.did);
        }
        story.end(self)
    }
}

/// What has been told so far.
struct Story {
    threads: Vec<String>,
    /// The time of each thread's last step, of those that come to their end.
    ends: Vec<Option<f64>>,
    things: Vec<String>,
    events: Vec<TimelineEvent>,
    /// The time of each thread's latest step.
    latest: Vec<f64>,
    /// Per lock, who had it from when on, and until when.
    holds: HashMap<usize, Vec<Hold>>,
    /// Per thread, where it sleeps, with which lock, and since when.
    asleep: HashMap<usize, (usize, usize, f64)>,
    /// Per thread that has been notified, since when it wants its lock.
    woken: HashMap<usize, f64>,
}

struct Hold {
    who: usize,
    from: f64,
    until: Option<f64>,
}

impl Story {
    fn new(schedule: &Schedule) -> Self {
        let count = schedule.threads.len();
        let mut ends = vec![None; count];
        for (number, a_move) in schedule.moves.iter().enumerate() {
            ends[a_move.thread] = Some(number as f64 + 1.0);
        }
        for (end, name) in ends.iter_mut().zip(&schedule.threads) {
            if schedule.end.stuck.iter().any(|stuck| stuck.thread == *name) {
                *end = None;
            }
        }
        Self {
            threads: schedule.threads.clone(),
            ends,
            things: Vec::new(),
            events: Vec::new(),
            latest: vec![0.0; count],
            holds: HashMap::new(),
            asleep: HashMap::new(),
            woken: HashMap::new(),
        }
    }

    fn tell(&mut self, now: f64, thread: usize, did: &Did) {
        match did {
            Did::Locks { lock } => {
                let lock = self.thing(lock);
                let since = self.blocked_since(lock, self.latest[thread]);
                self.gets(now, thread, lock, since);
            }
            Did::Unlocks { lock } => {
                let lock = self.thing(lock);
                self.releases(now, thread, lock);
            }
            Did::FallsAsleep { bell, lock } => {
                let (lock, bell) = (self.thing(lock), self.thing(bell));
                self.releases(now, thread, lock);
                self.push(now, thread, Some(bell), EventKind::Waits);
                self.asleep.insert(thread, (bell, lock, now));
            }
            Did::Notifies { wakes, .. } => {
                self.does(now, thread, did);
                for name in wakes {
                    self.wakes(now, name);
                }
            }
            Did::WakesUp { lock, .. } => {
                let lock = self.thing(lock);
                let since = self.woken.remove(&thread).unwrap_or(now);
                let waited_seconds = (since < now).then_some(now - since);
                self.push_gets(now, thread, lock, waited_seconds);
            }
            Did::Loads { .. } | Did::Stores { .. } | Did::Adds { .. } | Did::Finds { .. } => {
                self.does(now, thread, did);
            }
        }
        self.latest[thread] = now;
        if self.ends[thread] == Some(now) {
            self.push(now, thread, None, EventKind::Ends);
        }
    }

    /// A notified thread is awake at once, and asks for its lock.
    fn wakes(&mut self, now: f64, name: &str) {
        let Some(thread) = self.threads.iter().position(|known| known == name) else {
            return;
        };
        if let Some((bell, lock, since)) = self.asleep.remove(&thread) {
            let waited_seconds = now - since;
            let goes_on = EventKind::GoesOn { waited_seconds };
            self.push(now, thread, Some(bell), goes_on);
            self.asks(now, thread, lock);
            self.woken.insert(thread, now);
        }
    }

    fn gets(&mut self, now: f64, thread: usize, lock: usize, since: Option<f64>) {
        self.asks(since.unwrap_or(now), thread, lock);
        self.push_gets(now, thread, lock, since.map(|since| now - since));
    }

    fn push_gets(&mut self, now: f64, thread: usize, lock: usize, waited_seconds: Option<f64>) {
        let gets = EventKind::Gets {
            waited_seconds,
            shared: false,
        };
        self.push(now, thread, Some(lock), gets);
        self.holds.entry(lock).or_default().push(Hold {
            who: thread,
            from: now,
            until: None,
        });
    }

    fn asks(&mut self, at: f64, thread: usize, lock: usize) {
        let holds = self.holds.get(&lock).map_or(&[][..], Vec::as_slice);
        let held_then = |hold: &&Hold| hold.from <= at && hold.until.is_none_or(|until| until > at);
        let held_by = holds.iter().find(held_then).map(|hold| hold.who);
        let has_ended = |who: usize| self.ends[who].is_some_and(|end| end <= at);
        let asks = EventKind::Asks {
            held_by,
            holder_has_ended: held_by.is_some_and(has_ended),
        };
        self.push(at, thread, Some(lock), asks);
    }

    fn releases(&mut self, now: f64, thread: usize, lock: usize) {
        if let Some(hold) = self.holds.get_mut(&lock).and_then(|holds| holds.last_mut()) {
            hold.until = Some(now);
        }
        let releases = EventKind::Releases {
            held_by: thread,
            holder_has_ended: false,
        };
        self.push(now, thread, Some(lock), releases);
    }

    fn does(&mut self, now: f64, thread: usize, did: &Did) {
        let what = did.to_string();
        self.push(now, thread, None, EventKind::Does { what });
    }

    fn push(&mut self, seconds: f64, lane: usize, lock: Option<usize>, kind: EventKind) {
        self.events.push(TimelineEvent {
            seconds,
            lane,
            lock,
            kind,
        });
    }

    fn thing(&mut self, name: &str) -> usize {
        let known = self.things.iter().position(|known| known == name);
        known.unwrap_or_else(|| {
            self.things.push(name.to_owned());
            self.things.len() - 1
        })
    }

    /// When a thread that wants the lock from `ready` on first finds it held, up to now.
    fn blocked_since(&self, lock: usize, ready: f64) -> Option<f64> {
        let holds = self.holds.get(&lock)?;
        let first = holds
            .iter()
            .find(|hold| hold.until.is_none_or(|until| until > ready))?;
        Some(first.from.max(ready))
    }

    fn end(mut self, schedule: &Schedule) -> Timeline {
        for stuck in schedule
            .end
            .stuck
            .iter()
            .filter(|stuck| stuck.held_by.is_some())
        {
            let thread = self.threads.iter().position(|name| *name == stuck.thread);
            let Some(thread) = thread.filter(|thread| !self.woken.contains_key(thread)) else {
                continue; // It asked when it was woken.
            };
            let lock = self.thing(&stuck.waits_for);
            let ready = self.latest[thread];
            let since = self.blocked_since(lock, ready).unwrap_or(ready);
            self.asks(since, thread, lock);
        }
        // Stable: what happens at the same step stays in its order.
        self.events.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        Timeline {
            locks: self.things,
            lanes: self.threads,
            events: self.events,
            left_out: 0,
            end_seconds: schedule.moves.len() as f64 + 1.0,
            clock: Clock::Steps,
        }
    }
}
