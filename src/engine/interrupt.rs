//! What the stop button does.
//!
//! 1. At once the cell's own thread is unwound out of a blocking call of the support crate.
//! 2. After [`OTHERS_AFTER`] all other threads are too: the cell may be waiting for one of them, as
//!    `thread::scope` does.
//! 3. After [`WARN_AFTER`] the reader is told that the process will be ended, and what that loses.
//! 4. After [`KILL_AFTER`] it is ended.
//!
//! The clock runs only while compiled code runs. A cell that is still being compiled is not run at
//! all; when the compiler takes longer than [`WARN_AFTER`], it is ended as well, which loses nothing.

use std::process::Child;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use super::link::{Link, Phase};
use super::outcome::CellError;
use super::processes;
use super::sink::{Sink, Stream};

/// When threads other than the cell's own are unwound.
pub const OTHERS_AFTER: Duration = Duration::from_millis(500);
/// When the coming end of the process is announced.
pub const WARN_AFTER: Duration = Duration::from_secs(1);
/// When the process is ended: long enough to read the announcement, and short enough to sit through.
pub const KILL_AFTER: Duration = Duration::from_secs(3);
/// How often the state is looked at. Nothing waits for this; only the steps above are that exact.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The `ename` of a cell that was stopped: the name that Python's users and tools know.
pub const KEYBOARD_INTERRUPT: &str = "KeyboardInterrupt";

/// The error of a cell that was stopped.
#[must_use]
pub fn keyboard_interrupt() -> CellError {
    CellError::plain(KEYBOARD_INTERRUPT, "interrupted")
}

/// Stops cells. Can be used from any thread at any time.
pub struct Interrupter {
    link: Arc<Link>,
    sink: Arc<dyn Sink>,
    process: OnceLock<Arc<Mutex<Child>>>,
    variables: Mutex<Vec<String>>,
}

impl Interrupter {
    /// For the cells behind this link.
    #[must_use]
    pub fn new(link: Arc<Link>, sink: Arc<dyn Sink>) -> Interrupter {
        Interrupter {
            link,
            sink,
            process: OnceLock::new(),
            variables: Mutex::default(),
        }
    }

    /// Tells which process runs the cells, as soon as there is one.
    pub fn set_process(&self, process: Arc<Mutex<Child>>) {
        let _ = self.process.set(process);
    }

    /// Tells which variables the end of the process would lose.
    pub fn set_variables(&self, names: Vec<String>) {
        *self
            .variables
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = names;
    }

    /// Presses stop; does nothing when no cell is under way.
    pub fn press(self: &Arc<Self>) {
        let (Phase::Compiling(cell) | Phase::Running(cell) | Phase::Returned(cell)) =
            self.link.phase()
        else {
            return;
        };
        let first = self.link.press_stop();
        self.link.raise(cell, 1);
        if first {
            let this = Arc::clone(self);
            // Without this thread the first step has still been made.
            let _ = thread::Builder::new()
                .name("stop button".into())
                .spawn(move || this.insist(cell));
        }
    }

    /// Ends the process that runs the cells.
    pub fn kill(&self) {
        if let Some(process) = self.process.get() {
            // It may have ended by itself in the meantime.
            match process.try_lock() {
                Ok(mut process) => drop(process.kill()),
                Err(TryLockError::Poisoned(poisoned)) => drop(poisoned.into_inner().kill()),
                // evcxr waits for its end already, since it has closed its stdout.
                Err(TryLockError::WouldBlock) => {
                    if let Some(pid) = self.link.pid() {
                        processes::kill(pid);
                    }
                }
            }
        }
    }

    fn insist(&self, cell: u64) {
        let mut compiling_since = Instant::now();
        let mut running_since = None;
        let mut returned_since = None;
        let mut step = 0;
        loop {
            thread::sleep(LOOK_EVERY);
            match self.link.phase() {
                Phase::Compiling(now) if now == cell => {
                    if compiling_since.elapsed() >= WARN_AFTER {
                        self.end_compiler();
                        compiling_since = Instant::now();
                    }
                }
                Phase::Running(now) if now == cell => {
                    let elapsed = running_since.get_or_insert_with(Instant::now).elapsed();
                    let due = [OTHERS_AFTER, WARN_AFTER, KILL_AFTER];
                    if due.get(step).is_some_and(|due| elapsed >= *due) {
                        match step {
                            0 => self.link.raise(cell, 2),
                            1 => self.announce(),
                            _ => {
                                self.link.note_kill();
                                self.kill();
                            }
                        }
                        step += 1;
                    }
                }
                // A moment, unless evcxr compiles the cell again, or the cell has written into the
                // runtime's own stdout, so that evcxr waits for a word that never comes.
                Phase::Returned(now) if now == cell => {
                    let elapsed = returned_since.get_or_insert_with(Instant::now).elapsed();
                    if elapsed >= KILL_AFTER {
                        self.link.note_kill();
                        self.kill();
                        return;
                    }
                }
                _ => return,
            }
        }
    }

    fn announce(&self) {
        let names = self
            .variables
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .join(", ");
        let loss = if names.is_empty() {
            String::new()
        } else {
            format!(", and with it these variables: {names}")
        };
        let left = (KILL_AFTER - WARN_AFTER).as_secs();
        self.sink.text(
            Stream::Stderr,
            format!(
                "stop: this cell does not reach a point where it can be interrupted. In {left} s its process is ended{loss}.\n"
            ),
        );
    }

    /// Ends cargo and what it started; the process that runs the cells stays.
    fn end_compiler(&self) {
        for process in processes::descendants(std::process::id(), self.link.pid()) {
            if processes::is_compiler(&process.name) {
                processes::kill(process.pid);
            }
        }
    }
}
