//! What the runtime process told about one request.

use std::collections::{BTreeMap, VecDeque};

pub use lesson_runtime::At;

/// The content of one display, by MIME type.
pub type Bundle = BTreeMap<String, String>;

/// Something to be displayed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The content.
    pub bundle: Bundle,
    /// The name under which it can be changed later.
    pub id: Option<String>,
    /// It changes what was displayed under its name, and is not displayed anew.
    pub update: bool,
}

impl Shown {
    /// Whether it is nothing but the unit value: the cell ended with a loop or a call for its effect.
    #[must_use]
    pub fn is_unit(&self) -> bool {
        self.id.is_none()
            && self.bundle.len() == 1
            && self
                .bundle
                .get("text/plain")
                .is_some_and(|text| text == "()")
    }

    /// Adds `other` if it has other types; else gives it back.
    pub(super) fn merge(&mut self, other: Shown) -> Option<Shown> {
        if other
            .bundle
            .keys()
            .any(|mime| self.bundle.contains_key(mime))
        {
            return Some(other);
        }
        self.bundle.extend(other.bundle);
        None
    }
}

/// A panic of the cell's own thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panic {
    /// The message.
    pub message: String,
    /// Where.
    pub at: At,
    /// Stop had been pressed before: then it is a consequence, such as a `join` of a thread that was
    /// stopped.
    pub after_stop: bool,
}

/// A `?` that met an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The error's text, or as much of it as evcxr printed.
    pub message: String,
    /// The byte of the wrapped cell at which it stands, where that is known.
    pub at: Option<usize>,
}

/// What happened while a request ran.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Compiled code was started.
    pub ran: bool,
    /// The cell's thread claimed an interrupt.
    pub interrupted: bool,
    /// The runtime said that the cell had returned.
    pub ended: bool,
    /// The cell ended by unwinding.
    pub unwound: bool,
    /// A `?` ended the cell.
    pub ended_early: Option<Asked>,
    /// A `?` has met an error; it ends the cell when evcxr says so.
    pub asked: Option<Asked>,
    /// A `return` ended the cell, at this byte of the wrapped cell.
    pub returned: Option<usize>,
    /// Panics of the cell's thread, in order, caught or not; of very many only the last ones.
    pub panics: VecDeque<Panic>,
    /// Variables that evcxr drops, because their types are others than when they were stored.
    pub retyped: Vec<String>,
    /// The end of what the process printed to stderr, where it has ended.
    pub last_words: String,
    /// Stop was pressed while the request was under way.
    pub stop_pressed: bool,
    /// The kernel ended the process, because the cell did not react to stop.
    pub killed: bool,
    /// The last thing that was displayed and is not shown yet: it may be the value of the cell.
    pub last_display: Option<Shown>,
}

/// A loop may catch a panic at each turn; so many are remembered.
const KEPT_PANICS: usize = 100;

impl Report {
    /// Takes a panic of the cell's thread.
    pub fn take_panic(&mut self, panic: Panic) {
        if self.panics.len() == KEPT_PANICS {
            self.panics.pop_front();
        }
        self.panics.push_back(panic);
    }

    /// Takes something displayed; returns what is complete with it, in order.
    ///
    /// Blocks that follow each other are the same thing in several types, until a type repeats. What
    /// has a name can be changed later and is no value of a cell, so it is complete at once.
    pub fn take_display(&mut self, shown: Shown) -> Vec<Shown> {
        if shown.id.is_some() {
            return self
                .last_display
                .take()
                .into_iter()
                .chain([shown])
                .collect();
        }
        match &mut self.last_display {
            Some(last) => match last.merge(shown) {
                Some(next) => vec![std::mem::replace(last, next)],
                None => Vec::new(),
            },
            empty => {
                *empty = Some(shown);
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(mime: &str, id: Option<&str>, update: bool) -> Shown {
        Shown {
            bundle: Bundle::from([(mime.to_owned(), "data".to_owned())]),
            id: id.map(str::to_owned),
            update,
        }
    }

    #[test]
    fn a_loop_that_panics_does_not_fill_the_memory() {
        let mut report = Report::default();
        for line in 0..10_000 {
            report.take_panic(Panic {
                message: "again".to_owned(),
                at: At {
                    line,
                    ..At::default()
                },
                after_stop: false,
            });
        }
        assert_eq!(report.panics.len(), KEPT_PANICS);
        assert_eq!(report.panics.back().map(|panic| panic.at.line), Some(9_999));
    }

    #[test]
    fn two_types_are_one_thing_and_the_same_type_twice_is_two() {
        let mut report = Report::default();
        assert_eq!(report.take_display(shown("text/plain", None, false)), []);
        assert_eq!(report.take_display(shown("text/html", None, false)), []);
        let complete = report.take_display(shown("text/html", None, false));
        assert_eq!(complete.len(), 1);
        assert_eq!(complete[0].bundle.len(), 2);
        assert!(report.last_display.is_some());
    }

    #[test]
    fn an_update_is_shown_at_once_and_after_what_came_before() {
        let mut report = Report::default();
        assert_eq!(report.take_display(shown("text/plain", None, false)), []);
        let complete = report.take_display(shown("text/html", Some("a"), true));
        let updates: Vec<bool> = complete.iter().map(|shown| shown.update).collect();
        assert_eq!(updates, [false, true]);
        assert_eq!(report.last_display, None);
    }
}
