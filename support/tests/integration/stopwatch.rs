use std::time::Duration;

use lesson_support::{sleep, stopwatch};

#[test]
fn the_time_is_that_of_the_work_and_of_nothing_else() {
    let work = Duration::from_millis(5);
    let ((inner, inner_took), took) = stopwatch(|| {
        sleep(work);
        stopwatch(|| 42)
    });
    assert_eq!(inner, 42);
    assert!(took >= work + inner_took);
}
