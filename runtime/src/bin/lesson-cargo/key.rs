//! What decides how cargo calls the compiler for a cell, apart from the cell's text.

use std::cell::OnceCell;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// What evcxr asks cargo for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// The library of a cell.
    Build,
    /// The errors of a cell.
    Check,
    /// What the dependencies are.
    Metadata,
}

/// A call of cargo by evcxr.
#[derive(Debug)]
pub struct Build {
    /// evcxr's folder, in which it starts cargo.
    pub folder: PathBuf,
    /// What is wanted.
    pub task: Task,
    /// The arguments, as they would be for `build`.
    args: Vec<OsString>,
    key: OnceCell<String>,
}

/// Raise when the meaning of what is written down changes.
const FORMAT: &str = "1";

/// Variables that say where cargo or evcxr found something, or are set by a cargo above the kernel
/// (`cargo run`) about its own package.
const OF_NO_EFFECT: [&str; 14] = [
    "CARGO",
    "CARGO_BIN_",
    // These two are set to a place in evcxr's folder.
    "CARGO_BUILD_BUILD_DIR",
    "CARGO_TARGET_DIR",
    "CARGO_CRATE_NAME",
    // rustup sets it, and not everybody comes by rustup; what it leads to is looked at below.
    "CARGO_HOME",
    "CARGO_MAKEFLAGS",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_TARGET_TMPDIR",
    "CARGO_RUSTC_CURRENT_DIR",
    "CARGO_TERM_",
    "CARGO_LOG",
];

impl Build {
    /// The build that these arguments of cargo ask for; `None` if they ask for anything else, or if the
    /// user wants a wrapper of their own around the compiler.
    #[must_use]
    pub fn of(args: &[OsString]) -> Option<Build> {
        let commands: Vec<&str> = args
            .iter()
            .filter_map(|arg| arg.to_str())
            .filter(|arg| !arg.starts_with('-'))
            .collect();
        let task = match *commands.first()? {
            "build" => Task::Build,
            "check" => Task::Check,
            "metadata" => Task::Metadata,
            _ => return None,
        };
        let wrapped = [
            "RUSTC_WRAPPER",
            "CARGO_BUILD_RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
        ];
        if wrapped.iter().any(|name| env::var_os(name).is_some()) {
            return None;
        }
        let mut build = Build::in_folder(&env::current_dir().ok()?, args);
        build.task = task;
        Some(build)
    }

    /// A build with these arguments.
    #[must_use]
    pub fn in_folder(folder: &Path, args: &[OsString]) -> Build {
        let as_build = |arg: &OsString| match arg.to_str() {
            Some("check") => OsString::from("build"),
            _ => arg.clone(),
        };
        Build {
            folder: folder.to_owned(),
            task: Task::Build,
            args: args.iter().map(as_build).collect(),
            key: OnceCell::new(),
        }
    }

    /// A name for everything that decides how cargo compiles the crate.
    ///
    /// # Errors
    /// When the manifest cannot be read.
    pub fn key(&self) -> io::Result<&str> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let key = self.made_from()?;
        Ok(self.key.get_or_init(|| key))
    }

    fn made_from(&self) -> io::Result<String> {
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        };
        add(FORMAT.as_bytes());
        // Nothing is fetched for what was built before.
        for arg in self.args.iter().filter(|arg| *arg != "--offline") {
            add(arg.as_encoded_bytes());
        }
        // Not the lock file: cargo writes that, by the manifest. Nor the folder's own settings: evcxr
        // writes them, and has only whether to use the network there.
        add(&fs::read(self.folder.join("Cargo.toml"))?);
        let mut variables: Vec<(OsString, OsString)> = env::vars_os()
            .filter(|(name, _)| has_effect(name))
            .collect();
        variables.sort();
        for (name, value) in &variables {
            add(name.as_encoded_bytes());
            add(value.as_encoded_bytes());
        }
        // Not read: their time says enough.
        let programs = [
            env::var_os("RUSTC"),
            env::var_os(lesson_runtime::tools::CARGO_VAR),
        ];
        let files = programs.into_iter().flatten().map(PathBuf::from);
        for file in files.chain(self.settings()) {
            if let Ok(data) = fs::metadata(&file) {
                add(file.as_os_str().as_encoded_bytes());
                add(&data.len().to_le_bytes());
                add(&data.mtime().to_le_bytes());
                add(&data.mtime_nsec().to_le_bytes());
            }
        }
        Ok(hex(hash))
    }

    /// The files with settings that cargo looks for above the folder and in its home.
    fn settings(&self) -> impl Iterator<Item = PathBuf> {
        let above = self
            .folder
            .ancestors()
            .skip(1)
            .map(|folder| folder.join(".cargo"));
        let home = env::var_os("CARGO_HOME")
            .map(PathBuf::from)
            .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
        above
            .chain(home)
            .flat_map(|folder| ["config.toml", "config"].map(|name| folder.join(name)))
    }
}

fn has_effect(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let for_cargo = name.starts_with("CARGO")
        && !OF_NO_EFFECT
            .iter()
            .any(|prefix| *name == **prefix || (prefix.ends_with('_') && name.starts_with(prefix)));
    for_cargo || name.starts_with("RUSTC") || name == "RUSTFLAGS" || name == "RUST_TARGET_PATH"
}

/// The first 32 hexadecimal digits of a hash.
#[must_use]
pub fn hex(hash: Sha256) -> String {
    hash.finalize()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn only_what_can_be_kept_is_a_build() {
        let task = |text| Build::of(&args(text)).map(|build| build.task);
        assert_eq!(task("--offline build --target t"), Some(Task::Build));
        assert_eq!(task("check --target t"), Some(Task::Check));
        assert_eq!(task("metadata --format-version 1"), Some(Task::Metadata));
        for other in ["fetch build", "clean", ""] {
            assert_eq!(task(other), None, "{other}");
        }
    }

    #[test]
    fn variables_of_a_cargo_above_have_no_effect() {
        for name in [
            "CARGO",
            "CARGO_PKG_NAME",
            "CARGO_HOME",
            "RUST_BACKTRACE",
            "HOME",
        ] {
            assert!(!has_effect(OsStr::new(name)), "{name}");
        }
        for name in ["CARGO_PROFILE_DEV_LTO", "RUSTFLAGS", "RUSTC_BOOTSTRAP"] {
            assert!(has_effect(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn the_manifest_and_the_arguments_are_part_of_the_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let build = |text| Build::in_folder(folder.path(), &args(text));
        assert!(build("build").key().is_err(), "there is no manifest");
        let mut keys = Vec::new();
        for text in ["a", "b"] {
            fs::write(folder.path().join("Cargo.toml"), text).expect("a file");
            keys.push(build("build").key().expect("a key").to_owned());
        }
        keys.push(build("build --release").key().expect("a key").to_owned());
        assert_eq!(
            build("build").key().expect("a key"),
            keys[1],
            "the same again"
        );
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 3);
    }
}
