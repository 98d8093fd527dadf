//! Running other people's programs: their output as progress, their last lines as the error.

use std::io::{self, BufRead as _, BufReader};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::progress::Step;

/// How many of the last lines of output an error quotes.
const QUOTED_LINES: usize = 12;

/// A program that was to do a part of the set-up did not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutsideError {
    /// The program could not be started.
    #[error("cannot start `{program}`")]
    Start {
        /// What was to be started.
        program: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The program ran, and said that it failed.
    #[error("`{program}` failed ({status}){}", end_of(.output))]
    Failed {
        /// The command line.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// All that it printed.
        output: String,
    },
}

fn end_of(output: &str) -> String {
    let lines: Vec<&str> = output
        .lines()
        .map(visible)
        .filter(|line| !line.is_empty())
        .collect();
    let skipped = lines.len().saturating_sub(QUOTED_LINES);
    lines[skipped..]
        .iter()
        .map(|line| format!("\n    {line}"))
        .collect()
}

/// A progress bar redraws itself with carriage returns: its last state is what a person sees.
fn visible(line: &str) -> &str {
    line.trim_end().rsplit('\r').next().unwrap_or_default()
}

/// Runs `command` to its end, shows its output as notes of `step`, and returns all of it.
///
/// With a `limit`, the program is killed after that time and counts as failed.
///
/// # Errors
/// [`OutsideError`] if it cannot be started or does not exit with 0.
pub fn run(
    mut command: Command,
    step: &Step,
    limit: Option<Duration>,
) -> Result<String, OutsideError> {
    let program = shown(&command);
    let start_error = |source| OutsideError::Start {
        program: shown_program(&program),
        source,
    };
    let (output, writer) = io::pipe().map_err(start_error)?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone().map_err(start_error)?)
        .stderr(writer);
    let mut child = command.spawn().map_err(start_error)?;
    drop(command); // it holds the write ends; the loop below ends when the program's are the last to close

    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id fits into pid_t"));
    let (done_tx, done_rx) = mpsc::channel::<()>();
    let watchdog = limit.map(|limit| {
        thread::spawn(move || {
            if done_rx.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout) {
                // The child is waited for only after this thread has ended, so the id is still its own.
                let _ = kill(pid, Signal::SIGKILL);
            }
        })
    });

    let mut printed = String::new();
    for line in BufReader::new(output).split(b'\n') {
        let Ok(line) = line else { break };
        let line = String::from_utf8_lossy(&line);
        printed.push_str(&line);
        printed.push('\n');
        step.note(visible(&line));
    }
    drop(done_tx);
    if let Some(watchdog) = watchdog {
        let _ = watchdog.join();
    }
    let status = child.wait().map_err(start_error)?;
    if status.success() {
        Ok(printed)
    } else {
        Err(OutsideError::Failed {
            program,
            status,
            output: printed,
        })
    }
}

/// The command line as a person would type it, with the program by its short name.
fn shown(command: &Command) -> String {
    let mut words = vec![shown_program(&command.get_program().to_string_lossy())];
    words.extend(
        command
            .get_args()
            .map(|arg| arg.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

fn shown_program(command_line: &str) -> String {
    let program = command_line.split(' ').next().unwrap_or_default();
    program.rsplit('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::progress::Progress;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn output_of_both_streams_comes_back() {
        let step = Progress::plain().step("a test of two streams");
        let output = run(shell("echo one; echo two >&2"), &step, None).expect("the shell runs");
        assert_eq!(output, "one\ntwo\n");
    }

    #[test]
    fn failure_quotes_the_last_lines() {
        let step = Progress::plain().step("a test of a failure");
        let error =
            run(shell("echo the reason; exit 3"), &step, None).expect_err("exit 3 is a failure");
        let text = error.to_string();
        assert!(
            text.contains("the reason") && text.contains("exit status: 3"),
            "{text}"
        );
    }

    #[test]
    fn a_hanging_program_is_ended_at_the_limit() {
        let step = Progress::plain().step("a test of the limit");
        let limit = Some(Duration::from_millis(100));
        let error = run(shell("exec sleep 60"), &step, limit).expect_err("it was killed");
        assert!(matches!(error, OutsideError::Failed { .. }), "{error}");
    }
}
