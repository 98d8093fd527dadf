//! Where the engine sends what a cell produces.

use super::output_policy::OutputPolicy;
use super::report::Shown;

/// One of the two text streams.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a thread printed or displayed whose output belongs to the cell that started it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ThreadOutput {
    /// Text.
    Text(Stream, String),
    /// Something displayed.
    Display(Shown),
    /// The output of its cell is to be cleared, at once or with the next output.
    Clear(bool),
}

/// The receiver of output, called from threads of the engine.
///
/// An implementation may block to slow the cell down, but must not call back into the engine.
pub trait Sink: Send + Sync {
    /// Text was printed, by the cell or by a thread of an earlier one.
    fn text(&self, stream: Stream, text: String);
    /// Something was displayed.
    fn display(&self, shown: Shown);
    /// The output of the cell so far is to be cleared, at once or with the next output.
    fn clear(&self, wait: bool);
    /// The run with this number begins; it is part of the request that is being executed.
    fn begins(&self, run: u64);
    /// A thread that was started by the run with this number has produced this.
    fn thread_output(&self, run: u64, output: ThreadOutput);
    /// These settings are in force from here on.
    fn obey(&self, policy: &OutputPolicy);
    /// The cell asks to be interrupted as by the stop button.
    fn press_stop(&self);
    /// The cell asks for a line of input; `None` when there is nobody to ask.
    fn input(&self, prompt: &str, password: bool) -> Option<String>;
}
