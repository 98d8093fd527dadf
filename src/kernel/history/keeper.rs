//! What the history's thread keeps: the cells of this session, and the way to those of others.

use std::collections::BTreeMap;

use jupyter_protocol::{HistoryReply, HistoryRequest};

use super::ask::{self, Entry};
use super::file::{HistoryFile, LONGEST_INPUT, LONGEST_OUTPUT, latest_session};

/// The thread's state.
pub struct Keeper {
    file: Option<HistoryFile>,
    /// Known once the first cell has been written: a kernel that runs nothing has no number.
    session: Option<usize>,
    /// By execution count.
    cells: BTreeMap<usize, (String, String)>,
    /// One line in the log says enough, until it works again.
    complained: bool,
}

impl Keeper {
    /// Nothing has been run.
    #[must_use]
    pub fn new(file: Option<HistoryFile>) -> Keeper {
        Keeper {
            file,
            session: None,
            cells: BTreeMap::new(),
            complained: false,
        }
    }

    /// A cell begins.
    pub fn begin(&mut self, line: usize, input: String) {
        if input.len() <= LONGEST_INPUT {
            self.write(line, Some(input.clone()), None);
        }
        self.cells.insert(line, (input, String::new()));
    }

    /// A cell has a value.
    pub fn output(&mut self, line: usize, output: String) {
        let Some(cell) = self.cells.get_mut(&line) else {
            return;
        };
        cell.1.clone_from(&output);
        if cell.0.len() <= LONGEST_INPUT && self.session.is_some() {
            let end = output.floor_char_boundary(LONGEST_OUTPUT);
            self.write(line, None, Some(output[..end].to_owned()));
        }
    }

    /// The answer to a request.
    #[must_use]
    pub fn reply(&self, request: &HistoryRequest) -> HistoryReply {
        // A file that cannot be read has no sessions; the log has it from the writing.
        let records = self
            .file
            .as_ref()
            .and_then(|file| file.read().ok())
            .unwrap_or_default();
        let current = self.session.unwrap_or(latest_session(&records) + 1);
        let mut entries: BTreeMap<(usize, usize), Entry> = BTreeMap::new();
        for record in records {
            // Of this session everything is in memory, also what was not written.
            if record.session == current {
                continue;
            }
            let entry = entries.entry((record.session, record.line)).or_default();
            if let Some(input) = record.input {
                entry.input = input;
            }
            if let Some(output) = record.output {
                entry.output = output;
            }
        }
        for (line, (input, output)) in &self.cells {
            let entry = Entry {
                input: input.clone(),
                output: output.clone(),
            };
            entries.insert((current, *line), entry);
        }
        ask::reply(&entries, current, request)
    }

    fn write(&mut self, line: usize, input: Option<String>, output: Option<String>) {
        let Some(file) = &self.file else {
            return;
        };
        match file.append(self.session, line, input, output) {
            Ok(session) => {
                self.session = Some(session);
                self.complained = false;
            }
            Err(error) if !self.complained => {
                eprintln!(
                    "cannot write the history file `{}`: {error}. Cells run all the same; they are \
                     not remembered after this kernel. Make room, or set {} to another file or `off`",
                    file.path().display(),
                    super::HISTORY_VAR,
                );
                self.complained = true;
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jupyter_protocol::HistoryEntry;

    fn tail(keeper: &Keeper, n: i32) -> Vec<(usize, usize, String, String)> {
        let request = HistoryRequest::Tail {
            n,
            output: true,
            raw: true,
        };
        keeper
            .reply(&request)
            .history
            .into_iter()
            .map(|entry| match entry {
                HistoryEntry::InputOutput(session, line, (input, output)) => {
                    (session, line, input, output)
                }
                HistoryEntry::Input(..) => unreachable!("outputs were asked for"),
            })
            .collect()
    }

    fn keeper(folder: &tempfile::TempDir) -> Keeper {
        let file = HistoryFile::new(folder.path().join("history.jsonl"));
        Keeper::new(Some(file))
    }

    #[test]
    fn a_later_kernel_knows_what_an_earlier_one_ran() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut first = keeper(&folder);
        first.begin(1, "1 + 1".to_owned());
        first.output(1, "2".to_owned());
        let mut second = keeper(&folder);
        assert_eq!(tail(&second, 9), [(1, 1, "1 + 1".into(), "2".into())]);
        second.begin(1, "b".to_owned());
        assert_eq!(
            tail(&second, 9).last(),
            Some(&(2, 1, "b".into(), String::new()))
        );
        assert_eq!(tail(&first, 9).len(), 2, "and the other way round");
    }

    #[test]
    fn what_cannot_be_written_is_known_until_the_kernel_ends() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // Its folder is a file.
        let blocked = folder.path().join("file");
        std::fs::write(&blocked, "").expect("writable");
        let mut keeper = Keeper::new(Some(HistoryFile::new(blocked.join("history.jsonl"))));
        keeper.begin(1, "a".to_owned());
        keeper.output(1, "1".to_owned());
        assert!(keeper.complained);
        assert_eq!(tail(&keeper, 9), [(1, 1, "a".into(), "1".into())]);
    }

    #[test]
    fn a_long_value_is_cut_in_the_file_at_a_letter() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut first = keeper(&folder);
        first.begin(1, "a".to_owned());
        first.output(1, format!("x{}", "ö".repeat(LONGEST_OUTPUT)));
        let second = keeper(&folder);
        let [(_, _, _, output)] = &tail(&second, 9)[..] else {
            panic!("one cell");
        };
        assert!(output.len() <= LONGEST_OUTPUT && output.ends_with('ö'));
    }
}
