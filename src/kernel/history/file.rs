//! The history file: one JSON object a line, appended by all kernels of a user.
//!
//! Lines rather than a database: a kernel appends one line a cell and reads the whole file when it is
//! asked, which for a file of this size takes milliseconds, a torn line costs one cell, and the reader
//! can look at the file with any tool. A lock file beside it keeps kernels apart; it is never
//! replaced, while the history file itself is, when it is cut.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A file that has grown past this many bytes is cut.
pub const CUT_AT: u64 = 4 << 20;
/// The newest lines that are kept then, in bytes.
pub const KEEP: usize = 2 << 20;
/// A cell of more bytes is not written to the file.
pub const LONGEST_INPUT: usize = 256 << 10;
/// Of a longer value only so many bytes are written.
pub const LONGEST_OUTPUT: usize = 16 << 10;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The number of the kernel's session, from 1.
    pub session: usize,
    /// The execution count.
    pub line: usize,
    /// The cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Its value, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

/// The file.
#[derive(Debug)]
pub struct HistoryFile {
    path: PathBuf,
}

impl HistoryFile {
    /// The file at this place, which need not be there yet.
    #[must_use]
    pub fn new(path: PathBuf) -> HistoryFile {
        HistoryFile { path }
    }

    /// Its place.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every line that can be read.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn read(&self) -> io::Result<Vec<Record>> {
        // No lock: at worst the last line is not whole yet.
        if self.is_there()? {
            Ok(records(&fs::read(&self.path)?))
        } else {
            Ok(Vec::new())
        }
    }

    /// Whether there is a file. A pipe or a device would keep its reader for ever.
    fn is_there(&self) -> io::Result<bool> {
        match fs::metadata(&self.path) {
            Ok(found) if found.is_file() => Ok(true),
            Ok(_) => Err(io::Error::other("it is not a plain file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Appends a line; without a session's number it gets a new one. Returns the number.
    ///
    /// # Errors
    /// When the file cannot be written. Then it is as it was, up to a line that is not whole.
    pub fn append(
        &self,
        session: Option<usize>,
        line: usize,
        input: Option<String>,
        output: Option<String>,
    ) -> io::Result<usize> {
        let _lock = self.lock()?;
        self.is_there()?;
        // Under the lock, so that two kernels never take the same number.
        let session = match session {
            Some(session) => session,
            None => latest_session(&self.read()?) + 1,
        };
        let mut text = serde_json::to_vec(&Record {
            session,
            line,
            input,
            output,
        })?;
        text.push(b'\n');
        let mut file = File::options()
            .read(true)
            .append(true)
            .create(true)
            // It holds what the user has written, as a shell's history does.
            .mode(0o600)
            .open(&self.path)?;
        if !ends_with_line(&mut file)? {
            text.insert(0, b'\n');
        }
        file.write_all(&text)?;
        if file.metadata()?.len() > CUT_AT {
            self.cut()?;
        }
        Ok(session)
    }

    /// Keeps the newest lines.
    fn cut(&self) -> io::Result<()> {
        let bytes = fs::read(&self.path)?;
        let start = bytes.len().saturating_sub(KEEP);
        // From the next whole line on.
        let start = start
            + bytes[start..]
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(0, |end| end + 1);
        // A link stays one.
        let path = self.path.canonicalize()?;
        let new = path.with_extension("new");
        let mut file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(&bytes[start..])?;
        fs::rename(&new, &path)
    }

    fn lock(&self) -> io::Result<File> {
        if let Some(folder) = self.path.parent() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
        }
        let lock = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.path.with_extension("lock"))?;
        lock.lock()?;
        Ok(lock)
    }
}

/// The highest number of a session, 0 when there is none.
#[must_use]
pub fn latest_session(records: &[Record]) -> usize {
    records
        .iter()
        .map(|record| record.session)
        .max()
        .unwrap_or(0)
}

fn records(bytes: &[u8]) -> Vec<Record> {
    bytes
        .split(|byte| *byte == b'\n')
        // What a crash or another program has left is passed over.
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect()
}

fn ends_with_line(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    fn in_folder() -> (tempfile::TempDir, HistoryFile) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = HistoryFile::new(folder.path().join("deep").join("history.jsonl"));
        (folder, file)
    }

    fn append(file: &HistoryFile, session: Option<usize>, line: usize, input: &str) -> usize {
        file.append(session, line, Some(input.to_owned()), None)
            .expect("it can be written")
    }

    #[test]
    fn sessions_are_numbered_one_after_the_other() {
        let (_folder, file) = in_folder();
        assert_eq!(append(&file, None, 1, "a"), 1);
        assert_eq!(append(&file, Some(1), 2, "b"), 1);
        assert_eq!(append(&file, None, 1, "c"), 2);
        assert_eq!(file.read().expect("readable").len(), 3);
    }

    #[test]
    fn two_kernels_that_begin_at_once_get_two_numbers() {
        let (_folder, file) = in_folder();
        let start = Barrier::new(8);
        let mut numbers: Vec<usize> = thread::scope(|scope| {
            let kernels: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        append(&file, None, 1, "x")
                    })
                })
                .collect();
            kernels
                .into_iter()
                .map(|kernel| kernel.join().expect("no panic"))
                .collect()
        });
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
    }

    #[test]
    fn torn_and_foreign_lines_are_passed_over() {
        let (_folder, file) = in_folder();
        append(&file, None, 1, "before");
        let mut text = fs::read(file.path()).expect("readable");
        text.extend(b"no json\n\xff\xfe\n[]\n\n{\"session\": 7, \"line\": 1, \"inp");
        fs::write(file.path(), &text).expect("writable");
        assert_eq!(append(&file, None, 1, "after"), 2);
        let inputs: Vec<_> = file
            .read()
            .expect("readable")
            .into_iter()
            .filter_map(|record| record.input)
            .collect();
        assert_eq!(inputs, ["before", "after"]);
    }

    #[test]
    fn a_file_that_grows_too_large_keeps_its_newest_lines() {
        let (_folder, file) = in_folder();
        let long = "x".repeat(LONGEST_INPUT);
        let enough = usize::try_from(CUT_AT).expect("it fits") / LONGEST_INPUT + 1;
        for line in 1..=enough {
            append(&file, Some(1), line, &long);
        }
        let size = fs::metadata(file.path()).expect("there").len();
        assert!(size <= CUT_AT, "{size}");
        let kept = file.read().expect("readable");
        assert_eq!(kept.last().map(|record| record.line), Some(enough));
        assert!(kept.len() > 1, "{}", kept.len());
        assert_eq!(append(&file, None, 1, "next"), 2);
    }
}
