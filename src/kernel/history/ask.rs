//! `history_request`: which cells are asked for.

use std::collections::{BTreeMap, HashSet};

use jupyter_protocol::{HistoryEntry, HistoryReply, HistoryRequest, ReplyStatus};
use regex::Regex;

/// A cell with its value.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The cell.
    pub input: String,
    /// Its value, empty when it has none.
    pub output: String,
}

/// Cells by session and execution count.
pub type Entries = BTreeMap<(usize, usize), Entry>;

type Chosen<'a> = Vec<((usize, usize), &'a Entry)>;

/// The reply, in a session of this number.
///
/// `raw` makes no difference: this kernel changes no input before it is remembered.
#[must_use]
pub fn reply(entries: &Entries, current: usize, request: &HistoryRequest) -> HistoryReply {
    let all = || entries.iter().map(|(place, entry)| (*place, entry));
    let (chosen, output): (Chosen, bool) = match request {
        HistoryRequest::Tail { n, output, .. } => (last(all().collect(), *n), *output),
        HistoryRequest::Range {
            session,
            start,
            stop,
            output,
            ..
        } => {
            let chosen = session_number(session.unwrap_or(0), current)
                .map(|session| range(entries, session, *start, *stop))
                .unwrap_or_default();
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
            let mut chosen: Chosen = all()
                .filter(|(_, entry)| pattern.is_match(&entry.input))
                .collect();
            if *unique {
                // Of equal ones the last.
                let mut seen = HashSet::new();
                chosen.reverse();
                chosen.retain(|(_, entry)| seen.insert(entry.input.as_str()));
                chosen.reverse();
            }
            let chosen = if *n > 0 { last(chosen, *n) } else { chosen };
            (chosen, *output)
        }
    };
    HistoryReply {
        history: chosen
            .into_iter()
            .map(|(place, entry)| shown(place, entry, output))
            .collect(),
        status: ReplyStatus::Ok,
        error: None,
    }
}

/// 0 is the current session and a negative number counts back from it, as in IPython.
fn session_number(asked: i32, current: usize) -> Option<usize> {
    let back = usize::try_from(asked.unsigned_abs()).ok()?;
    if asked > 0 {
        Some(back)
    } else {
        current.checked_sub(back)
    }
}

/// Lines from `start` to before `stop`. As in IPython a negative number counts from the end, and
/// without a stop it goes to the end.
fn range(entries: &Entries, session: usize, start: i32, stop: i32) -> Chosen<'_> {
    let cells = || entries.range((session, 0)..=(session, usize::MAX));
    let end = cells().next_back().map_or(1, |((_, line), _)| line + 1);
    let from_end = |line: i32| {
        let distance = usize::try_from(line.unsigned_abs()).unwrap_or(usize::MAX);
        if line < 0 {
            end.saturating_sub(distance)
        } else {
            distance
        }
    };
    let stop = if stop == 0 { end } else { from_end(stop) };
    let start = from_end(start);
    cells()
        .filter(|((_, line), _)| (start..stop).contains(line))
        .map(|(place, entry)| (*place, entry))
        .collect()
}

fn shown((session, line): (usize, usize), entry: &Entry, output: bool) -> HistoryEntry {
    if output {
        HistoryEntry::InputOutput(session, line, (entry.input.clone(), entry.output.clone()))
    } else {
        HistoryEntry::Input(session, line, entry.input.clone())
    }
}

fn last<T>(mut entries: Vec<T>, n: i32) -> Vec<T> {
    let n = usize::try_from(n).unwrap_or(0);
    entries.split_off(entries.len().saturating_sub(n))
}

/// A pattern as IPython has it (SQLite's `GLOB`): `*`, `?`, and a choice of letters in brackets. It
/// has to match the whole text.
fn glob(pattern: &str) -> Regex {
    let mut regex = String::from("(?s)^");
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => match class(rest) {
                Some((class, after)) => {
                    regex.push_str(&class);
                    rest = after;
                }
                None => regex.push_str(r"\["),
            },
            other => regex.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    regex.push('$');
    // A pattern that the checks above let through and that is too large matches nothing.
    Regex::new(&regex).unwrap_or_else(|_| Regex::new("$^a").expect("a constant"))
}

/// The class after a `[`, as a regular expression, and what follows it.
fn class(rest: &str) -> Option<(String, &str)> {
    let (negated, body) = match rest.strip_prefix('^') {
        Some(body) => ("^", body),
        None => ("", rest),
    };
    // A bracket in the first place is a letter of the class.
    let end = body.char_indices().skip(1).find(|(_, c)| *c == ']')?.0;
    let letters: String = body[..end]
        .chars()
        .map(|letter| match letter {
            // Ranges stay ranges.
            '-' => "-".to_owned(),
            other => regex::escape(&other.to_string()),
        })
        .collect();
    let class = format!("[{negated}{letters}]");
    Regex::new(&class).ok()?;
    Some((class, &body[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURRENT: usize = 3;

    fn filled() -> Entries {
        [
            (1, 1, "let old = 1;"),
            (1, 2, "a"),
            (2, 1, "b"),
            (3, 1, "let a = 1;"),
            (3, 2, "a"),
            (3, 3, "let b = 2;"),
            (3, 4, "a"),
        ]
        .into_iter()
        .map(|(session, line, input)| {
            let entry = Entry {
                input: input.to_owned(),
                output: String::new(),
            };
            ((session, line), entry)
        })
        .collect()
    }

    fn places(request: &HistoryRequest) -> Vec<(usize, usize)> {
        reply(&filled(), CURRENT, request)
            .history
            .iter()
            .map(|entry| match entry {
                HistoryEntry::Input(session, line, _)
                | HistoryEntry::InputOutput(session, line, _) => (*session, *line),
            })
            .collect()
    }

    fn range(session: i32, start: i32, stop: i32) -> Vec<(usize, usize)> {
        places(&HistoryRequest::Range {
            session: Some(session),
            start,
            stop,
            output: true,
            raw: true,
        })
    }

    fn search(pattern: &str, unique: bool, n: i32) -> Vec<(usize, usize)> {
        places(&HistoryRequest::Search {
            pattern: pattern.to_owned(),
            unique,
            output: false,
            raw: true,
            n,
        })
    }

    #[test]
    fn tail_gives_the_last_ones_in_order_over_sessions() {
        let request = HistoryRequest::Tail {
            n: 5,
            output: false,
            raw: true,
        };
        assert_eq!(places(&request), [(2, 1), (3, 1), (3, 2), (3, 3), (3, 4)]);
    }

    #[test]
    fn a_range_excludes_its_stop() {
        assert_eq!(range(0, 1, 3), [(3, 1), (3, 2)]);
        assert_eq!(range(0, 3, 0), [(3, 3), (3, 4)]);
        assert_eq!(range(0, 3, 99), [(3, 3), (3, 4)]);
        assert_eq!(range(0, -1, 0), [(3, 4)]);
        assert_eq!(range(0, 1, -2), [(3, 1), (3, 2)]);
        assert_eq!(range(0, 3, 2), []);
    }

    #[test]
    fn sessions_are_counted_from_the_first_and_back_from_the_current() {
        assert_eq!(range(1, 1, 0), [(1, 1), (1, 2)]);
        assert_eq!(range(-1, 1, 0), [(2, 1)]);
        assert_eq!(range(-2, 1, 0), [(1, 1), (1, 2)]);
        assert_eq!(range(-3, 1, 0), []);
        assert_eq!(range(i32::MIN, i32::MIN, i32::MAX), []);
        assert_eq!(range(9, 1, 0), []);
    }

    #[test]
    fn a_search_knows_globs_and_keeps_the_last_of_equal_ones() {
        assert_eq!(search("let ? = *", false, 0), [(3, 1), (3, 3)]);
        assert_eq!(search("a", false, 0), [(1, 2), (3, 2), (3, 4)]);
        assert_eq!(search("a", true, 0), [(3, 4)]);
        assert_eq!(search("a", false, 2), [(3, 2), (3, 4)]);
        assert_eq!(search("[ab]", true, 0), [(2, 1), (3, 4)]);
        assert_eq!(search("[^a]", true, 0), [(2, 1)]);
        assert_eq!(search("let (", false, 0), []);
        assert_eq!(search("let [", false, 0), []);
    }

    #[test]
    fn every_pattern_is_one() {
        for pattern in [
            "[", "[]", "[^]", "[]]", "[z-a]", "[a&&b]", "[\\", "(?i", "{1}", "**[?",
        ] {
            let _ = glob(pattern);
        }
        assert!(glob("[]]").is_match("]"));
        assert!(glob("*two*").is_match("one\ntwo\nthree"));
        assert!(glob("a{1}").is_match("a{1}"));
    }
}
