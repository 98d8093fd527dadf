//! The sources that are compiled on the learner's machine: support crate and runtime.
//!
//! They are embedded in the program, so that an installed kernel works from any folder. A folder of
//! notebooks can name its own copy of the support crate in `evcxr.toml`; that one is used then.

use std::io;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

static SUPPORT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/support");
static RUNTIME: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/runtime");

/// The versions of all dependencies, as this program itself was built and tested with.
pub const CARGO_LOCK: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock"));

/// A crate's files, by their path inside the crate, in a fixed order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources(Vec<(PathBuf, Vec<u8>)>);

impl Sources {
    /// The embedded support crate.
    #[must_use]
    pub fn support() -> Sources {
        Sources::embedded(&SUPPORT)
    }

    /// The embedded runtime.
    #[must_use]
    pub fn runtime() -> Sources {
        Sources::embedded(&RUNTIME)
    }

    /// The files of a folder, its build folder and lock file left out.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn read(folder: &Path) -> io::Result<Sources> {
        let mut files = Vec::new();
        collect(folder, folder, &mut files)?;
        files.sort();
        Ok(Sources(files))
    }

    /// The Rust files below a folder of the crate, with their text.
    pub fn rust_files(&self, below: &str) -> impl Iterator<Item = (&Path, &str)> {
        self.0.iter().filter_map(move |(path, bytes)| {
            let wanted =
                path.starts_with(below) && path.extension().is_some_and(|ending| ending == "rs");
            Some((path.as_path(), str::from_utf8(bytes).ok()?)).filter(|_| wanted)
        })
    }

    /// A name for exactly this content: 16 hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for (path, bytes) in &self.0 {
            hash.update(path.as_os_str().as_encoded_bytes());
            hash.update([0]);
            hash.update(bytes.len().to_le_bytes());
            hash.update(bytes);
        }
        short_hex(hash)
    }

    /// Writes all files below `folder`, which need not exist.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        for (path, bytes) in &self.0 {
            let target = folder.join(path);
            if let Some(parent) = target.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(target, bytes)?;
        }
        Ok(())
    }

    fn embedded(dir: &Dir<'_>) -> Sources {
        let mut files = Vec::new();
        let mut todo = vec![dir.clone()];
        while let Some(dir) = todo.pop() {
            for file in dir.files() {
                if wanted(file.path()) {
                    files.push((file.path().to_owned(), file.contents().to_vec()));
                }
            }
            todo.extend(dir.dirs().filter(|dir| wanted(dir.path())).cloned());
        }
        files.sort();
        Sources(files)
    }
}

/// The first 16 hexadecimal digits of a hash.
#[must_use]
pub fn short_hex(hash: Sha256) -> String {
    hash.finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let inside = path
            .strip_prefix(root)
            .expect("entries of a folder below the root are below the root");
        if !wanted(inside) {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files)?;
        } else {
            files.push((inside.to_owned(), std::fs::read(&path)?));
        }
    }
    Ok(())
}

fn wanted(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name != "target" && name != "Cargo.lock" && !name.as_encoded_bytes().starts_with(b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_crate_and_its_folder_are_the_same_content() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("support");
        let read = Sources::read(&folder).expect("a readable folder");
        assert_eq!(read.fingerprint(), Sources::support().fingerprint());
    }

    #[test]
    fn one_changed_byte_changes_the_fingerprint() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        Sources::runtime().write(dir.path()).expect("written");
        let same = Sources::read(dir.path()).expect("read");
        assert_eq!(same.fingerprint(), Sources::runtime().fingerprint());
        std::fs::write(dir.path().join("src/main.rs"), "fn main() {}").expect("written");
        let other = Sources::read(dir.path()).expect("read");
        assert_ne!(other.fingerprint(), same.fingerprint());
    }
}
