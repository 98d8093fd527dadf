//! What weak memory allows at the one word of a lock and at its ring of holds: both files of this
//! crate, compiled over loom's atomics, which try every order of steps *and* every value that a look
//! may still show. What is around them, the gate, is retold here in a few lines: its queue needs waits with a
//! limit, and its mutexes would multiply what there is to try.
//!
//! Each model has a broken twin: with one ordering made `Relaxed`, it has to fail.
#![allow(dead_code, reason = "the models need only a part of both files")]

#[path = "../models/clock.rs"]
mod clock;
mod gate;
mod sync;

mod detached;
mod rings;
mod run;
mod words;
