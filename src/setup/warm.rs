//! Fills a new build folder: runs evcxr in it once, with the support crate.

use std::path::Path;

use anyhow::{Context, Result, bail};
use evcxr::{CommandContext, EvalContext};

use super::sources::CARGO_LOCK;
use crate::engine::config::start_up_cells;
use crate::setup::evcxr_toml::EvcxrToml;

/// Runs evcxr in the folder that `EVCXR_TMPDIR` names.
///
/// # Errors
/// When evcxr cannot start or the support crate does not compile.
pub fn fill_build_folder(opt_level: &str, support: &Path) -> Result<()> {
    let folder = std::env::var_os("EVCXR_TMPDIR").context("EVCXR_TMPDIR is not set")?;
    let (context, _outputs) = EvalContext::new()?;
    // The versions that this program was tested with. Only now: evcxr's first cell has no
    // dependencies, and cargo would have thrown the unused versions away.
    std::fs::write(Path::new(&folder).join("Cargo.lock"), CARGO_LOCK)?;
    let mut context = CommandContext::with_eval_context(context);
    context.set_opt_level(opt_level)?;
    let settings = EvcxrToml {
        offline_mode: true,
        ..EvcxrToml::default()
    };
    let unstable = names_an_unstable_type(&mut context)?;
    std::fs::write(Path::new(&folder).join(UNSTABLE_TYPES), unstable)?;
    let mut cells = start_up_cells(
        &settings,
        support,
        opt_level,
        unstable_types(Path::new(&folder)),
    );
    cells.push("use lesson_support::prelude::*;\nlet ready = true;\nready".to_owned());
    for cell in cells {
        // A program that was copied to a machine without the crates: ask the network.
        let outcome = context.execute(&cell).or_else(|_| {
            context.execute(":offline 0")?;
            context.execute(&cell.replace(":offline 1\n", ""))
        });
        if let Err(error) = outcome {
            bail!("{}", describe(&error));
        }
    }
    fetch_for_all_targets(Path::new(&folder));
    Ok(())
}

/// File in a build folder: the unstable features that evcxr's own type names need, one a line.
const UNSTABLE_TYPES: &str = "unstable-types";

/// The unstable features that evcxr's own type names need in this build folder.
#[must_use]
pub fn unstable_types(build: &Path) -> Vec<String> {
    std::fs::read_to_string(build.join(UNSTABLE_TYPES))
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect()
}

/// Tries whether variables of some types can be kept; returns the features that are needed for it,
/// one a line.
///
/// evcxr writes down the type of each variable as rust-analyzer names it. For `AtomicU32` that is
/// `Atomic<u32>` in some toolchains, of which it is an alias, and that name is not stable there. And
/// where a thread's closure only panics, `join` gives a `Result<!, _>`, which may be inferred anywhere,
/// but not written.
fn names_an_unstable_type(context: &mut CommandContext) -> Result<String> {
    let mut features = Vec::new();
    for cell in [
        "let atomic = std::sync::atomic::AtomicU32::new(0);",
        "let never = None.map(|()| panic!());",
    ] {
        match context.execute(cell) {
            Ok(_) => {}
            Err(evcxr::Error::CompilationErrors(errors)) => features.extend(
                errors
                    .iter()
                    .filter(|error| error.code() == Some("E0658"))
                    .find_map(|error| feature(&error.message())),
            ),
            Err(other) => bail!("{}", describe(&other)),
        }
    }
    Ok(features.join("\n"))
}

/// The feature that the compiler misses.
fn feature(message: &str) -> Option<String> {
    match message.split('`').nth(1)? {
        "!" => Some("never_type".to_owned()),
        name => Some(name.to_owned()),
    }
}

/// Brings crates for other operating systems too: without a lock file, as the stock kernel works,
/// cargo wants to have seen them even where it does not compile them.
fn fetch_for_all_targets(folder: &Path) {
    // Without a network there is nothing to bring, and our own kernel does not need it.
    let _ = std::process::Command::new("cargo")
        .arg("fetch")
        .current_dir(folder)
        .env("CARGO_NET_OFFLINE", "false")
        // What cargo has written down of the compiler for rust-analyzer is to stay: each kernel begins with a copy.
        .env("CARGO_CACHE_RUSTC_INFO", "0")
        .output();
}

fn describe(error: &evcxr::Error) -> String {
    match error {
        evcxr::Error::CompilationErrors(errors) => errors
            .iter()
            .map(|error| match error.rendered() {
                rendered if rendered.is_empty() => error.message(),
                rendered => rendered,
            })
            .collect::<Vec<_>>()
            .join("\n"),
        other => other.to_string(),
    }
}
