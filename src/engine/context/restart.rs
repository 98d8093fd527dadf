//! Starting the process that runs the cells anew, when it has ended or cannot be trusted any more.

use std::sync::PoisonError;

use evcxr::Error;

use super::super::outcome::CellError;
use super::super::{cargo_failure, crash};
use super::Context;

impl Context {
    /// The process died between two cells, or does not answer: evcxr notices its end only when it is
    /// used, and starts another.
    pub(super) fn dead_before_start(
        &mut self,
        error: &std::io::Error,
        variables: &[String],
    ) -> CellError {
        let silent = error.kind() == std::io::ErrorKind::TimedOut;
        // From here on the stop button has nothing to stop: not the compiler of what follows either.
        let _ = self.link.finish();
        let ended = match self.restart_process() {
            Ok(_) if silent => crash::silent(variables),
            Ok(message) => {
                let words = self.link.finish().last_words;
                crash::describe(&message, variables, None, &words, false)
            }
            Err(other) => cargo_failure::explain(&format!("{error}: {other}")),
        };
        let _ = self.link.finish();
        ended
    }

    /// evcxr took the cell for ended, and the runtime did not say so: what they say to each other next
    /// would be about different cells.
    pub(super) fn out_of_step(&mut self, variables: &[String]) -> CellError {
        match self.restart_process() {
            Ok(_) => crash::out_of_step(variables),
            Err(error) => cargo_failure::explain(&error.to_string()),
        }
    }

    /// Ends the process, if it has not ended, and lets evcxr start another one; returns evcxr's words.
    pub(in super::super) fn restart_process(&mut self) -> Result<String, Error> {
        {
            let process = self.evcxr.process_handle();
            let mut process = process.lock().unwrap_or_else(PoisonError::into_inner);
            // It has ended already, or does so now.
            let _ = process.kill();
            let _ = process.wait();
        }
        let message = match self.evcxr.execute("let _ = ();") {
            Err(Error::SubprocessTerminated(message)) => message,
            Err(other) => return Err(other),
            Ok(_) => return Err(Error::Message("the process has not ended".to_owned())),
        };
        self.link.drain();
        self.known.statics.process_ended();
        Ok(message)
    }
}
