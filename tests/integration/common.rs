//! What the tests share: the program, the project set up for its kernels, and folders to try things in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rust_lessons::setup::progress::Progress;
use rust_lessons::setup::venv::Venv;
use rust_lessons::setup::{self, Project};
use serde_json::json;

/// This program, as cargo built it for the tests.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_rust-lessons");

/// The program, ready for arguments.
pub fn program() -> Command {
    let mut command = Command::new(PROGRAM);
    command.stdin(Stdio::null());
    command
}

/// The project that these tests belong to.
pub fn project() -> Project {
    Project::built_from(PROGRAM)
}

/// The project, set up. Kernels run only while this is held: two of them would slow each other down
/// on a small machine, and some tests measure time.
pub struct Ready {
    pub project: Project,
    pub venv: Venv,
    _alone: MutexGuard<'static, ()>,
}

/// Sets the project up (once) and waits until no other test runs a kernel.
#[track_caller]
pub fn ready() -> Ready {
    static ALONE: Mutex<()> = Mutex::new(());
    static SET_UP: OnceLock<Result<Venv, String>> = OnceLock::new();
    // A test that failed while it held the lock has nothing half changed behind it.
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let project = project();
    let set_up = SET_UP.get_or_init(|| {
        setup::ensure_all(&project, &[project.notebooks()].into(), &Progress::stderr())
            .map_err(|error| format!("{:#}", anyhow::Error::from(error)))
    });
    match set_up {
        Ok(venv) => Ready {
            venv: venv.clone(),
            project,
            _alone: alone,
        },
        Err(error) => panic!("the project cannot be set up: {error}"),
    }
}

/// A small project in a folder of its own, with a home folder of its own.
pub struct Sandbox {
    folder: tempfile::TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        let sandbox = Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
        };
        for folder in ["home", "bin", "project/notebooks"] {
            fs::create_dir_all(sandbox.path(folder)).expect("writable");
        }
        sandbox.write("project/requirements.txt", "nbval==0.11.0\n");
        sandbox
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub fn write(&self, relative: &str, text: &str) {
        fs::write(self.path(relative), text).expect("writable");
    }

    /// Puts a shell script into the folder which `PATH` names in [`Sandbox::program`].
    pub fn script(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let file = self.path("bin").join(name);
        fs::write(&file, format!("#!/bin/sh\n{text}\n")).expect("writable");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("writable");
    }

    /// Puts a program of this machine into that folder.
    pub fn link(&self, name: &str, target: &Path) {
        std::os::unix::fs::symlink(target, self.path("bin").join(name)).expect("writable");
    }

    /// The program on this project, with nothing on `PATH` but what the test put into `bin`.
    pub fn program(&self, args: &[&str]) -> Output {
        let output = program()
            .args(args)
            .arg("--project")
            .arg(self.path("project"))
            .current_dir(self.path("project"))
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("HOME", self.path("home"))
            .output()
            .expect("the program starts");
        assert!(output.status.code().is_some(), "killed: {output:?}");
        output
    }

    /// Every file below, with its content.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(self.folder.path(), &mut files);
        files
    }
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_symlink() {
            files.insert(path, Vec::new());
        } else if path.is_dir() {
            files.insert(path.clone(), Vec::new());
            collect(&path, files);
        } else {
            let content = fs::read(&path).expect("a file");
            files.insert(path, content);
        }
    }
}

/// A notebook of our format with these cells.
pub fn notebook(kernel: &str, cells: &[serde_json::Value]) -> String {
    let notebook = json!({
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": { "name": kernel, "display_name": kernel, "language": "rust" },
            "language_info": { "name": "rust" },
        },
        "cells": cells,
    });
    serde_json::to_string_pretty(&notebook).expect("JSON can be written")
}

/// What a program printed to both streams, for messages.
pub fn printed(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
