//! The sources that are fuzzed, built without evcxr and rust-analyzer, which they do not need and
//! which would take half an hour to build for fuzzing; and the properties that the tests check too.

#![allow(dead_code, missing_docs)]

// The properties name the modules as any user of the library does.
extern crate self as rust_lessons;

pub mod engine;
pub mod kernel;
pub mod setup;

#[path = "../../tests/integration/properties/mod.rs"]
pub mod properties;
