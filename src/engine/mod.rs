//! Compiles and runs cells: evcxr with a runtime process of our own.

mod cargo_failure;
pub mod compile_error;
pub mod config;
pub mod context;
pub mod crash;
pub mod demux;
mod folder;
pub mod interrupt;
pub mod link;
pub mod nesting;
pub mod outcome;
pub mod panic_report;
pub mod processes;
mod reader;
pub mod report;
pub mod rewrite;
pub mod sink;
pub mod source_map;
pub mod static_store;
pub mod syntax;
pub mod worker;

pub use interrupt::Interrupter;
pub use outcome::{CellError, CellValue, Outcome};
pub use report::Shown;
pub use sink::{Sink, Stream};
pub use worker::{Completion, Engine, Inspection};
