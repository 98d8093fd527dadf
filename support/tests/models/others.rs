//! What is built on the gate and the line beside the lock: the reader-writer lock, the semaphore, the
//! barrier and the event.

use std::sync::Arc;

use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::thread;

use crate::barrier::Barrier;
use crate::event::Event;
use crate::run::{fails_with, holds};
use crate::rw_lock::RwLock;
use crate::semaphore::Semaphore;
use crate::sync::Fault;

fn join<T>(threads: Vec<thread::JoinHandle<T>>) -> Vec<T> {
    let joined = threads.into_iter();
    joined
        .map(|thread| thread.join().expect("no thread panics"))
        .collect()
}

/// Two writers and two readers. A reader that sees half of a write sees two numbers that differ.
fn readers_and_writers() {
    let pair = Arc::new(RwLock::named("pair", (0, 0)));
    let writers = (0..2).map(|_| {
        let pair = Arc::clone(&pair);
        thread::spawn(move || {
            let mut pair = pair.write();
            pair.0 += 1;
            thread::yield_now();
            pair.1 += 1;
        })
    });
    let writers: Vec<_> = writers.collect();
    let readers = (0..2).map(|_| {
        let pair = Arc::clone(&pair);
        thread::spawn(move || {
            let pair = pair.read();
            assert_eq!(pair.0, pair.1, "half a write is read");
        })
    });
    join(readers.collect());
    join(writers);
    assert_eq!(*pair.read(), (2, 2), "a write is lost");
}

#[test]
fn a_writer_is_alone_and_nobody_waits_for_ever() {
    holds(readers_and_writers);
}

#[test]
fn on_torn_sleep_a_reader_or_writer_waits_for_ever() {
    fails_with(Fault::TornSleep, readers_and_writers, &["deadlock"]);
}

fn three_threads_two_permits() {
    let seats = Semaphore::new("seats", 2);
    let inside = Arc::new(AtomicU32::new(0));
    let guests = (0..3).map(|_| {
        let (seats, inside) = (seats.clone(), Arc::clone(&inside));
        thread::spawn(move || {
            for _ in 0..2 {
                let _seat = seats.hold();
                let before = inside.fetch_add(1, Ordering::SeqCst);
                assert!(before < 2, "three are inside");
                thread::yield_now();
                inside.fetch_sub(1, Ordering::SeqCst);
            }
        })
    });
    join(guests.collect());
    assert_eq!(seats.available(), 2, "a permit is lost or doubled");
}

#[test]
fn a_semaphore_lets_in_as_many_as_it_has_permits() {
    holds(three_threads_two_permits);
}

#[test]
fn on_torn_sleep_a_permit_comes_to_nobody() {
    fails_with(Fault::TornSleep, three_threads_two_permits, &["deadlock"]);
}

/// Twice the same group: who is quick must not slip into the next round, or be counted in two.
fn two_rounds() {
    let start = Barrier::new("start", 2);
    let here = Arc::new(AtomicU32::new(0));
    let group = (0..2).map(|_| {
        let (start, here) = (start.clone(), Arc::clone(&here));
        thread::spawn(move || {
            let mut leads = 0;
            for round in 1..=2 {
                here.fetch_add(1, Ordering::SeqCst);
                leads += u32::from(start.wait().is_leader());
                let here = here.load(Ordering::SeqCst);
                assert!(here >= 2 * round, "let go before all were there");
            }
            leads
        })
    });
    let leads = join(group.collect());
    assert_eq!(leads.iter().sum::<u32>(), 2, "each round has one leader");
}

#[test]
fn a_barrier_lets_go_when_all_are_there() {
    holds(two_rounds);
}

#[test]
fn on_torn_sleep_somebody_stays_at_the_barrier() {
    fails_with(Fault::TornSleep, two_rounds, &["deadlock"]);
}

fn two_wait_for_an_event() {
    let open = Event::new("open");
    let waiting = (0..2).map(|_| {
        let open = open.clone();
        thread::spawn(move || open.wait())
    });
    let waiting: Vec<_> = waiting.collect();
    open.set();
    assert_eq!(join(waiting), [true, true]);
}

#[test]
fn an_event_lets_everybody_go_on() {
    holds(two_wait_for_an_event);
}

#[test]
fn on_torn_sleep_somebody_misses_the_event() {
    fails_with(Fault::TornSleep, two_wait_for_an_event, &["deadlock"]);
}
