//! `cargo lessons …`, and the program that Jupyter starts.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // The engine starts this program again for the cells of the set-up; then this call does not return.
    evcxr::runtime_hook();
    rust_lessons::cli::run(rust_lessons::cli::Cli::parse())
}
