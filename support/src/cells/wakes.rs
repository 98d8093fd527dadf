//! The waits of `std` that a stop has to wake, and how each is woken.
#![allow(
    unsafe_code,
    reason = "a condition variable on which a thread waits is reached from another thread"
)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar};
use std::task::Waker;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::interrupt;
use crate::thread_mark::ThreadMark;

/// A thread may have looked for stops and not be asleep yet when its condition variable is notified;
/// so that is repeated, this often …
const AGAIN_AFTER: Duration = Duration::from_millis(5);
/// … and for so long: by then the kernel has ended the process.
const GIVE_UP_AFTER: Duration = Duration::from_secs(4);

/// Calls `wait`, in which the calling thread, whose mark this is, parks; a stop unparks it.
pub(super) fn unparked_by_stop<R>(mark: &Arc<ThreadMark>, wait: impl FnOnce() -> R) -> R {
    let _entered = Entered::new(mark, Wake::Unpark(thread::current()));
    wait()
}

/// Calls `wait`, in which the calling thread, whose mark this is, waits on `condvar`; a stop notifies
/// all who do.
pub(super) fn notified_by_stop<R>(
    mark: &Arc<ThreadMark>,
    condvar: &Condvar,
    wait: impl FnOnce() -> R,
) -> R {
    // Dropped in this function, whose caller has lent `condvar` for longer.
    let _entered = Entered::new(mark, Wake::Notify(CondvarPointer(condvar)));
    wait()
}

/// While it lives, a stop wakes a task that the calling thread polls.
pub(super) struct TaskWakes {
    waker: Waker,
    _entered: Entered,
}

impl TaskWakes {
    pub(super) fn new(waker: Waker) -> Self {
        let wake = Wake::Task(waker.clone());
        Self {
            waker,
            _entered: Entered::new(&ThreadMark::current(), wake),
        }
    }

    pub(super) fn waker(&self) -> &Waker {
        &self.waker
    }
}

/// Wakes every wait that `is_meant`. Called with the stop already visible: who enters later sees it.
pub(crate) fn wake_all(is_meant: impl Fn(&Arc<ThreadMark>, bool) -> bool) {
    let mut again = Vec::new();
    let mut tasks = Vec::new();
    for waiting in WAITING.lock().iter() {
        if is_meant(&waiting.owner, waiting.on_cell_thread) {
            waiting.wake.wake();
            match &waiting.wake {
                Wake::Notify(_) => again.push(waiting.id),
                Wake::Task(waker) => tasks.push(waker.clone()),
                Wake::Unpark(_) => {}
            }
        }
    }
    // With nothing locked: an executor may do anything here, also drop a task that waits.
    tasks.into_iter().for_each(Waker::wake);
    if !again.is_empty() {
        // Without this thread a stop that comes at a bad moment has to be pressed again.
        let _ = thread::Builder::new()
            .name("stop button".to_owned())
            .spawn(move || wake_again(again));
    }
}

fn wake_again(mut ids: Vec<u64>) {
    let since = Instant::now();
    while !ids.is_empty() && since.elapsed() < GIVE_UP_AFTER {
        thread::sleep(AGAIN_AFTER);
        let waiting = WAITING.lock();
        ids.retain(|id| {
            let found = waiting.iter().find(|waiting| waiting.id == *id);
            found.inspect(|waiting| waiting.wake.wake()).is_some()
        });
    }
}

enum Wake {
    /// Not lost when it comes too early.
    Unpark(Thread),
    Notify(CondvarPointer),
    /// Not lost either. Called without the lock of [`WAITING`].
    Task(Waker),
}

struct CondvarPointer(*const Condvar);

// SAFETY: it stands for a shared reference, and `Condvar` is `Sync`.
unsafe impl Send for CondvarPointer {}

impl Wake {
    /// To be called only for an entry of [`WAITING`], with that locked.
    fn wake(&self) {
        match self {
            Self::Unpark(thread) => thread.unpark(),
            Self::Task(_) => {}
            Self::Notify(CondvarPointer(condvar)) => {
                // SAFETY: the entry is in `WAITING`, so its `Entered` lives in a frame of
                // `notified_by_stop`, which has borrowed the condition variable; it stays so until we
                // unlock `WAITING`, for the `Entered` takes the entry out before it is gone.
                let condvar = unsafe { &**condvar };
                condvar.notify_all();
            }
        }
    }
}

struct Waiting {
    id: u64,
    owner: Arc<ThreadMark>,
    on_cell_thread: bool,
    wake: Wake,
}

static WAITING: Mutex<Vec<Waiting>> = Mutex::new(Vec::new());

/// An entry of [`WAITING`], taken out again on drop.
struct Entered(u64);

impl Entered {
    fn new(owner: &Arc<ThreadMark>, wake: Wake) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        WAITING.lock().push(Waiting {
            id,
            owner: Arc::clone(owner),
            on_cell_thread: interrupt::is_cell_thread(),
            wake,
        });
        Self(id)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut waiting = WAITING.lock();
        if let Some(place) = waiting.iter().position(|other| other.id == self.0) {
            waiting.swap_remove(place);
        }
    }
}

#[cfg(test)]
pub(super) fn count(mark: &Arc<ThreadMark>) -> usize {
    let waiting = WAITING.lock();
    waiting
        .iter()
        .filter(|entry| Arc::ptr_eq(&entry.owner, mark))
        .count()
}
