//! Threads by number.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::gate::LAST_THREAD;
use crate::sync::{Mutex, global};
use crate::thread_mark::ThreadMark;

global! {
    /// Lock order: nothing is called while it is locked.
    static ROLL: Mutex<Option<Roll>> = Mutex::new(None);
}

#[derive(Default)]
struct Roll {
    last: u32,
    marks: HashMap<u32, Arc<ThreadMark>>,
    /// Those that have ended, the oldest first. A lock may still have them as its holder.
    ended: VecDeque<u32>,
}

/// How many threads are remembered beyond their end; some 10 MB. After that many more, a lock
/// that was left held says that its holder is a thread which has ended, but not its name.
const ENDED_LIMIT: usize = 50_000;

/// A mark with a number, for a thread that begins.
pub(crate) fn enter(name: String) -> Arc<ThreadMark> {
    let mut roll = ROLL.lock();
    let roll = roll.get_or_insert_default();
    // Numbers are not used again: an old one may stand in a lock.
    let number = if roll.last < LAST_THREAD {
        roll.last += 1;
        roll.last
    } else {
        0
    };
    let mark = Arc::new(ThreadMark::named(name, number));
    if number != 0 {
        roll.marks.insert(number, Arc::clone(&mark));
    }
    mark
}

/// The thread has ended.
pub(crate) fn leave(mark: &ThreadMark) {
    if mark.number() == 0 {
        return;
    }
    let forgotten = {
        let mut roll = ROLL.lock();
        let roll = roll.get_or_insert_default();
        roll.ended.push_back(mark.number());
        let oldest = (roll.ended.len() > ENDED_LIMIT).then(|| roll.ended.pop_front());
        oldest
            .flatten()
            .and_then(|oldest| roll.marks.remove(&oldest))
    };
    drop(forgotten);
}

/// The thread of this number.
pub(crate) fn find(number: u32) -> Arc<ThreadMark> {
    let known = ROLL
        .lock()
        .as_ref()
        .and_then(|roll| roll.marks.get(&number).cloned());
    known.unwrap_or_else(|| {
        let forgotten = ThreadMark::named("a thread of long ago".to_owned(), number);
        forgotten.end();
        Arc::new(forgotten)
    })
}
