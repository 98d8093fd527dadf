//! What rust-analyzer sees of the standard library's sources.
//!
//! It keeps the text of every file below the folder that `RUST_SRC_PATH` names, and reads all of them
//! whenever the dependencies change. Of some 48 MB, three crates of 13 MB name the types of variables;
//! the rest is the intrinsics of all processors, tests, and crates that only the compiler uses. So it
//! is shown a folder of the kernel's own, with links to what it needs. Without a manifest in that
//! folder it does not ask cargo about it either.
//!
//! evcxr runs a first cell of its own before the support crate is a dependency, and what
//! rust-analyzer has read by then it reads again right after. So the links are made after that cell.

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Crates that are linked as a whole, with the places of their sources: where rust-analyzer looks, and where they are, from
/// the newest layout to the oldest.
const LINKED: [(&str, &[&str]); 3] = [
    ("core", &["core"]),
    ("alloc", &["alloc"]),
    // For `is_x86_feature_detected!` and the like.
    (
        "stdarch/crates/std_detect",
        &["std_detect", "stdarch/crates/std_detect"],
    ),
];

/// What `std` is missing, see there.
const HASHBROWN: &str = include_str!("hashbrown_outline.rs");
/// rust-analyzer knows this crate as one that `std` depends on; it has nothing of use in it.
const IN_PLACE_OF_HASHBROWN: &str = "profiler_builtins";

/// The folder below a kernel's work folder.
const FOLDER: &str = "std";
/// The file with which a crate begins.
const ROOT: &str = "lib.rs";

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

/// Adds what rust-analyzer needs of the sources in `library`. Links that are there already are left
/// alone.
///
/// # Errors
/// When a file cannot be read or written. What is in the folder then is of no use: see [`remove`].
pub fn fill(folder: &Path, library: &Path) -> io::Result<()> {
    for (name, places) in LINKED {
        let sources = places
            .iter()
            .map(|place| library.join(place).join("src"))
            .find(|sources| sources.is_dir());
        if let Some(sources) = sources {
            std::fs::create_dir_all(folder.join(name))?;
            link(&sources, &folder.join(name).join("src"))?;
        }
    }
    write_hashbrown(folder)?;
    fill_std(
        &folder.join("std").join("src"),
        &library.join("std").join("src"),
    )
}

/// All of `std` by links, but for its root.
fn fill_std(view: &Path, sources: &Path) -> io::Result<()> {
    std::fs::create_dir_all(view)?;
    for entry in std::fs::read_dir(sources)? {
        let entry = entry?;
        if entry.file_name() != ROOT {
            link(&entry.path(), &view.join(entry.file_name()))?;
        }
    }
    let mut root = std::fs::read_to_string(sources.join(ROOT))?;
    root.push_str(&format!(
        "\nextern crate {IN_PLACE_OF_HASHBROWN} as hashbrown;\n"
    ));
    std::fs::write(view.join(ROOT), root)
}

fn write_hashbrown(folder: &Path) -> io::Result<()> {
    let src = folder.join(IN_PLACE_OF_HASHBROWN).join("src");
    std::fs::create_dir_all(&src)?;
    std::fs::write(src.join(ROOT), HASHBROWN)
}

fn link(original: &Path, link: &Path) -> io::Result<()> {
    match symlink(original, link) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
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
        std::fs::write(library.join("std/src/collections.rs"), "").expect("writable");
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
            for (name, _) in LINKED {
                assert!(view.join(name).join("src/lib.rs").is_file(), "{name}");
            }
            let root = std::fs::read_to_string(view.join("std/src/lib.rs")).expect("is there");
            assert!(root.starts_with("std\n") && root.contains(" as hashbrown;"));
            assert!(view.join("std/src/collections.rs").is_symlink());
            assert!(
                view.join(IN_PLACE_OF_HASHBROWN)
                    .join("src/lib.rs")
                    .is_file()
            );
            assert!(!view.join("Cargo.toml").exists());
            assert!(!view.join("proc_macro").exists());

            make_empty(&view).expect("can be made again");
            assert!(!view.join("std").exists());
            let kept = std::fs::read_to_string(library.join("std/src/lib.rs")).expect("is there");
            assert_eq!(kept, "std", "the sources themselves are never changed");
            assert!(library.join("std/src/collections.rs").is_file());
        }
    }
}
