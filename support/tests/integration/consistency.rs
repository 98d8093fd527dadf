//! What holds of the timeline of one lock, whatever happened, and that streams of events of which it
//! does not hold are found out.

use lesson_support::{EventKind, Timeline, TimelineEvent};
use serde_json::{Value, json};

#[track_caller]
pub(crate) fn assert_consistent(timeline: &Timeline) {
    if let Err((reason, event)) = check(timeline) {
        panic!("{reason}, at {event:?}: {timeline}");
    }
}

/// What the events tell so far.
struct Told {
    /// Who has the lock, of those whose hold is told.
    holder: Option<usize>,
    /// Since when each thread waits for it, and whether it was free then.
    asking: Vec<Option<(f64, bool)>>,
    /// Who has the lock of those whose attempt began before the first event that is left. Their holds
    /// are not told, but whoever asks meanwhile names them.
    unseen: Option<usize>,
    /// Who may still come to have it in this way: also late, for others may overtake. Who has asked
    /// anew may not, nor who has had it.
    may_be_unseen: Vec<bool>,
}

fn check(timeline: &Timeline) -> Result<(), (&'static str, TimelineEvent)> {
    let lanes = timeline.lanes.len();
    let mut told = Told {
        holder: None,
        asking: vec![None; lanes],
        unseen: None,
        may_be_unseen: vec![timeline.left_out > 0; lanes],
    };
    let mut last = 0.0;
    for event in &timeline.events {
        let in_time = last <= event.seconds && event.seconds <= timeline.end_seconds;
        let told = match (event.lane < lanes, in_time) {
            (false, _) => Err("a lane that is not there"),
            (_, false) => Err("out of order"),
            _ => told.add(event),
        };
        told.map_err(|reason| (reason, event.clone()))?;
        last = event.seconds;
    }
    Ok(())
}

impl Told {
    fn add(&mut self, event: &TimelineEvent) -> Result<(), &'static str> {
        let lane = event.lane;
        let is_answer = matches!(
            event.kind,
            EventKind::Gets { .. } | EventKind::GivesUp { .. }
        );
        let asked = self.asking[lane].take();
        if asked.is_some() != is_answer {
            return Err(match asked {
                Some(_) => "does something while it waits",
                None => "is answered without asking",
            });
        }
        match event.kind {
            EventKind::Asks { held_by, .. } => {
                self.see_holder(held_by)?;
                if held_by != Some(lane) {
                    self.may_be_unseen[lane] = false;
                }
                self.asking[lane] = Some((event.seconds, held_by.is_none()));
            }
            EventKind::Gets { waited_seconds, .. } => {
                if self.holder.is_some() {
                    return Err("two have it");
                }
                self.see_unseen(None);
                self.may_be_unseen[lane] = false;
                self.holder = Some(lane);
                match (asked, waited_seconds) {
                    (Some((_, was_free)), None) if !was_free => {
                        return Err("gets what was not free, without waiting");
                    }
                    (Some((since, _)), Some(waited)) => is_span(waited, since, event.seconds)?,
                    _ => {}
                }
            }
            EventKind::GivesUp { waited_seconds, .. } => {
                let since = asked.map_or(event.seconds, |(since, _)| since);
                is_span(waited_seconds, since, event.seconds)?;
            }
            EventKind::Releases { held_by, .. } => {
                if self.holder.take() != Some(held_by) {
                    return Err("releases what is not held");
                }
            }
            EventKind::Panics | EventKind::Ends => {}
            _ => return Err("not an event of a lock"),
        }
        Ok(())
    }

    /// Somebody asks, and finds it held by this one.
    fn see_holder(&mut self, held_by: Option<usize>) -> Result<(), &'static str> {
        if self.holder.is_some() {
            return match held_by == self.holder {
                true => Ok(()),
                false => Err("names somebody else as the holder"),
            };
        }
        if held_by.is_some_and(|by| !self.may_be_unseen.get(by).copied().unwrap_or(false)) {
            return Err("names a holder who does not have it");
        }
        self.see_unseen(held_by);
        Ok(())
    }

    /// Who had it before unseen, has had it.
    fn see_unseen(&mut self, now: Option<usize>) {
        if let Some(before) = self.unseen
            && now != self.unseen
        {
            self.may_be_unseen[before] = false;
        }
        self.unseen = now;
    }
}

fn is_span(waited: f64, from: f64, to: f64) -> Result<(), &'static str> {
    // Ticks and seconds are rounded each.
    match (to - from - waited).abs() < 1e-6 {
        true => Ok(()),
        false => Err("waited for another time than that since it asked"),
    }
}

/// A stream of events, a second apart. `Bea` and `Cy` are lanes 1 and 2.
fn stream(left_out: u64, kinds: &[Value]) -> Timeline {
    let events = kinds.iter().enumerate().map(|(second, kind)| {
        let mut event = json!({"seconds": second as f64, "lock": 0, "held_by": null,
            "holder_has_ended": false, "waited_seconds": null, "why": "timed_out"});
        let fields = event.as_object_mut().expect("an object");
        fields.extend(kind.as_object().expect("an object").clone());
        event
    });
    let timeline = json!({"locks": ["studio"], "lanes": ["Ada", "Bea", "Cy"],
        "events": events.collect::<Vec<_>>(), "left_out": left_out,
        "end_seconds": kinds.len(), "clock": "seconds"});
    serde_json::from_value(timeline).expect("all fields are there")
}

fn asks(lane: usize, held_by: Option<usize>) -> Value {
    json!({"kind": "asks", "lane": lane, "held_by": held_by})
}

fn gets(lane: usize, waited: Option<f64>) -> Value {
    json!({"kind": "gets", "lane": lane, "waited_seconds": waited})
}

fn gives_up(lane: usize, waited: f64) -> Value {
    json!({"kind": "gives_up", "lane": lane, "waited_seconds": waited})
}

fn releases(lane: usize, held_by: usize) -> Value {
    json!({"kind": "releases", "lane": lane, "held_by": held_by})
}

const ADA: usize = 0;
const BEA: usize = 1;
const CY: usize = 2;

#[track_caller]
fn is_refused(left_out: u64, kinds: &[Value], expected: &str) {
    match check(&stream(left_out, kinds)) {
        Err((reason, _)) => assert_eq!(reason, expected),
        Ok(()) => panic!("accepted, though it {expected}"),
    }
}

/// The good twin of what is refused below.
#[test]
fn taking_turns_is_consistent() {
    assert_consistent(&stream(
        0,
        &[
            asks(ADA, None),
            gets(ADA, None),
            asks(BEA, Some(ADA)),
            asks(CY, Some(ADA)),
            gives_up(CY, 1.0),
            releases(CY, ADA),
            gets(BEA, Some(4.0)),
            releases(BEA, BEA),
        ],
    ));
}

#[test]
fn two_holds_at_once_are_found_out() {
    let both_free = [asks(ADA, None), gets(ADA, None), asks(BEA, None)];
    is_refused(0, &both_free, "names somebody else as the holder");
    let both_get = [
        asks(ADA, None),
        asks(BEA, None),
        gets(ADA, None),
        gets(BEA, None),
    ];
    is_refused(0, &both_get, "two have it");
}

#[test]
fn an_answer_without_a_question_is_found_out() {
    is_refused(0, &[gets(ADA, None)], "is answered without asking");
    is_refused(3, &[gets(ADA, None)], "is answered without asking");
    is_refused(3, &[gives_up(ADA, 1.0)], "is answered without asking");
    let twice = [asks(ADA, None), asks(ADA, None)];
    is_refused(0, &twice, "does something while it waits");
}

#[test]
fn a_release_of_what_is_not_held_is_found_out() {
    is_refused(0, &[releases(ADA, ADA)], "releases what is not held");
    let for_another = [asks(ADA, None), gets(ADA, None), releases(ADA, BEA)];
    is_refused(0, &for_another, "releases what is not held");
}

#[test]
fn a_wait_of_a_wrong_length_is_found_out() {
    let wrong = "waited for another time than that since it asked";
    is_refused(0, &[asks(ADA, None), gives_up(ADA, 0.5)], wrong);
    let not_free = [asks(BEA, Some(ADA)), gets(BEA, None)];
    let reason = "gets what was not free, without waiting";
    is_refused(3, &not_free, reason);
}

#[test]
fn times_out_of_order_are_found_out() {
    let mut turns = stream(0, &[asks(ADA, None), gets(ADA, None)]);
    turns.events[1].seconds = -1.0;
    let found = check(&turns).map_err(|(reason, _)| reason);
    assert_eq!(found, Err("out of order"));
}

/// Bea has asked before the first event that is left, was overtaken by Ada, and then had the lock.
/// Her hold is not told, and yet named.
#[test]
fn a_holder_whose_asking_is_left_out_may_be_named_late() {
    let overtaken = [
        asks(ADA, None),
        gets(ADA, None),
        releases(ADA, ADA),
        asks(CY, Some(BEA)),
        gives_up(CY, 1.0),
        asks(BEA, Some(BEA)),
        gives_up(BEA, 1.0),
    ];
    assert_consistent(&stream(3, &overtaken));
    // Nothing is left out: then it has to be told.
    is_refused(0, &overtaken, "names a holder who does not have it");
}

#[test]
fn only_one_attempt_of_a_thread_can_be_left_out() {
    let reason = "names a holder who does not have it";
    // Bea has asked anew, so there is no earlier attempt of hers.
    let anew = [asks(BEA, None), gives_up(BEA, 1.0), asks(CY, Some(BEA))];
    is_refused(3, &anew, reason);
    // Ada has had it, and so has released it.
    let again = [
        asks(CY, Some(ADA)),
        gives_up(CY, 1.0),
        asks(CY, None),
        gives_up(CY, 1.0),
        asks(CY, Some(ADA)),
    ];
    is_refused(3, &again, reason);
    let in_between = [
        asks(CY, Some(ADA)),
        gets(CY, Some(1.0)),
        releases(CY, CY),
        asks(BEA, Some(ADA)),
    ];
    is_refused(3, &in_between, reason);
}
