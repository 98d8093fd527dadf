//! Rules that every tracked file keeps.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rust_lessons::setup::Project;

use crate::program::project;

/// What git tracks or would track; without git, everything but what is built.
fn files(project: &Project) -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(&project.root)
        .output();
    let mut files = match listed {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout)
            .split_terminator('\0')
            .map(|relative| project.root.join(relative))
            .collect(),
        _ => {
            let mut files = Vec::new();
            walk(&project.root, &mut files);
            files
        }
    };
    files.retain(|path| path.is_file());
    assert!(
        files.len() > 20,
        "only {} files: that cannot be all",
        files.len()
    );
    files
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    const BUILT: [&str; 5] = ["target", ".venv", ".git", "handouts", "__pycache__"];
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() && !BUILT.iter().any(|built| entry.file_name() == *built) {
            walk(&path, files);
        } else if path.is_file() {
            files.push(path);
        }
    }
}

/// The text files, each with its lines.
fn lines(project: &Project) -> Vec<(String, Vec<String>)> {
    let text = |path: PathBuf| {
        let shown = project.shown(&path).to_string();
        let text = fs::read_to_string(path).ok()?; // a picture is no text
        Some((shown, text.lines().map(str::to_owned).collect()))
    };
    files(project).into_iter().filter_map(text).collect()
}

#[test]
fn no_path_of_one_machine_is_in_a_file() {
    let project = project();
    // Put together here, or this file would break its own rule.
    let mut paths: Vec<String> = [["/wo", "rk/"], ["/ro", "ot/"], ["/Us", "ers/"]]
        .map(|parts| parts.concat())
        .into();
    paths.push(project.root.display().to_string());
    if let Some(home) = std::env::home_dir().filter(|home| home.components().count() > 2) {
        paths.push(home.display().to_string());
    }
    let mut found = Vec::new();
    for (file, lines) in lines(&project) {
        for (index, line) in lines.iter().enumerate() {
            if paths.iter().any(|path| line.contains(path.as_str())) {
                found.push(format!("{file}:{}: {}", index + 1, line.trim()));
            }
        }
    }
    assert!(
        found.is_empty(),
        "paths that exist on one machine only:\n{}",
        found.join("\n")
    );
}

#[test]
fn no_stored_output_names_a_temporary_folder() {
    let project = project();
    let temporary = ["/t", "mp/"].concat();
    for (file, lines) in lines(&project) {
        if file.ends_with(".ipynb") {
            let found: Vec<&String> = lines
                .iter()
                .filter(|line| line.contains(&temporary))
                .collect();
            assert!(found.is_empty(), "{file} differs in every run: {found:?}");
        }
    }
}

#[test]
fn every_file_ends_with_a_line_end() {
    let project = project();
    // A fuzzer's inputs are what they are.
    let inputs = project.root.join("fuzz").join("corpus");
    let open_ended: Vec<PathBuf> = files(&project)
        .into_iter()
        .filter(|path| {
            !path.starts_with(&inputs)
                && fs::read_to_string(path)
                    .is_ok_and(|text| !text.is_empty() && !text.ends_with('\n'))
        })
        .collect();
    assert!(open_ended.is_empty(), "{open_ended:?}");
}
