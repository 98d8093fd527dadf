//! Variables that are no longer there, and which cell took them.

use std::collections::BTreeMap;

use super::outcome::Outcome;
use super::panic_report::PANIC;

/// What became of the variables so far.
#[derive(Debug, Default)]
pub struct Lost {
    /// The cell that defined a variable last, by name.
    defined: BTreeMap<String, usize>,
    gone: BTreeMap<String, Gone>,
}

#[derive(Debug)]
struct Gone {
    /// The cell that took it.
    count: usize,
    how: How,
    /// The cell that had defined it.
    defined: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// The cell went well, and moved it.
    Moved,
    /// The cell did not come to its end, and had moved it or had just defined it.
    Unfinished(&'static str),
    /// The process ended.
    Crashed,
}

impl Lost {
    /// A cell has run: `before` and `after` are the variables at either end, `new` the names that it
    /// binds.
    pub fn note(
        &mut self,
        count: usize,
        before: &[String],
        after: &[String],
        new: &[String],
        outcome: &Outcome,
    ) {
        let how = match outcome {
            Ok(_) => How::Moved,
            Err(error) if error.ename == PANIC => How::Unfinished("panicked"),
            Err(_) if after.is_empty() && !before.is_empty() => How::Crashed,
            Err(error) if error.ename == "KeyboardInterrupt" => How::Unfinished("was stopped"),
            Err(_) => How::Unfinished("ended early"),
        };
        for name in after {
            self.gone.remove(name);
            if new.contains(name) && outcome.is_ok() {
                self.defined.insert(name.clone(), count);
            }
        }
        let here = |name: &&String| !after.contains(name);
        for name in before.iter().filter(here) {
            let defined = self.defined.remove(name);
            self.take(
                name,
                Gone {
                    count,
                    how,
                    defined,
                },
            );
        }
        if outcome.is_err() {
            for name in new
                .iter()
                .filter(here)
                .filter(|name| !before.contains(name))
            {
                self.take(
                    name,
                    Gone {
                        count,
                        how,
                        defined: Some(count),
                    },
                );
            }
        }
    }

    fn take(&mut self, name: &str, gone: Gone) {
        self.gone.insert(name.to_owned(), gone);
    }

    /// The cell that defined a variable which is still there.
    #[must_use]
    pub fn defined_by(&self, name: &str) -> Option<usize> {
        self.defined.get(name).copied()
    }

    /// Where a variable went, and what to do; `None` for a name that never was one.
    #[must_use]
    pub fn explain(&self, name: &str) -> Option<String> {
        let Gone {
            count,
            how,
            defined,
        } = self.gone.get(name)?;
        let again = match defined {
            Some(cell) if cell != count => format!("run cell {cell}, which defines it, again"),
            _ => "run the cell that defines it again".to_owned(),
        };
        Some(match how {
            How::Moved => format!(
                "cell {count} moved `{name}` to another owner, so it is gone since; {again}, and let cell {count} borrow it (`&{name}`) or use a copy (`{name}.clone()`)"
            ),
            How::Unfinished(end) if *defined == Some(*count) => format!(
                "cell {count} defines `{name}`, but {end} before its end, and then none of its new variables is kept; mend it and run it again"
            ),
            How::Unfinished(end) => {
                format!("cell {count} had moved `{name}` when it {end}; {again}")
            }
            How::Crashed => {
                format!("`{name}` was lost when the process ended in cell {count}; {again}")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::outcome::{CellError, CellValue};

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn ok() -> Outcome {
        Ok(CellValue::new())
    }

    fn failed(ename: &str) -> Outcome {
        Err(CellError::plain(ename, "no"))
    }

    #[track_caller]
    fn assert_told(lost: &Lost, name: &str, words: &[&str]) {
        let told = lost.explain(name).expect("it is gone");
        for word in words {
            assert!(told.contains(word), "{told}");
        }
    }

    #[test]
    fn a_moved_variable_is_told_with_both_cells_until_it_is_defined_again() {
        let mut lost = Lost::default();
        let a = names(&["a"]);
        lost.note(1, &[], &a, &a, &ok());
        assert_eq!(lost.explain("a"), None);
        lost.note(2, &a, &[], &[], &ok());
        assert_told(&lost, "a", &["cell 2 moved `a`", "run cell 1"]);
        lost.note(3, &[], &a, &a, &ok());
        assert_eq!(lost.explain("a"), None);
    }

    #[test]
    fn what_a_failed_cell_defined_or_moved_is_told_differently() {
        let mut lost = Lost::default();
        let (a, b) = (names(&["a"]), names(&["b"]));
        lost.note(1, &[], &a, &a, &ok());
        lost.note(2, &a, &[], &b, &failed(PANIC));
        assert_told(
            &lost,
            "a",
            &["cell 2 had moved `a` when it panicked", "run cell 1"],
        );
        assert_told(&lost, "b", &["cell 2 defines `b`, but panicked"]);
        assert_eq!(lost.explain("c"), None);
    }

    #[test]
    fn a_crash_takes_everything() {
        let mut lost = Lost::default();
        let a = names(&["a"]);
        lost.note(1, &[], &a, &a, &ok());
        lost.note(2, &a, &[], &[], &failed("SIGSEGV"));
        assert_told(
            &lost,
            "a",
            &["lost when the process ended in cell 2", "run cell 1"],
        );
    }
}
