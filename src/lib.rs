//! A Jupyter kernel for Rust lessons about threads.
//!
//! * [`cli`]: the commands of `cargo lessons`;
//! * [`setup`]: what they need on a machine, and how it gets there;
//! * [`kernel`]: the Jupyter side, channels and messages;
//! * [`engine`]: the Rust side, which compiles cells with evcxr and runs them in a process of its own
//!   (the workspace's `lesson_runtime`).
//!
//! The lessons themselves are in `notebooks`, the crate that they call in `support`.

#![deny(unsafe_code)]

pub mod cli;
pub mod engine;
pub mod kernel;
mod nearest;
pub mod setup;
