//! The variables of a notebook, between two cells.
//!
//! evcxr brings the source of such a store into every cell that has variables, and the kernel puts this
//! one, which is compiled already, in its place. Hence the names, which are evcxr's, and the one field:
//! a process may have cells with evcxr's own store too, which all work on the same variables. Whatever
//! depends on a variable's type is kept short, since it is compiled with each cell.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

/// Said on stdout, with a name behind it: the variable is of another type than it was.
pub const VARIABLE_CHANGED_TYPE: &str = "EVCXR_VARIABLE_CHANGED_TYPE:";
/// Said on stdout: the cell has ended by `?`.
pub const USER_ERROR_OCCURRED: &str = "EVCXR_ERROR_OCCURRED";

/// Variables by name.
#[derive(Default)]
pub struct VariableStore {
    variables: HashMap<String, Box<dyn Any>>,
}

impl VariableStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> VariableStore {
        VariableStore::default()
    }

    /// Keeps a variable.
    pub fn put_variable<T: 'static>(&mut self, name: &str, value: T) {
        self.put(name, Box::new(value));
    }

    /// Whether the variable, if it is there, has this type; says so where it has not.
    pub fn check_variable<T: 'static>(&mut self, name: &str) -> bool {
        self.check(name, TypeId::of::<T>())
    }

    /// Gives a variable back.
    ///
    /// # Panics
    /// If it is not there, or is of another type.
    pub fn take_variable<T: 'static>(&mut self, name: &str) -> T {
        match self.take(name).downcast() {
            Ok(value) => *value,
            Err(_) => changed_type(),
        }
    }

    /// A value that all cells share, made when the first asks for it.
    ///
    /// Where it is of another type it is made anew, unlike in evcxr's store, which would panic in this cell and
    /// in all later ones: evcxr keeps the runtime for `.await` so, and a new dependency or another
    /// optimisation can be a reason to compile the runtime's crate again.
    pub fn lazy_arc<T: 'static, F: FnOnce() -> T>(&mut self, name: &str, create: F) -> Arc<T> {
        let kept = self.variables.get(name);
        if let Some(value) = kept.and_then(|value| value.downcast_ref::<Arc<T>>()) {
            return Arc::clone(value);
        }
        let value = Arc::new(create());
        let outdated = self
            .variables
            .insert(name.to_owned(), Box::new(Arc::clone(&value)));
        // What runs in it goes on: its end might wait for that.
        std::mem::forget(outdated);
        value
    }

    /// Takes over all variables of another store.
    pub fn merge(&mut self, other: VariableStore) {
        self.variables.extend(other.variables);
    }

    fn put(&mut self, name: &str, value: Box<dyn Any>) {
        self.variables.insert(name.to_owned(), value);
    }

    fn check(&mut self, name: &str, wanted: TypeId) -> bool {
        let has_another = self
            .variables
            .get(name)
            .is_some_and(|value| (**value).type_id() != wanted);
        if has_another {
            eprintln!("The type of the variable {name} was redefined, so was lost.");
            println!("{VARIABLE_CHANGED_TYPE}{name}");
        }
        !has_another
    }

    fn take(&mut self, name: &str) -> Box<dyn Any> {
        match self.variables.remove(name) {
            Some(value) => value,
            None => panic!("Variable '{name}' has gone missing"),
        }
    }
}

#[cold]
fn changed_type() -> ! {
    panic!("Variable changed type")
}

/// A store for the first cell of a process.
#[must_use]
pub fn create_variable_store() -> *mut VariableStore {
    Box::into_raw(Box::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_comes_back_with_its_type_and_once() {
        let mut store = VariableStore::new();
        store.put_variable("v", vec![1, 2]);
        assert!(store.check_variable::<Vec<i32>>("v"));
        assert!(!store.check_variable::<Vec<u8>>("v"));
        assert!(store.check_variable::<u8>("other"), "it is not there");
        assert_eq!(store.take_variable::<Vec<i32>>("v"), [1, 2]);
        let again = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            store.take_variable::<Vec<i32>>("v")
        }));
        assert!(again.is_err());
    }

    #[test]
    fn a_shared_value_is_made_once_and_merged() {
        let mut store = VariableStore::new();
        let first = store.lazy_arc("a", || 1);
        let second = store.lazy_arc("a", || 2);
        assert_eq!((*first, *second), (1, 1));
        let mut all = VariableStore::new();
        all.merge(store);
        assert_eq!(*all.lazy_arc("a", || 3), 1);
    }

    #[test]
    fn a_shared_value_of_another_type_is_made_anew() {
        let mut store = VariableStore::new();
        store.lazy_arc("a", || 1);
        assert_eq!(*store.lazy_arc("a", || "two"), "two");
        assert_eq!(*store.lazy_arc("a", || "three"), "two");
    }

    #[test]
    fn it_is_laid_out_as_evcxrs() {
        // evcxr's: one field, the same map.
        type Theirs = HashMap<String, Box<dyn Any + 'static>>;
        assert_eq!(size_of::<VariableStore>(), size_of::<Theirs>());
        assert_eq!(align_of::<VariableStore>(), align_of::<Theirs>());
    }
}
