use std::time::Duration;

use lesson_support::{Barrier, press_stop_after};

use crate::deadline::{in_background, on_thread, until};
use crate::stop::stopped;

const BRIEFLY: Duration = Duration::from_millis(10);

#[test]
fn nobody_goes_on_before_all_are_there_and_one_of_them_leads() {
    let start = Barrier::new("start", 3);
    let threads: Vec<_> = ["Ada", "Bea"]
        .into_iter()
        .enumerate()
        .map(|(index, name)| {
            let line = start.clone();
            let thread = in_background(name, move || line.wait().is_leader());
            until("it waits", || start.waiters().len() == index + 1);
            thread
        })
        .collect();
    let text = "<barrier start: 2 of 3 are there, waiting: Ada, Bea>";
    assert_eq!(format!("{start:?}"), text);
    assert!(start.wait().is_leader());
    for thread in threads {
        assert!(!thread.finish());
    }
}

#[test]
fn it_closes_again_for_the_next_group() {
    let start = Barrier::new("start", 2);
    let line = start.clone();
    let ada = in_background("Ada", move || {
        (0..50).filter(|_| line.wait().is_leader()).count()
    });
    let mine = (0..50).filter(|_| start.wait().is_leader()).count();
    assert_eq!(mine + ada.finish(), 50);
}

#[test]
fn who_gave_up_or_was_stopped_no_longer_counts() {
    let start = Barrier::new("start", 2);
    assert!(start.wait_timeout(BRIEFLY).is_none());
    let line = start.clone();
    on_thread("Ada", move || {
        stopped(|| {
            press_stop_after(BRIEFLY);
            line.wait()
        });
    });
    assert!(start.waiters().is_empty());
    assert!(start.wait_timeout(BRIEFLY).is_none(), "still alone");
}

#[test]
fn a_group_of_one_or_none_never_waits() {
    assert!(Barrier::new("start", 1).wait().is_leader());
    assert!(Barrier::new("start", 0).wait().is_leader());
}
