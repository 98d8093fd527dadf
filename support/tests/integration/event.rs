use std::time::Duration;

use lesson_support::{Event, press_stop_after};

use crate::deadline::{in_background, on_thread, until};
use crate::stop::stopped;

const BRIEFLY: Duration = Duration::from_millis(10);

#[test]
fn setting_lets_all_go_on_now_and_later() {
    let open = Event::new("open");
    let threads = ["Ada", "Bea"].map(|name| {
        let sign = open.clone();
        in_background(name, move || sign.wait())
    });
    until("both wait", || open.waiters().len() == 2);
    open.set();
    for thread in threads {
        assert!(thread.finish());
    }
    assert!(open.is_set() && open.wait() && open.wait_timeout(Duration::ZERO));
}

#[test]
fn a_cleared_flag_holds_up_again() {
    let open = Event::new("open");
    open.set();
    open.clear();
    assert!(!open.is_set());
    assert!(!open.wait_timeout(BRIEFLY));
    assert_eq!(format!("{open:?}"), "<event open: not set>");
}

#[test]
fn a_stopped_wait_leaves_the_flag_alone() {
    let open = Event::new("open");
    let sign = open.clone();
    on_thread("Ada", move || {
        stopped(|| {
            press_stop_after(BRIEFLY);
            sign.wait()
        });
    });
    assert!(open.waiters().is_empty() && !open.is_set());
}
