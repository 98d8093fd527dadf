//! Who is inside at once, with a lock and without.

use std::sync::Barrier;
use std::thread;

use lesson_support::{Inside, Lock};

#[test]
fn without_a_lock_two_can_be_inside_at_once() {
    let studio = Inside::new();
    let both_inside = Barrier::new(2);
    thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                let _visit = studio.enter();
                both_inside.wait();
            });
        }
    });
    assert_eq!((studio.now(), studio.max(), studio.visits()), (0, 2, 2));
}

#[test]
fn with_a_lock_only_one_is_inside_at_once() {
    let (studio, lock) = (Inside::new(), Lock::new("studio"));
    thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                for _ in 0..50 {
                    let _held = lock.hold();
                    let _visit = studio.enter();
                    thread::yield_now();
                }
            });
        }
    });
    assert_eq!((studio.now(), studio.max(), studio.visits()), (0, 1, 200));
    assert_eq!(
        format!("{studio:?}"),
        "<inside: 0 now, 1 at most, 200 visits>"
    );
}

#[test]
fn a_panic_leaves_the_section() {
    let studio = Inside::new();
    let section = studio.clone();
    let ada = thread::Builder::new().name("Ada".to_owned());
    let ada = ada.spawn(move || {
        let _visit = section.enter();
        panic!("a string broke");
    });
    assert!(ada.expect("room for a thread").join().is_err());
    assert_eq!((studio.now(), studio.max()), (0, 1));
}
