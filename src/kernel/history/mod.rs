//! What has been run: the execution count, and `history_request`.
//!
//! A thread of its own keeps it and writes it to the user's history file, so that no cell waits for a
//! disk. What cannot be written is still known until the kernel ends.

mod ask;
mod file;
mod keeper;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use jupyter_protocol::{HistoryReply, HistoryRequest, ReplyStatus};
use tokio::sync::oneshot;

use file::HistoryFile;
use keeper::Keeper;

/// Environment variable: another file for the history, or `off` for none.
pub const HISTORY_VAR: &str = "RUST_LESSONS_HISTORY";
/// How long the end of the kernel waits for the last cells to be written. A write takes well under a
/// millisecond; a disk that needs longer than this may never answer.
const END_WITHIN: Duration = Duration::from_secs(1);

/// The handle.
pub struct History {
    count: AtomicUsize,
    jobs: Sender<Job>,
}

enum Job {
    Begin { line: usize, input: String },
    Output { line: usize, output: String },
    Ask(HistoryRequest, oneshot::Sender<HistoryReply>),
    End(Sender<()>),
}

impl History {
    /// Starts the thread. Without a file the history ends with the kernel.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(file: Option<PathBuf>) -> io::Result<History> {
        let (jobs, queue) = mpsc::channel();
        let mut keeper = Keeper::new(file.map(HistoryFile::new));
        thread::Builder::new()
            .name("history".into())
            .spawn(move || {
                while let Ok(job) = queue.recv() {
                    match job {
                        Job::Begin { line, input } => keeper.begin(line, input),
                        Job::Output { line, output } => keeper.output(line, output),
                        // Whoever has stopped waiting needs no answer.
                        Job::Ask(request, reply) => drop(reply.send(keeper.reply(&request))),
                        Job::End(done) => drop(done.send(())),
                    }
                }
            })?;
        Ok(History {
            count: AtomicUsize::new(0),
            jobs,
        })
    }

    /// The execution count of the last remembered cell; 0 before the first.
    #[must_use]
    pub fn count(&self) -> usize {
        // Cells run one after the other, so nothing else is published with it.
        self.count.load(Relaxed)
    }

    /// Remembers a cell and returns its execution count, which starts at 1.
    pub fn begin(&self, input: &str) -> usize {
        let line = self.count.fetch_add(1, Relaxed) + 1;
        self.tell(Job::Begin {
            line,
            input: input.to_owned(),
        });
        line
    }

    /// Remembers the value of a cell.
    pub fn set_output(&self, line: usize, output: &str) {
        self.tell(Job::Output {
            line,
            output: output.to_owned(),
        });
    }

    /// The answer to a request.
    pub async fn reply(&self, request: &HistoryRequest) -> HistoryReply {
        let (reply_tx, reply_rx) = oneshot::channel();
        self.tell(Job::Ask(request.clone(), reply_tx));
        reply_rx.await.unwrap_or(HistoryReply {
            history: Vec::new(),
            status: ReplyStatus::Ok,
            error: None,
        })
    }

    /// Returns when everything has been written, or after a second.
    pub fn end(&self) {
        let (done_tx, done_rx) = mpsc::channel();
        self.tell(Job::End(done_tx));
        let _ = done_rx.recv_timeout(END_WITHIN);
    }

    fn tell(&self, job: Job) {
        // The thread ends only with the handle.
        let _ = self.jobs.send(job);
    }
}

/// The user's history file: the variable's, or the one in the user's data folder. `None` when it is
/// switched off, or when there is no such folder.
#[must_use]
pub fn path() -> Option<PathBuf> {
    match std::env::var_os(HISTORY_VAR) {
        Some(value) if value == "off" => None,
        Some(value) if !value.is_empty() => Some(PathBuf::from(value)),
        _ => Some(dirs::data_dir()?.join("rust-lessons").join("history.jsonl")),
    }
}
