//! Compiles and runs cells: evcxr with a runtime process of our own.

pub mod answers;
pub mod compile_error;
pub mod config;
pub mod context;
pub mod crash;
pub mod demux;
pub mod interrupt;
pub mod items;
pub mod lesson_items;
pub mod link;
pub mod outcome;
pub mod outline;
pub mod own_commands;
pub mod panic_report;
pub mod place;
pub mod processes;
mod reader;
pub mod report;
pub mod rewrite;
pub mod sink;
pub mod source_map;
pub mod static_store;
pub mod syntax;
pub mod words;
pub mod worker;

pub use answers::{Completion, Inspection};
pub use interrupt::Interrupter;
pub use outcome::{CellError, CellValue, Outcome};
pub use report::Shown;
pub use sink::{Sink, Stream};
pub use worker::{Engine, Patience};
