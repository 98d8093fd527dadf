//! Cells that change what earlier cells have left values of.

use super::context::{Context, Ended};
use super::rewrite::{Edited, Rewritten};
use super::sink::Stream;

/// What was found out before a cell ran.
pub struct Before {
    /// Its symbols have to be visible to later cells.
    pub share: bool,
    /// Variables that are not what their types say any more, each with the item that is changed.
    pub(super) outdated: Vec<(String, String)>,
}

impl Context {
    /// To be called right before a cell runs.
    pub(super) fn before(&mut self, cell: &Rewritten) -> Before {
        let outdated = self.drop_outdated_variables(cell);
        Before {
            share: self.known.statics.must_be_shared(cell),
            outdated,
        }
    }

    /// To be called right after it.
    pub(super) fn after(&mut self, cell: &Rewritten, before: &Before, ended: &Ended) {
        if ended.taken_over {
            let shared = ended.ran && before.share;
            for note in self.known.keep(cell, shared) {
                self.sink.text(Stream::Stderr, note);
            }
        }
        self.tell_lost_variables(&before.outdated);
    }

    /// Has evcxr drop the variables that the cell makes something else of, by changing an item that
    /// their types use: read by the new type, the old value would be garbage, or a crash.
    ///
    /// Where the cell will not compile, they are dropped only if it does so after all, by the runtime.
    fn drop_outdated_variables(&mut self, cell: &Rewritten) -> Vec<(String, String)> {
        let variables = self.evcxr.variables_and_types();
        let outdated = self
            .known
            .statics
            .outdated_variables(&cell.items, variables);
        let names: Vec<&str> = outdated.iter().map(|(name, _)| name.as_str()).collect();
        self.link.forget(&names);
        if outdated.is_empty() {
            return outdated;
        }
        let compiles = self.evcxr.check(cell.edited.code());
        if compiles.is_ok_and(|errors| errors.iter().all(|error| error.level() == "warning")) {
            self.run(&Edited::unchanged("let _ = ();"), 0, false);
            self.link.forget(&[]);
        }
        outdated
    }

    fn tell_lost_variables(&self, outdated: &[(String, String)]) {
        let present = self.variables();
        for (variable, item) in outdated {
            if !present.contains(variable) {
                let note = format!(
                    "note: the variable `{variable}` is lost, because its type uses `{item}`, which this cell changes. Run the cell that defines it again\n"
                );
                self.sink.text(Stream::Stderr, note);
            }
        }
    }
}
