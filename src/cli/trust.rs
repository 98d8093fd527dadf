//! JupyterLab hides pictures that are stored in a notebook until it is told that the notebook is trusted.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use include_dir::{Dir, include_dir};

use crate::setup::Project;
use crate::setup::progress::Progress;
use crate::setup::venv::Venv;

/// The lessons as they were when this program was built.
static LESSONS: Dir<'_> = include_dir!("$OUT_DIR/notebooks");

/// Tells Jupyter to trust the lessons of the project that are as they were delivered. What anybody else has
/// put beside them, or made of them, is for its reader to trust.
pub(super) fn trust_lessons(project: &Project, venv: &Venv, progress: &Progress) {
    let folder = project.notebooks();
    let unchanged: Vec<PathBuf> = LESSONS
        .files()
        .map(|file| (folder.join(file.path()), file.contents()))
        .filter(|(path, contents)| std::fs::read(path).is_ok_and(|there| there == *contents))
        .map(|(path, _)| path)
        .collect();
    if unchanged.is_empty() {
        return;
    }
    let mut sign: Command = venv.command(project);
    sign.args(["-m", "nbformat.sign"])
        .args(unchanged)
        .stdin(Stdio::null());
    // The lessons work without, and their pictures come when cells are run.
    if !sign.output().is_ok_and(|output| output.status.success()) {
        progress.say(
            "Jupyter could not note that the lessons are trusted: their stored pictures appear when \
             cells are run, or after `jupyter trust notebooks/*.ipynb`.",
        );
    }
}
