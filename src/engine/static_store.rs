//! The statics that the cells have defined, and which of them start afresh.

use std::collections::{BTreeMap, BTreeSet};

use super::rewrite::{Item, Rewritten, Static, Symbol, items, statics};

/// The statics of all cells that have been run.
///
/// A static outlives the items that its type mentions. When a cell changes one of those, what is
/// stored no longer is what the type says, so that static gets a new symbol, and with it its first
/// value, from that cell on.
#[derive(Debug, Default)]
pub struct Statics {
    statics: Vec<Kept>,
    /// The last item of each name; a static's type is looked up here.
    items: BTreeMap<String, Item>,
    /// A `use` has brought in all names of something else than the standard library.
    foreign_glob: bool,
    /// All symbols are loaded in the present process, where later cells find them.
    loaded: bool,
}

#[derive(Clone, Debug)]
struct Kept {
    is: Static,
    /// The run that gave it a new symbol.
    renamed: Option<u64>,
}

/// Names that `lesson_support` exports as the standard library has them.
const SAME_IN_SUPPORT: [&str; 6] = [
    "Arc",
    "AtomicU32",
    "Ordering",
    "Relaxed",
    "Duration",
    "Instant",
];

impl Statics {
    /// Whether the symbols of the next cell must be visible to the cells after it: it has a static that
    /// is not loaded yet.
    #[must_use]
    pub fn must_be_shared(&self, cell: &Rewritten) -> bool {
        !cell.statics.is_empty()
            || !self.outdated(&cell.items, &cell.statics).is_empty()
            || (!self.loaded && !self.statics.is_empty())
    }

    /// The process has ended, and with it all values: the next cell brings the statics again.
    pub fn process_ended(&mut self) {
        self.loaded = false;
    }

    /// evcxr has taken a cell's items over. `shared` says that it was loaded, visibly to later cells.
    ///
    /// Returns what the learner must be told.
    pub fn keep(&mut self, cell: &Rewritten, shared: bool) -> Vec<String> {
        let outdated = self.outdated(&cell.items, &cell.statics);
        let mut told = Vec::new();
        for (symbol, item) in outdated {
            if let Some(kept) = self
                .statics
                .iter_mut()
                .find(|kept| kept.is.symbol == symbol)
            {
                kept.renamed = Some(cell.generation);
                told.push(format!(
                    "note: the static `{}` starts again from its first value, because its type uses `{item}`, which this cell changes\n",
                    kept.is.name
                ));
            }
        }
        let replaced = names(&cell.items);
        self.statics.retain(|kept| {
            let with = kept.is.item.as_deref();
            !with.is_some_and(|item| replaced.contains(item) || defines(&cell.statics, item))
        });
        let statics = cell.statics.iter().cloned();
        self.statics
            .extend(statics.map(|is| Kept { is, renamed: None }));
        for item in &cell.items {
            self.foreign_glob |= item.name == items::GLOB && !is_of_std(&item.text);
            self.items.insert(item.name.clone(), item.clone());
        }
        if shared {
            self.loaded = true;
        } else if !cell.statics.is_empty() || !told.is_empty() {
            self.loaded = false;
        }
        told
    }

    /// The macro that names symbols, where the cell has to define it anew, so that statics start afresh.
    #[must_use]
    pub fn naming_macro_for(
        &self,
        items: &[Item],
        new: &[Static],
        generation: u64,
    ) -> Option<String> {
        let outdated = self.outdated(items, new);
        if outdated.is_empty() {
            return None;
        }
        let renamed = self.statics.iter().filter_map(|kept| {
            let symbol = kept.is.symbol;
            let now = outdated.contains_key(&symbol).then_some(generation);
            Some((symbol, now.or(kept.renamed)?))
        });
        Some(format!("{} ", statics::naming_macro(renamed)))
    }

    /// The statics whose types are changed by these items, each with the name of the item.
    fn outdated(&self, items: &[Item], new: &[Static]) -> BTreeMap<Symbol, String> {
        let changed = self.changed(items);
        if changed.is_empty() {
            return BTreeMap::new();
        }
        let replaced = names(items);
        self.statics
            .iter()
            .filter(|kept| {
                let with = kept.is.item.as_deref();
                !with.is_some_and(|item| replaced.contains(item) || defines(new, item))
            })
            .filter_map(|kept| {
                let item = self.reach(&kept.is.mentions, &changed)?;
                Some((kept.is.symbol, item.to_owned()))
            })
            .collect()
    }

    /// The names that mean something else than before.
    fn changed<'a>(&self, items: &'a [Item]) -> BTreeSet<&'a str> {
        items
            .iter()
            .filter(|item| self.changes(item))
            .map(|item| item.name.as_str())
            .collect()
    }

    /// Of the variables with these types, those whose values are not what their types say once a cell
    /// defines `items`; each with the name of the item that is to blame.
    #[must_use]
    pub fn outdated_variables<'a>(
        &self,
        items: &[Item],
        variables: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Vec<(String, String)> {
        let changed = self.changed(items);
        if changed.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<(String, String)> = variables
            .filter_map(|(name, ty)| {
                let item = self.reach(&items::names_in_type(ty), &changed)?;
                Some((name.to_owned(), item.to_owned()))
            })
            .collect();
        found.sort();
        found
    }

    /// Whether the name means something else than before.
    fn changes(&self, item: &Item) -> bool {
        if item.name == items::GLOB {
            return false;
        }
        match self.items.get(&item.name) {
            Some(before) => before.text != item.text,
            // The name may have come from a `*`, or be one that every program has (`Vec`).
            None => !(item.imported && self.is_what_a_glob_gave(item)),
        }
    }

    /// Whether an import gives a name that had no item so far the meaning that it had.
    fn is_what_a_glob_gave(&self, item: &Item) -> bool {
        is_of_std(&item.text)
            && (!self.foreign_glob || SAME_IN_SUPPORT.contains(&item.name.as_str()))
    }

    /// The first of the `changed` names that a type reaches through the items that it mentions.
    fn reach<'a>(
        &self,
        mentions: &BTreeSet<String>,
        changed: &BTreeSet<&'a str>,
    ) -> Option<&'a str> {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&str> = mentions.iter().map(String::as_str).collect();
        while let Some(name) = next.pop() {
            if let Some(found) = changed.get(name) {
                return Some(found);
            }
            if seen.insert(name)
                && let Some(item) = self.items.get(name)
            {
                next.extend(item.mentions.iter().map(String::as_str));
            }
        }
        None
    }
}

fn is_of_std(path: &str) -> bool {
    let root = path.split("::").find(|part| !part.is_empty());
    matches!(root, Some("std" | "core" | "alloc"))
}

fn names(items: &[Item]) -> BTreeSet<&str> {
    items.iter().map(|item| item.name.as_str()).collect()
}

fn defines(statics: &[Static], item: &str) -> bool {
    statics.iter().any(|new| new.item.as_deref() == Some(item))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::known::Known;
    use crate::engine::rewrite::rewrite;

    /// Runs cells; returns what the learner was told at the last one.
    fn run(cells: &[&str]) -> String {
        let mut known = Known::default();
        let mut told = Vec::new();
        for (cell, generation) in cells.iter().zip(1..) {
            let rewritten = rewrite(cell, generation, &known, None);
            told = known.keep(&rewritten, true);
            let renamed = rewritten
                .edited
                .code()
                .contains("macro_rules! lesson_static");
            assert_eq!(renamed, !told.is_empty(), "{}", rewritten.edited.code());
        }
        told.concat()
    }

    #[test]
    fn a_changed_type_starts_its_statics_afresh() {
        let told = run(&[
            "struct Door(u8); struct Room { doors: Vec<Door> }",
            "static HOUSE: Mutex<Vec<Room>> = Mutex::new(Vec::new());",
            "struct Door(u16);",
        ]);
        assert!(
            told.contains("`HOUSE`") && told.contains("`Door`"),
            "{told}"
        );
        let told = run(&[
            "const SIZE: usize = 1;\nfn f() { static BUFFER: Mutex<[u8; SIZE]> = Mutex::new([0; SIZE]); }",
            "const SIZE: usize = 2;",
        ]);
        assert!(told.contains("`BUFFER`"), "{told}");
    }

    #[test]
    fn nothing_starts_afresh_without_need() {
        for cells in [
            &[
                "struct Door(u8);\nstatic D: Mutex<Door> = f();",
                "struct Door(u8);",
            ][..],
            &[
                "struct Door(u8);\nstatic D: Mutex<Door> = f();",
                "struct Window;",
            ],
            &[
                "static D: AtomicU32 = f();",
                "use std::sync::atomic::{AtomicU32, Ordering};",
            ],
            &[
                "use std::sync::Mutex;\nstatic D: Mutex<u8> = f();",
                "use std::sync::{Arc, Mutex};",
            ],
            &[
                "static D: std::sync::Mutex<u8> = f();",
                "use parking_lot::Mutex;",
            ],
            &[
                "struct Door(u8);\nstatic D: Mutex<Door> = f();",
                "struct Door(u16);\nstatic D: u8 = 1;",
            ],
            &[
                "fn f() {}\nstatic D: Mutex<u8> = f();",
                "fn f() { other() }",
            ],
        ] {
            assert_eq!(run(cells), "", "{cells:?}");
        }
    }

    #[test]
    fn an_import_that_means_another_type_counts() {
        let told = run(&[
            "use std::sync::Mutex;\nstatic D: Mutex<u8> = f();",
            "use parking_lot::Mutex;",
        ]);
        assert!(told.contains("`Mutex`"), "{told}");
        let told = run(&[
            "use parking_lot::*;",
            "static D: Mutex<u8> = f();",
            "use std::sync::Mutex;",
        ]);
        assert!(told.contains("`Mutex`"), "{told}");
        let told = run(&[
            "use lesson_support::prelude::*;",
            "static D: AtomicU32 = f();",
            "use std::sync::atomic::AtomicU32;",
        ]);
        assert_eq!(told, "", "it is the same type");
    }

    #[test]
    fn the_names_that_support_exports_as_std_has_them_are_known() {
        let prelude = include_str!("../../support/src/prelude.rs");
        let of_std = prelude
            .lines()
            .filter(|line| line.starts_with("pub use std::"));
        let of_std = of_std.collect::<String>();
        for name in SAME_IN_SUPPORT {
            assert!(of_std.contains(name), "{name}");
        }
    }

    #[test]
    fn a_new_process_needs_the_statics_again() {
        let mut statics = Statics::default();
        let next = rewrite("1 + 1", 2, &Known::default(), None);
        assert!(!statics.must_be_shared(&next));
        let cell = rewrite("static D: u8 = 1;", 1, &Known::default(), None);
        assert!(statics.must_be_shared(&cell));
        statics.keep(&cell, true);
        assert!(!statics.must_be_shared(&next));
        statics.process_ended();
        assert!(statics.must_be_shared(&next));
    }
}
