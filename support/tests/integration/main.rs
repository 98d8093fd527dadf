//! The public side of the crate, tested as a lesson uses it.
//!
//! Broken programs and their repairs stand side by side. Orders of events are forced, with
//! barriers and by looking at a lock's queue, and every wait has a deadline.

mod barrier;
mod captions;
mod channel;
mod check;
mod condvar;
mod consistency;
mod counters;
mod deadline;
mod event;
mod example;
mod explore;
mod explore_limits;
mod game;
mod held;
mod hogger;
mod inside;
mod lock;
mod mutex;
mod own_process;
mod panics;
mod picture;
mod random_programs;
mod recording;
mod reentrant_mutex;
mod rw_lock;
mod schedule_timeline;
mod semaphore;
mod settle;
mod stop;
mod stopwatch;
mod thread;
mod timeline;
#[cfg(target_os = "linux")]
mod under_a_runtime;
mod wait_graph;
mod who;
mod within;
