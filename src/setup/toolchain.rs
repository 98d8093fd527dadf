//! The Rust toolchain that compiles the learner's cells.

use std::path::{Path, PathBuf};
use std::process::Command;

use lesson_runtime::tools::{CARGO_VAR, RUSTC_VAR};

/// Paths and version of a toolchain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    /// The compiler itself, not the proxy of rustup: evcxr calls it the same way, and it starts
    /// faster.
    pub rustc: PathBuf,
    /// The cargo that belongs to it.
    pub cargo: PathBuf,
    /// What `rustc --print sysroot` says.
    pub sysroot: PathBuf,
    /// What `rustc -vV` says.
    pub verbose_version: String,
    /// The version alone: `1.95.0`.
    pub release: String,
}

/// Why no toolchain can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolchainError {
    /// The program is not on `PATH`.
    #[error(
        "`{tool}` was not found; install Rust (https://rustup.rs) and open a new terminal, or add it to PATH"
    )]
    Missing {
        /// `rustc` or `cargo`.
        tool: &'static str,
    },
    /// The program is there but does not answer as it should.
    #[error("`{} {args}` failed: {reason}", .program.display())]
    Failed {
        /// Which program.
        program: PathBuf,
        /// With which arguments.
        args: &'static str,
        /// What it said.
        reason: String,
    },
}

impl Toolchain {
    /// Finds the toolchain as evcxr does: what rustup would choose here, else what is on `PATH`.
    ///
    /// # Errors
    /// When there is none, or it does not tell its version.
    pub fn find() -> Result<Toolchain, ToolchainError> {
        // Each of these takes as long as a program takes to start, and a kernel waits for it.
        let (rustc, cargo) = both(|| tool("rustc"), || tool("cargo"));
        let (rustc, cargo) = (rustc?, cargo?);
        let (version, sysroot) = both(|| ask(&rustc, "-vV"), || ask(&rustc, "--print sysroot"));
        let verbose_version = version?;
        let sysroot = PathBuf::from(sysroot?.trim());
        let release = verbose_version
            .lines()
            .find_map(|line| line.strip_prefix("release: "))
            .unwrap_or("unknown")
            .to_owned();
        Ok(Toolchain {
            rustc,
            cargo,
            sysroot,
            verbose_version,
            release,
        })
    }

    /// The triple that this toolchain compiles for: `x86_64-unknown-linux-gnu`.
    #[must_use]
    pub fn host(&self) -> &str {
        self.verbose_version
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap_or("unknown")
    }

    /// The folder with the shared standard library.
    #[must_use]
    pub fn std_library_dir(&self) -> PathBuf {
        self.sysroot
            .join("lib/rustlib")
            .join(self.host())
            .join("lib")
    }
}

/// Does two things at once.
fn both<A: Send, B>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        let one = one.join();
        (
            one.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            other,
        )
    })
}

fn tool(name: &'static str) -> Result<PathBuf, ToolchainError> {
    // Below a kernel, what is found first is the kernel's own.
    let known = match name {
        "cargo" => CARGO_VAR,
        _ => RUSTC_VAR,
    };
    if let Some(real) = std::env::var_os(known) {
        return Ok(real.into());
    }
    let from_rustup = Command::new("rustup")
        .args(["which", name])
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    match from_rustup {
        Some(path) => Ok(path),
        None => which::which(name).map_err(|_| ToolchainError::Missing { tool: name }),
    }
}

fn ask(program: &Path, args: &'static str) -> Result<String, ToolchainError> {
    let failed = |reason: String| ToolchainError::Failed {
        program: program.to_owned(),
        args,
        reason,
    };
    let output = Command::new(program)
        .args(args.split(' '))
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
