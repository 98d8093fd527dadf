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

/// cargo's: where what was built is put.
const TARGET_VAR: &str = "CARGO_TARGET_DIR";
/// cargo's: where what is only needed on the way is put.
const BUILD_VAR: &str = "CARGO_BUILD_BUILD_DIR";
/// rustup's: which toolchain its proxies start.
const TOOLCHAIN_VAR: &str = "RUSTUP_TOOLCHAIN";
/// Before the name of a variable: the user's value of it, as long as ours holds.
const KEPT_PREFIX: &str = "RUST_LESSONS_KEPT_";

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

/// Lets a process, and every cargo below it, build in evcxr's folder `build` and with this toolchain.
///
/// rust-analyzer's calls of cargo, which are made below that folder, would else build where the user's settings say, by
/// the toolchain that is the default there. And cargo writes down beside what it builds how the compiler describes
/// itself: with one folder and one name for the toolchain, however the kernel and the set-up were started, what the
/// set-up has left there answers for each start.
pub fn build_in(command: &mut Command, build: &Path, toolchain: &Toolchain) {
    let target = build.join("target");
    for (name, value) in [
        (TARGET_VAR, &target),
        (BUILD_VAR, &target),
        (TOOLCHAIN_VAR, &toolchain.sysroot),
    ] {
        if let Some(users) = env::var_os(name) {
            command.env(kept(name), users);
        }
        command.env(name, value);
    }
}

fn kept(name: &str) -> String {
    format!("{KEPT_PREFIX}{name}")
}

/// The folder of tools of this process, if it has one.
#[must_use]
pub fn own_folder() -> Option<PathBuf> {
    env::var_os(FOLDER_VAR).map(PathBuf::from)
}

/// Gives a process that the learner's code runs in the user's own environment back.
pub fn none(command: &mut Command) {
    if let Some(path) = without() {
        command.env("PATH", path);
    }
    for name in [FOLDER_VAR, CARGO_VAR, RUSTC_VAR, PATH_VAR] {
        command.env_remove(name);
    }
    for name in [TARGET_VAR, BUILD_VAR, TOOLCHAIN_VAR] {
        match env::var_os(kept(name)) {
            Some(users) => command.env(name, users).env_remove(kept(name)),
            None => command.env_remove(name),
        };
    }
}

fn without() -> Option<OsString> {
    env::var_os(PATH_VAR)
}
