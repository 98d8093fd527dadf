//! The public side of the crate, tested as a lesson uses it.
//!
//! Broken programs and their repairs stand side by side. Orders of events are forced, with
//! barriers and by looking at a lock's queue, and every wait has a deadline.

mod check;
mod counters;
mod deadline;
mod explore;
mod game;
mod hogger;
mod inside;
mod lock;
mod own_process;
mod panics;
mod picture;
mod settle;
mod stop;
mod stopwatch;
mod thread;
mod timeline;
#[cfg(target_os = "linux")]
mod under_a_runtime;
mod who;
mod within;
