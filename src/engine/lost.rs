//! Variables that are no longer there, and which cell took them.

mod advice;

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

/// What a cell that has run did to the variables.
#[derive(Debug, Default)]
pub struct RunCell {
    /// Its execution count.
    pub count: usize,
    /// A `return` has ended it.
    pub returned: bool,
    /// The variables before it.
    pub before: Vec<String>,
    /// Those after it.
    pub after: Vec<String>,
    /// The names that it binds.
    pub new: Vec<String>,
    /// Variables whose type became another one, with the item that the cell changed, if that is why.
    pub retyped: Vec<(String, Option<String>)>,
}

#[derive(Debug)]
struct Gone {
    /// The cell that took it.
    count: usize,
    how: How,
    /// The cell that had defined it.
    defined: Option<usize>,
    /// Its type, where it was kept before.
    ty: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum How {
    /// The cell went well, and moved it.
    Moved,
    /// The cell went well, and moved what it had defined itself.
    MovedAtOnce,
    /// The cell did not come to its end, and had moved it or had just defined it.
    Unfinished(&'static str),
    /// The cell that defines it did not compile.
    Unborn,
    /// The process ended.
    Crashed,
    /// Its type became another one: the cell changed this item.
    Changed(String),
    /// Its type became another one, though nobody changed it.
    CompiledAnew,
}

impl Lost {
    /// A cell has run. `types` are those of the variables before.
    pub fn note(&mut self, cell: RunCell, types: &BTreeMap<String, String>, outcome: &Outcome) {
        let RunCell {
            count,
            returned,
            before,
            after,
            new,
            retyped,
        } = cell;
        let how = match outcome {
            Ok(_) if returned => How::Unfinished("returned"),
            Ok(_) => How::Moved,
            Err(error) if error.ename == PANIC => How::Unfinished("panicked"),
            Err(_) if after.is_empty() && !before.is_empty() => How::Crashed,
            Err(error) if error.ename == "KeyboardInterrupt" => How::Unfinished("was stopped"),
            Err(_) => How::Unfinished("ended early"),
        };
        for name in &after {
            self.gone.remove(name);
            if new.contains(name) && outcome.is_ok() {
                self.defined.insert(name.clone(), count);
            }
        }
        let here = |name: &&String| !after.contains(name);
        for name in before.iter().filter(here) {
            let defined = self.defined.remove(name);
            let how = match retyped.iter().find(|(variable, _)| variable == name) {
                Some((_, Some(item))) => How::Changed(item.clone()),
                Some((_, None)) => How::CompiledAnew,
                None => how.clone(),
            };
            let gone = Gone {
                count,
                how,
                defined,
                ty: types.get(name).cloned(),
            };
            self.gone.insert(name.clone(), gone);
        }
        let how = match how {
            How::Moved => How::MovedAtOnce,
            other => other,
        };
        for name in new.iter().filter(here) {
            if !before.contains(name) || how == How::MovedAtOnce {
                self.take_new(count, name, how.clone());
            }
        }
    }

    /// A cell did not compile: of what it defines, nothing is there that was not before.
    pub fn note_unborn(&mut self, count: usize, present: &[String], new: &[String]) {
        for name in new.iter().filter(|name| !present.contains(name)) {
            self.take_new(count, name, How::Unborn);
        }
    }

    fn take_new(&mut self, count: usize, name: &str, how: How) {
        let gone = Gone {
            count,
            how,
            defined: Some(count),
            ty: None,
        };
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
            ty,
        } = self.gone.get(name)?;
        let again = match defined {
            Some(cell) if cell != count => format!("run cell {cell}, which defines it, again"),
            _ => "run the cell that defines it again".to_owned(),
        };
        let ty = ty.as_deref().unwrap_or_default();
        Some(match how {
            How::Moved if advice::is_handle(ty) => format!(
                "cell {count} joined `{name}` or gave it away, so it is gone since: {}; {again}",
                advice::join_once(name)
            ),
            How::Moved => format!(
                "cell {count} moved `{name}` to another owner, so it is gone since; {again}, and let cell {count} {}",
                advice::instead_of_moving(name, ty)
            ),
            How::MovedAtOnce => format!(
                "cell {count} defines `{name}` and moves it to another owner, so it was gone at the end of that cell; there, lend it (`&{name}`) where it is moved, or keep what it became (`let … = …;`)"
            ),
            How::Unfinished(end) if *defined == Some(*count) => format!(
                "cell {count} defines `{name}`, but {end} before its end, and then none of its new variables is kept; mend it and run it again"
            ),
            How::Unfinished(end) => {
                format!("cell {count} had moved `{name}` when it {end}; {again}")
            }
            How::Unborn => format!(
                "cell {count} defines `{name}`, but does not compile, so nothing of it has run; mend it and run it again"
            ),
            How::Crashed => {
                format!("`{name}` was lost when the process ended in cell {count}; {again}")
            }
            How::Changed(item) => format!(
                "cell {count} changed `{item}`, which the type of `{name}` uses, so `{name}` was lost; {again}"
            ),
            How::CompiledAnew => format!(
                "`{name}` was lost in cell {count}: something new in it (a crate; the first `.await` brings one too) had the types of all cells compiled anew, and a value of the old type does not fit the new one; {again}"
            ),
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

    fn run(count: usize, before: &[&str], after: &[&str], new: &[&str]) -> RunCell {
        RunCell {
            count,
            returned: false,
            before: names(before),
            after: names(after),
            new: names(new),
            retyped: Vec::new(),
        }
    }

    fn note(lost: &mut Lost, cell: RunCell, outcome: &Outcome) {
        lost.note(cell, &BTreeMap::new(), outcome);
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
        note(&mut lost, run(1, &[], &["a"], &["a"]), &ok());
        assert_eq!(lost.explain("a"), None);
        note(&mut lost, run(2, &["a"], &[], &[]), &ok());
        assert_told(
            &lost,
            "a",
            &["cell 2 moved `a`", "run cell 1", "`a.clone()`"],
        );
        note(&mut lost, run(3, &[], &["a"], &["a"]), &ok());
        assert_eq!(lost.explain("a"), None);
    }

    #[test]
    fn the_advice_fits_the_type() {
        let mut lost = Lost::default();
        let handle = "std::thread::JoinHandle<()>".to_owned();
        let types = BTreeMap::from([("h".to_owned(), handle)]);
        lost.note(run(1, &[], &["h"], &["h"]), &BTreeMap::new(), &ok());
        lost.note(run(2, &["h"], &[], &[]), &types, &ok());
        assert_told(
            &lost,
            "h",
            &["cell 2 joined `h`", "can be joined only once", "run cell 1"],
        );
    }

    #[test]
    fn what_a_failed_cell_defined_or_moved_is_told_differently() {
        let mut lost = Lost::default();
        note(&mut lost, run(1, &[], &["a"], &["a"]), &ok());
        note(&mut lost, run(2, &["a"], &[], &["b"]), &failed(PANIC));
        assert_told(
            &lost,
            "a",
            &["cell 2 had moved `a` when it panicked", "run cell 1"],
        );
        assert_told(&lost, "b", &["cell 2 defines `b`, but panicked"]);
        assert_eq!(lost.explain("c"), None);
    }

    #[test]
    fn what_a_cell_moves_at_once_or_never_defines_is_told() {
        let mut lost = Lost::default();
        note(&mut lost, run(1, &[], &[], &["a"]), &ok());
        assert_told(&lost, "a", &["cell 1 defines `a` and moves it"]);
        lost.note_unborn(2, &names(&["b"]), &names(&["a", "b"]));
        assert_told(&lost, "a", &["cell 2 defines `a`, but does not compile"]);
        assert_eq!(lost.explain("b"), None, "an older one of the name is there");
    }

    #[test]
    fn what_a_return_left_behind_is_told_as_that() {
        let mut lost = Lost::default();
        note(&mut lost, run(1, &[], &["a"], &["a"]), &ok());
        let cell = RunCell {
            returned: true,
            ..run(2, &["a"], &[], &["b"])
        };
        note(&mut lost, cell, &ok());
        assert_told(&lost, "b", &["cell 2 defines `b`, but returned"]);
        assert_told(&lost, "a", &["had moved `a` when it returned"]);
    }

    #[test]
    fn a_type_that_became_another_one_is_no_move() {
        let mut lost = Lost::default();
        note(&mut lost, run(1, &[], &["a", "b"], &["a", "b"]), &ok());
        let cell = RunCell {
            retyped: vec![
                ("a".to_owned(), Some("Door".to_owned())),
                ("b".to_owned(), None),
            ],
            ..run(2, &["a", "b"], &[], &[])
        };
        note(&mut lost, cell, &ok());
        assert_told(&lost, "a", &["cell 2 changed `Door`", "run cell 1"]);
        assert_told(
            &lost,
            "b",
            &["lost in cell 2", "compiled anew", "run cell 1"],
        );
    }

    #[test]
    fn a_crash_takes_everything() {
        let mut lost = Lost::default();
        note(&mut lost, run(1, &[], &["a"], &["a"]), &ok());
        note(&mut lost, run(2, &["a"], &[], &[]), &failed("SIGSEGV"));
        assert_told(
            &lost,
            "a",
            &["lost when the process ended in cell 2", "run cell 1"],
        );
    }
}
