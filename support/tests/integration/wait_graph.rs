use std::sync::Arc;
use std::time::Duration;

use lesson_support::{
    Barrier, Condvar, KeyboardInterrupt, Lock, Mutex, RwLock, Semaphore, Thread, WaitGraph,
    faulty_hogger, press_stop_after, sleep, wait_graph,
};

use crate::deadline::{in_background, on_thread, until};
use crate::own_process::in_own_process;

/// The sentences that speak of this thread: other tests wait meanwhile, too.
fn of(graph: &WaitGraph, name: &str) -> Vec<String> {
    let lines = graph.to_string();
    let lines = lines.lines().filter(|line| line.contains(name));
    lines.map(str::to_owned).collect()
}

/// Two threads, each with one lock, after the other one.
fn two_who_wait(first: &str, second: &str, limit: Duration) -> [Thread<bool>; 2] {
    let locks = [Lock::new("a"), Lock::new("b")];
    let meet = Barrier::new("meet", 2);
    let [a, b] = &locks;
    [(first, a, b), (second, b, a)].map(|(name, own, other)| {
        let (own, other, meet) = (own.clone(), other.clone(), meet.clone());
        let thread = Thread::new(name, move || {
            let _own = own.hold();
            meet.wait();
            other.acquire_for(limit)
        });
        thread.start();
        thread
    })
}

#[test]
fn a_ring_of_two_is_said_in_a_sentence() {
    // Timed, so that the test ends; a detector that sees only endless waits would miss it.
    let threads = two_who_wait("Ada 1", "Bea 1", Duration::from_secs(2));
    let ring = |graph: &WaitGraph| {
        let deadlocks = graph.deadlocks().into_iter();
        deadlocks
            .filter(|ring| ring.contains("Ada 1"))
            .collect::<Vec<_>>()
    };
    until("both wait", || !ring(&wait_graph()).is_empty());
    let graph = wait_graph();
    let limit = " (for a limited time)";
    let [ada, bea] = [
        format!("Ada 1 waits for b, held by Bea 1{limit}"),
        format!("Bea 1 waits for a, held by Ada 1{limit}"),
    ];
    let either = [format!("{ada}; {bea}"), format!("{bea}; {ada}")];
    let said = ring(&graph);
    assert!(said.len() == 1 && either.contains(&said[0]), "{said:?}");
    assert_eq!(of(&graph, "Ada 1"), [format!("deadlock: {}", said[0])]);
    let svg = graph.svg();
    assert!(svg.contains("ring") && svg.contains("role=\"img\""));
    let ids: Vec<&str> = svg
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(
        ids.len(),
        ids.iter().collect::<std::collections::HashSet<_>>().len(),
        "{ids:?}"
    );
    for thread in threads {
        thread.join().expect("nobody panics");
    }
    assert!(ring(&wait_graph()).is_empty());
}

/// The twin: the same locks in one order.
#[test]
fn waiting_in_one_order_makes_no_ring() {
    let (a, b) = (Lock::new("a"), Lock::new("b"));
    let threads = ["Ada 2", "Bea 2"].map(|name| {
        let (a, b) = (a.clone(), b.clone());
        let thread = Thread::new(name, move || {
            let _a = a.hold();
            let _b = b.hold();
            sleep(Duration::from_millis(100));
        });
        thread.start();
        thread
    });
    until("one waits", || !of(&wait_graph(), "Ada 2").is_empty());
    let graph = wait_graph();
    assert!(graph.deadlocks().iter().all(|ring| !ring.contains("Ada 2")));
    for thread in &threads {
        thread.join().expect("nobody panics");
    }
}

#[test]
fn a_holder_that_is_gone_is_said_to_be() {
    let lock = Lock::new("studio 3");
    let ada = faulty_hogger("Ada 3", &lock, Duration::from_millis(1));
    ada.start();
    ada.join().unwrap_err();
    let handle = lock.clone();
    let bea = in_background("Bea 3", move || handle.acquire());
    until("Bea waits", || !lock.waiters().is_empty());
    assert_eq!(
        of(&wait_graph(), "Bea 3"),
        ["Bea 3 waits for studio 3, held by Ada 3 (thread has panicked)"]
    );
    lock.release();
    assert!(bea.finish());
}

#[test]
fn a_thread_that_asks_twice_waits_for_itself() {
    let lock = Lock::new("studio 4");
    let handle = lock.clone();
    let ada = in_background("Ada 4", move || {
        let _held = handle.hold();
        handle.acquire()
    });
    until("Ada waits", || !lock.waiters().is_empty());
    assert_eq!(
        of(&wait_graph(), "Ada 4"),
        ["deadlock: Ada 4 waits for studio 4, held by itself"]
    );
    lock.release();
    assert!(ada.finish());
}

#[test]
fn a_join_is_a_wait_for_the_end_of_a_thread() {
    let lock = Lock::new("studio 5");
    let handle = lock.clone();
    let bea = Thread::new("Bea 5", move || {
        let ada_waits_for = handle;
        ada_waits_for.acquire()
    });
    let handle = lock.clone();
    let ada = Thread::new("Ada 5", move || {
        let _held = handle.hold();
        bea.start();
        bea.settle();
        // Bea waits for the lock that is held here, and her end is waited for.
        bea.join()
    });
    ada.start();
    until("both wait", || {
        let deadlocks = wait_graph().deadlocks().into_iter();
        deadlocks.filter(|ring| ring.contains("Ada 5")).count() == 1
    });
    let ring = wait_graph().deadlocks().join("\n");
    assert!(ring.contains("Ada 5 waits for the end of Bea 5"), "{ring}");
    assert!(
        ring.contains("Bea 5 waits for studio 5, held by Ada 5"),
        "{ring}"
    );
    lock.release();
    ada.join()
        .expect("Ada does not panic")
        .expect("nor does Bea");
}

#[test]
fn things_without_a_holder_are_waited_for_without_one() {
    let (board, bell) = (
        Arc::new(Mutex::named("board 6", ())),
        Condvar::new("bell 6"),
    );
    let (there, rings) = (Arc::clone(&board), bell.clone());
    let ada = in_background("Ada 6", move || drop(rings.wait(there.lock())));
    until("Ada waits", || !bell.waiters().is_empty());
    assert_eq!(of(&wait_graph(), "Ada 6"), ["Ada 6 waits for bell 6"]);
    bell.notify_one();
    ada.finish();
}

#[test]
fn a_reader_behind_a_writer_behind_its_own_first_read_is_a_ring() {
    let price = Arc::new(RwLock::named("price 7", 0));
    let (there, writes) = (Arc::clone(&price), Arc::clone(&price));
    let (writer_tx, writer_rx) = std::sync::mpsc::channel();
    let ada = in_background("Ada 7", move || {
        let _first = there.read();
        writer_rx.recv().expect("the test goes on");
        there.try_read_for(Duration::from_secs(2)).is_some()
    });
    until("Ada reads", || !price.holders().is_empty());
    let bea = in_background("Bea 7", move || drop(writes.write()));
    until("Bea waits", || price.waiters() == ["Bea 7"]);
    writer_tx.send(()).expect("Ada runs");
    until("Ada waits, too", || price.waiters().len() == 2);
    let own = of(&wait_graph(), "Ada 7");
    assert!(
        own[0].starts_with("deadlock: Ada 7 waits for price 7, held by itself"),
        "{own:?}"
    );
    assert!(!ada.finish());
    bea.finish();
}

#[test]
fn a_semaphore_makes_no_ring_for_anybody_may_release_it() {
    let seats = Semaphore::new("seats 8", 1);
    let there = seats.clone();
    let ada = in_background("Ada 8", move || {
        let _first = there.hold();
        there.acquire()
    });
    until("Ada waits", || !seats.waiters().is_empty());
    assert!(
        wait_graph()
            .deadlocks()
            .iter()
            .all(|ring| !ring.contains("Ada 8"))
    );
    seats.release();
    assert!(ada.finish());
}

#[test]
fn nobody_waits_in_a_quiet_process() {
    in_own_process(
        "wait_graph::nobody_waits_in_a_quiet_process",
        Vec::new,
        || {
            let graph = wait_graph();
            assert_eq!(graph.to_string(), "(nobody waits)");
            assert!(graph.svg().contains("Nobody waits"));
        },
    );
}

/// As a reader sees it who presses the stop button.
#[test]
fn whoever_is_stopped_in_a_ring_is_told_of_it() {
    let child = in_own_process(
        "wait_graph::whoever_is_stopped_in_a_ring_is_told_of_it",
        Vec::new,
        || {
            on_thread("Ada", || {
                let lock = Lock::new("studio");
                let _held = lock.hold();
                let outcome = std::panic::catch_unwind(|| {
                    // Enough to be asleep by then on a machine that is busy.
                    press_stop_after(Duration::from_millis(500));
                    lock.acquire()
                });
                assert!(outcome.unwrap_err().is::<KeyboardInterrupt>());
            });
        },
    );
    child.assert_stderr("deadlock: Ada waits for studio, held by itself\n");
}

#[test]
fn the_graph_is_data_too() {
    let value = serde_json::json!({
        "waits": [{"thread": "Ada", "thing": "a", "kind": "lock", "held_by": ["Ada"],
            "has_limit": false}],
        "rings": [[0], [7]],
    });
    let graph: WaitGraph = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(graph.deadlocks(), ["Ada waits for a, held by itself", ""]);
    assert!(graph.svg().contains("</svg>"), "also with a ring of nobody");
    assert_eq!(serde_json::to_value(&graph).unwrap(), value);
}

#[test]
fn who_has_several_permits_is_named_once() {
    let graph = |thread: &str, held_by: &[&str]| -> WaitGraph {
        let waits = serde_json::json!({"thread": thread, "thing": "desks", "kind": "semaphore",
            "held_by": held_by, "has_limit": false});
        serde_json::from_value(serde_json::json!({"waits": [waits], "rings": []})).unwrap()
    };
    assert_eq!(
        graph("Bea", &["Ada", "Cy", "Ada"]).to_string(),
        "Bea waits for desks, held by Ada and Cy"
    );
    assert_eq!(
        graph("Ada", &["Ada", "Ada"]).to_string(),
        "Ada waits for desks, held by itself"
    );
}
