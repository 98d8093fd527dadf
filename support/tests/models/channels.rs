//! Channels: every value arrives once, and who waits is woken.

use shuttle::thread;

use crate::channel::{bounded, rendezvous, unbounded};
use crate::run::{fails_with, holds};
use crate::sync::Fault;

fn every_value_arrives_once(capacity: Option<usize>) {
    let (belt_tx, belt_rx) = match capacity {
        None => unbounded("belt"),
        Some(0) => rendezvous("belt"),
        Some(capacity) => bounded("belt", capacity),
    };
    let senders: Vec<_> = (0..2)
        .map(|sender| {
            let belt_tx = belt_tx.clone();
            thread::spawn(move || {
                for number in 0..2 {
                    belt_tx
                        .send(2 * sender + number)
                        .expect("somebody receives");
                }
            })
        })
        .collect();
    drop(belt_tx);
    let receivers: Vec<_> = (0..2)
        .map(|_| {
            let belt_rx = belt_rx.clone();
            thread::spawn(move || belt_rx.iter().collect::<Vec<u32>>())
        })
        .collect();
    senders
        .into_iter()
        .for_each(|sender| sender.join().expect("no thread panics"));
    let mut all = Vec::new();
    for receiver in receivers {
        let values = receiver.join().expect("no thread panics");
        for sender in 0..2 {
            let of_one = values.iter().filter(|value| **value / 2 == sender);
            assert!(of_one.is_sorted(), "out of order: {values:?}");
        }
        all.extend(values);
    }
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3], "lost or doubled");
}

fn without_bound() {
    every_value_arrives_once(None);
}

fn with_one_place() {
    every_value_arrives_once(Some(1));
}

fn from_hand_to_hand() {
    every_value_arrives_once(Some(0));
}

#[test]
fn an_unbounded_channel_loses_and_doubles_nothing() {
    holds(without_bound);
}

#[test]
fn a_bounded_channel_loses_and_doubles_nothing() {
    holds(with_one_place);
}

#[test]
fn a_rendezvous_loses_and_doubles_nothing() {
    holds(from_hand_to_hand);
}

#[test]
fn a_channel_whose_sleep_is_torn_leaves_somebody_waiting() {
    fails_with(Fault::TornSleep, without_bound, &["deadlock"]);
    fails_with(Fault::TornSleep, with_one_place, &["deadlock"]);
    fails_with(Fault::TornSleep, from_hand_to_hand, &["deadlock"]);
}
