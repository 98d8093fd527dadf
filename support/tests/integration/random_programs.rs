//! What holds of every program, tried on random ones.

use std::collections::HashMap;

use lesson_support::{End, Game, Program, SEEN, Steps, Verdict};
use proptest::collection::vec;
use proptest::prelude::*;

/// A step to be, out of which only those are made that fit where they stand.
#[derive(Clone, Debug)]
enum Wish {
    Load,
    Store,
    Set(i32),
    Add,
    Lock(usize),
    Unlock(usize),
    Wait,
    WaitWhile,
    NotifyOne,
    NotifyAll,
}

fn wish() -> impl Strategy<Value = Wish> {
    prop_oneof![
        Just(Wish::Load),
        Just(Wish::Store),
        (0..3).prop_map(Wish::Set),
        Just(Wish::Add),
        (0_usize..2).prop_map(Wish::Lock),
        (0_usize..2).prop_map(Wish::Unlock),
        Just(Wish::Wait),
        Just(Wish::WaitWhile),
        Just(Wish::NotifyOne),
        Just(Wish::NotifyAll),
    ]
}

const LOCKS: [&str; 2] = ["east", "west"];

fn steps(name: &str, wishes: &[Wish]) -> Steps {
    let (mut held, mut loaded) = ([false; 2], false);
    let mut steps = Steps::of(name);
    for wish in wishes {
        steps = match *wish {
            Wish::Load => {
                loaded = true;
                steps.load("n")
            }
            Wish::Store if loaded => steps.store("n", SEEN + 1),
            Wish::Set(number) => steps.store("n", number),
            Wish::Add => steps.add("n", 1),
            Wish::Lock(lock) => {
                held[lock] = true;
                steps.lock(LOCKS[lock])
            }
            Wish::Unlock(lock) if held[lock] => {
                held[lock] = false;
                steps.unlock(LOCKS[lock])
            }
            Wish::Wait if held[0] => steps.wait("bell", LOCKS[0]),
            Wish::WaitWhile if held[0] => steps.wait_while("bell", LOCKS[0], "n", 0),
            Wish::NotifyOne => steps.notify_one("bell"),
            Wish::NotifyAll => steps.notify_all("bell"),
            _ => steps,
        };
    }
    steps
}

fn program() -> impl Strategy<Value = Program> {
    vec(vec(wish(), 0..6), 1..4)
        // Few enough to go through one by one.
        .prop_filter("too many schedules", |threads| {
            threads.iter().map(Vec::len).sum::<usize>() <= 10
        })
        .prop_map(|threads| {
            let named = ["Ada", "Bea", "Cy"].into_iter().zip(&threads);
            Program::of(named.map(|(name, wishes)| steps(name, wishes)))
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Counting by situations gives what going through all schedules gives.
    #[test]
    fn counting_agrees_with_going_through_all(program in program()) {
        let found = program.explore();
        let mut counted: HashMap<End, u64> = HashMap::new();
        let mut first_bad = None;
        for schedule in program.schedules() {
            let row = found.rows.iter().find(|row| row.end == schedule.end);
            let verdict = row.expect("every end has its row").verdict;
            prop_assert_eq!(verdict == Verdict::Stuck, schedule.end.is_stuck());
            *counted.entry(schedule.end.clone()).or_default() += 1;
            if verdict != Verdict::Right && first_bad.is_none() {
                first_bad = Some(schedule);
            }
        }
        prop_assert_eq!(counted.len(), found.rows.len());
        for row in &found.rows {
            prop_assert_eq!(counted[&row.end], row.schedules);
        }
        prop_assert_eq!(counted.values().sum::<u64>(), found.schedules);
        prop_assert_eq!(first_bad, found.first_bad);
    }

    /// Whoever plays a schedule in the game comes to the same end, and back to the beginning.
    #[test]
    fn a_game_follows_every_schedule(program in program()) {
        let found = program.explore();
        for schedule in program.schedules().take(20) {
            let mut game = Game::new(&program);
            let fresh = game.state();
            for a_move in &schedule.moves {
                prop_assert!(!game.state().is_over());
                prop_assert!(game.step(&schedule.threads[a_move.thread]).moved);
            }
            let state = game.state();
            let row = found.rows.iter().find(|row| row.end == schedule.end);
            prop_assert_eq!(state.verdict, row.map(|row| row.verdict));
            prop_assert_eq!(state.end.as_ref(), Some(&schedule.end));
            prop_assert_eq!(&game.schedule(), &schedule);
            for _ in &schedule.moves {
                game.undo();
            }
            prop_assert_eq!(game.state(), fresh);
        }
    }

    /// A schedule drawn as a timeline shows each step, in order, and ends behind the last one.
    #[test]
    fn a_timeline_tells_every_step(program in program()) {
        for schedule in program.schedules().take(20) {
            let timeline = schedule.timeline();
            let times: Vec<f64> = timeline.events.iter().map(|event| event.seconds).collect();
            prop_assert!(times.is_sorted());
            for (number, a_move) in schedule.moves.iter().enumerate() {
                let at = number as f64 + 1.0;
                let shown = timeline.events.iter();
                let mut shown = shown.filter(|event| event.seconds == at);
                prop_assert!(shown.any(|event| event.lane == a_move.thread));
            }
            prop_assert!(times.iter().all(|&time| time < timeline.end_seconds));
            prop_assert_eq!(&timeline.lanes, &schedule.threads);
        }
    }
}
