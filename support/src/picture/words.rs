//! What the picture shows, said.

use super::bars::{Bar, BarKind, Bars, MarkKind};
use crate::timeline::{Clock, GiveUp, Timeline};

/// So many bars and marks are described one by one.
const DESCRIBED: usize = 40;
/// So many holders are in the title.
const TITLED: usize = 4;

/// What it is a picture of.
pub(super) fn title(timeline: &Timeline, bars: &Bars) -> String {
    let threads = match timeline.lanes.len() {
        1 => "one thread".to_owned(),
        count => format!("{count} threads"),
    };
    match &timeline.locks[..] {
        [] if timeline.events.is_empty() => "Nothing has happened".to_owned(),
        [] => format!("What {threads} do"),
        [lock] if bars.bars.is_empty() => format!("Nobody has held or awaited {lock}"),
        [lock] if bars.strips.is_empty() => format!("What {threads} do with {lock}"),
        [lock] => format!("Who holds {lock}: {}", holders(timeline, bars)),
        locks if locks.len() <= TITLED => {
            format!("What {threads} do with {}", listed(locks))
        }
        locks => format!(
            "What {threads} do with {} locks and other things",
            locks.len()
        ),
    }
}

/// `Ada, then notebook, then Bea`.
fn holders(timeline: &Timeline, bars: &Bars) -> String {
    let mut names: Vec<&str> = Vec::new();
    for holder in bars.strips.iter().flat_map(|strip| &strip.holders) {
        let name = timeline.lane_name(*holder);
        if names.last() != Some(&name) {
            names.push(name);
        }
    }
    if names.len() > TITLED {
        names.truncate(TITLED);
        names.push("others");
    }
    let mut text = names.join(", then ");
    let ends = bars.ends();
    if let Some(last) = bars.strips.last()
        && last.open
        && last
            .holders
            .iter()
            .all(|holder| ends[*holder].is_some_and(|end| end < last.to))
    {
        text += ", who has ended without releasing it";
    }
    text
}

/// `a, b and c`.
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The picture in sentences, for those who do not see it.
pub(super) fn description(timeline: &Timeline, bars: &Bars) -> String {
    let time = |seconds: f64| match timeline.clock {
        Clock::Seconds => format!("{seconds:.2} s"),
        Clock::Steps => format!("step {seconds:.0}"),
    };
    let mut sentences: Vec<(f64, String)> = Vec::new();
    for bar in &bars.bars {
        let Bar { from, to, .. } = *bar;
        let name = timeline.lane_name(bar.lane);
        let lock = timeline.lock_name(bar.lock);
        let verb = match bar.kind {
            BarKind::Waits => "waits for",
            BarKind::Holds => "holds",
            BarKind::Shares => "shares",
        };
        let until = if bar.open {
            "to the end".to_owned()
        } else {
            format!("to {}", time(to))
        };
        sentences.push((
            from,
            format!("{name} {verb} {lock} from {} {until}.", time(from)),
        ));
    }
    for mark in &bars.marks {
        let name = timeline.lane_name(mark.lane);
        let does = match &mark.kind {
            MarkKind::GivesUp(GiveUp::TimedOut) => "gives up, out of time,".to_owned(),
            MarkKind::GivesUp(GiveUp::Interrupted) => "is interrupted".to_owned(),
            MarkKind::GivesUp(GiveUp::NotFree) => "asks in vain and does not wait".to_owned(),
            MarkKind::ReleasesFor(holder) => {
                format!("releases in place of {}", timeline.lane_name(*holder))
            }
            MarkKind::Does(what) => what.clone(),
            MarkKind::Panics => "panics".to_owned(),
            MarkKind::Ends => "ends".to_owned(),
        };
        sentences.push((mark.at, format!("{name} {does} at {}.", time(mark.at))));
    }
    sentences.sort_by(|a, b| a.0.total_cmp(&b.0));
    let count = sentences.len();
    let mut text = format!(
        "Time runs from left to right, {} to {}. Each of {} threads has a lane.",
        time(0.0),
        time(timeline.end_seconds),
        timeline.lanes.len()
    );
    for (_, sentence) in sentences.into_iter().take(DESCRIBED) {
        text += " ";
        text += &sentence;
    }
    if count > DESCRIBED {
        text += &format!(" {} more bars and marks follow.", count - DESCRIBED);
    }
    if timeline.left_out > 0 {
        text += &format!(" {} older events are left out.", timeline.left_out);
    }
    text
}

/// `3.20 s`, `3.2 ms`, `3 steps`.
pub(super) fn span(timeline: &Timeline, seconds: f64) -> String {
    match timeline.clock {
        Clock::Steps => timeline.span(seconds),
        Clock::Seconds if seconds >= 0.099_5 => format!("{seconds:.2} s"),
        Clock::Seconds if seconds >= 0.000_95 => format!("{:.1} ms", seconds * 1e3),
        Clock::Seconds => format!("{:.0} µs", seconds * 1e6),
    }
}
