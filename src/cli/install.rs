//! `cargo lessons install` and `uninstall`: the kernelspecs, for use outside the project.

use std::process::ExitCode;

use anyhow::bail;

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
    let kernel_side = setup::ensure_kernel_side(project, &project.notebooks(), progress)?;
    let mut kernels = vec![Kernel::Lessons];
    if stock {
        kernels.push(Kernel::Stock);
    }
    for kernel in kernels {
        let folder = kernelspec::install(
            kernel,
            &jupyter_dir,
            &project.program,
            kernel_side.std_sources.as_deref(),
        )?;
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
