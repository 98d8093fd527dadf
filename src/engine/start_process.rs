//! Starts the process that runs the cells.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use evcxr::{Error, EvalContext};

use super::context::Places;
use crate::setup::tools;

/// Starts evcxr, and by it the process that runs the cells.
///
/// # Errors
/// When the process does not start.
pub(super) fn start_evcxr(runtime: &Path, places: &Places) -> Result<EvalContext, Error> {
    let mut command = Command::new(runtime);
    if let Some(path) = library_path_without_own_build(&places.program) {
        command.env("LD_LIBRARY_PATH", path);
    }
    // Crates draw progress where stderr is a terminal, which ours says it is, and this names one.
    if std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb") {
        command.env("TERM", "xterm-256color");
    }
    tools::none(&mut command);
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
