//! Waits of tests, none of them endless.

use std::panic::resume_unwind;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use lesson_support::Lock;

/// Long enough for a machine that is busy with other things; a correct program needs
/// milliseconds.
pub(crate) const PLENTY: Duration = Duration::from_secs(60);

/// Longer than any test may take: what waits this long waits for ever.
pub(crate) const AGES: Duration = Duration::from_secs(3_600);

/// Runs `work` on a thread of this name and returns what it returns; a panic goes on here.
#[track_caller]
pub(crate) fn on_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    in_background(name, work).finish()
}

/// Starts `work` on a thread of this name.
pub(crate) fn in_background<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Background<T> {
    let (done_tx, done_rx) = mpsc::channel();
    let handle = thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            // Dropped at the end, also by a panic: that is the message.
            let _done_tx: mpsc::Sender<()> = done_tx;
            work()
        })
        .expect("room for a thread");
    Background { done_rx, handle }
}

pub(crate) struct Background<T> {
    done_rx: mpsc::Receiver<()>,
    handle: thread::JoinHandle<T>,
}

impl<T> Background<T> {
    /// What the thread returned, or what it unwound with.
    #[track_caller]
    pub(crate) fn outcome(self) -> thread::Result<T> {
        if let Err(mpsc::RecvTimeoutError::Timeout) = self.done_rx.recv_timeout(PLENTY) {
            let name = self.handle.thread().name().unwrap_or("?").to_owned();
            panic!("thread {name} still runs after {PLENTY:?}");
        }
        self.handle.join()
    }

    #[track_caller]
    pub(crate) fn finish(self) -> T {
        self.outcome()
            .unwrap_or_else(|payload| resume_unwind(payload))
    }
}

/// Waits until `holds` is true.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PLENTY;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {PLENTY:?}: {what}");
        thread::sleep(Duration::from_micros(200));
    }
}

/// Waits until exactly these threads wait for `lock`, in this order.
#[track_caller]
pub(crate) fn until_queue(lock: &Lock, names: &[&str]) {
    until(&format!("{names:?} wait for {lock:?}"), || {
        lock.waiters() == names
    });
}
