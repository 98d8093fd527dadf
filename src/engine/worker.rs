//! The thread that owns the evcxr context.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use tokio::sync::oneshot;

use super::context::{Context, Places};
use super::interrupt::Interrupter;
use super::link::Link;
use super::nesting::{TooDeep, too_deep};
use super::outcome::{CellError, Outcome};
use super::sink::Sink;
use super::syntax::statements_outside_functions;
use crate::setup::toolchain::Toolchain;

/// rust-analyzer recurses deeply on deeply nested code; the memory is only reserved, not used.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// rust-analyzer takes time for each pair of statements, minutes for some thousands, and cannot be
/// stopped meanwhile.
const MOST_STATEMENTS: usize = 2_000;

/// What could stand at a place in the code.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    /// The texts to choose from.
    pub matches: Vec<String>,
    /// Where the replaced text starts, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
}

/// Documentation, as text and as HTML.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
}

/// The handle of the thread. Requests are answered in order.
pub struct Engine {
    jobs: Sender<Job>,
    interrupter: Arc<Interrupter>,
}

enum Job {
    Execute {
        code: String,
        count: usize,
        reply: oneshot::Sender<Outcome>,
    },
    Complete {
        code: String,
        offset: usize,
        reply: oneshot::Sender<Completion>,
    },
    Inspect {
        code: String,
        offset: usize,
        reply: oneshot::Sender<Option<Inspection>>,
    },
}

impl Engine {
    /// Starts the thread, which starts evcxr at once.
    ///
    /// # Errors
    /// When socket and FIFOs cannot be made in the work folder, or the thread cannot be started.
    pub fn start(places: Places, sink: Arc<dyn Sink>) -> io::Result<Engine> {
        let link = Link::open(&places.work, &places.nonce, Arc::clone(&sink))?;
        let interrupter = Arc::new(Interrupter::new(Arc::clone(&link), Arc::clone(&sink)));
        let (jobs, queue) = mpsc::channel();
        let worker = Worker {
            places,
            link,
            sink,
            interrupter: Arc::clone(&interrupter),
        };
        thread::Builder::new()
            .name("engine".into())
            .stack_size(STACK_BYTES)
            .spawn(move || worker.serve(&queue))?;
        Ok(Engine { jobs, interrupter })
    }

    /// The stop button.
    #[must_use]
    pub fn interrupter(&self) -> &Arc<Interrupter> {
        &self.interrupter
    }

    /// Runs a cell.
    pub async fn execute(&self, code: String, count: usize) -> Outcome {
        self.ask(|reply| Job::Execute { code, count, reply })
            .await
            .unwrap_or_else(|| {
                Err(CellError::plain(
                    "kernel",
                    "the engine has ended; restart the kernel",
                ))
            })
    }

    /// Completions at a byte offset; none when the code cannot be analysed.
    pub async fn complete(&self, code: String, offset: usize) -> Completion {
        self.ask(|reply| Job::Complete {
            code,
            offset,
            reply,
        })
        .await
        .unwrap_or_default()
    }

    /// Documentation of the name at a byte offset.
    pub async fn inspect(&self, code: String, offset: usize) -> Option<Inspection> {
        self.ask(|reply| Job::Inspect {
            code,
            offset,
            reply,
        })
        .await
        .flatten()
    }

    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Option<T> {
        let (reply_tx, reply_rx) = oneshot::channel();
        self.jobs.send(job(reply_tx)).ok()?;
        reply_rx.await.ok()
    }
}

struct Worker {
    places: Places,
    link: Arc<Link>,
    sink: Arc<dyn Sink>,
    interrupter: Arc<Interrupter>,
}

impl Worker {
    fn serve(self, queue: &Receiver<Job>) {
        let mut context = self.start();
        while let Ok(job) = queue.recv() {
            // What failed at the start may have been mended since: cargo installed, disk freed.
            if context.is_err() && matches!(job, Job::Execute { .. }) {
                context = self.start();
            }
            // A requester that has gone away is no problem of ours.
            match job {
                Job::Execute { code, count, reply } => {
                    let _ = reply.send(self.execute(&mut context, &code, count));
                }
                Job::Complete {
                    code,
                    offset,
                    reply,
                } => {
                    let _ = reply.send(complete(&mut context, &code, offset));
                }
                Job::Inspect {
                    code,
                    offset,
                    reply,
                } => {
                    let _ = reply.send(inspect(&mut context, &code, offset));
                }
            }
        }
    }

    fn start(&self) -> Result<Context, CellError> {
        let toolchain =
            Toolchain::find().map_err(|error| CellError::plain("setup", error.to_string()))?;
        let context = caught(|| {
            Context::start(
                &toolchain,
                &self.places,
                Arc::clone(&self.link),
                Arc::clone(&self.sink),
            )
        })??;
        self.interrupter.set_process(context.process());
        Ok(context)
    }

    fn execute(
        &self,
        context: &mut Result<Context, CellError>,
        code: &str,
        count: usize,
    ) -> Outcome {
        let context = context.as_mut().map_err(|error| error.clone())?;
        if let Some(TooDeep { line, reason }) = too_deep(code) {
            return Err(CellError::plain("error", format!("line {line}: {reason}")));
        }
        let statements = statements_outside_functions(code);
        if statements > MOST_STATEMENTS {
            let reason = format!(
                "this cell has {statements} statements, and finding the types of its variables takes \
                 too long from {MOST_STATEMENTS} on. Put them into a function, or into several cells"
            );
            return Err(CellError::plain("error", reason));
        }
        self.interrupter.set_variables(context.variables());
        caught(|| context.execute(code, count))?
    }
}

/// A panic inside evcxr or rust-analyzer is an error of this cell; the kernel goes on.
fn caught<T>(run: impl FnOnce() -> T) -> Result<T, CellError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).map_err(|_| {
        CellError::plain(
            "kernel",
            "the engine failed on this code (a bug of the kernel, details are in its log). Change the cell, or restart the kernel",
        )
    })
}

fn complete(context: &mut Result<Context, CellError>, code: &str, offset: usize) -> Completion {
    let Ok(context) = context else {
        return Completion::default();
    };
    if too_deep(code).is_some() {
        return Completion::default();
    }
    match caught(|| context.complete(code, offset)) {
        Ok(Ok(found)) => Completion {
            start: found.start_offset,
            end: found.end_offset,
            matches: found
                .completions
                .into_iter()
                .map(|completion| completion.code)
                .collect(),
        },
        _ => Completion {
            matches: Vec::new(),
            start: offset,
            end: offset,
        },
    }
}

fn inspect(
    context: &mut Result<Context, CellError>,
    code: &str,
    offset: usize,
) -> Option<Inspection> {
    let context = context.as_mut().ok()?;
    if too_deep(code).is_some() {
        return None;
    }
    let (text, html) = caught(|| context.inspect(code, offset)).ok()?.ok()?;
    (text != "No documentation found").then_some(Inspection { text, html })
}
