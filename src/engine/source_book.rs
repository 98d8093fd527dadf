//! The sources of cells and of what was compiled for them, for whoever has to name a place.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::source_map::{CellSource, Sources};

/// The cells whose source is kept for panics in functions that they define.
const KEPT_CELLS: usize = 1_000;
/// The compiled sources that are kept for threads of earlier cells. Each holds all items so far, some
/// tens of kilobytes in a long session.
const KEPT_GENERATED: usize = 200;

/// The book. Entries are numbered by the requests to the runtime.
#[derive(Debug)]
pub struct SourceBook {
    /// Where evcxr writes what it compiles.
    generated: PathBuf,
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    cells: Vec<CellSource>,
    generated: BTreeMap<u64, String>,
}

impl SourceBook {
    /// An empty one; `generated` is the file that evcxr compiles.
    #[must_use]
    pub fn new(generated: PathBuf) -> SourceBook {
        SourceBook {
            generated,
            pages: Mutex::default(),
        }
    }

    /// A cell is to be run.
    pub fn add(&self, cell: CellSource) {
        let mut pages = self.lock();
        if pages.cells.len() == KEPT_CELLS {
            pages.cells.remove(0);
        }
        pages.cells.push(cell);
    }

    /// It did not compile: nothing that runs later comes from it.
    pub fn forget(&self, request: u64) {
        self.lock().cells.retain(|cell| cell.request != request);
    }

    /// The code that was compiled for this request starts to run.
    pub fn begin(&self, request: u64) {
        // Without it, a panic is told without its place.
        let Ok(text) = fs::read_to_string(&self.generated) else {
            return;
        };
        let mut pages = self.lock();
        pages.generated.insert(request, text);
        while pages.generated.len() > KEPT_GENERATED {
            pages.generated.pop_first();
        }
    }

    /// Gives the sources of the code that was compiled for this request.
    pub fn with_compiled<T>(&self, request: u64, look: impl FnOnce(&Sources<'_>) -> T) -> T {
        let pages = self.lock();
        let generated = pages.generated.get(&request).map_or("", String::as_str);
        look(&Sources::new(generated, &pages.cells))
    }

    /// Gives the sources of what was compiled last, whether it ran or not: `cell`, which takes the place
    /// of the entry with its number, and what it uses of earlier ones.
    pub fn with_latest<T>(&self, cell: &CellSource, look: impl FnOnce(&Sources<'_>) -> T) -> T {
        let generated = fs::read_to_string(&self.generated).unwrap_or_default();
        let pages = self.lock();
        let earlier = pages
            .cells
            .iter()
            .filter(|page| page.request != cell.request);
        look(&Sources::new(&generated, earlier.chain([cell])))
    }

    /// The cell, line and column where this macro is called, for a line and a column of what was compiled
    /// last with such a call there.
    #[must_use]
    pub fn place_of_macro(&self, name: &str, (line, column): (usize, usize)) -> Option<String> {
        let pages = self.lock();
        let skipped = column.checked_sub(1)?;
        let calls = |text: &&String| {
            let text = line.checked_sub(1).and_then(|line| text.lines().nth(line));
            let call: String = text.unwrap_or_default().chars().skip(skipped).collect();
            call.trim_start_matches("crate::").starts_with(name)
        };
        let generated = pages.generated.values().rev().find(calls)?;
        let sources = Sources::new(generated, &pages.cells);
        let place = sources.from_here((line, column))?;
        let before = &place.cell.edited.original()[..place.range.start];
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        Some(format!(
            "{}:{}:{}",
            place.cell.title(),
            before.matches('\n').count() + 1,
            before[start..].chars().count() + 1
        ))
    }

    /// The execution count of a cell of the learner's.
    #[must_use]
    pub fn count(&self, request: u64) -> Option<usize> {
        let pages = self.lock();
        let cell = pages.cells.iter().find(|cell| cell.request == request)?;
        Some(cell.count)
    }

    fn lock(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rewrite::Edited;

    fn cell(request: u64) -> CellSource {
        CellSource {
            request,
            count: request as usize * 10,
            edited: Edited::unchanged("panic!(\"no\");"),
        }
    }

    #[test]
    fn each_request_keeps_the_source_that_was_compiled_for_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("lib.rs");
        let book = SourceBook::new(file.clone());
        let found = |request, line| {
            book.with_compiled(request, |sources| sources.from_here((line, 1)).is_some())
        };
        fs::write(&file, "fn run() {\npanic!(\"no\");\n}").expect("a file");
        book.add(cell(1));
        book.begin(1);
        fs::write(&file, "fn other() {}").expect("a file");
        book.add(cell(2));
        book.begin(2);
        assert!(found(1, 2));
        assert!(!found(2, 2));
        assert_eq!(book.count(1), Some(10));
        book.forget(1);
        book.forget(2);
        assert_eq!(book.count(1), None);
        assert!(!found(1, 2), "no cell is left that it could be from");
    }
}
