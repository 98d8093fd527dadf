use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;

use lesson_support::{Lock, Thread, one_line_panics};

use crate::own_process::in_own_process;

#[test]
fn a_panic_prints_one_line_that_names_the_thread() {
    in_own_process(
        "panics::a_panic_prints_one_line_that_names_the_thread",
        Vec::new,
        || {
            one_line_panics();
            one_line_panics();
            let ada = Thread::new("Ada", || assert_eq!(1, 2, "counted"));
            ada.start();
            assert!(ada.join().is_err());
        },
    )
    .assert_stderr(
        "thread 'Ada' panicked: assertion `left == right` failed: counted; left: 1; right: 2\n",
    );
}

/// Else a learner would be sent to a file of this crate.
#[test]
fn a_misuse_is_reported_at_the_place_of_the_misuse() {
    in_own_process(
        "panics::a_misuse_is_reported_at_the_place_of_the_misuse",
        Vec::new,
        || {
            let (place_tx, place_rx) = mpsc::channel();
            panic::set_hook(Box::new(move |info| {
                let place = info.location().expect("panics have a place");
                let place = (place.file().to_owned(), place.line());
                place_tx.send(place).expect("the test goes on");
            }));
            let (lock, unstarted) = (Lock::new("studio"), Thread::new("Ada", || ()));
            let ended = Thread::new("Bea", || ());
            ended.start();
            ended.join().expect("Bea does not panic");

            let line = line!();
            let misuses: [&dyn Fn(); 4] = [
                &|| lock.release(),
                &|| ended.start(),
                &|| drop(unstarted.join()),
                &|| assert!(unstarted.settle()),
            ];
            for (misuse, line) in misuses.into_iter().zip(line + 2..) {
                assert!(catch_unwind(AssertUnwindSafe(misuse)).is_err());
                let place = place_rx.try_recv().expect("the hook has run");
                assert_eq!(place, (file!().to_owned(), line));
            }
            // What fails here is for the usual hook to report.
            drop(panic::take_hook());
        },
    );
}
