//! `cargo lessons check`: do notebooks still do what is stored in them?
//!
//! nbval runs a notebook and compares; the pytest plugin in `check/` verifies what nbval cannot and
//! writes a report, which is read and told here.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Seek as _};
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;
use std::process::{self, Command, ExitCode, ExitStatus, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::notebook::Notebook;
use super::{CANNOT, FOUND_WRONG, print_causes};
use crate::kernel::history::HISTORY_VAR;
use crate::setup::progress::{Progress, Step};
use crate::setup::venv::Venv;
use crate::setup::{self, Project};

/// A kernel is ready within seconds; one that has to wait for others on a small machine takes longer.
const START_LIMIT_S: &str = "120";

/// What the pytest plugin writes to the file named by `LESSON_CHECK_REPORT`. It is one
/// without a name, reached through this process: whatever ends it, no file is left behind.
#[derive(Debug, Deserialize)]
struct Report {
    /// How many code cells there are.
    cells: usize,
    /// How many of them were not run, since one before them did not end.
    #[serde(default)]
    not_run: usize,
    failed: Vec<FailedCell>,
    seconds: f64,
}

#[derive(Debug, Deserialize)]
struct FailedCell {
    /// Index in the notebook, from 0; `None` for what concerns the notebook as a whole.
    cell: Option<usize>,
    /// The cell as a person finds it: its number, its heading, its first line.
    #[serde(default)]
    title: String,
    #[serde(default)]
    reason: String,
    /// A unified diff, ready to print.
    #[serde(default)]
    diff: Option<String>,
    /// Whether an output is not the stored one.
    #[serde(default)]
    differs: bool,
}

/// Checks the notebooks one after the other, and prints a line for each.
pub(super) fn run(
    project: &Project,
    named: &[PathBuf],
    timeout_s: u32,
    progress: &Progress,
) -> anyhow::Result<ExitCode> {
    let chosen = Notebook::choose(project, named)?;
    for error in &chosen.unusable {
        print_causes(error);
    }
    let notebooks = chosen.notebooks;
    if notebooks.is_empty() {
        return Ok(ExitCode::from(CANNOT));
    }
    let venv = setup::ensure_all(project, &Notebook::folders(&notebooks), progress)?;
    let mut red = 0;
    let mut differs = false;
    for notebook in &notebooks {
        let report = check(project, &venv, notebook, timeout_s, progress)?;
        let shown = project.shown(&notebook.path);
        println!("{}", verdict(&shown.to_string(), &report));
        for failed in &report.failed {
            print!("{}", explanation(failed));
        }
        red += usize::from(!report.failed.is_empty());
        differs |= report.failed.iter().any(|failed| failed.differs);
    }
    if red > 0 {
        println!("\n{}", footer(red, notebooks.len(), differs));
    }
    Ok(if !chosen.unusable.is_empty() {
        ExitCode::from(CANNOT)
    } else if red > 0 {
        ExitCode::from(FOUND_WRONG)
    } else {
        ExitCode::SUCCESS
    })
}

fn check(
    project: &Project,
    venv: &Venv,
    notebook: &Notebook,
    timeout_s: u32,
    progress: &Progress,
) -> anyhow::Result<Report> {
    let report_file = tempfile::tempfile().context("cannot make a temporary file")?;
    let report_path = format!("/proc/{}/fd/{}", process::id(), report_file.as_raw_fd());
    let shown = project.shown(&notebook.path).to_string();
    let step = progress.step(format!("Checking {shown}"));
    let started = Instant::now();
    let mut command = venv.command(project);
    command
        .args([
            "-m",
            "pytest",
            "-v",
            "--color=no",
            "-p",
            "lesson_plugin",
            "-p",
            "no:cacheprovider",
        ])
        .args(["--nbval", "--nbval-cell-timeout"])
        .arg(timeout_s.to_string())
        .args(["--nbval-kernel-startup-timeout", START_LIMIT_S, "--rootdir"])
        .arg(&project.root)
        .arg(&notebook.path)
        .env("PYTHONPATH", project.root.join("check"))
        .env("LESSON_CHECK_REPORT", report_path)
        // Nobody typed these cells.
        .env(HISTORY_VAR, "off")
        // A user's own options for pytest are not about our notebooks.
        .env_remove("PYTEST_ADDOPTS")
        .current_dir(&project.root);
    let (status, output) = run_pytest(command, &step).context(
        "cannot start the Python environment; `cargo lessons doctor` looks for the cause",
    )?;
    drop(step);

    match read_report(report_file) {
        Ok(mut report) => {
            if !status.success() && report.failed.is_empty() {
                report.failed.push(FailedCell {
                    cell: None,
                    title: String::new(),
                    reason: format!("pytest says that something failed ({status}):\n{output}"),
                    diff: None,
                    differs: false,
                });
            }
            Ok(report)
        }
        Err(error) => bail!(
            "{shown} could not be checked: after {:.0} s pytest ended with {status} and without a \
             report ({error:#})\n{}\n`cargo lessons doctor` looks for the cause",
            started.elapsed().as_secs_f64(),
            indented(&output)
        ),
    }
}

/// Runs pytest to its end, shows which cell it is at, and returns all that it printed.
fn run_pytest(mut command: Command, step: &Step) -> io::Result<(ExitStatus, String)> {
    let (output, writer) = io::pipe()?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = command.spawn()?;
    drop(command); // closes our write ends
    let mut printed = String::new();
    for line in BufReader::new(output).lines() {
        let line = line?;
        if let Some(cell) = cell_of(&line) {
            step.note(&format!("cell {cell}"));
        }
        printed.push_str(&line);
        printed.push('\n');
    }
    Ok((child.wait()?, printed))
}

/// The `17 of 71` of the plugin's `x.ipynb::Cell 17 of 71`.
fn cell_of(line: &str) -> Option<&str> {
    Some(line.split_once("::Cell ")?.1.trim_end())
}

fn read_report(mut file: File) -> anyhow::Result<Report> {
    file.rewind().context("it cannot be read")?;
    let text = io::read_to_string(file).context("it cannot be read")?;
    if text.is_empty() {
        bail!("it wrote none");
    }
    serde_json::from_str(&text).context("the report cannot be read")
}

fn verdict(notebook: &str, report: &Report) -> String {
    let cells = count(report.cells, "cell");
    let seconds = report.seconds;
    let not_run = match report.not_run {
        0 => String::new(),
        left => format!(" ({left} of them not run)"),
    };
    match report.failed.len() {
        0 if report.cells == 0 => {
            format!("ok      {notebook}  no code to run; only its text was looked at")
        }
        0 => format!("ok      {notebook}  {cells} as stored, in {seconds:.0} s"),
        failed => format!(
            "FAILED  {notebook}  {} in {cells}{not_run}, in {seconds:.0} s",
            count(failed, "finding")
        ),
    }
}

/// How many are red, and what to do if that was meant.
fn footer(red: usize, all: usize, differs: bool) -> String {
    let hint = if differs {
        " If an output is meant to be another one, run the notebook in JupyterLab and save it."
    } else {
        ""
    };
    format!("{red} of {} not in order.{hint}", count(all, "notebook"))
}

/// Which cell; then why; then the difference.
fn explanation(failed: &FailedCell) -> String {
    let place = match (failed.cell, failed.title.as_str()) {
        (None, _) => "the notebook as a whole".to_owned(),
        (Some(cell), "") => format!("cell {}", cell + 1),
        (Some(_), title) => title.to_owned(),
    };
    let mut text = format!("\n  {place}\n{}\n", indented(&failed.reason));
    if let Some(diff) = failed
        .diff
        .as_deref()
        .filter(|diff| !diff.trim().is_empty())
    {
        text.push_str(&indented(diff));
        text.push('\n');
    }
    text
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("    {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn count(number: usize, thing: &str) -> String {
    if number == 1 {
        format!("1 {thing}")
    } else {
        format!("{number} {thing}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_cell_is_told_with_its_diff() {
        let report: Report = serde_json::from_str(
            r#"{"notebook": "x.ipynb", "cells": 12, "seconds": 3.2, "failed": [
                {"cell": 4, "title": "In [3]: ada.join()", "reason": "output differs", "diff": "-3\n+4"}]}"#,
        )
        .expect("the report of the contract");
        assert_eq!(
            verdict("x.ipynb", &report),
            "FAILED  x.ipynb  1 finding in 12 cells, in 3 s"
        );
        assert_eq!(
            explanation(&report.failed[0]),
            "\n  In [3]: ada.join()\n    output differs\n    -3\n    +4\n"
        );
    }

    #[test]
    fn a_new_run_is_suggested_only_where_it_mends_something() {
        assert_eq!(footer(1, 2, false), "1 of 2 notebooks not in order.");
        assert!(footer(1, 1, true).contains("run the notebook in JupyterLab and save it"));
    }

    #[test]
    fn nothing_to_run_and_what_was_not_run_are_told() {
        let report = |cells, not_run| Report {
            cells,
            not_run,
            failed: Vec::new(),
            seconds: 1.0,
        };
        assert!(verdict("x.ipynb", &report(0, 0)).contains("no code to run"));
        let mut stuck = report(5, 2);
        stuck.failed.push(FailedCell {
            cell: Some(2),
            title: String::new(),
            reason: "the cell did not end".into(),
            diff: None,
            differs: false,
        });
        assert!(verdict("x.ipynb", &stuck).contains("in 5 cells (2 of them not run)"));
    }

    #[test]
    fn the_cell_under_way_is_read_from_the_plugins_lines() {
        assert_eq!(cell_of("x.ipynb::Cell 17 of 71\n"), Some("17 of 71"));
        assert_eq!(cell_of("collected 80 items"), None);
    }
}
