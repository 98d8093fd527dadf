//! Cells that have been compiled before, by whatever kernel of this user.
//!
//! A notebook that is run again, by a check, for a handout, by everybody in a class, consists of the same
//! cells. What the compiler made of one is kept beside the prepared folder, under a name for everything
//! that it was made from.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use lesson_runtime::tools;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::compile::Answer;
use crate::key::{Build, hex};
use crate::order;
use crate::recording::Recording;

/// Raise when the meaning of what is kept changes, or the way in which a cell is compiled.
const FORMAT: &str = "1";

/// Where one cell is kept, compiled or not.
pub struct Cells {
    folder: PathBuf,
    /// Of this text.
    exact: String,
    /// Of this text or one with the same items in another order.
    sorted: String,
    /// The text may be looked up in more than itself.
    reads_more: bool,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    answer: Answer,
    /// The text that was compiled: a panic names lines of it.
    source: String,
    /// The library's size in bytes.
    size: u64,
}

impl Cells {
    /// The place for this source; `None` where cells are not kept: when that is switched off, when the folder beside which they
    /// would be is still being prepared, or on a disk that cannot be read.
    #[must_use]
    pub fn open(build: &Build, recording: &Recording, source: &str) -> Option<Cells> {
        if std::env::var_os(tools::CELLS_VAR).is_some_and(|value| value == tools::OFF) {
            return None;
        }
        let entry = std::env::current_exe().ok()?.parent()?.to_owned();
        let name = entry.file_name()?.to_str()?;
        if name.starts_with(tools::DRAFT_PREFIX) {
            return None;
        }
        let folder = entry.with_file_name(format!("{}{name}", tools::CELLS_PREFIX));
        let common = made_from(build, recording).ok()?;
        Some(Cells {
            exact: name_of(&common, [source]),
            sorted: name_of(&common, order::sorted(source).iter().map(String::as_str)),
            folder,
            reads_more: source.contains("env!") || source.contains("include"),
        })
    }

    /// Puts the compiled cell where the compiler would, and the text that it was compiled from where
    /// evcxr's is; the compiler's answer, if this cell is known.
    #[must_use]
    pub fn find(&self, cell: &Path, library: &Path) -> Option<Answer> {
        if let Some(kept) = self.read(&self.exact)
            && !kept.answer.success
        {
            return Some(kept.answer);
        }
        let kept = self.read(&self.sorted).filter(|kept| kept.answer.success)?;
        // A copy: two cells that share a file would share their statics.
        let size = fs::copy(self.file(&self.sorted, "so"), library).ok()?;
        if size != kept.size {
            return None;
        }
        fs::write(cell, &kept.source).ok()?;
        Some(kept.answer)
    }

    /// Keeps what the compiler has made, or said. `only_the_cell`: it has read nothing but the source.
    pub fn keep(&self, source: &str, library: &Path, answer: &Answer, only_the_cell: bool) {
        let lasts = if answer.success {
            only_the_cell
        } else {
            // Of what did not compile, the compiler does not tell what it has read.
            answer.lasts() && !self.reads_more
        };
        if lasts {
            // The disk may be full, or the cache not ours to write: then the cell is compiled again.
            let _ = self.write(source, library, answer);
        }
    }

    fn read(&self, name: &str) -> Option<Kept> {
        let file = File::open(self.file(name, "json")).ok()?;
        let kept = serde_json::from_reader(io::BufReader::new(&file)).ok()?;
        self.note_use(name);
        Some(kept)
    }

    /// For whoever removes what was not used for long.
    fn note_use(&self, name: &str) {
        for ending in ["json", "so"] {
            let _ = File::open(self.file(name, ending))
                .and_then(|file| file.set_modified(SystemTime::now()));
        }
    }

    fn write(&self, source: &str, library: &Path, answer: &Answer) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let (name, size) = if answer.success {
            let mut draft = tempfile::NamedTempFile::new_in(&self.folder)?;
            let size = io::copy(&mut File::open(library)?, &mut draft)?;
            draft.persist(self.file(&self.sorted, "so"))?;
            (&self.sorted, size)
        } else {
            (&self.exact, 0)
        };
        let draft = tempfile::NamedTempFile::new_in(&self.folder)?;
        let kept = Kept {
            answer: answer.clone(),
            source: source.to_owned(),
            size,
        };
        serde_json::to_writer(io::BufWriter::new(&draft), &kept)?;
        draft.persist(self.file(name, "json"))?;
        Ok(())
    }

    fn file(&self, name: &str, ending: &str) -> PathBuf {
        self.folder.join(format!("{name}.{ending}"))
    }
}

/// A hash of all that a cell is made from, apart from its source.
fn made_from(build: &Build, recording: &Recording) -> io::Result<String> {
    let mut parts = vec![FORMAT.to_owned(), build.key()?.to_owned()];
    let folder = build.folder.to_string_lossy();
    parts.extend(recording.args.iter().map(|arg| arg.replace(&*folder, "")));
    for (name, file) in recording.externs() {
        // A kernel's copy of a prepared crate has its time; one that was compiled anew has its own.
        let data = fs::metadata(file)?;
        parts.push(format!(
            "{name} {} {} {}",
            data.len(),
            data.mtime(),
            data.mtime_nsec()
        ));
    }
    Ok(name_of("", parts.iter().map(String::as_str)))
}

fn name_of<'a>(start: &'a str, parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in std::iter::once(start).chain(parts) {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex(hash)
}
