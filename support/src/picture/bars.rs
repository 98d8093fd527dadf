//! From events to bars: who waited from when to when, and who held.

use crate::timeline::{EventKind, GiveUp, Timeline};

/// Everything there is to draw, in seconds and lanes.
#[derive(Default)]
pub(super) struct Bars {
    /// Waits and holds, in the order in which they began.
    pub(super) bars: Vec<Bar>,
    /// Who had each lock, one after the other.
    pub(super) strips: Vec<StripBar>,
    pub(super) marks: Vec<Mark>,
    /// Who passed something on to whom.
    pub(super) arrows: Vec<Arrow>,
    /// From when to when each lane's thread is known to live.
    pub(super) lives: Vec<Option<(f64, f64)>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bar {
    pub(super) kind: BarKind,
    pub(super) lane: usize,
    pub(super) lock: Option<usize>,
    pub(super) from: f64,
    pub(super) to: f64,
    /// It still went on when the timeline was taken.
    pub(super) open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BarKind {
    Waits,
    Holds,
    /// Holds together with others.
    Shares,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct StripBar {
    pub(super) lock: usize,
    /// Several if they share it.
    pub(super) holders: Vec<usize>,
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) open: bool,
}

pub(super) struct Mark {
    pub(super) lane: usize,
    pub(super) at: f64,
    pub(super) kind: MarkKind,
}

#[derive(Clone, PartialEq)]
pub(super) enum MarkKind {
    GivesUp(GiveUp),
    /// Releases what this lane holds.
    ReleasesFor(usize),
    Does(String),
    Panics,
    Ends,
}

#[derive(Clone, Copy)]
pub(super) struct Arrow {
    pub(super) at: f64,
    pub(super) from: usize,
    pub(super) to: usize,
}

struct Waiting {
    lane: usize,
    lock: Option<usize>,
    from: f64,
}

struct Holding {
    lane: usize,
    lock: Option<usize>,
    from: f64,
    shared: bool,
}

impl Bars {
    /// Made for the timelines of this crate, but a timeline can come from a file: whatever does
    /// not fit is left out, and nothing here panics.
    pub(super) fn of(timeline: &Timeline) -> Self {
        let mut made = Self {
            lives: vec![None; timeline.lanes.len()],
            ..Self::default()
        };
        let mut waiting: Vec<Waiting> = Vec::new();
        let mut holding: Vec<Holding> = Vec::new();
        // Who last freed something of each thing, or set something off, until someone else comes.
        let mut giver: Vec<Option<usize>> = vec![None; timeline.locks.len()];
        let mut now = 0.0_f64;
        for event in &timeline.events {
            if event.seconds.is_finite() {
                now = now.max(event.seconds);
            }
            let (lane, lock, at) = (event.lane, event.lock, now);
            let Some(life) = made.lives.get_mut(lane) else {
                continue;
            };
            let born = life.map_or(at, |(born, _)| born);
            *life = Some((born, at));
            let giver = lock.and_then(|lock| giver.get_mut(lock));
            match &event.kind {
                EventKind::Asks { .. } | EventKind::Waits => waiting.push(Waiting {
                    lane,
                    lock,
                    from: at,
                }),
                EventKind::Gets {
                    waited_seconds,
                    shared,
                } => {
                    let wait = take_wait(&mut waiting, lane, lock);
                    if waited_seconds.is_some() {
                        made.end_wait(wait, at);
                        if let Some(&mut Some(from)) = giver {
                            made.arrow(at, from, lane);
                        }
                    }
                    holding.push(Holding {
                        lane,
                        lock,
                        from: at,
                        shared: *shared,
                    });
                    made.turn_strip(timeline, lock, &holding, at);
                }
                EventKind::GoesOn { .. } => {
                    made.end_wait(take_wait(&mut waiting, lane, lock), at);
                    if let Some(&mut Some(from)) = giver {
                        made.arrow(at, from, lane);
                    }
                }
                EventKind::GivesUp { why, .. } => {
                    let wait = take_wait(&mut waiting, lane, lock);
                    if *why != GiveUp::NotFree {
                        made.end_wait(wait, at);
                    }
                    made.mark(lane, at, MarkKind::GivesUp(*why));
                }
                EventKind::Releases { held_by, .. } => {
                    let of_holder = |hold: &Holding| hold.lane == *held_by && hold.lock == lock;
                    if let Some(index) = holding.iter().position(of_holder) {
                        let hold = holding.remove(index);
                        made.bars.push(hold.bar(at, false));
                        made.turn_strip(timeline, lock, &holding, at);
                    }
                    if *held_by != lane && *held_by < timeline.lanes.len() {
                        made.mark(lane, at, MarkKind::ReleasesFor(*held_by));
                    }
                    if let Some(giver) = giver {
                        *giver = Some(lane);
                    }
                }
                EventKind::Does { what } => {
                    made.mark(lane, at, MarkKind::Does(what.clone()));
                    if let Some(giver) = giver {
                        *giver = Some(lane);
                    }
                }
                EventKind::Starts => {}
                EventKind::Panics => made.mark(lane, at, MarkKind::Panics),
                EventKind::Ends => made.mark(lane, at, MarkKind::Ends),
            }
        }
        made.finish(timeline, &waiting, &holding, now);
        made
    }

    /// Closes what is still open.
    fn finish(&mut self, timeline: &Timeline, waiting: &[Waiting], holding: &[Holding], now: f64) {
        let end = if timeline.end_seconds.is_finite() {
            now.max(timeline.end_seconds)
        } else {
            now
        };
        for wait in waiting {
            self.bars.push(Bar {
                kind: BarKind::Waits,
                lane: wait.lane,
                lock: wait.lock,
                from: wait.from,
                to: end,
                open: true,
            });
        }
        self.bars
            .extend(holding.iter().map(|hold| hold.bar(end, true)));
        for strip in self.strips.iter_mut().filter(|strip| strip.open) {
            strip.to = end;
        }
        for (lane, life) in self.lives.iter_mut().enumerate() {
            let has_ended = |mark: &Mark| mark.lane == lane && mark.kind == MarkKind::Ends;
            if let Some((_, to)) = life
                && !self.marks.iter().any(has_ended)
            {
                *to = end;
            }
        }
        self.bars
            .sort_by(|a, b| a.from.total_cmp(&b.from).then(a.to.total_cmp(&b.to)));
        self.strips
            .sort_by(|a, b| a.lock.cmp(&b.lock).then(a.from.total_cmp(&b.from)));
    }

    fn mark(&mut self, lane: usize, at: f64, kind: MarkKind) {
        self.marks.push(Mark { lane, at, kind });
    }

    fn arrow(&mut self, at: f64, from: usize, to: usize) {
        if from != to {
            self.arrows.push(Arrow { at, from, to });
        }
    }

    /// A wait of zero is not drawn.
    fn end_wait(&mut self, wait: Option<Waiting>, at: f64) {
        if let Some(Waiting { lane, lock, from }) = wait
            && at > from
        {
            self.bars.push(Bar {
                kind: BarKind::Waits,
                lane,
                lock,
                from,
                to: at,
                open: false,
            });
        }
    }

    /// The holders of `lock` have changed.
    fn turn_strip(
        &mut self,
        timeline: &Timeline,
        lock: Option<usize>,
        holding: &[Holding],
        at: f64,
    ) {
        let Some(lock) = lock.filter(|lock| *lock < timeline.locks.len()) else {
            return;
        };
        let mut before = self.strips.iter_mut().rev();
        if let Some(before) = before.find(|strip| strip.open && strip.lock == lock) {
            before.open = false;
            before.to = at;
        }
        let holders: Vec<usize> = holding
            .iter()
            .filter(|hold| hold.lock == Some(lock))
            .map(|hold| hold.lane)
            .collect();
        if !holders.is_empty() {
            self.strips.push(StripBar {
                lock,
                holders,
                from: at,
                to: at,
                open: true,
            });
        }
    }

    /// What stands below a mark.
    pub(super) fn words_of(&self, mark: &Mark, timeline: &Timeline) -> Option<String> {
        let words = match &mark.kind {
            MarkKind::GivesUp(GiveUp::TimedOut) => "timed out",
            MarkKind::GivesUp(GiveUp::Interrupted) => "interrupted",
            MarkKind::GivesUp(GiveUp::NotFree) => "not free",
            MarkKind::ReleasesFor(holder) => {
                return Some(format!("releases for {}", timeline.lane_name(*holder)));
            }
            MarkKind::Does(what) => what,
            MarkKind::Panics => "panic",
            MarkKind::Ends => {
                let is_left = |bar: &&Bar| {
                    bar.lane == mark.lane && bar.kind != BarKind::Waits && bar.to > mark.at
                };
                // That of any other thread needs no words.
                self.bars.iter().find(is_left)?;
                "ends without releasing"
            }
        };
        Some(words.to_owned())
    }

    /// When the thread of each lane is known to have ended.
    pub(super) fn ends(&self) -> Vec<Option<f64>> {
        let mut ends = vec![None; self.lives.len()];
        for mark in &self.marks {
            if mark.kind == MarkKind::Ends {
                ends[mark.lane] = Some(mark.at);
            }
        }
        ends
    }
}

fn take_wait(waiting: &mut Vec<Waiting>, lane: usize, lock: Option<usize>) -> Option<Waiting> {
    let is_it = |wait: &Waiting| wait.lane == lane && wait.lock == lock;
    let index = waiting.iter().position(is_it)?;
    Some(waiting.swap_remove(index))
}

impl Holding {
    fn bar(&self, to: f64, open: bool) -> Bar {
        Bar {
            kind: if self.shared {
                BarKind::Shares
            } else {
                BarKind::Holds
            },
            lane: self.lane,
            lock: self.lock,
            from: self.from,
            to,
            open,
        }
    }
}
