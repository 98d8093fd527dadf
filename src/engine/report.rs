//! What the runtime process told about one request.

use std::collections::BTreeMap;

/// The content of one display, by MIME type.
pub type Bundle = BTreeMap<String, String>;

/// A panic of the cell's own thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panic {
    /// The message.
    pub message: String,
    /// The source file as the compiler recorded it.
    pub file: String,
    /// The line in that file, from 1; 0 when unknown.
    pub line: u32,
    /// The column in that line, from 1; 0 when unknown.
    pub column: u32,
    /// Stop had been pressed before: then it is a consequence, such as a `join` of a thread that was
    /// stopped.
    pub after_stop: bool,
}

/// What happened while a request ran.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Compiled code was started.
    pub ran: bool,
    /// The cell's thread claimed an interrupt.
    pub interrupted: bool,
    /// The cell ended by unwinding.
    pub unwound: bool,
    /// Panics of the cell's thread, in order, caught or not.
    pub panics: Vec<Panic>,
    /// Stop was pressed while the request was under way.
    pub stop_pressed: bool,
    /// The kernel ended the process, because the cell did not react to stop.
    pub killed: bool,
    /// The last thing that was displayed and is not shown yet.
    pub last_display: Option<Bundle>,
}
