//! `cargo lessons lab`: JupyterLab on the lessons.

use std::convert::Infallible;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use anyhow::Context as _;

use crate::setup::kernelspec::Kernel;
use crate::setup::progress::Progress;
use crate::setup::{self, Project};

/// Sets up what is missing, and becomes JupyterLab.
pub(super) fn run(
    project: &Project,
    args: &[OsString],
    progress: &Progress,
) -> anyhow::Result<ExitCode> {
    let venv = setup::ensure_all(project, &[project.notebooks()].into(), progress)?;
    let mut command = venv.command(project);
    command.args(["-m", "jupyterlab"]);
    // A new notebook is one for our kernel, and no sidebar asks the network for extensions.
    let default_kernel = Kernel::Lessons.name();
    command.arg(format!(
        "--MultiKernelManager.default_kernel_name={default_kernel}"
    ));
    command.arg("--LabApp.extension_manager=readonly");
    if nix::unistd::geteuid().is_root() {
        progress.say("You are root: starting JupyterLab with --allow-root.");
        command.arg("--allow-root");
    }
    command.args(args).current_dir(project.notebooks());
    match become_it(command) {
        Err(error) => Err(error)
            .context("cannot start JupyterLab; `cargo lessons doctor` looks for the cause"),
        Ok(never) => match never {},
    }
}

/// Puts the program in the place of this one: then the terminal's Ctrl-C, and a signal sent to the
/// process that the user started, reach JupyterLab itself.
fn become_it(mut command: Command) -> io::Result<Infallible> {
    Err(command.exec())
}
