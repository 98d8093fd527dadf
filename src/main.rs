//! `cargo lessons …`, and the program that Jupyter starts.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // The stock engine starts this program again for its cells; then this call does not return.
    evcxr::runtime_hook();
    // The stock kernel reads its arguments itself.
    #[cfg(feature = "stock")]
    if std::env::args().nth(1).as_deref() == Some("--control_file") {
        return match evcxr_jupyter::main() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error:#}");
                ExitCode::FAILURE
            }
        };
    }
    rust_lessons::cli::run(rust_lessons::cli::Cli::parse())
}
