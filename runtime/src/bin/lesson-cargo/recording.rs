//! cargo's call of the compiler for a cell, kept to be made again.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::key::Build;

/// Stands for evcxr's folder in what is kept: kernels start with a copy of a prepared folder.
const FOLDER: &str = "{folder}";

/// A call of `rustc`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// The program.
    pub rustc: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// What cargo sets in its environment.
    pub env: BTreeMap<String, String>,
    /// What else to say, to link without a detour: [`crate::link::arguments`].
    #[serde(default)]
    pub link: Vec<String>,
}

impl Recording {
    /// The call that builds of this kind end in, if it is known and what it needs is still there.
    #[must_use]
    pub fn find(build: &Build) -> Option<Recording> {
        let text = fs::read_to_string(file(build).ok()?).ok()?;
        let kept: Recording = serde_json::from_str(&text).ok()?;
        let found = kept.map(|text| with_folder(text, build));
        let complete = found.externs().all(|(_, file)| file.exists());
        complete.then_some(found)
    }

    /// Keeps the call for this kind of build.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, build: &Build) -> io::Result<()> {
        keep_json(&file(build)?, &self.map(|text| without_folder(text, build)))
    }

    /// The crates that are given by name, each with its file.
    pub fn externs(&self) -> impl Iterator<Item = (&str, &Path)> {
        let values = self
            .args
            .windows(2)
            .filter(|pair| pair[0] == "--extern")
            .map(|pair| pair[1].as_str());
        values.filter_map(|value| {
            let (name, file) = value.split_once('=')?;
            // `noprelude:name=…`
            let name = name.rsplit(':').next().unwrap_or(name);
            Some((name, Path::new(file)))
        })
    }

    /// The folder into which the compiler writes.
    #[must_use]
    pub fn out_dir(&self) -> Option<&Path> {
        let at = self.args.iter().position(|arg| arg == "--out-dir")?;
        self.args.get(at + 1).map(Path::new)
    }

    /// The call with which the C compiler links.
    #[must_use]
    pub fn without_link(&self) -> Recording {
        Recording {
            link: Vec::new(),
            ..self.clone()
        }
    }

    fn map(&self, change: impl Fn(&str) -> String) -> Recording {
        Recording {
            rustc: self.rustc.clone(),
            args: self.args.iter().map(|arg| change(arg)).collect(),
            env: self
                .env
                .iter()
                .map(|(name, value)| (name.clone(), change(value)))
                .collect(),
            link: self.link.clone(),
        }
    }
}

/// A text in which evcxr's folder can be put back.
#[must_use]
pub fn without_folder(text: &str, build: &Build) -> String {
    text.replace(&*build.folder.to_string_lossy(), FOLDER)
}

/// A text of [`without_folder`], for the folder of this build.
#[must_use]
pub fn with_folder(text: &str, build: &Build) -> String {
    text.replace(FOLDER, &build.folder.to_string_lossy())
}

/// Writes a file as a whole, or not at all.
///
/// # Errors
/// When it cannot be written.
pub fn keep_json(file: &Path, value: &impl Serialize) -> io::Result<()> {
    let parent = file.parent().unwrap_or(file);
    fs::create_dir_all(parent)?;
    let draft = tempfile::NamedTempFile::new_in(parent)?;
    serde_json::to_writer(io::BufWriter::new(&draft), value)?;
    draft.persist(file)?;
    Ok(())
}

fn file(build: &Build) -> io::Result<PathBuf> {
    let folder = build.folder.join(lesson_runtime::tools::RECORDED);
    Ok(folder.join(format!("{}.json", build.key()?)))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn build(folder: &Path) -> Build {
        fs::write(folder.join("Cargo.toml"), "[package]").expect("a manifest");
        Build::in_folder(folder, &["build"].map(OsString::from))
    }

    fn recording(folder: &Path) -> Recording {
        let library = folder.join("liba.rlib");
        Recording {
            rustc: "rustc".to_owned(),
            args: [
                "--crate-name",
                "ctx",
                "--out-dir",
                &folder.join("deps").display().to_string(),
                "--extern",
                &format!("noprelude:a={}", library.display()),
            ]
            .map(str::to_owned)
            .to_vec(),
            env: BTreeMap::from([(
                "CARGO_MANIFEST_DIR".to_owned(),
                folder.display().to_string(),
            )]),
            link: vec!["-Clinker=ld".to_owned()],
        }
    }

    #[test]
    fn a_copy_of_the_folder_has_the_call_with_its_own_paths() {
        let [first, second] = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
        recording(first.path())
            .keep(&build(first.path()))
            .expect("written");
        let kept = first.path().join(lesson_runtime::tools::RECORDED);
        let there = second.path().join(lesson_runtime::tools::RECORDED);
        fs::create_dir_all(&there).expect("a folder");
        for entry in fs::read_dir(kept).expect("a folder") {
            let entry = entry.expect("an entry");
            fs::copy(entry.path(), there.join(entry.file_name())).expect("a copy");
        }
        let build = build(second.path());
        assert_eq!(Recording::find(&build), None, "the crate is missing");
        fs::write(second.path().join("liba.rlib"), "").expect("a crate");
        assert_eq!(Recording::find(&build), Some(recording(second.path())));
    }

    #[test]
    fn another_manifest_has_no_call() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("liba.rlib"), "").expect("a crate");
        recording(folder.path())
            .keep(&build(folder.path()))
            .expect("written");
        assert!(Recording::find(&build(folder.path())).is_some());
        fs::write(folder.path().join("Cargo.toml"), "[package]\n# other").expect("a manifest");
        let other = Build::in_folder(folder.path(), &["build"].map(OsString::from));
        assert_eq!(Recording::find(&other), None);
    }
}
