use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};
use std::time::Duration;

use lesson_support::{
    Receiver, SendTimeoutError, Sender, Thread, bounded, press_stop_after, record, rendezvous,
    unbounded,
};

use crate::deadline::{in_background, on_thread, until};
use crate::stop::stopped;

const BRIEFLY: Duration = Duration::from_millis(10);

/// Waits until the text of the channel has these words.
#[track_caller]
fn until_says<T>(receiver: &Receiver<T>, words: &str) {
    until(words, || format!("{receiver:?}").contains(words));
}

#[test]
fn values_come_out_in_the_order_in_which_they_went_in() {
    let (belt_tx, belt_rx) = unbounded("belt");
    (0..5).for_each(|n| belt_tx.send(n).unwrap());
    assert_eq!(belt_rx.len(), 5);
    drop(belt_tx);
    assert_eq!(belt_rx.iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert_eq!(belt_rx.recv(), Err(RecvError));
    assert_eq!(belt_rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_full_channel_holds_up_its_senders() {
    let (belt_tx, belt_rx) = bounded("belt", 2);
    belt_tx.send(1).unwrap();
    belt_tx.send(2).unwrap();
    assert_eq!(belt_tx.try_send(3), Err(TrySendError::Full(3)));
    assert_eq!(
        belt_tx.send_timeout(3, BRIEFLY),
        Err(SendTimeoutError::Timeout(3))
    );
    let sender = belt_tx.clone();
    let ada = in_background("Ada", move || sender.send(3));
    until_says(&belt_rx, "2 of 2 inside, sending: Ada");
    assert_eq!(belt_rx.recv(), Ok(1));
    assert_eq!(ada.finish(), Ok(()));
    assert_eq!((belt_rx.recv(), belt_rx.recv()), (Ok(2), Ok(3)));
    assert_eq!(belt_rx.try_recv(), Err(TryRecvError::Empty));
}

/// The twin: without a limit to what it holds, nobody waits and it grows.
#[test]
fn an_unbounded_channel_holds_up_nobody() {
    let (belt_tx, belt_rx) = unbounded("belt");
    (0..10_000).for_each(|n| belt_tx.try_send(n).unwrap());
    assert_eq!(belt_rx.len(), 10_000);
}

#[test]
fn at_a_rendezvous_both_meet() {
    let (hand_tx, hand_rx) = rendezvous("hand");
    assert_eq!(hand_tx.try_send(1), Err(TrySendError::Full(1)));
    let sender = hand_tx.clone();
    let ada = in_background("Ada", move || sender.send(2));
    until_says(&hand_rx, "0 of 0 inside, sending: Ada");
    assert_eq!(hand_rx.recv(), Ok(2));
    assert_eq!(ada.finish(), Ok(()));

    let receiver = hand_rx.clone();
    let bea = in_background("Bea", move || receiver.recv());
    until_says(&hand_rx, "receiving: Bea");
    assert_eq!(hand_tx.try_send(3), Ok(()));
    assert_eq!(bea.finish(), Ok(3));
}

#[test]
fn a_receiver_waits_for_a_value_or_for_the_last_sender_to_go() {
    let (belt_tx, belt_rx) = unbounded::<u32>("belt");
    assert_eq!(
        belt_rx.recv_timeout(BRIEFLY),
        Err(RecvTimeoutError::Timeout)
    );
    let receiver = belt_rx.clone();
    let ada = in_background("Ada", move || receiver.recv());
    until_says(&belt_rx, "receiving: Ada");
    let second = belt_tx.clone();
    drop(belt_tx);
    until_says(&belt_rx, "receiving: Ada");
    drop(second);
    assert_eq!(ada.finish(), Err(RecvError));
    assert_eq!(
        format!("{belt_rx:?}"),
        "<receiver of channel belt: 0 inside, all senders gone>"
    );
}

#[test]
fn a_sender_gets_its_value_back_when_the_last_receiver_goes() {
    let (hand_tx, hand_rx) = rendezvous("hand");
    let sender: Sender<String> = hand_tx.clone();
    let ada = in_background("Ada", move || sender.send("a letter".to_owned()));
    until_says(&hand_rx, "sending: Ada");
    drop(hand_rx);
    assert_eq!(ada.finish(), Err(SendError("a letter".to_owned())));
    let value = "another".to_owned();
    assert_eq!(hand_tx.send(value.clone()), Err(SendError(value)));
}

#[test]
fn a_value_that_nobody_reads_is_dropped_with_the_last_receiver() {
    struct SendsBack(Sender<u32>);
    impl Drop for SendsBack {
        fn drop(&mut self) {
            let _ = self.0.send(1);
        }
    }
    let (back_tx, back_rx) = unbounded("back");
    let (belt_tx, belt_rx) = unbounded("belt");
    belt_tx.send(SendsBack(back_tx)).ok().unwrap();
    drop(belt_rx);
    assert_eq!(back_rx.try_recv(), Ok(1));
}

#[test]
fn a_stopped_receiver_takes_no_value_with_it() {
    let (belt_tx, belt_rx) = unbounded("belt");
    let receiver = belt_rx.clone();
    on_thread("Ada", move || {
        stopped(|| {
            press_stop_after(BRIEFLY);
            receiver.recv()
        });
    });
    belt_tx.send(1).unwrap();
    assert_eq!(belt_rx.recv(), Ok(1));
}

#[test]
fn a_stopped_sender_does_not_send() {
    let (belt_tx, belt_rx) = bounded("belt", 1);
    belt_tx.send(1).unwrap();
    let sender = belt_tx.clone();
    on_thread("Ada", move || {
        stopped(|| {
            press_stop_after(BRIEFLY);
            sender.send(2)
        });
    });
    assert_eq!(belt_rx.recv(), Ok(1));
    assert_eq!(belt_rx.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn many_senders_and_receivers_lose_and_double_nothing() {
    for capacity in [0, 1, 3] {
        let (belt_tx, belt_rx) = bounded("belt", capacity);
        let senders: Vec<_> = (0..4_u32)
            .map(|sender| {
                let belt_tx = belt_tx.clone();
                in_background("sending", move || {
                    (0..100).for_each(|n| belt_tx.send(100 * sender + n).unwrap());
                })
            })
            .collect();
        drop(belt_tx);
        let receivers: Vec<_> = (0..3)
            .map(|_| {
                let belt_rx = belt_rx.clone();
                in_background("receiving", move || belt_rx.iter().collect::<Vec<_>>())
            })
            .collect();
        senders.into_iter().for_each(|thread| thread.finish());
        let mut all: Vec<u32> = receivers
            .into_iter()
            .flat_map(|thread| thread.finish())
            .collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..400), "capacity {capacity}");
    }
}

#[test]
fn sends_and_waits_are_in_the_timeline() {
    let timeline = record(|| {
        let (belt_tx, belt_rx) = bounded::<u32>("the belt", 1);
        let cy = Thread::new("Cy at the belt", move || belt_rx.recv());
        cy.start();
        assert!(cy.settle());
        belt_tx.send(1).unwrap();
        assert_eq!(cy.join().expect("Cy does not panic"), Ok(1));
    });
    let text = timeline.to_string();
    for words in ["Cy at the belt waits for the belt", " sends to the belt"] {
        assert!(timeline.events.len() > 40 || text.contains(words), "{text}");
    }
}
