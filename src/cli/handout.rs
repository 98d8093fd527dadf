//! `cargo lessons handout`: notebooks as HTML pages.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use anyhow::{Context as _, bail};

use super::notebook::Notebook;
use super::{CANNOT, FOUND_WRONG, absolute, print_causes};
use crate::kernel::history::HISTORY_VAR;
use crate::setup::kernelspec::Kernel;
use crate::setup::progress::Progress;
use crate::setup::venv::Venv;
use crate::setup::{self, Project};

/// How pages are made.
#[derive(Debug, Clone, Copy)]
pub(super) struct How<'a> {
    /// The folder for the pages, if not the usual one.
    pub out: Option<&'a Path>,
    /// Whether what is folded is open.
    pub solutions: bool,
    /// How long a cell may take.
    pub timeout_s: u32,
}

/// Runs the notebooks and writes a page for each.
pub(super) fn run(
    project: &Project,
    named: &[PathBuf],
    how: &How<'_>,
    progress: &Progress,
) -> anyhow::Result<ExitCode> {
    let chosen = Notebook::choose(project, named)?;
    let notebooks = chosen.notebooks;
    refuse_same_page(&notebooks)?;
    for error in &chosen.unusable {
        print_causes(error);
    }
    if notebooks.is_empty() {
        return Ok(ExitCode::from(CANNOT));
    }
    let out = match how.out {
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
    // Links between notebooks become links between pages: those of this run, and all lessons.
    let mut linked = Notebook::lessons(project)?;
    linked.extend(notebooks.iter().map(|notebook| notebook.path.clone()));
    let mut options = vec!["--timeout".into(), how.timeout_s.to_string().into()];
    if how.solutions {
        options.push("--solutions".into());
    }
    for path in linked {
        options.extend(["--linked".into(), path.into_os_string()]);
    }
    let mut all_written = true;
    for notebook in &notebooks {
        all_written &= export(project, &venv, notebook, &out, &options, progress)?;
    }
    Ok(if !chosen.unusable.is_empty() {
        ExitCode::from(CANNOT)
    } else if all_written {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FOUND_WRONG)
    })
}

/// Two notebooks of one name would become the same page, and the second would take the place of the
/// first.
fn refuse_same_page(notebooks: &[Notebook]) -> anyhow::Result<()> {
    let mut pages: HashMap<Option<&OsStr>, &Path> = HashMap::new();
    for Notebook { path } in notebooks {
        if let Some(other) = pages.insert(path.file_stem(), path) {
            bail!(
                "`{}` and `{}` would both become `{}.html`; rename one, or write them to different \
                 folders with `--out DIR`",
                other.display(),
                path.display(),
                path.file_stem().unwrap_or_default().display()
            );
        }
    }
    Ok(())
}

/// Exports one notebook; `false`, with the reason printed, if it could not be.
fn export(
    project: &Project,
    venv: &Venv,
    notebook: &Notebook,
    out: &Path,
    options: &[OsString],
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
        .args(options)
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
