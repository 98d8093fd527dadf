//! A thread that looks after the cells a few times a second.
//!
//! It flushes stdout, so that `print!` without a newline appears while its cell or thread goes on.
//! And it notices when a cell waits for input: a plain `stdin().read_line()` says nothing to anybody,
//! so the front end would never be asked, and the cell would hang.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::commands;
use crate::control::Control;

/// Short for a reader, long for a processor.
const EVERY: Duration = Duration::from_millis(50);
/// For so many looks in a row a thread must be seen reading: crates that ask through evcxr's own
/// protocol read too, a moment after they have asked.
const LOOKS: u32 = 3;

/// A question is on its way, or waits for its answer.
static ASKED: AtomicBool = AtomicBool::new(false);

/// Starts the thread.
///
/// # Errors
/// When the operating system refuses.
pub fn start(control: &'static Control) -> io::Result<()> {
    thread::Builder::new()
        .name("lesson attendant".into())
        .spawn(move || {
            let mut reading = 0;
            loop {
                thread::sleep(EVERY);
                // A closed stdout is the learner's own doing.
                let _ = io::stdout().flush();
                reading = if commands::cell_runs() && some_thread_reads_stdin() {
                    reading + 1
                } else {
                    0
                };
                if reading >= LOOKS && !ASKED.swap(true, Ordering::SeqCst) {
                    let _ = control.echo("EVCXR_INPUT_REQUEST:");
                }
            }
        })?;
    Ok(())
}

/// A question has been asked, by whatever way.
pub fn question_asked() {
    ASKED.store(true, Ordering::SeqCst);
}

/// Its answer has come.
pub fn question_answered() {
    ASKED.store(false, Ordering::SeqCst);
}

/// Whether a thread of this process is inside `read(0, …)`, as Linux tells it.
fn some_thread_reads_stdin() -> bool {
    let reading = format!("{} 0x0 ", libc::SYS_read);
    std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten()
        .any(|task| {
            // A thread that has just ended, or a system that does not tell: then nobody reads.
            std::fs::read_to_string(task.path().join("syscall"))
                .is_ok_and(|call| call.starts_with(&reading))
        })
}
