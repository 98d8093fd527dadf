//! The crate's own files.

#[path = "../../src/gate/holds.rs"]
pub(crate) mod holds;
#[path = "../../src/gate/word.rs"]
pub(crate) mod word;

use word::{Seen, Word};

/// Takes the lock as [`take_at_once`] does, as soon as it is free; nothing if it is slow.
///
/// [`take_at_once`]: the crate's `Gate::take_at_once`
pub(crate) fn take(word: &Word, thread: u32, detached: bool) -> Option<Seen> {
    loop {
        let seen = word.look();
        if seen.is_slow() {
            return None;
        }
        let held = seen.taken_by(thread, detached);
        if seen.is_free() && word.take(seen, held) {
            return Some(held);
        }
        loom::thread::yield_now();
    }
}
