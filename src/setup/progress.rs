//! What the user sees while something takes long.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a step that says nothing is mentioned where lines cannot be redrawn: often enough that
/// nobody takes it for stuck, seldom enough to keep a log short.
const STILL_AT_IT: Duration = Duration::from_secs(30);

/// Reports long steps on stderr: with a spinner on a terminal, with plain lines elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    terminal: bool,
}

impl Progress {
    /// A spinner if stderr is a terminal, plain lines if it is a file or a pipe.
    pub fn stderr() -> Self {
        Self {
            terminal: io::stderr().is_terminal(),
        }
    }

    /// Plain lines, wherever stderr goes.
    pub fn plain() -> Self {
        Self { terminal: false }
    }

    /// Prints one line that stays.
    pub fn say(&self, line: &str) {
        write_line(line);
    }

    /// Begins a step; it ends with [`Step::done`], or as unfinished when dropped.
    pub fn step(&self, title: impl Into<String>) -> Step {
        let title = title.into();
        let started = Instant::now();
        if self.terminal {
            let bar = ProgressBar::new_spinner()
                .with_style(
                    ProgressStyle::with_template("{spinner} {prefix} ({elapsed}) {wide_msg:.dim}")
                        .expect("the template is valid"),
                )
                .with_prefix(title);
            bar.enable_steady_tick(Duration::from_millis(120));
            return Step {
                started,
                display: Display::Spinner(bar),
            };
        }
        write_line(&format!("{title} …"));
        let (stop_tx, stop_rx) = mpsc::channel::<()>();
        let reminder = thread::Builder::new()
            .name("progress".into())
            .spawn(move || {
                while stop_rx.recv_timeout(STILL_AT_IT) == Err(RecvTimeoutError::Timeout) {
                    write_line(&format!("{title} … still at it after {}", seconds(started)));
                }
            })
            .ok();
        Step {
            started,
            display: Display::Lines {
                stop_tx: Some(stop_tx),
                reminder,
            },
        }
    }
}

/// A step that is under way.
#[derive(Debug)]
pub struct Step {
    started: Instant,
    display: Display,
}

#[derive(Debug)]
enum Display {
    Spinner(ProgressBar),
    Lines {
        stop_tx: Option<Sender<()>>,
        reminder: Option<JoinHandle<()>>,
    },
}

impl Step {
    /// Shows what the step is doing just now; only a terminal shows it, since it does not stay.
    pub fn note(&self, text: &str) {
        if let Display::Spinner(bar) = &self.display
            && !text.trim().is_empty()
        {
            bar.set_message(text.trim().to_owned());
        }
    }

    /// Ends the step with a line that stays.
    pub fn done(self, line: &str) {
        let line = format!("{line} ({})", seconds(self.started));
        drop(self); // the spinner goes first, or the line would land behind it
        write_line(&line);
    }

    /// Ends the step without a line.
    pub fn close(self) {}
}

impl Drop for Step {
    fn drop(&mut self) {
        match &mut self.display {
            Display::Spinner(bar) => bar.finish_and_clear(),
            Display::Lines { stop_tx, reminder } => {
                drop(stop_tx.take());
                if let Some(reminder) = reminder.take() {
                    // It only prints; a panic in there is no reason to fail the step.
                    let _ = reminder.join();
                }
            }
        }
    }
}

/// Not `eprintln!`: the test harness would swallow it, and the set-up of the tests takes minutes.
fn write_line(line: &str) {
    // A closed stderr must not stop the work that is reported on.
    let _ = writeln!(io::stderr(), "{line}");
}

fn seconds(started: Instant) -> String {
    format!("{:.0} s", started.elapsed().as_secs_f64().max(1.0))
}
