//! Our kernel and the stock kernel, side by side: see `benches/README.md`.
//!
//! `cargo bench --bench compare -- --help` lists the options. The measuring is done by a Jupyter client
//! in Python, in the project's own environment; this builds the program that users run, and has it set
//! everything up.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    // `cargo test --benches` runs benches too, and has no use for this one.
    if !env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["run", "--package", "rust-lessons", "--", "compare", "--"])
        .args(
            env::args_os()
                .skip(1)
                .filter(|argument| argument != "--bench"),
        )
        .current_dir(project);
    // What cargo tells this program about its own package would have packages with build scripts
    // compiled again.
    for (name, _) in env::vars_os() {
        let name_is = name.to_string_lossy();
        if name_is.starts_with("CARGO_PKG_") || name_is.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    match library_path() {
        Some(path) => cargo.env("LD_LIBRARY_PATH", path),
        None => cargo.env_remove("LD_LIBRARY_PATH"),
    };
    match cargo.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(status) => ExitCode::from(
            status
                .code()
                .and_then(|code| u8::try_from(code).ok())
                .unwrap_or(2),
        ),
        Err(error) => {
            eprintln!("error: cannot start cargo: {error}");
            ExitCode::from(2)
        }
    }
}

/// The library path without the folders of optimised builds that cargo has put there for this program:
/// a kernel must not find a support library in them.
fn library_path() -> Option<OsString> {
    let here = env::current_exe().ok()?;
    let build: PathBuf = here.parent()?.parent()?.into();
    let kept: Vec<PathBuf> = env::split_paths(&env::var_os("LD_LIBRARY_PATH")?)
        .filter(|folder| !folder.starts_with(&build))
        .collect();
    env::join_paths(kept).ok().filter(|path| !path.is_empty())
}
