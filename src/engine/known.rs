//! What the cells so far have defined, as far as it matters to how later cells are rewritten.

use std::collections::BTreeSet;

use super::rewrite::Rewritten;
use super::rewrite::nameless::Block;
use super::static_store::Statics;

/// The definitions of all cells that have been run.
#[derive(Debug, Default)]
pub struct Known {
    /// Their statics.
    pub statics: Statics,
    /// Their macros.
    pub macros: BTreeSet<String>,
    blocks: Vec<Block>,
}

impl Known {
    /// Gives blocks of a cell the places of earlier ones that they replace; returns the modules of the
    /// earlier blocks that are gone with the cell, which also defines `items`.
    #[must_use]
    pub fn replaced(&self, blocks: &mut [Block], items: &BTreeSet<&str>) -> Vec<String> {
        let mut gone = Vec::new();
        let mut taken: BTreeSet<usize> = BTreeSet::new();
        for earlier in &self.blocks {
            let place = blocks.iter().position(|block| block.replaces(earlier));
            match place {
                Some(index) if taken.insert(index) => {
                    blocks[index].module.clone_from(&earlier.module);
                }
                Some(_) => gone.push(earlier.module.clone()),
                None if earlier
                    .with
                    .as_deref()
                    .is_some_and(|item| items.contains(item)) =>
                {
                    gone.push(earlier.module.clone());
                }
                None => {}
            }
        }
        gone
    }

    /// evcxr has taken a cell's items over. `shared` says that it was loaded, visibly to later cells.
    ///
    /// Returns what the learner must be told.
    pub fn keep(&mut self, cell: &Rewritten, shared: bool) -> Vec<String> {
        let told = self.statics.keep(cell, shared);
        self.macros.extend(cell.macros.iter().cloned());
        self.blocks.retain(|earlier| {
            !cell.gone.contains(&earlier.module)
                && !cell
                    .blocks
                    .iter()
                    .any(|block| block.module == earlier.module)
        });
        self.blocks.extend(cell.blocks.iter().cloned());
        told
    }
}
