//! Folders to try the program in: a project, a home, a `PATH`, none of them the user's.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::json;

use crate::program::program;

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
