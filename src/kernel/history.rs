//! `history_request`, and the execution count.

use jupyter_protocol::{HistoryEntry, HistoryReply, HistoryRequest, ReplyStatus};
use regex::Regex;

/// This session's number. Sessions before it are not kept.
const SESSION: usize = 1;

/// What has been run in this session.
#[derive(Debug, Default)]
pub struct History {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    input: String,
    output: String,
}

impl History {
    /// The execution count of the last remembered cell; 0 before the first.
    #[must_use]
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// Remembers a cell and returns its execution count, which starts at 1.
    pub fn begin(&mut self, input: &str) -> usize {
        self.entries.push(Entry {
            input: input.to_owned(),
            output: String::new(),
        });
        self.entries.len()
    }

    /// Remembers the value of the last cell.
    pub fn set_output(&mut self, output: &str) {
        if let Some(entry) = self.entries.last_mut() {
            output.clone_into(&mut entry.output);
        }
    }

    fn numbered(&self) -> impl DoubleEndedIterator<Item = (usize, &Entry)> {
        self.entries
            .iter()
            .enumerate()
            .map(|(index, entry)| (index + 1, entry))
    }
}

/// The reply.
#[must_use]
pub fn reply(history: &History, request: &HistoryRequest) -> HistoryReply {
    let (entries, output) = match request {
        HistoryRequest::Tail { n, output, .. } => (last(history.numbered().collect(), *n), *output),
        HistoryRequest::Range {
            session,
            start,
            stop,
            output,
            ..
        } => {
            // 0 is the current session, as in IPython.
            let ours = session.is_none_or(|session| session == 0 || session == 1);
            let start = usize::try_from(*start).unwrap_or(0);
            // A stop of 0 or below means: to the end.
            let stop = usize::try_from(*stop).ok().filter(|stop| *stop > 0);
            let chosen = history
                .numbered()
                .filter(|(line, _)| ours && *line >= start && stop.is_none_or(|stop| *line < stop))
                .collect();
            (chosen, *output)
        }
        HistoryRequest::Search {
            pattern,
            unique,
            output,
            n,
            ..
        } => {
            let pattern = glob(pattern);
            let mut chosen: Vec<(usize, &Entry)> = history
                .numbered()
                .filter(|(_, entry)| pattern.is_match(&entry.input))
                .collect();
            if *unique {
                let mut seen = std::collections::HashSet::new();
                chosen.reverse();
                chosen.retain(|(_, entry)| seen.insert(entry.input.as_str()));
                chosen.reverse();
            }
            let chosen = if *n > 0 { last(chosen, *n) } else { chosen };
            (chosen, *output)
        }
    };
    HistoryReply {
        history: entries
            .into_iter()
            .map(|(line, entry)| shown(line, entry, output))
            .collect(),
        status: ReplyStatus::Ok,
        error: None,
    }
}

fn shown(line: usize, entry: &Entry, output: bool) -> HistoryEntry {
    if output {
        HistoryEntry::InputOutput(SESSION, line, (entry.input.clone(), entry.output.clone()))
    } else {
        HistoryEntry::Input(SESSION, line, entry.input.clone())
    }
}

fn last<T>(mut entries: Vec<T>, n: i32) -> Vec<T> {
    let n = usize::try_from(n).unwrap_or(0);
    entries.split_off(entries.len().saturating_sub(n))
}

/// A shell pattern (`*` and `?`) that has to match the whole text.
fn glob(pattern: &str) -> Regex {
    let escaped = regex::escape(pattern)
        .replace("\\*", ".*")
        .replace("\\?", ".");
    Regex::new(&format!("(?s)^{escaped}$")).expect("an escaped pattern is valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(reply: HistoryReply) -> Vec<usize> {
        reply
            .history
            .iter()
            .map(|entry| match entry {
                HistoryEntry::Input(_, line, _) | HistoryEntry::InputOutput(_, line, _) => *line,
            })
            .collect()
    }

    fn filled() -> History {
        let mut history = History::default();
        for code in ["let a = 1;", "a", "let b = 2;", "a"] {
            history.begin(code);
        }
        history
    }

    #[test]
    fn counting_starts_at_one() {
        let mut history = History::default();
        assert_eq!(history.count(), 0);
        assert_eq!(history.begin("1"), 1);
    }

    #[test]
    fn tail_gives_the_last_ones_in_order() {
        let request = HistoryRequest::Tail {
            n: 2,
            output: false,
            raw: true,
        };
        assert_eq!(lines(reply(&filled(), &request)), [3, 4]);
    }

    #[test]
    fn a_range_excludes_its_stop() {
        let request = HistoryRequest::Range {
            session: Some(0),
            start: 1,
            stop: 3,
            output: true,
            raw: true,
        };
        assert_eq!(lines(reply(&filled(), &request)), [1, 2]);
    }

    #[test]
    fn a_search_knows_globs_and_keeps_the_last_of_equal_ones() {
        let request = |pattern: &str, unique| HistoryRequest::Search {
            pattern: pattern.to_owned(),
            unique,
            output: false,
            raw: true,
            n: 10,
        };
        assert_eq!(
            lines(reply(&filled(), &request("let ? = *", false))),
            [1, 3]
        );
        assert_eq!(lines(reply(&filled(), &request("a", false))), [2, 4]);
        assert_eq!(lines(reply(&filled(), &request("a", true))), [4]);
        assert!(lines(reply(&filled(), &request("let (", false))).is_empty());
    }
}
