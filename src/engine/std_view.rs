//! What rust-analyzer sees of the standard library's sources.
//!
//! It keeps the text of every file below the folder that `RUST_SRC_PATH` names, and reads all of them
//! whenever the dependencies change. Of some 48 MB, three crates of 13 MB name the types of variables;
//! the rest is the intrinsics of all processors, tests, and crates that only the compiler uses. So it
//! is shown a folder of the kernel's own, with links to these three. Without a manifest in that folder
//! it does not ask cargo about it either.
//!
//! evcxr runs a first cell of its own before the support crate is a dependency, and what
//! rust-analyzer has read by then it reads again right after. So the links are made after that cell.

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The crates, with the places of their sources: where rust-analyzer looks, and where they are, from
/// the newest layout to the oldest.
const CRATES: [(&str, &[&str]); 4] = [
    ("core", &["core"]),
    ("alloc", &["alloc"]),
    ("std", &["std"]),
    // For `is_x86_feature_detected!` and the like.
    (
        "stdarch/crates/std_detect",
        &["std_detect", "stdarch/crates/std_detect"],
    ),
];

/// The folder below a kernel's work folder.
const FOLDER: &str = "std";

/// The folder that `RUST_SRC_PATH` names, which need not exist yet.
#[must_use]
pub fn folder(work: &Path) -> PathBuf {
    work.join(FOLDER)
}

/// Makes the folder, with nothing to read in it.
///
/// # Errors
/// When it cannot be made.
pub fn make_empty(folder: &Path) -> io::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    // By this name rust-analyzer knows that these are the sources.
    std::fs::create_dir_all(folder.join("core"))
}

/// Adds links to the crates below `library`. Links that are there already are left alone.
///
/// # Errors
/// When one cannot be made. What is in the folder then is of no use: see [`remove`].
pub fn fill(folder: &Path, library: &Path) -> io::Result<()> {
    for (name, places) in CRATES {
        let link = folder.join(name).join("src");
        let sources = places
            .iter()
            .map(|place| library.join(place).join("src"))
            .find(|sources| sources.is_dir());
        // Not followed: a link to sources that were removed is no reason to fail.
        let (Some(sources), Err(_)) = (sources, link.symlink_metadata()) else {
            continue;
        };
        std::fs::create_dir_all(folder.join(name))?;
        symlink(sources, link)?;
    }
    Ok(())
}

/// Removes the folder: without it rust-analyzer takes the toolchain's own sources, all of them.
pub fn remove(folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(folder: &Path, detect: &str) -> PathBuf {
        let library = folder.join("library");
        for name in ["core", "alloc", "std", "proc_macro", detect] {
            let src = library.join(name).join("src");
            std::fs::create_dir_all(&src).expect("writable");
            std::fs::write(src.join("lib.rs"), name).expect("writable");
        }
        std::fs::write(library.join("Cargo.toml"), "[workspace]").expect("writable");
        library
    }

    #[test]
    fn the_crates_that_name_types_are_seen_and_nothing_else_is() {
        for detect in ["std_detect", "stdarch/crates/std_detect"] {
            let work = tempfile::tempdir().expect("a temporary folder can be made");
            let library = library(work.path(), detect);
            let view = folder(work.path());
            make_empty(&view).expect("can be made");
            assert!(view.join("core").is_dir());
            assert!(!view.join("core/src").exists());

            // Twice: what is there is left alone.
            for _ in 0..2 {
                fill(&view, &library).expect("can be filled");
            }
            for (name, _) in CRATES {
                assert!(view.join(name).join("src/lib.rs").is_file(), "{name}");
            }
            assert!(!view.join("Cargo.toml").exists());
            assert!(!view.join("proc_macro").exists());

            make_empty(&view).expect("can be made again");
            assert!(!view.join("std").exists());
            let kept = library.join("std/src/lib.rs");
            assert!(kept.is_file(), "the sources themselves are never removed");
        }
    }
}
