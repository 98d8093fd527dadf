//! How a cell ended.

use std::collections::BTreeMap;

/// An error as Jupyter shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellError {
    /// What kind of error: a compiler code (`E0382`), `panic`, `KeyboardInterrupt`, a signal's name.
    pub ename: String,
    /// The message, on as few lines as it has. Nothing that differs from run to run.
    pub evalue: String,
    /// What is shown, one string a block, with ANSI colours.
    pub traceback: Vec<String>,
}

impl CellError {
    /// An error whose whole text is its message.
    pub fn plain(ename: impl Into<String>, evalue: impl Into<String>) -> CellError {
        let (ename, evalue) = (ename.into(), evalue.into());
        let traceback = vec![format!("\u{1b}[1m{ename}\u{1b}[0m: {evalue}")];
        CellError {
            ename,
            evalue,
            traceback,
        }
    }
}

/// The value of a cell by MIME type; empty when the cell has none.
pub type CellValue = BTreeMap<String, String>;

/// The result of one execution.
pub type Outcome = Result<CellValue, CellError>;
