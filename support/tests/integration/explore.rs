//! The numbers are those of a paper and a pencil; the lessons state them.

use lesson_support::{Outcomes, Program, SEEN, Steps, Verdict, explore};

pub(crate) fn bare(name: &str) -> Steps {
    Steps::of(name).load("counter").store("counter", SEEN + 1)
}

pub(crate) fn locked(name: &str, lock: &str) -> Steps {
    Steps::of(name)
        .lock(lock)
        .load("counter")
        .store("counter", SEEN + 1)
        .unlock(lock)
}

pub(crate) fn numbers(found: &Outcomes) -> (u64, u64, u64) {
    (found.schedules, found.wrong(), found.stuck())
}

#[test]
fn two_bare_increments_have_six_schedules_and_four_lose_one() {
    let found = explore([bare("Ada"), bare("Bea")]);
    assert_eq!(numbers(&found), (6, 4, 0));
    assert_eq!(found.ending_with(|end| end["counter"] == 1), 4);
    assert_eq!(found.ending_with(|end| end["counter"] == 2), 2);
}

#[test]
fn two_locked_increments_have_two_schedules_both_right() {
    let found = explore([locked("Ada", "light"), locked("Bea", "light")]);
    assert_eq!(numbers(&found), (2, 0, 0));
    assert!(found.all_right());
    assert_eq!(found.first_bad, None);
}

#[test]
fn three_bare_increments_have_ninety_schedules_and_six_are_right() {
    let found = explore(["Ada", "Bea", "Cy"].map(bare));
    assert_eq!(numbers(&found), (90, 84, 0));
    assert_eq!(found.ending_with(|end| end["counter"] == 3), 6);
    assert_eq!(found.ending_with(|end| end["counter"] == 2), 36);
    assert_eq!(found.ending_with(|end| end["counter"] == 1), 48);
}

#[test]
fn three_locked_increments_have_six_schedules_all_right() {
    let found = explore(["Ada", "Bea", "Cy"].map(|name| locked(name, "light")));
    assert_eq!(numbers(&found), (6, 0, 0));
}

#[test]
fn an_increment_in_one_step_loses_nothing() {
    let found = explore(["Ada", "Bea"].map(|name| Steps::of(name).add("counter", 1)));
    assert_eq!(numbers(&found), (2, 0, 0));
    assert_eq!(found.rows[0].end["counter"], 2);
}

#[test]
fn one_thread_forgets_the_lock_and_nine_of_fifteen_are_wrong() {
    let found = explore([locked("Ada", "light"), bare("Bea")]);
    assert_eq!(numbers(&found), (15, 9, 0));
}

#[test]
fn two_locks_for_one_counter_are_wrong_in_36_of_70() {
    let found = explore([locked("Ada", "east"), locked("Bea", "west")]);
    assert_eq!(numbers(&found), (70, 36, 0));
}

#[test]
fn a_lock_around_the_store_alone_is_wrong_in_six_of_ten() {
    let store_locked = |name| {
        Steps::of(name)
            .load("counter")
            .lock("light")
            .store("counter", SEEN + 1)
            .unlock("light")
    };
    let found = explore(["Ada", "Bea"].map(store_locked));
    assert_eq!(numbers(&found), (10, 6, 0));
}

#[test]
fn two_increments_each_can_end_at_two_three_or_four() {
    let found = explore(["Ada", "Bea"].map(|name| bare(name).times(2)));
    assert_eq!(found.schedules, 70);
    assert_eq!(found.ending_with(|end| end["counter"] == 4), 6);
    assert_eq!(found.ending_with(|end| end["counter"] == 3), 32);
    assert_eq!(found.ending_with(|end| end["counter"] == 2), 32);
    assert_eq!(found.ending_with(|end| end["counter"] == 1), 0);
}

/// Takes two locks, and gives them back the other way round.
pub(crate) fn takes(name: &str, first: &str, second: &str) -> Steps {
    Steps::of(name)
        .lock(first)
        .lock(second)
        .unlock(second)
        .unlock(first)
}

#[test]
fn opposite_lock_order_is_stuck_in_two_of_six() {
    let found = explore([takes("Ada", "east", "west"), takes("Bea", "west", "east")]);
    assert_eq!(numbers(&found), (6, 0, 2));
    let bad = found.first_bad.expect("two are stuck");
    assert_eq!(bad.letters(), "AB");
    assert_eq!(
        bad.end.to_string(),
        "Ada waits for west, held by Bea; Bea waits for east, held by Ada"
    );
}

#[test]
fn the_same_lock_order_is_never_stuck() {
    let found = explore([takes("Ada", "east", "west"), takes("Bea", "east", "west")]);
    assert_eq!(numbers(&found), (2, 0, 0));
}

#[test]
fn three_philosophers_are_stuck_in_six_of_168() {
    let found = explore([
        takes("Ada", "1", "2"),
        takes("Bea", "2", "3"),
        takes("Cy", "3", "1"),
    ]);
    assert_eq!(numbers(&found), (168, 0, 6));
}

#[test]
fn one_philosopher_who_swaps_hands_frees_all_142() {
    let found = explore([
        takes("Ada", "1", "2"),
        takes("Bea", "2", "3"),
        takes("Cy", "1", "3"),
    ]);
    assert_eq!(numbers(&found), (142, 0, 0));
}

#[test]
fn two_accounts_without_locks_are_wrong_in_32_of_70() {
    let moves = |name, from, to| {
        Steps::of(name)
            .load(from)
            .store(from, SEEN - 30)
            .load(to)
            .store(to, SEEN + 30)
    };
    let accounts = Program::of([moves("Ada", "east", "west"), moves("Bea", "west", "east")])
        .start("east", 100)
        .start("west", 100);
    let sum = |wanted| move |end: &lesson_support::End| end["east"] + end["west"] == wanted;

    let by_sum = accounts.clone().right_when("the sum is 200", sum(200));
    let found = by_sum.explore();
    assert_eq!(numbers(&found), (70, 32, 0));
    assert_eq!(found.ending_with(sum(230)), 24);
    assert_eq!(found.ending_with(sum(170)), 8);
    assert_eq!(found.right_when, "the sum is 200");

    // Without being told, it finds the same: nobody ends there who runs alone.
    assert_eq!(numbers(&accounts.explore()), (70, 32, 0));
}

#[test]
fn the_first_bad_schedule_is_told_step_by_step() {
    let text = explore([locked("Ada", "light"), bare("Bea")]).to_string();
    let lines = [
        "15 schedules, 9 of them wrong",
        "  6  right  counter = 2",
        "  9  WRONG  counter = 1",
        "right: as if the threads had run one after the other",
        "",
        "the first bad one, AABAAB, step by step:",
        "   Ada                 Bea",
        "1  locks light",
        "2  loads counter: 0",
        "3                      loads counter: 0",
        "4  stores counter = 1",
        "5  unlocks light",
        "6                      stores counter = 1",
        "the end: counter = 1",
    ];
    assert_eq!(text, lines.join("\n"));
}

#[test]
fn locking_oneself_out_is_said_to_be_so() {
    let found = explore([Steps::of("Ada").lock("studio").lock("studio")]);
    assert_eq!(numbers(&found), (1, 0, 1));
    let end = found.rows[0].end.to_string();
    assert_eq!(end, "Ada waits for studio, held by itself");
}

#[test]
fn a_lock_that_is_never_unlocked_blocks_the_next_and_is_named() {
    let forgets = Steps::of("Ada").lock("light").add("counter", 1);
    let found = explore([forgets, locked("Bea", "light")]);
    assert_eq!(found.stuck(), 1);
    let ends: Vec<String> = found.rows.iter().map(|row| row.end.to_string()).collect();
    assert!(
        ends.contains(&"counter = 2, light is never unlocked".to_owned()),
        "{ends:?}"
    );
}

// A consumer that waits until there is something, and a producer.

pub(crate) fn producer() -> Steps {
    Steps::of("producer")
        .lock("door")
        .add("goods", 1)
        .notify_all("bell")
        .unlock("door")
}

#[test]
fn a_wait_that_does_not_look_first_misses_the_notify() {
    let consumer = Steps::of("consumer")
        .lock("door")
        .wait("bell", "door")
        .unlock("door");
    let found = explore([consumer, producer()]);
    assert!(found.stuck() > 0, "{found}");
    let bad = found.first_bad.expect("a missed notify");
    assert_eq!(
        bad.end.stuck[0].to_string(),
        "consumer waits for bell, which nobody notifies"
    );
}

#[test]
fn a_wait_that_looks_first_misses_nothing() {
    let consumer = Steps::of("consumer")
        .lock("door")
        .wait_while("bell", "door", "goods", 0)
        .unlock("door");
    let found = explore([consumer, producer()]);
    assert_eq!(found.stuck(), 0, "{found}");
    assert!(found.all_right());
}

fn two_consumers(take: impl Fn(Steps) -> Steps) -> Outcomes {
    let consumer = |name| {
        let waits = take(Steps::of(name).lock("door"));
        waits.add("goods", -1).unlock("door")
    };
    Program::of([consumer("Ada"), consumer("Bea"), producer()])
        .right_when("nobody takes what is not there", |end| end["goods"] >= 0)
        .explore()
}

#[test]
fn who_looks_only_once_takes_goods_that_are_gone() {
    let found = two_consumers(|steps| steps.wait_if("bell", "door", "goods", 0));
    assert!(found.wrong() > 0, "{found}");
}

#[test]
fn who_looks_again_after_waking_never_takes_goods_that_are_gone() {
    let found = two_consumers(|steps| steps.wait_while("bell", "door", "goods", 0));
    // One of the two waits for goods that nobody makes, but that is another matter.
    assert_eq!(found.wrong(), 0, "{found}");
    assert_eq!(found.stuck(), found.schedules);
}

#[test]
fn notify_one_wakes_the_longest_sleeper_alone() {
    let sleeper = |name| {
        Steps::of(name)
            .lock("door")
            .wait("bell", "door")
            .unlock("door")
    };
    let rings = Steps::of("Cy").notify_one("bell");
    let found = explore([sleeper("Ada"), sleeper("Bea"), rings]);
    let only =
        |name: &str| found.ending_with(|end| end.stuck.len() == 1 && end.stuck[0].thread == name);
    assert!(only("Ada") > 0 && only("Bea") > 0, "{found}");
    assert_eq!(found.right(), 0);
}

#[test]
fn counting_and_going_through_all_agree() {
    for program in [
        Program::of([bare("Ada"), bare("Bea"), locked("Cy", "light")]),
        Program::of([takes("Ada", "1", "2"), takes("Bea", "2", "1"), bare("Cy")]),
    ] {
        let found = program.explore();
        let mut all = 0;
        let mut first_bad = None;
        for schedule in program.schedules() {
            all += 1;
            let row = found.rows.iter().find(|row| row.end == schedule.end);
            let row = row.expect("each end has its row");
            if row.verdict != Verdict::Right && first_bad.is_none() {
                first_bad = Some(schedule);
            }
        }
        assert_eq!(all, found.schedules);
        assert_eq!(first_bad, found.first_bad);
        for row in &found.rows {
            let same = program
                .schedules()
                .filter(|schedule| schedule.end == row.end);
            assert_eq!(same.count() as u64, row.schedules);
        }
    }
}

#[test]
fn a_plain_number_can_be_stored() {
    let sets = |name, number: i32| Steps::of(name).store("light", number);
    let found = explore([sets("Ada", 1), sets("Bea", 2)]);
    assert_eq!(numbers(&found), (2, 0, 0), "either order is right");
    assert_eq!(found.rows.len(), 2);
}

#[test]
fn what_was_found_survives_json() {
    let found = explore([takes("Ada", "east", "west"), takes("Bea", "west", "east")]);
    let json = serde_json::to_string(&found).expect("plain data");
    let back: Outcomes = serde_json::from_str(&json).expect("its own form");
    assert_eq!(back, found);
    let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(value["schedules"], 6);
    assert_eq!(value["rows"][1]["verdict"], "stuck");
}
