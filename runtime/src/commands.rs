//! Lines from evcxr: commands while no cell runs, answers to an input request while one does.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::attendant;

static CELL_RUNS: AtomicBool = AtomicBool::new(false);

/// Whether a cell runs at this moment.
pub fn cell_runs() -> bool {
    CELL_RUNS.load(Ordering::SeqCst)
}

static SHARE: AtomicBool = AtomicBool::new(false);

/// Whether the next library's symbols are to be visible to later ones.
pub fn share_symbols(share: bool) {
    SHARE.store(share, Ordering::SeqCst);
}

static FORGOTTEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Variables that evcxr has to drop before it runs code again.
pub fn forget(variables: Vec<String>) {
    *FORGOTTEN.lock().unwrap_or_else(PoisonError::into_inner) = variables;
}

/// The variables that evcxr has not been told of yet.
pub fn take_forgotten() -> Vec<String> {
    std::mem::take(&mut FORGOTTEN.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A command to load a shared object and run a function of it.
pub struct LoadAndRun {
    /// Path of the shared object.
    pub library: String,
    /// Name of the function.
    pub function: String,
    /// Symbols of the library are visible to later ones.
    pub share: bool,
}

/// The commands, in order.
pub struct Commands {
    queue: Receiver<String>,
}

impl Commands {
    /// Starts the thread that reads evcxr's lines.
    ///
    /// It is a thread of its own because the cell's code reads stdin too: an answer that evcxr sends
    /// to a running cell has to reach that cell's stdin, which is a pipe of ours.
    pub fn listen(commands: File, mut stdin_feed: File) -> Commands {
        let (queue_tx, queue) = mpsc::channel();
        thread::Builder::new()
            .name("lesson commands".into())
            .spawn(move || {
                for line in BufReader::new(commands).lines() {
                    let Ok(line) = line else { break };
                    if CELL_RUNS.load(Ordering::SeqCst) {
                        // A closed stdin is the learner's own choice.
                        let _ = stdin_feed.write_all(format!("{line}\n").as_bytes());
                        attendant::question_answered();
                    } else if queue_tx.send(line).is_err() {
                        break;
                    }
                }
                // evcxr closed the pipe: the kernel wants this process to go, cell or no cell.
                // SAFETY: `_exit` takes a number and does not return.
                unsafe { libc::_exit(0) }
            })
            .expect("a process that has just started can start a thread");
        Commands { queue }
    }

    /// The next command; `None` when evcxr has closed the pipe.
    ///
    /// # Errors
    /// When evcxr says something that this runtime does not know.
    pub fn next(&self) -> Result<Option<LoadAndRun>, String> {
        CELL_RUNS.store(false, Ordering::SeqCst);
        let Ok(line) = self.queue.recv() else {
            return Ok(None);
        };
        CELL_RUNS.store(true, Ordering::SeqCst);
        parse(&line)
            .map(Some)
            .ok_or_else(|| format!("unknown instruction {line:?}"))
    }
}

fn parse(line: &str) -> Option<LoadAndRun> {
    // The function's name is the last word; a path may contain spaces.
    let (library, function) = line.strip_prefix("LOAD_AND_RUN ")?.rsplit_once(' ')?;
    Some(LoadAndRun {
        library: library.to_owned(),
        function: function.to_owned(),
        share: SHARE.load(Ordering::SeqCst),
    })
}
