//! Threads that run a learner's function, watched from outside.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::Builder;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::KeyboardInterrupt;
use crate::interrupt;
use crate::panicked::{NO_MESSAGE, message_of};
use crate::thread_mark::ThreadMark;
use crate::waiter::{Outcome, Waiter, WhileUnwinding};

/// How long a check waits. A right function needs a second at most, also on a busy machine; a
/// learner who is stuck should not be kept waiting much longer than it takes to wonder.
pub(super) const LIMIT: Duration = Duration::from_secs(10);

/// How a crew fared.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ran {
    /// Everybody came to the end.
    Through,
    /// The first of those that panicked, with its message.
    Panicked(String),
    /// Somebody is not done. `stuck` knows of it before anything is stopped.
    Stuck,
    /// The operating system refused a thread.
    Refused(String),
}

/// What the members have in common.
pub(super) struct Shared {
    running: AtomicUsize,
    over: AtomicBool,
    marks: Mutex<Vec<Arc<ThreadMark>>>,
    panicked: Mutex<Option<String>>,
    waiter: Arc<Waiter>,
}

impl Shared {
    /// Whether it is of no use to go on.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// How many members have not come to their end.
    pub(super) fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    /// Stops all members, as far as they come to a wait or a checkpoint of this crate.
    fn stop(&self) {
        // First: who starts only now has to see it.
        self.over.store(true, Ordering::Relaxed);
        // The mutex orders the two: a member that enters later sees `over`.
        let marks = self.marks.lock().clone();
        marks.iter().for_each(interrupt::stop_thread);
    }
}

/// Runs `work` on a thread of each of these names, and waits until all are through, for `limit` at
/// most. If somebody is not, calls `stuck` while everything is still as it is, and then stops all
/// waits of this crate in which the threads sit. What sits elsewhere is left behind.
///
/// A stop of the cell does the same and unwinds.
pub(super) fn run<W>(names: &[String], limit: Duration, work: W, stuck: impl FnOnce()) -> Ran
where
    W: Fn(usize, &Shared) + Send + Sync + 'static,
{
    interrupt::checkpoint();
    let me = ThreadMark::current();
    let waiter = Waiter::new(Arc::clone(&me));
    let shared = Arc::new(Shared {
        running: AtomicUsize::new(names.len()),
        over: AtomicBool::new(false),
        marks: Mutex::default(),
        panicked: Mutex::default(),
        waiter: Arc::clone(&waiter),
    });
    let work = Arc::new(work);
    for (member, name) in names.iter().enumerate() {
        let (work, crew) = (Arc::clone(&work), Arc::clone(&shared));
        let run = move || live(&crew, || work(member, &crew));
        if let Err(error) = Builder::new().name(name.clone()).spawn(run) {
            shared.stop();
            return Ran::Refused(error.to_string());
        }
    }
    let deadline = Instant::now() + limit;
    match waiter.wait(Some(deadline), WhileUnwinding::GiveUp) {
        Outcome::Rung | Outcome::Called => match shared.panicked.lock().take() {
            None => Ran::Through,
            Some(message) => Ran::Panicked(message),
        },
        Outcome::TimedOut | Outcome::StoppedWhileUnwinding => {
            // The others may wait for what a panic took with it.
            let panicked = shared.panicked.lock().take();
            stuck();
            shared.stop();
            panicked.map_or(Ran::Stuck, Ran::Panicked)
        }
        Outcome::Stopped => {
            shared.stop();
            interrupt::unwind(&me)
        }
    }
}

/// The life of a member, on its thread.
fn live(shared: &Shared, work: impl FnOnce()) {
    shared.marks.lock().push(ThreadMark::current());
    // Looked at behind the entry: a stop that has not found the entry has come before it.
    let work = || {
        if !shared.is_over() {
            work();
        }
    };
    if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
        if !payload.is::<KeyboardInterrupt>() {
            let message = message_of(payload.as_ref()).unwrap_or(NO_MESSAGE);
            let mut panicked = shared.panicked.lock();
            panicked.get_or_insert_with(|| message.to_owned());
            shared.over.store(true, Ordering::Relaxed);
        }
        // A payload's destructor may panic, too.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
    }
    // `AcqRel`: who sees the last one leave sees what all did.
    if shared.running.fetch_sub(1, Ordering::AcqRel) == 1 {
        shared.waiter.ring();
    }
}

/// `teller 1`, `teller 2` and so on.
pub(super) fn numbered(what: &str, how_many: usize) -> Vec<String> {
    (1..=how_many).map(|n| format!("{what} {n}")).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::{Ran, numbered, run};
    use crate::Lock;

    const PLENTY: Duration = Duration::from_secs(30);

    #[test]
    fn a_crew_that_is_done_is_through() {
        assert_eq!(
            run(&numbered("Ada", 3), PLENTY, |_, _| {}, || {}),
            Ran::Through
        );
    }

    #[test]
    fn a_crew_that_is_stuck_is_looked_at_first_and_ended_then() {
        let lock = Lock::new("studio");
        let held = lock.hold();
        let alive = Arc::new(());
        let seen = Arc::downgrade(&alive);
        let mut waiting = Vec::new();
        let ran = {
            let lock = lock.clone();
            let work = move |_: usize, _: &super::Shared| {
                let _alive = &alive;
                drop(lock.hold());
            };
            let look = || waiting = held.lock().waiters();
            run(&numbered("Ada", 2), Duration::from_millis(300), work, look)
        };
        assert_eq!(ran, Ran::Stuck);
        waiting.sort();
        assert_eq!(waiting, ["Ada 1", "Ada 2"]);
        let deadline = Instant::now() + PLENTY;
        while seen.upgrade().is_some() {
            assert!(Instant::now() < deadline, "they still wait");
            thread::sleep(Duration::from_millis(1));
        }
        assert!(lock.waiters().is_empty());
    }

    #[test]
    fn a_panic_of_one_is_told_though_the_others_are_stuck() {
        let lock = Lock::new("studio");
        let _held = lock.hold();
        let work = {
            let lock = lock.clone();
            move |member: usize, _: &super::Shared| match member {
                0 => panic!("a string broke"),
                _ => drop(lock.hold()),
            }
        };
        // Enough for a panic message with its backtrace on a machine that is busy.
        let ran = run(&numbered("Ada", 2), Duration::from_secs(3), work, || {});
        assert_eq!(ran, Ran::Panicked("a string broke".to_owned()));
    }
}
