//! What `cargo bench --bench compare` starts: both kernels measured by one Jupyter client.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::setup::progress::Progress;
use crate::setup::{self, Project};

/// Sets up what is missing, and becomes the benchmark.
pub(super) fn run(
    project: &Project,
    args: &[OsString],
    progress: &Progress,
) -> anyhow::Result<ExitCode> {
    if !cfg!(feature = "stock") {
        bail!("the stock kernel is not in this build; leave out `--no-default-features`");
    }
    let venv = setup::ensure_all(project, &[project.notebooks()].into(), progress)?;
    let error = venv
        .command(project)
        .args(["-m", "side_by_side"])
        .args(args)
        .env("PYTHONPATH", project.root.join("benches").join("compare"))
        .current_dir(&project.root)
        .exec();
    Err(error)
        .context("cannot start the Python environment; `cargo lessons doctor` looks for the cause")
}
