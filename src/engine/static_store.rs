//! The statics that live in the present process.

use std::collections::BTreeMap;

use super::rewrite::Static;

/// By name: the last definition of each.
#[derive(Debug, Default)]
pub struct Statics {
    alive: BTreeMap<String, Static>,
    lost: Vec<Static>,
}

impl Statics {
    /// Later cells use this one.
    pub fn keep(&mut self, item: Static) {
        self.alive.insert(item.name.clone(), item);
    }

    /// The process has ended, and their values with it; their symbols are gone too, so that cells
    /// that use them could not even be loaded.
    pub fn process_ended(&mut self) {
        self.lost
            .extend(std::mem::take(&mut self.alive).into_values());
        // In the order of their definitions: one may use another.
        self.lost.sort_by_key(|item| item.generation);
    }

    /// The learner has cleared everything.
    pub fn clear(&mut self) {
        self.alive.clear();
        self.lost.clear();
    }

    /// What has to be defined again before the next cell.
    pub fn take_lost(&mut self) -> Vec<Static> {
        std::mem::take(&mut self.lost)
    }
}
