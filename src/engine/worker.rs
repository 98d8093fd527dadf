//! The thread that owns the evcxr context.

mod idle;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use super::answers::{Completion, Inspection};
use super::context::{Context, Places};
use super::heap;
use super::interrupt::Interrupter;
use super::link::Link;
use super::nesting::{TooDeep, too_deep};
use super::outcome::{CellError, Outcome};
use super::outline::Outline;
use super::sink::Sink;
use super::syntax::{is_expression, statements_outside_functions};
use crate::setup::toolchain::Toolchain;

/// rust-analyzer recurses deeply on deeply nested code; the memory is only reserved, not used.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// rust-analyzer takes time for each pair of statements, minutes for some thousands, and cannot be
/// stopped meanwhile.
const MOST_STATEMENTS: usize = 2_000;

/// rust-analyzer is asked about code of no more bytes, and of no more statements: it took half a minute
/// for 2,000 statements, and cells wait meanwhile.
const MOST_ANALYSED_BYTES: usize = 32 * 1024;
const MOST_ANALYSED_STATEMENTS: usize = 400;

/// How long a completion may take while the engine starts: jupyter console gives up after 5 s.
const FRONT_END_WAITS: Duration = Duration::from_millis(4_500);

/// Whether an answer may wait for a running cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// It may.
    Wait,
    /// It may not: while a cell runs the answer comes from what is known without the engine.
    AtOnce,
}

/// The handle of the thread. Requests are answered in order.
pub struct Engine {
    jobs: Sender<Job>,
    interrupter: Arc<Interrupter>,
    /// How many cells run or wait, the engine's own start included.
    cells: Arc<watch::Sender<usize>>,
    outline: Arc<Outline>,
}

enum Job {
    Execute {
        code: String,
        count: usize,
        reply: oneshot::Sender<Outcome>,
    },
    Evaluate {
        expression: String,
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
        let cells = Arc::new(watch::Sender::new(1));
        let outline = Arc::new(Outline::default());
        let worker = Worker {
            places,
            link,
            sink,
            interrupter: Arc::clone(&interrupter),
            cells: Arc::clone(&cells),
            outline: Arc::clone(&outline),
        };
        thread::Builder::new()
            .name("engine".into())
            .stack_size(STACK_BYTES)
            .spawn(move || worker.serve(&queue))?;
        Ok(Engine {
            jobs,
            interrupter,
            cells,
            outline,
        })
    }

    /// The stop button.
    #[must_use]
    pub fn interrupter(&self) -> &Arc<Interrupter> {
        &self.interrupter
    }

    /// Runs a cell.
    pub async fn execute(&self, code: String, count: usize) -> Outcome {
        self.run(|reply| Job::Execute { code, count, reply }).await
    }

    /// Evaluates an expression after the cell with this count. One without a value gives `()`.
    pub async fn evaluate(&self, expression: String, count: usize) -> Outcome {
        self.run(|reply| Job::Evaluate {
            expression,
            count,
            reply,
        })
        .await
    }

    /// Completions at a byte offset; none when the code cannot be analysed.
    pub async fn complete(&self, code: String, offset: usize, patience: Patience) -> Completion {
        // The parser would run out of stack.
        if too_deep(&code).is_some() {
            return Completion {
                start: offset,
                end: offset,
                ..Completion::default()
            };
        }
        let known = || self.outline.complete(&code, offset);
        if takes_too_long(&code) {
            return known();
        }
        let ask = self.ask(|reply| Job::Complete {
            code: code.clone(),
            offset,
            reply,
        });
        let in_time = async {
            tokio::time::sleep(FRONT_END_WAITS).await;
            // Nothing is no better than late.
            let found = known();
            if found.matches.is_empty() {
                std::future::pending::<()>().await;
            }
            Some(found)
        };
        tokio::select! {
            answer = self.unless_busy(patience, ask, known) => answer,
            answer = in_time => answer,
        }
        .unwrap_or_default()
    }

    /// Documentation of the name at a byte offset.
    pub async fn inspect(
        &self,
        code: String,
        offset: usize,
        patience: Patience,
    ) -> Option<Inspection> {
        if too_deep(&code).is_some() {
            return None;
        }
        if let Some(documented) = self.outline.documented(&code, offset) {
            return Some(documented);
        }
        let known = || self.outline.inspect(&code, offset);
        if takes_too_long(&code) {
            return known();
        }
        let ask = self.ask(|reply| Job::Inspect {
            code: code.clone(),
            offset,
            reply,
        });
        self.unless_busy(patience, ask, known).await.flatten()
    }

    /// What `ask` gives, or what is `known` without it when a cell runs, also when one begins first.
    async fn unless_busy<T>(
        &self,
        patience: Patience,
        ask: impl Future<Output = Option<T>>,
        known: impl FnOnce() -> T,
    ) -> Option<T> {
        if patience == Patience::Wait {
            return ask.await;
        }
        let mut cells = self.cells.subscribe();
        tokio::select! {
            biased;
            _ = cells.wait_for(|running| *running > 0) => Some(known()),
            answer = ask => answer,
        }
    }

    async fn run(&self, job: impl FnOnce(oneshot::Sender<Outcome>) -> Job) -> Outcome {
        self.cells.send_modify(|running| *running += 1);
        let outcome = self.ask(job).await;
        self.cells.send_modify(|running| *running -= 1);
        outcome.unwrap_or_else(|| {
            Err(CellError::plain(
                "kernel",
                "the engine has ended; restart the kernel",
            ))
        })
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
    cells: Arc<watch::Sender<usize>>,
    outline: Arc<Outline>,
}

impl Worker {
    fn serve(self, queue: &Receiver<Job>) {
        let mut context = self.start();
        self.list_commands(&mut context);
        self.cells.send_modify(|running| *running -= 1);
        let mut warm = false;
        let mut heap = heap::Busy::default();
        while let Ok(job) = self.next(&mut context, queue, &mut warm) {
            // What failed at the start may have been mended since: cargo installed, disk freed.
            if context.is_err() && matches!(job, Job::Execute { .. }) {
                context = self.start();
                self.list_commands(&mut context);
            }
            // A requester that has gone away is no problem of ours.
            match job {
                Job::Execute { code, count, reply } => {
                    let _ = reply.send(self.execute(&mut context, &code, count));
                    heap.after_cell();
                }
                Job::Evaluate {
                    expression,
                    count,
                    reply,
                } => {
                    let _ = reply.send(self.evaluate(&mut context, &expression, count));
                }
                // Answered without us in the meantime: a cell ran.
                Job::Complete { reply, .. } if reply.is_closed() => {}
                Job::Inspect { reply, .. } if reply.is_closed() => {}
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

    fn list_commands(&self, context: &mut Result<Context, CellError>) {
        self.outline.set_commands(complete(context, ":", 1).matches);
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
        let outcome = caught(|| context.execute(code, count))?;
        self.outline
            .update(code, context.variables_and_types(), context.item_names());
        outcome
    }

    fn evaluate(
        &self,
        context: &mut Result<Context, CellError>,
        expression: &str,
        count: usize,
    ) -> Outcome {
        // In the first column evcxr would take it for a command of the shell.
        let expression = &if expression.starts_with('!') {
            format!(" {expression}")
        } else {
            expression.to_owned()
        };
        if !is_expression(expression) {
            return Err(CellError::plain(
                "error",
                "a user expression is one expression; statements belong in the cell",
            ));
        }
        let context = context.as_mut().map_err(|error| error.clone())?;
        let mut value = caught(|| context.execute(expression, count))??;
        if value.is_empty() {
            value.insert("text/plain".to_owned(), "()".to_owned());
        }
        Ok(value)
    }
}

/// Whether rust-analyzer would need longer for this code than anybody waits.
fn takes_too_long(code: &str) -> bool {
    code.len() > MOST_ANALYSED_BYTES
        || statements_outside_functions(code) > MOST_ANALYSED_STATEMENTS
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
