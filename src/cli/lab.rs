//! `cargo lessons lab`: JupyterLab on the lessons.

use std::convert::Infallible;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Context as _;

use super::notebook::Notebook;
use super::trust;
use crate::setup::kernelspec::Kernel;
use crate::setup::progress::Progress;
use crate::setup::{self, Project};

/// Sets up what is missing, and becomes JupyterLab.
pub(super) fn run(
    project: &Project,
    args: &[OsString],
    progress: &Progress,
) -> anyhow::Result<ExitCode> {
    let args = with_notebooks(project, args)?;
    let venv = setup::ensure_all(project, &[project.notebooks()].into(), progress)?;
    trust::trust_lessons(project, &venv, progress);
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

/// JupyterLab's arguments, with the path of each notebook that is named as the other commands name
/// it; one that is not there is refused, since JupyterLab would take it for a page of its own.
fn with_notebooks(project: &Project, args: &[OsString]) -> anyhow::Result<Vec<OsString>> {
    let mut after_option = false;
    let mut resolved = Vec::new();
    for arg in args {
        let name = Path::new(arg);
        let option = arg.as_encoded_bytes().starts_with(b"-");
        let may_be_value = after_option && name.extension().is_none_or(|end| end != "ipynb");
        after_option = option && !arg.as_encoded_bytes().contains(&b'=');
        resolved.push(if option {
            arg.clone()
        } else if name.is_dir() {
            std::path::absolute(name)?.into()
        } else {
            match Notebook::path_of(project, name) {
                Ok(path) => path.into(),
                // The 8899 of `--port 8899`.
                Err(_) if may_be_value => arg.clone(),
                Err(error) => return Err(error.into()),
            }
        });
    }
    Ok(resolved)
}

/// Puts the program in the place of this one: then the terminal's Ctrl-C, and a signal sent to the
/// process that the user started, reach JupyterLab itself.
fn become_it(mut command: Command) -> io::Result<Infallible> {
    Err(command.exec())
}
