use crate::gate::word::{LAST_THREAD, Seen, TICKETS, Word};

#[test]
fn a_word_tells_holder_and_ticket() {
    for thread in [1, 2, LAST_THREAD] {
        for (ticket, detached) in [(0, false), (1, true), (TICKETS - 1, false)] {
            let held = Seen::free(ticket).taken_by(thread, detached);
            assert_eq!(held.holder(), Some(thread));
            assert_eq!(held.ticket(), ticket);
            assert_eq!(held.is_detached(), detached);
            assert!(held.is_held_by(thread) && !held.is_free() && !held.is_slow());
            assert_eq!(held.freed(), Seen::free((ticket + 1) % TICKETS));
        }
    }
}

#[test]
fn a_release_of_an_earlier_hold_does_nothing() {
    let word = Word::new(Seen::free(0));
    let first = word.look().taken_by(1, false);
    assert!(word.take(Seen::free(0), first));
    assert!(word.release(first, first.freed()));
    let again = word.look().taken_by(1, false);
    assert!(word.take(first.freed(), again));
    assert!(!word.release(first, first.freed()));
    assert_eq!(word.look(), again);
}

#[test]
fn a_slow_word_is_neither_taken_nor_released() {
    let word = Word::new(Seen::free(7));
    assert_eq!(word.slow_down(), Some(Seen::free(7)));
    assert_eq!(word.slow_down(), None);
    let seen = word.look();
    assert!(seen.is_slow() && !seen.is_free() && !seen.is_held_by(1));
    word.speed_up(8);
    assert_eq!(word.look(), Seen::free(8));
}
