use std::thread;

use lesson_support::{Lock, Thread, who};

use crate::deadline::{in_background, on_thread};

#[test]
fn a_thread_knows_the_name_it_was_made_with() {
    assert_eq!(on_thread("Ada", who), "Ada");
    // From a `&str`, and from a `String` that was made for it.
    let adders = [
        Thread::new("adder 1", who),
        Thread::new(format!("adder {}", 2), who),
    ];
    let names = adders.map(|adder| {
        adder.start();
        assert!(adder.join().unwrap() == adder.name());
        adder.name().to_owned()
    });
    assert_eq!(names, ["adder 1", "adder 2"]);
}

#[test]
fn the_name_is_the_one_in_the_texts_of_a_lock() {
    let lock = Lock::new("studio");
    let handle = lock.clone();
    let unnamed = thread::spawn(move || {
        assert!(handle.acquire());
        who()
    });
    let name = in_background("joining", move || unnamed.join().unwrap()).finish();
    assert!(name.starts_with("unnamed "), "{name}");
    assert_eq!(lock.holder(), Some(format!("{name} (thread has ended)")));
}
