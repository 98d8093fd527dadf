//! Starts the process that runs the cells.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use evcxr::{Error, EvalContext};

use super::context::Places;
use super::std_view;
use crate::setup::{std_sources, toolchain::Toolchain, tools};

/// Starts evcxr, and by it the process that runs the cells.
///
/// # Errors
/// When the process does not start.
pub(super) fn start_evcxr(
    runtime: &Path,
    places: &Places,
    toolchain: &Toolchain,
) -> Result<EvalContext, Error> {
    let view = std_view::folder(&places.work);
    let sources = std_sources::find(toolchain);
    if sources.is_some() && std_view::make_empty(&view).is_err() {
        std_view::remove(&view);
    }
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
    let (context, _outputs) = EvalContext::with_subprocess_command(command)?;
    if let Some(library) = sources
        && std_view::fill(&view, &library).is_err()
    {
        std_view::remove(&view);
    }
    Ok(context)
}

/// `cargo run` puts the build folders of this program into the search path of libraries; a support
/// crate there would be taken for the one that was compiled for the cells.
fn library_path_without_own_build(program: &Path) -> Option<OsString> {
    let path = std::env::var_os("LD_LIBRARY_PATH")?;
    let own = program.parent()?;
    let others = std::env::split_paths(&path).filter(|entry| !entry.starts_with(own));
    std::env::join_paths(others).ok()
}
