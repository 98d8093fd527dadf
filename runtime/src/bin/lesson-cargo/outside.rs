//! The real cargo and the real rustup.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use lesson_runtime::tools::{CARGO_VAR, FOLDER_VAR, PATH_VAR, RUSTC_VAR};

fn variable(name: &str) -> io::Result<OsString> {
    env::var_os(name).ok_or_else(|| {
        io::Error::other(format!(
            "this program is a part of the kernel and works only below it ({name} is not set)"
        ))
    })
}

/// The path of the real cargo.
///
/// # Errors
/// When the kernel has not named it.
pub fn real_cargo() -> io::Result<PathBuf> {
    variable(CARGO_VAR).map(PathBuf::from)
}

/// A call of the real cargo, in the environment that it would have without the kernel's tools.
///
/// # Errors
/// When the kernel has not named the real cargo.
pub fn cargo_command(args: &[OsString]) -> io::Result<Command> {
    let mut command = Command::new(real_cargo()?);
    command.args(args).env_remove("CARGO");
    with_real_path(&mut command);
    Ok(command)
}

/// Becomes the real cargo.
///
/// # Errors
/// When it cannot be started.
pub fn cargo(args: &[OsString]) -> io::Result<ExitCode> {
    Err(not_started(&cargo_command(args)?.exec()))
}

/// What evcxr says where it cannot start cargo itself.
#[must_use]
pub fn not_started(error: &io::Error) -> io::Error {
    io::Error::other(format!("Error running 'cargo': {error}"))
}

/// Answers `rustup which cargo` with the stand-in, `rustup which rustc` with what the kernel has found, and
/// else becomes the real rustup.
///
/// # Errors
/// When that cannot be started, as where there is none; evcxr then looks for `cargo` on the `PATH`.
pub fn rustup(args: &[OsString]) -> io::Result<ExitCode> {
    let known = if args == ["which", "cargo"].map(OsStr::new) {
        Some(PathBuf::from(variable(FOLDER_VAR)?).join("cargo"))
    } else if args == ["which", "rustc"].map(OsStr::new) {
        env::var_os(RUSTC_VAR).map(PathBuf::from)
    } else {
        None
    };
    if let Some(path) = known {
        io::stdout().write_all(path.as_os_str().as_encoded_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut command = Command::new("rustup");
    command.args(args);
    with_real_path(&mut command);
    Err(command.exec())
}

fn with_real_path(command: &mut Command) {
    if let Some(path) = env::var_os(PATH_VAR) {
        command.env("PATH", path);
    }
}
