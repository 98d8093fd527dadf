//! The cells that were compiled before, kept within limits.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use lesson_runtime::tools::CELLS_PREFIX;

use super::prepared::cache_dir;

/// How much is kept for one prepared entry, in bytes: some thousand cells.
const LIMIT: u64 = 256 * 1024 * 1024;

/// Removes what was not used for longest where there is too much.
pub fn prune_all() {
    let Ok(cache) = cache_dir() else { return };
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with(CELLS_PREFIX)
        {
            prune(&entry.path(), LIMIT);
        }
    }
}

/// Removes the files that were not used for longest, until no more than `limit` bytes are left. A kernel
/// that misses one of the two files of a cell compiles it again.
fn prune(folder: &Path, limit: u64) {
    let mut files: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let data = entry.metadata().ok()?;
            let used = data.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            data.is_file().then(|| (used, data.len(), entry.path()))
        })
        .collect();
    files.sort();
    let mut size: u64 = files.iter().map(|(_, size, _)| size).sum();
    for (_, bytes, path) in files {
        if size <= limit {
            break;
        }
        // Another kernel's janitor may have been faster.
        let _ = fs::remove_file(path);
        size -= bytes;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, age) in [("old", 30), ("new", 10), ("older", 40)] {
            let path = folder.path().join(name);
            fs::write(&path, [0; 100]).expect("a file");
            let used = SystemTime::now() - Duration::from_secs(age);
            let file = fs::File::options().write(true).open(&path);
            file.and_then(|file| file.set_modified(used))
                .expect("a time");
        }
        let left = || {
            let mut names: Vec<_> = fs::read_dir(folder.path())
                .expect("a folder")
                .flatten()
                .map(|entry| entry.file_name())
                .collect();
            names.sort();
            names
        };
        prune(folder.path(), 300);
        assert_eq!(left(), ["new", "old", "older"]);
        prune(folder.path(), 250);
        assert_eq!(left(), ["new", "old"]);
        prune(folder.path(), 99);
        assert!(left().is_empty());
    }
}
