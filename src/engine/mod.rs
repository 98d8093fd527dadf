//! Compiles and runs cells: evcxr with a runtime process of our own.

pub mod cell_offset;
pub mod compile_error;
pub mod config;
pub mod context;
pub mod crash;
pub mod demux;
pub mod diagnostic;
pub mod explain;
pub mod failure;
pub mod hints;
pub mod interrupt;
pub mod link;
pub mod lost;
pub mod not_kept;
pub mod outcome;
pub mod own_error;
pub mod palette;
pub mod panic_report;
pub mod processes;
mod reader;
pub mod report;
pub mod rewrite;
pub mod sink;
pub mod source_book;
pub mod source_map;
pub mod static_store;
pub mod syntax;
pub mod wording;
pub mod worker;

pub use interrupt::Interrupter;
pub use outcome::{CellError, CellValue, Outcome};
pub use report::Shown;
pub use sink::{Sink, Stream};
pub use worker::{Completion, Engine, Inspection};
