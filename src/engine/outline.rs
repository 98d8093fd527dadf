//! What is known of a session without asking evcxr: names, types, signatures, documentation.
//!
//! evcxr cannot be asked while a cell runs. This is what completion and inspection are answered from
//! then: it is filled after each cell, and while nothing else is to do. It knows less: what a chain of
//! calls gives, and names of other modules, it does not know.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::answers::{Completion, Inspection};
use super::items::{self, Item, base_name};
use super::lesson_items::{PRELUDE, SUPPORT};
use super::place::{self, Place};
use super::words::ALWAYS;

/// The members of so many types are remembered.
const MOST_TYPES: usize = 200;

/// The outline of a session. Can be used from any thread at any time.
#[derive(Debug, Default)]
pub struct Outline {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// By name: the type.
    variables: BTreeMap<String, String>,
    /// The items of cells, by owner and name; a later definition takes the place of an earlier one.
    items: BTreeMap<(Option<String>, String), Item>,
    commands: Vec<String>,
    /// A cell has imported the support crate's prelude.
    prelude: bool,
    /// By type: the members that evcxr completes.
    members: HashMap<String, Vec<String>>,
}

impl Outline {
    /// Takes note of a cell that has run: its code, and the variables and items that are there now.
    pub fn update<'a>(
        &self,
        code: &str,
        variables: impl Iterator<Item = (&'a str, &'a str)>,
        item_names: impl Iterator<Item = &'a str>,
    ) {
        let defined = items::of_cell(code);
        let mut state = self.lock();
        state.variables = variables
            .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
            .collect();
        state.prelude |= code.contains(PRELUDE);
        // New types, and new traits with methods, change what old types have.
        if !defined.is_empty() || code.contains("use ") {
            state.members.clear();
        }
        for item in defined {
            state
                .items
                .insert((item.owner.clone(), item.name.clone()), item);
        }
        // What a cell that failed has not defined, or `:clear` has removed, is not there.
        let there: BTreeSet<&str> = item_names.collect();
        state.items.retain(|(owner, name), _| {
            let item = owner.as_deref().unwrap_or(name);
            there.contains(item)
                || (owner.is_some() && SUPPORT.items.iter().any(|known| known.name == item))
        });
    }

    /// Takes note of the commands that evcxr has.
    pub fn set_commands(&self, commands: Vec<String>) {
        self.lock().commands = commands;
    }

    /// A variable whose members are not known yet.
    #[must_use]
    pub fn unknown(&self) -> Option<String> {
        let state = self.lock();
        if state.members.len() >= MOST_TYPES {
            return None;
        }
        let unknown = state
            .variables
            .iter()
            .find(|(_, kind)| !state.members.contains_key(*kind));
        unknown.map(|(name, _)| name.clone())
    }

    /// Takes note of the members of a variable, and so of all of its type.
    pub fn learn(&self, variable: &str, members: Vec<String>) {
        let mut state = self.lock();
        if let Some(kind) = state.variables.get(variable).cloned() {
            state.members.insert(kind, members);
        }
    }

    /// Completions at a byte offset.
    #[must_use]
    pub fn complete(&self, code: &str, offset: usize) -> Completion {
        let end = code.floor_char_boundary(offset);
        let (place, start) = place::at(code, end);
        let mut matches = self.lock().candidates(&place, code);
        let typed = &code[start..end];
        matches.retain(|name| name.starts_with(typed));
        Completion {
            matches,
            start,
            end,
        }
    }

    /// What is known of the name that ends at a byte offset.
    #[must_use]
    pub fn inspect(&self, code: &str, offset: usize) -> Option<Inspection> {
        let end = code.floor_char_boundary(offset);
        let (place, start) = place::at(code, end);
        let name = code.get(start..end).filter(|name| !name.is_empty())?;
        self.lock().describe(&place, name)
    }

    /// What a cell says about an item that it defines: evcxr drops the doc comments of cells.
    #[must_use]
    pub fn documented(&self, code: &str, offset: usize) -> Option<Inspection> {
        let end = code.floor_char_boundary(offset);
        let (place, start) = place::at(code, end);
        let name = code.get(start..end)?.to_owned();
        let owner = match place {
            Place::Name => None,
            Place::Path(owner) => Some(owner),
            _ => return None,
        };
        let state = self.lock();
        let item = state.items.get(&(owner, name))?;
        (!item.doc.is_empty()).then(|| of_item(item))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn candidates(&self, place: &Place, code: &str) -> Vec<String> {
        match place {
            Place::Command => self.commands.clone(),
            Place::Member(variable) => match self.variables.get(variable) {
                Some(kind) => self.told(kind).unwrap_or_else(|| {
                    let owners = owners(kind);
                    self.members_of(&owners, true)
                }),
                None => Vec::new(),
            },
            Place::Path(owner) => self.members_of(std::slice::from_ref(owner), false),
            Place::Name => {
                let prelude = if self.prelude {
                    &SUPPORT.prelude[..]
                } else {
                    &[]
                };
                let items = self.items.values().filter(|item| item.owner.is_none());
                self.variables
                    .keys()
                    .cloned()
                    .chain(items.map(shown))
                    .chain(prelude.iter().cloned())
                    .chain(ALWAYS.iter().map(|word| (*word).to_owned()))
                    .chain(
                        items::of_cell(code)
                            .iter()
                            .filter(|item| item.owner.is_none())
                            .map(shown),
                    )
                    .collect()
            }
            Place::Unknown => Vec::new(),
        }
    }

    /// What evcxr has told, if it was anything.
    fn told(&self, kind: &str) -> Option<Vec<String>> {
        let members = self.members.get(kind)?;
        (!members.is_empty()).then(|| members.clone())
    }

    fn members_of(&self, owners: &[String], dotted: bool) -> Vec<String> {
        self.items
            .values()
            .chain(&SUPPORT.items)
            .filter(|item| item.dotted == dotted)
            .filter(|item| {
                item.owner
                    .as_ref()
                    .is_some_and(|owner| owners.contains(owner))
            })
            .map(|item| item.name.clone())
            .collect()
    }

    fn describe(&self, place: &Place, name: &str) -> Option<Inspection> {
        match place {
            Place::Name => {
                if let Some(kind) = self.variables.get(name) {
                    return Some(Inspection::of(&format!("{name}: {kind}"), ""));
                }
                let own = self.items.get(&(None, name.to_owned()));
                let lesson = || {
                    let mut items = SUPPORT.items.iter();
                    let known = self.prelude && SUPPORT.prelude.iter().any(|known| known == name);
                    items.find(|item| known && item.owner.is_none() && item.name == name)
                };
                own.or_else(lesson).map(of_item)
            }
            Place::Member(variable) => {
                let owners = owners(self.variables.get(variable)?);
                self.member(&owners, name, true)
            }
            Place::Path(owner) => self.member(std::slice::from_ref(owner), name, false),
            Place::Command | Place::Unknown => None,
        }
    }

    fn member(&self, owners: &[String], name: &str, dotted: bool) -> Option<Inspection> {
        let mut items = self.items.values().chain(&SUPPORT.items);
        items
            .find(|item| {
                let owned = item
                    .owner
                    .as_ref()
                    .is_some_and(|owner| owners.contains(owner));
                owned && item.dotted == dotted && item.name == name
            })
            .map(of_item)
    }
}

/// The types whose members a value of this type has: its own, and those behind smart pointers.
fn owners(kind: &str) -> Vec<String> {
    let mut owners = vec![base_name(kind)];
    let mut rest = kind;
    while ["Arc", "Rc", "Box"].contains(&base_name(rest).as_str()) {
        let Some((_, inner)) = rest.split_once('<') else {
            break;
        };
        rest = inner;
        owners.push(base_name(rest.trim_end_matches('>')));
    }
    owners
}

fn shown(item: &Item) -> String {
    if item.signature.starts_with("macro_rules!") {
        format!("{}!", item.name)
    } else {
        item.name.clone()
    }
}

fn of_item(item: &Item) -> Inspection {
    Inspection::of(&item.signature, &item.doc)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline() -> Outline {
        let outline = Outline::default();
        outline.update(
            "use lesson_support::prelude::*;\n/// Twice.\nfn twice(n: u32) -> u32 { n * 2 }\n\
             struct Ship { mast: u8 }\nimpl Ship { fn sail(&self) {} fn launch() -> Ship { Ship { mast: 1 } } }\n\
             macro_rules! shout { () => {} }\nfn failed() {}",
            [
                ("ship", "std::sync::Arc<Ship>"),
                ("lock", "lesson_support::Lock"),
                ("vec", "Vec<u8>"),
            ]
            .into_iter(),
            ["twice", "Ship", "shout"].into_iter(),
        );
        outline.set_commands(vec![":vars".to_owned(), ":clear".to_owned()]);
        outline
    }

    fn complete(code: &str) -> Vec<String> {
        let mut matches = outline().complete(code, code.len()).matches;
        matches.sort();
        matches
    }

    #[test]
    fn names_of_cells_prelude_and_language_are_completed() {
        assert_eq!(complete("twi"), ["twice"]);
        assert_eq!(complete("let x = shi"), ["ship"]);
        assert_eq!(complete("sho"), ["shout!"]);
        assert_eq!(complete("Racy"), ["RacyCounter"]);
        assert_eq!(complete("printl"), ["println!"]);
        assert_eq!(complete(":va"), [":vars"]);
        assert_eq!(complete("fn helper() {}\nhelp"), ["helper"]);
        assert_eq!(
            complete("fail"),
            [] as [&str; 0],
            "it was not defined after all"
        );
    }

    #[test]
    fn members_come_from_impls_behind_smart_pointers_too() {
        assert_eq!(complete("ship."), ["mast", "sail"]);
        assert_eq!(complete("Ship::"), ["launch"]);
        assert!(complete("lock.acq").contains(&"acquire".to_owned()));
        assert_eq!(complete("unknown."), [] as [&str; 0]);
    }

    #[test]
    fn what_the_engine_has_told_is_used_until_an_item_changes() {
        let outline = outline();
        assert_eq!(outline.unknown().as_deref(), Some("lock"));
        outline.learn("vec", vec!["len()".to_owned(), "push(value)".to_owned()]);
        assert_eq!(outline.complete("vec.l", 5).matches, ["len()"]);
        let variables = || [("vec", "Vec<u8>")].into_iter();
        outline.update("let a = 1;", variables(), ["twice"].into_iter());
        assert_eq!(outline.complete("vec.l", 5).matches, ["len()"]);
        assert_eq!(outline.unknown(), None);
        outline.update("trait New {}", variables(), ["New"].into_iter());
        assert_eq!(outline.complete("vec.l", 5).matches, [] as [&str; 0]);
        assert_eq!(outline.unknown().as_deref(), Some("vec"));
    }

    #[test]
    fn a_name_is_described_by_type_or_signature() {
        let text = |code: &str| {
            let found = outline().inspect(code, code.len());
            found.map(|found| found.text).unwrap_or_default()
        };
        assert_eq!(text("vec"), "vec: Vec<u8>");
        assert_eq!(text("twice"), "fn twice(n: u32) -> u32\n\nTwice.");
        assert_eq!(text("ship.sail"), "fn sail(&self)");
        assert!(text("Lock").contains("struct Lock"));
        assert_eq!(text("nothing"), "");
        let html = outline().inspect("vec", 3).expect("known").html;
        assert!(html.contains("Vec&lt;u8&gt;"), "{html}");
    }
}
