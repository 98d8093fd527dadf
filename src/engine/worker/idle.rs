//! What the engine does while nobody asks for anything.

use std::sync::mpsc::{Receiver, RecvError, RecvTimeoutError};
use std::time::Duration;

use super::super::context::Context;
use super::super::heap;
use super::super::outcome::CellError;
use super::{Job, Worker, complete};

/// How long there is nothing to do before rust-analyzer is warmed up.
const WARM_AFTER: Duration = Duration::from_millis(300);
/// Any code whose analysis needs the standard library.
const WARM_UP: &str = "String::new().";
/// How long the engine has nothing to do before it looks up the members of variables, and before
/// memory goes back: long enough not to get into the way of somebody who runs one cell after the other.
const LEARN_AFTER: Duration = Duration::from_secs(1);
/// Code that costs nothing to analyse. rust-analyzer lets go of trees that it has not used for long
/// when the code changes.
const CHANGE: &str = "0";

enum Pastime {
    WarmUp,
    /// Look up the members of this variable.
    Learn(String),
    GiveMemoryBack,
}

impl Worker {
    /// The next job. While there is none, and after a pause, rust-analyzer is warmed up, the outline
    /// learns, and memory that has become free goes back. A job that comes meanwhile waits for one
    /// question: some 0.1 s, the first 1.5 s, which it would have needed itself.
    pub(super) fn next(
        &self,
        context: &mut Result<Context, CellError>,
        queue: &Receiver<Job>,
        warm: &mut bool,
    ) -> Result<Job, RecvError> {
        let mut pause = LEARN_AFTER;
        let mut tidy = false;
        while context.is_ok() && !tidy {
            let (pastime, wait) = match self.outline.unknown() {
                _ if !*warm => (Pastime::WarmUp, WARM_AFTER),
                Some(variable) => (Pastime::Learn(variable), pause),
                None => (Pastime::GiveMemoryBack, LEARN_AFTER),
            };
            match queue.recv_timeout(wait) {
                Ok(job) => return Ok(job),
                Err(RecvTimeoutError::Disconnected) => return Err(RecvError),
                Err(RecvTimeoutError::Timeout) => {}
            }
            match pastime {
                Pastime::WarmUp => {
                    complete(context, WARM_UP, WARM_UP.len());
                    *warm = true;
                }
                Pastime::Learn(variable) => {
                    let code = format!("{variable}.");
                    let found = complete(context, &code, code.len()).matches;
                    self.outline.learn(&variable, found);
                    pause = Duration::ZERO;
                }
                Pastime::GiveMemoryBack => {
                    complete(context, CHANGE, CHANGE.len());
                    heap::give_back();
                    tidy = true;
                }
            }
        }
        queue.recv()
    }
}
