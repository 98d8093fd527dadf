//! The stock kernel as it is published, to compare with; `cargo lessons install --stock` registers it.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    // The engine starts this program again for its cells; then this call does not return.
    evcxr::runtime_hook();
    // It reads its arguments itself.
    match evcxr_jupyter::main() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
