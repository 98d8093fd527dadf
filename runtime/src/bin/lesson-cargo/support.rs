//! Whether the support crate is the one that the process of the cells has loaded.
//!
//! A new dependency can ask for another feature of a crate that the support crate uses too; then cargo
//! compiles that one anew, and its symbols have other names. The process goes on with the one it has. So
//! cells take something from the compiled support crate only as long as that is the one of the set-up.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use lesson_runtime::tools::{RECORDED, SUPPORT};

use crate::key::Build;
use crate::recording::Recording;

/// The crate's name.
const CRATE: &str = "lesson_support";

/// Notes the support crate of a build, if none was noted before: during the set-up.
///
/// # Errors
/// When the note cannot be written.
pub fn note(build: &Build, recording: &Recording) -> io::Result<()> {
    let file = file(build);
    let Some(state) = state(recording) else {
        return Ok(());
    };
    if file.exists() {
        return Ok(());
    }
    fs::create_dir_all(build.folder.join(RECORDED))?;
    fs::write(file, state)
}

/// Whether the support crate is there, and is the one that was noted.
#[must_use]
pub fn is_as_prepared(build: &Build, recording: &Recording) -> bool {
    let noted = fs::read_to_string(file(build)).ok();
    noted.is_some() && noted == state(recording)
}

fn file(build: &Build) -> PathBuf {
    build.folder.join(RECORDED).join(SUPPORT)
}

/// Size and time of each of the crate's files. A copy of the set-up's has both.
fn state(recording: &Recording) -> Option<String> {
    let files = recording.externs().filter(|(name, _)| *name == CRATE);
    let states: Option<Vec<String>> = files
        .map(|(_, file)| {
            let data = fs::metadata(file).ok()?;
            Some(format!(
                "{} {} {}",
                data.len(),
                data.mtime(),
                data.mtime_nsec()
            ))
        })
        .collect();
    states
        .map(|states| states.join("\n"))
        .filter(|state| !state.is_empty())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    #[test]
    fn a_support_crate_that_was_compiled_again_is_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = folder.path().join("liblesson_support.so");
        let build = Build::in_folder(folder.path(), &["build"].map(OsString::from));
        let recording = Recording {
            args: vec![
                "--extern".to_owned(),
                format!("{CRATE}={}", library.display()),
            ],
            ..Recording::default()
        };
        note(&build, &recording).expect("nothing to note");
        assert!(!is_as_prepared(&build, &recording), "there is none");
        fs::write(&library, "first").expect("a library");
        note(&build, &recording).expect("noted");
        assert!(is_as_prepared(&build, &recording));
        fs::write(&library, "second").expect("a library");
        note(&build, &recording).expect("noted before");
        assert!(!is_as_prepared(&build, &recording));
    }
}
