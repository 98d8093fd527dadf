//! Starts evcxr with the runtime of our own.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use evcxr::{Error, EvalContext};

use super::context::Places;

/// Starts evcxr; `runtime` is the program that is to run the cells.
///
/// # Errors
/// When the runtime does not start.
pub fn start_evcxr(runtime: &Path, places: &Places) -> Result<EvalContext, Error> {
    let mut command = Command::new(runtime);
    if let Some(path) = library_path_without_own_build(&places.program) {
        command.env("LD_LIBRARY_PATH", path);
    }
    command
        .env(lesson_runtime::DIR_VAR, &places.work)
        .env(lesson_runtime::NONCE_VAR, &places.nonce);
    EvalContext::with_subprocess_command(command).map(|(context, _outputs)| context)
}

/// `cargo run` puts the build folders of this program into the search path of libraries; a support
/// crate there would be taken for the one that was compiled for the cells.
fn library_path_without_own_build(program: &Path) -> Option<OsString> {
    let path = std::env::var_os("LD_LIBRARY_PATH")?;
    let own = program.parent()?;
    let others = std::env::split_paths(&path).filter(|entry| !entry.starts_with(own));
    std::env::join_paths(others).ok()
}
