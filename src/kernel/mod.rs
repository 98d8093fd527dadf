//! The Jupyter side: channels, messages, and what a session remembers.

pub mod channels;
pub mod comm_info;
pub mod complete;
pub mod connect;
pub mod connection_file;
pub mod control;
pub mod debug;
pub mod drawn;
pub mod escape;
pub mod execute;
pub mod header;
pub mod heartbeat;
pub mod history;
pub mod inspect;
pub mod iopub;
pub mod is_complete;
pub mod janitor;
pub mod kernel_info;
pub mod launch;
pub mod offsets;
pub mod output;
pub mod pace;
pub mod page;
pub mod publisher;
pub mod send;
pub mod session;
pub mod shell;
pub mod stdin;
pub mod stream_text;
pub mod subshells;
pub mod usage;
pub mod wire;

pub use launch::run;
