use std::sync::{Arc, mpsc};
use std::time::Duration;

use lesson_support::{EventKind, RwLock, press_stop_after};

use crate::deadline::{PLENTY, in_background, on_thread, until};
use crate::stop::stopped;

const BRIEFLY: Duration = Duration::from_millis(10);

#[test]
fn readers_share_it_and_a_writer_is_alone() {
    let price = Arc::new(RwLock::named("price", 3));
    let reading = price.read();
    let there = Arc::clone(&price);
    assert_eq!(on_thread("Ada", move || *there.read()), 3);
    assert!(price.try_read().is_some());
    assert!(price.try_write().is_none());
    assert!(price.try_write_for(BRIEFLY).is_none());
    drop(reading);
    let writing = price.write();
    assert!(price.try_read().is_none() && price.try_write().is_none());
    assert!(price.try_read_for(BRIEFLY).is_none());
    drop(writing);
}

#[test]
fn a_writer_waits_for_every_reader_and_no_reader_overtakes_it() {
    let price = Arc::new(RwLock::named("price", 3));
    let (first, second) = (price.read(), price.read());
    let there = Arc::clone(&price);
    let writer = in_background("writer", move || *there.write() = 4);
    until("the writer waits", || price.waiters() == ["writer"]);
    let (read_tx, read_rx) = mpsc::channel();
    let there = Arc::clone(&price);
    let late = in_background("late", move || {
        read_tx.send(*there.read()).expect("the test goes on");
    });
    until("the late reader waits", || {
        price.waiters() == ["writer", "late"]
    });
    drop(first);
    assert_eq!(
        price.waiters(),
        ["writer", "late"],
        "one reader is still there"
    );
    drop(second);
    writer.finish();
    late.finish();
    assert_eq!(read_rx.recv_timeout(PLENTY), Ok(4));
}

/// Else readers behind a writer that has given up would wait for nobody.
#[test]
fn a_writer_that_gives_up_lets_the_readers_behind_it_in() {
    let price = Arc::new(RwLock::named("price", 3));
    let reading = price.read();
    let there = Arc::clone(&price);
    let writer = in_background("writer", move || {
        stopped(|| {
            press_stop_after(Duration::from_millis(50));
            *there.write() = 4;
        });
    });
    until("the writer waits", || price.waiters() == ["writer"]);
    let there = Arc::clone(&price);
    let late = in_background("late", move || *there.read());
    writer.finish();
    assert_eq!(late.finish(), 3);
    drop(reading);
}

#[test]
fn it_tells_of_all_who_have_it() {
    let price = Arc::new(RwLock::named("price", 3));
    let there = Arc::clone(&price);
    on_thread("Ada", move || {
        let _first = there.read();
        let _second = there.read();
        assert_eq!(there.holders(), ["Ada", "Ada"]);
        let text = format!("{there:?}");
        assert!(
            text.starts_with("<rwlock price: held by Ada for 0."),
            "{text}"
        );
    });
    assert_eq!(format!("{price:?}"), "<rwlock price: free>");
    let shared = price
        .timeline()
        .events
        .into_iter()
        .filter_map(|event| match event.kind {
            EventKind::Gets { shared, .. } => Some(shared),
            _ => None,
        });
    assert_eq!(shared.collect::<Vec<_>>(), [true, true]);
    assert!(price.timeline().svg().contains("shares"));
}

#[test]
fn forgotten_readers_and_writers_do_not_mix_up_the_count() {
    let price = RwLock::new(0);
    std::mem::forget(price.read());
    drop(price.read());
    assert!(price.try_write().is_none(), "one reader never left");
    assert!(price.try_read().is_some());
}
