//! What is run before the first cell: dependencies and prelude.

use std::path::Path;

use super::dbg_place;
use super::rewrite::{checkpoints, early, statics, value};
use crate::setup::evcxr_toml::{EvcxrToml, SUPPORT};

/// evcxr writes down the type of each variable by the names that rust-analyzer gives, and does not
/// import them: what `join` and `catch_unwind` return is a `Box<dyn Any + Send>`.
const NAMES_FOR_TYPES: &str = "use std::any::Any;";

/// evcxr shows no warning where a cell works, but takes one for the error where a variable cannot be
/// kept, and then the real reason is lost. (Not `warnings` as a whole: it would switch off
/// `unsafe_op_in_unsafe_fn`, and with that off `E0133` is worded differently.)
const FEW_WARNINGS: &str = "#![allow(unused, nonstandard_style, private_interfaces, \
     private_bounds, static_mut_refs, improper_ctypes)]";

/// `print!` for cells whose threads are told apart by who writes, and when.
pub const PRINT_AND_FLUSH: &str = "macro_rules! print { ($($text:tt)*) => {{ ::std::print!($($text)*); \
     let _ = ::std::io::Write::flush(&mut ::std::io::stdout()); }} }";

/// Cells to run, in order, so that the support crate and the folder's settings are in force.
///
/// `opt_level` is the one that the cells are compiled with. `unstable_types` names the features of the standard library that evcxr needs for type names which
/// the learner never wrote (see `setup::warm`). They are allowed in the cells' crate alone.
#[must_use]
pub fn start_up_cells(
    settings: &EvcxrToml,
    support: &Path,
    opt_level: &str,
    unstable_types: Vec<String>,
) -> Vec<String> {
    // The support crate and what it needs are on the machine; asking the network for news of them
    // would cost seconds without one.
    let mut dependencies = format!(
        ":offline 1\n:dep {SUPPORT} = {{ path = \"{}\" }}\n",
        support.display()
    );
    if !settings.offline_mode {
        dependencies.push_str(":offline 0\n");
    }
    if !unstable_types.is_empty() {
        // `ctx` is evcxr's name for the crate of a cell.
        dependencies.push_str(":build_env RUSTC_BOOTSTRAP=ctx\n");
        for feature in unstable_types {
            dependencies.push_str(&format!("#![feature({feature})]\n"));
        }
    }
    let mut cells = vec![
        dependencies,
        format!(
            "{FEW_WARNINGS}\n{NAMES_FOR_TYPES}\n{}\n{}\n{}\n{}\n{}\n{}\n{}",
            dbg_place::DEFINITION,
            checkpoints::definition(opt_level),
            early::DEFINITION,
            value::DEFINITION,
            value::USE,
            statics::DEFINITION,
            statics::naming_macro(std::iter::empty()),
        ),
    ];
    if !settings.dependencies.is_empty() {
        let lines: Vec<String> = settings
            .dependencies
            .iter()
            .map(|(name, config)| format!(":dep {name} = {config}"))
            .collect();
        cells.push(lines.join("\n"));
    }
    cells.extend(settings.prelude.clone());
    cells
}
