//! `cargo lessons handout`: notebooks as HTML pages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use anyhow::{Context as _, bail};

use super::notebook::Notebook;
use super::{FOUND_WRONG, absolute};
use crate::kernel::history::HISTORY_VAR;
use crate::setup::kernelspec::Kernel;
use crate::setup::progress::Progress;
use crate::setup::venv::Venv;
use crate::setup::{self, Project};

/// Runs the notebooks and writes a page for each.
pub(super) fn run(
    project: &Project,
    named: &[PathBuf],
    out: Option<&Path>,
    progress: &Progress,
) -> anyhow::Result<ExitCode> {
    let notebooks = Notebook::choose(project, named)?;
    let out = match out {
        Some(folder) => absolute(folder)?,
        None => project.root.join("handouts"),
    };
    let venv = setup::ensure_all(project, &Notebook::folders(&notebooks), progress)?;
    fs::create_dir_all(&out).with_context(|| {
        format!(
            "cannot make the folder `{}`; choose another with `--out DIR`",
            out.display()
        )
    })?;
    let mut all_written = true;
    for notebook in &notebooks {
        all_written &= export(project, &venv, notebook, &out, progress)?;
    }
    Ok(if all_written {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FOUND_WRONG)
    })
}

/// Exports one notebook; `false`, with the reason printed, if it could not be.
fn export(
    project: &Project,
    venv: &Venv,
    notebook: &Notebook,
    out: &Path,
    progress: &Progress,
) -> anyhow::Result<bool> {
    let shown = project.shown(&notebook.path);
    let step = progress.step(format!("Running {shown} and writing its page"));
    let output = venv
        .command(project)
        .arg(project.root.join("handout").join("export.py"))
        .arg(&notebook.path)
        .arg("--out")
        .arg(out)
        .args(["--kernel", Kernel::Lessons.name()])
        // Nobody typed these cells.
        .env(HISTORY_VAR, "off")
        .current_dir(&project.root)
        .stdin(Stdio::null())
        .output()
        .context(
            "cannot start the Python environment; `cargo lessons doctor` looks for the cause",
        )?;
    if !output.status.success() {
        drop(step);
        let message = String::from_utf8_lossy(&output.stderr);
        let message = format!("no page for {shown}\n{}", message.trim_end());
        // 1: the notebook is at fault; anything else: the export could not do its work.
        if output.status.code() != Some(1) {
            bail!(message);
        }
        eprintln!("error: {message}");
        return Ok(false);
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let page = said
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or_default()
        .trim();
    let page = Path::new(page);
    let size = fs::metadata(page)
        .with_context(|| {
            format!(
                "the export of {shown} ended well, but left no page `{}`",
                page.display()
            )
        })?
        .len();
    step.close();
    println!(
        "{shown} → {} ({} kB, needs no network)",
        project.shown(page),
        size.div_ceil(1000)
    );
    Ok(true)
}
