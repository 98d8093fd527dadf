//! `cargo lessons install` and `uninstall`: the kernelspecs, for use outside the project.

use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::setup::kernelspec::{self, Kernel, Place};
use crate::setup::progress::Progress;
use crate::setup::{self, Project};

/// Makes ready what a kernel needs, then registers it.
pub(super) fn install(
    project: &Project,
    stock: bool,
    place: &Place,
    progress: &Progress,
) -> anyhow::Result<ExitCode> {
    if stock && !cfg!(feature = "stock") {
        bail!(
            "the stock kernel is not in this build; leave out `--no-default-features`, or `--stock`"
        );
    }
    let jupyter_dir = place.jupyter_dir()?;
    let rust = setup::ensure_rust(progress)?;
    // For the lessons, and for notebooks elsewhere, which have no settings.
    let elsewhere = tempfile::tempdir().context("cannot make a temporary folder")?;
    for folder in [project.notebooks().as_path(), elsewhere.path()] {
        setup::ensure_prepared(project, &rust.toolchain, folder, progress)?;
    }
    let mut kernels = vec![Kernel::Lessons];
    if stock {
        kernels.push(Kernel::Stock);
    }
    for kernel in kernels {
        let program = match kernel {
            Kernel::Lessons => project.program.clone(),
            Kernel::Stock => setup::stock::ensure(project, &rust.toolchain, progress)?,
        };
        let folder = kernelspec::install(
            kernel,
            &jupyter_dir,
            &program,
            rust.std_sources.as_deref(),
        )
        .with_context(|| {
            format!(
                "cannot register the kernel in `{}`; choose another folder with `--prefix DIR`",
                jupyter_dir.display()
            )
        })?;
        println!(
            "Registered `{}` as {} in {}",
            kernel.name(),
            kernel,
            folder.display()
        );
    }
    println!(
        "It starts {}; run this again if that moves.",
        project.program.display()
    );
    Ok(ExitCode::SUCCESS)
}

/// Removes both kernels from `place`, as far as they are there.
pub(super) fn uninstall(place: &Place) -> anyhow::Result<ExitCode> {
    let jupyter_dir = place.jupyter_dir()?;
    let mut found = false;
    for kernel in Kernel::ALL {
        if let Some(folder) = kernelspec::uninstall(kernel, &jupyter_dir)? {
            found = true;
            println!("Removed `{}` from {}", kernel.name(), folder.display());
        }
    }
    if !found {
        println!(
            "No kernel of ours is in {}; nothing to remove.",
            jupyter_dir.join("kernels").display()
        );
    }
    Ok(ExitCode::SUCCESS)
}
