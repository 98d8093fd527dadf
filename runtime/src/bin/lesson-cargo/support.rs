//! Whether the support crate is the one that the process of the cells has loaded.
//!
//! A new dependency can ask for another feature of a crate that the support crate uses too, and another
//! optimisation level is one for it as well: then cargo compiles it anew, and its symbols have other names.
//! The process goes on with the one it has loaded, which knows all locks and threads of the session: a
//! cell that was linked with the new one could not be loaded, and all variables would go. So cargo is
//! given the compiled one of the set-up ([`give`]) instead. It goes on with the crates that it was compiled
//! with; they stay in the folder, under names of their own.
//!
//! And cells take something from the compiled support crate only as long as that is the one of the
//! set-up ([`is_as_prepared`]).

use std::env;
use std::fs::{self, File, FileTimes};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use lesson_runtime::tools::{BUILD, DRAFT_PREFIX, RECORDED, SUPPORT};

use crate::key::Build;
use crate::recording::Recording;

/// The crate's name.
pub const CRATE: &str = "lesson_support";
/// What the compiler makes of it. cargo reads the last one.
const FILES: [&str; 3] = [
    "liblesson_support.so",
    "liblesson_support.rlib",
    "lesson_support.d",
];

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

/// Puts the compiled support crate of the set-up where cargo wants it compiled; whether it could.
///
/// `folder`: evcxr's. `out_dir`: below it, where the compiler would write. `package`: the folder of the
/// crate that cargo compiles.
#[must_use]
pub fn give(folder: &Path, out_dir: &Path, package: &Path) -> bool {
    let Some(entry) = entry() else {
        return false;
    };
    // The set-up's copy. Another crate of that name is none of ours.
    if !entry
        .parent()
        .is_some_and(|cache| package.starts_with(cache))
    {
        return false;
    }
    out_dir.strip_prefix(folder).is_ok_and(|below| {
        let prepared = entry.join(BUILD).join(below);
        copy_all(&prepared, out_dir).is_ok()
    })
}

/// The folder of the set-up that this program is in, once it is complete.
fn entry() -> Option<PathBuf> {
    let entry = env::current_exe().ok()?.parent()?.to_owned();
    let name = entry.file_name()?.to_str()?;
    (!name.starts_with(DRAFT_PREFIX)).then_some(entry)
}

/// Copies the crate's files with their times, by which it is known again.
fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    for name in FILES {
        let there = from.join(name);
        let draft = tempfile::NamedTempFile::new_in(to)?;
        io::copy(&mut File::open(&there)?, &mut &draft)?;
        let time = fs::metadata(&there)?.modified()?;
        draft
            .as_file()
            .set_times(FileTimes::new().set_modified(time))?;
        draft
            .as_file()
            .set_permissions(fs::metadata(&there)?.permissions())?;
        // Not written over: the process of the cells has the old one mapped.
        draft.persist(to.join(name))?;
    }
    Ok(())
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
