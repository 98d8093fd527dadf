//! The program with the stock kernel.

use std::path::PathBuf;
use std::process::Command;

use super::Project;
use super::outside::{self, OutsideError};
use super::progress::Progress;
use super::toolchain::Toolchain;

/// File name of the program, beside this one.
const PROGRAM: &str = "rust-lessons-stock";

/// The program, which is compiled first where it is not there: `cargo lessons` compiles only our own.
///
/// # Errors
/// When it cannot be compiled.
pub fn ensure(
    project: &Project,
    toolchain: &Toolchain,
    progress: &Progress,
) -> Result<PathBuf, OutsideError> {
    let program = project.program.with_file_name(PROGRAM);
    if program.is_file() {
        return Ok(program);
    }
    let step = progress.step("Compiling the stock kernel, to compare with");
    let mut cargo = Command::new(&toolchain.cargo);
    cargo
        .args(["build", "--bin", PROGRAM])
        .current_dir(&project.root)
        .env("RUSTC", &toolchain.rustc);
    // Where this program is `TARGET/debug/rust-lessons`.
    if let Some(target) = project.program.ancestors().nth(2) {
        cargo.env("CARGO_TARGET_DIR", target);
    }
    outside::run(cargo, &step, None)?;
    step.done("Compiled the stock kernel");
    Ok(program)
}
