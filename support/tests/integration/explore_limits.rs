//! What cannot be explored: too much, and what makes no sense.

use std::time::{Duration, Instant};

use lesson_support::{Program, SEEN, Steps, explore};

use crate::deadline::on_thread;
use crate::explore::{bare, numbers};

#[test]
fn a_space_far_too_large_is_refused_at_once() {
    on_thread("explorer", || {
        let names: Vec<String> = (1..=20).map(|n| format!("door {n}")).collect();
        let crowd = names.iter().map(|name| bare(name).times(50));
        let begin = Instant::now();
        let refused = Program::of(crowd).try_explore().unwrap_err();
        // It takes about a second; more on a machine that has other things to do.
        assert!(begin.elapsed() < Duration::from_secs(30));
        let text = refused.to_string();
        assert!(
            text.starts_with(
                "too many schedules: 2000 steps of 20 threads can be interleaved in more than 10^38 ways"
            ),
            "{text}"
        );
        assert!(text.contains("take fewer steps or threads"), "{text}");
    });
}

#[test]
fn many_schedules_over_few_situations_are_no_problem() {
    let long = |name| Steps::of(name).add("counter", 1).times(30);
    let found = explore([long("Ada"), long("Bea")]);
    assert_eq!(found.schedules, 118_264_581_564_861_424);
    assert!(found.all_right());
}

#[test]
fn more_schedules_than_can_be_written_down_are_refused() {
    let long = |name| Steps::of(name).add("counter", 1).times(60);
    let refused = Program::of([long("Ada"), long("Bea")]).try_explore();
    assert!(refused.is_err());
}

#[test]
#[should_panic(expected = "too many schedules: 300 steps of 3 threads")]
fn exploring_too_many_panics_with_the_same_words() {
    let _ = explore(["Ada", "Bea", "Cy"].map(|name| bare(name).times(50)));
}

#[test]
fn the_first_of_too_many_schedules_can_be_had_all_the_same() {
    let program = Program::of(["Ada", "Bea", "Cy"].map(|name| bare(name).times(50)));
    let first = program.schedules().next().expect("there is a first one");
    assert_eq!(first.end["counter"], 150);
}

#[test]
#[should_panic(expected = "Ada cannot unlock light here: it must lock(\"light\") first")]
fn an_unlock_without_a_lock_is_refused() {
    let _ = Steps::of("Ada").unlock("light");
}

#[test]
#[should_panic(expected = "Ada has seen nothing of counter")]
fn a_store_of_what_was_never_seen_is_refused() {
    let _ = Steps::of("Ada").load("other").store("counter", SEEN + 1);
}

#[test]
#[should_panic(expected = "two threads are called Ada")]
fn two_threads_of_one_name_are_refused() {
    let _ = explore([bare("Ada"), bare("Ada")]);
}

#[test]
#[should_panic(expected = "a program needs at least one thread")]
fn a_program_without_threads_is_refused() {
    let _ = explore(Vec::<Steps>::new());
}

#[test]
#[should_panic(expected = "no step loads, stores or adds to a variable called count")]
fn a_misspelt_variable_of_an_end_is_named() {
    let _ = explore([bare("Ada")]).ending_with(|end| end["count"] == 1);
}

#[test]
fn a_thread_without_steps_does_no_harm() {
    let found = explore([Steps::of("Ada"), bare("Bea")]);
    assert_eq!(numbers(&found), (1, 0, 0));
    assert_eq!(numbers(&explore([Steps::of("Ada")])), (1, 0, 0));
}
