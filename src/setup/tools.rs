//! The kernel's folder with its own `cargo` and `rustup`, which compile cells faster.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

pub use lesson_runtime::tools::PROGRAM;
use lesson_runtime::tools::{CARGO_VAR, DIRECT_VAR, FOLDER_VAR, NAMES, OFF, PATH_VAR, RUSTC_VAR};

use super::toolchain::Toolchain;

/// Lets a process find the tools of a folder first. The folder need not exist yet; as long as it does
/// not, all is as without it.
pub fn first(command: &mut Command, folder: &Path, toolchain: &Toolchain) {
    if env::var_os(DIRECT_VAR).is_some_and(|value| value == OFF) {
        return;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(folder.to_owned()).chain(env::split_paths(&path));
    // A folder with a colon in its name cannot be on a path.
    let Ok(with_tools) = env::join_paths(all) else {
        return;
    };
    command
        .env(FOLDER_VAR, folder)
        .env(CARGO_VAR, &toolchain.cargo)
        .env(RUSTC_VAR, &toolchain.rustc)
        .env(PATH_VAR, path)
        .env("PATH", with_tools);
}

/// Fills a folder of tools; `program` stands for each of them.
///
/// # Errors
/// When a link cannot be made.
pub fn link(folder: &Path, program: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for name in NAMES {
        let link = folder.join(name);
        if link.symlink_metadata().is_err() {
            symlink(program, link)?;
        }
    }
    Ok(())
}

/// The folder of tools of this process, if it has one.
#[must_use]
pub fn own_folder() -> Option<PathBuf> {
    env::var_os(FOLDER_VAR).map(PathBuf::from)
}

/// Takes the tools away again from a process that the learner's code runs in.
pub fn none(command: &mut Command) {
    if let Some(path) = without() {
        command.env("PATH", path);
    }
    for name in [FOLDER_VAR, CARGO_VAR, RUSTC_VAR, PATH_VAR] {
        command.env_remove(name);
    }
}

fn without() -> Option<OsString> {
    env::var_os(PATH_VAR)
}
