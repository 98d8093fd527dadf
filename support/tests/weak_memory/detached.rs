//! A hold that owns no handle: whoever drops the last handle either finds it and keeps it, or finds
//! that it is over and may take the memory back.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use crate::gate::take;
use crate::gate::word::{Seen, Word};
use crate::run::{fails_with, holds};
use crate::sync::Fault;

struct Gate {
    word: Word,
    /// Stands for all of the gate's memory: a guard reads it, and who takes it back writes it.
    memory: UnsafeCell<()>,
}

impl Gate {
    /// As a guard does that goes. `false` if that has to be done in turn.
    fn end(&self, held: Seen) -> bool {
        self.memory.with(|_| ());
        self.word.look() == held && self.word.release(held, held.freed())
    }

    /// As a handle does that goes, the last one. `true` if the hold goes on.
    fn let_go(&self) -> bool {
        let goes_on = self.word.look_behind().is_detached()
            && self.word.slow_down().is_some_and(Seen::is_detached);
        if !goes_on {
            self.memory.with_mut(|_| ());
        }
        goes_on
    }
}

fn the_handle_goes_elsewhere() {
    let gate = Arc::new(Gate {
        word: Word::new(Seen::free(0)),
        memory: UnsafeCell::new(()),
    });
    let held = take(&gate.word, 1, true).expect("nobody makes it slow");
    let shared = Arc::clone(&gate);
    let bea = thread::spawn(move || shared.let_go());
    let ended = gate.end(held);
    let kept = bea.join().expect("Bea does not panic");
    assert_ne!(ended, kept, "either the guard has ended it, or it is kept");
}

#[test]
fn a_handle_that_goes_keeps_the_hold_or_finds_it_over() {
    holds(the_handle_goes_elsewhere);
}

#[test]
fn with_a_look_that_orders_nothing_the_memory_goes_too_early() {
    fails_with(
        Fault::Look,
        the_handle_goes_elsewhere,
        "Causality violation",
    );
}

#[test]
fn without_release_the_memory_goes_too_early() {
    fails_with(
        Fault::Release,
        the_handle_goes_elsewhere,
        "Causality violation",
    );
}
