//! A timeline in lines of text.

use std::fmt;

use super::{Clock, EventKind, GiveUp, Timeline, TimelineEvent};

impl Timeline {
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
