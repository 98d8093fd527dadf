//! Schedules as timelines.

use std::collections::{HashMap, HashSet};

use lesson_support::{Clock, EventKind, Program, Steps, explore};

use crate::explore::{bare, locked, producer, takes};

#[test]
fn a_schedule_is_a_timeline_with_waits_and_holds() {
    let found = Program::of([locked("Ada", "light"), locked("Bea", "light")]);
    let first = found.schedules().next().expect("there is one");
    let lines = [
        "1 Ada asks light",
        "1 Ada gets light",
        "1 Bea asks light (held by Ada)",
        "2 Ada loads counter: 0",
        "3 Ada stores counter = 1",
        "4 Ada releases",
        "4 Ada ends",
        "5 Bea gets light after 4 steps",
        "6 Bea loads counter: 1",
        "7 Bea stores counter = 2",
        "8 Bea releases",
        "8 Bea ends",
    ];
    let timeline = first.timeline();
    assert_eq!(timeline.to_string(), lines.join("\n"));
    assert_eq!(timeline.clock, Clock::Steps);
    assert!(timeline.svg().contains("Bea"));
}

#[test]
fn a_missed_notify_is_a_wait_without_an_end() {
    let consumer = Steps::of("consumer")
        .lock("door")
        .wait("bell", "door")
        .unlock("door");
    let found = explore([consumer, producer()]);
    let bad = found.first_bad.expect("a missed notify");
    let text = bad.timeline().to_string();
    assert!(
        text.contains("producer notifies bell: nobody there"),
        "{text}"
    );
    assert!(text.ends_with("consumer waits for bell"), "{text}");
}

#[test]
fn a_heard_notify_ends_the_wait() {
    let consumer = Steps::of("consumer")
        .lock("door")
        .wait("bell", "door")
        .unlock("door");
    let program = Program::of([consumer, producer()]);
    let first = program.schedules().next().expect("there is one");
    let lines = [
        "1 consumer asks door",
        "1 consumer gets door",
        "1 producer asks door (held by consumer)",
        "2 consumer releases door",
        "2 consumer waits for bell",
        "3 producer gets door after 2 steps",
        "4 producer adds 1: goods = 1",
        "5 producer notifies bell: consumer",
        "5 consumer goes on after 3 steps (bell)",
        "5 consumer asks door (held by producer)",
        "6 producer releases door",
        "6 producer ends",
        "7 consumer gets door after 2 steps",
        "8 consumer releases door",
        "8 consumer ends",
    ];
    assert_eq!(first.timeline().to_string(), lines.join("\n"));
}

/// What every timeline keeps to: one hold of a lock at a time, and nobody gets what it has not
/// asked for.
#[test]
fn every_schedule_makes_a_consistent_timeline() {
    let consumer = |name| {
        Steps::of(name)
            .lock("door")
            .wait_while("bell", "door", "goods", 0)
            .add("goods", -1)
            .unlock("door")
    };
    let takes_two = Program::of([takes("Ada", "1", "2"), takes("Bea", "2", "1"), bare("Cy")]);
    let waits = Program::of([consumer("Ada"), consumer("Bea"), producer()]);
    for schedule in takes_two.schedules().chain(waits.schedules()) {
        let timeline = schedule.timeline();
        let mut asked = HashSet::new();
        let mut holder = HashMap::new();
        let mut time = 0.0;
        for event in &timeline.events {
            assert!(event.seconds >= time, "{timeline}");
            time = event.seconds;
            let (thread, lock) = (event.lane, event.lock);
            match event.kind {
                EventKind::Asks { held_by, .. } => {
                    assert!(asked.insert((thread, lock)), "{timeline}");
                    assert_eq!(held_by, holder.get(&lock).copied(), "{timeline}");
                }
                EventKind::Gets { .. } => {
                    assert!(asked.remove(&(thread, lock)), "{timeline}");
                    assert_eq!(holder.insert(lock, thread), None, "{timeline}");
                }
                EventKind::Releases { .. } => {
                    assert_eq!(holder.remove(&lock), Some(thread), "{timeline}");
                }
                _ => {}
            }
        }
        assert!(time < timeline.end_seconds);
    }
}
