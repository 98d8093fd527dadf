//! Compiles and runs cells: evcxr with a runtime process of our own.

mod aside;
pub mod compile_error;
pub mod config;
pub mod context;
pub mod crash;
pub mod demux;
pub mod display_block;
pub mod interrupt;
mod last_words;
pub mod link;
pub mod outcome;
mod outlet;
pub mod output_policy;
pub mod panic_report;
pub mod processes;
mod reader;
pub mod report;
pub mod rewrite;
pub mod sink;
pub mod source_map;
mod start_process;
pub mod static_store;
pub mod syntax;
pub mod worker;

pub use interrupt::Interrupter;
pub use outcome::{CellError, CellValue, Outcome};
pub use report::Shown;
pub use sink::{Sink, Stream, ThreadOutput};
pub use worker::{Completion, Engine, Inspection};
