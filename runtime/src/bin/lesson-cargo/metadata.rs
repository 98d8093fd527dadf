//! What cargo says of the dependencies, kept.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};

use serde::{Deserialize, Serialize};

use crate::compile::exit_code;
use crate::key::Build;
use crate::outside;
use crate::record::{asked, crates_stay};
use crate::recording::{keep_json, with_folder, without_folder};

#[derive(Serialize, Deserialize)]
struct Said {
    stdout: String,
    /// evcxr looks for warnings.
    stderr: String,
}

/// Answers with what cargo has said before, or asks it and keeps what it says.
///
/// # Errors
/// When cargo cannot be started.
pub fn answer(build: &Build, args: &[OsString]) -> io::Result<ExitCode> {
    let file = file(build);
    if let Ok(file) = &file
        && let Ok(text) = fs::read_to_string(file)
        && let Ok(said) = serde_json::from_str::<Said>(&text)
    {
        io::stderr().write_all(with_folder(&said.stderr, build).as_bytes())?;
        io::stdout().write_all(with_folder(&said.stdout, build).as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let output = asked(build, args)?
        .stdin(Stdio::null())
        .output()
        .map_err(|error| outside::not_started(&error))?;
    io::stderr().write_all(&output.stderr)?;
    io::stdout().write_all(&output.stdout)?;
    if output.status.success()
        && crates_stay(build)
        && let Ok(file) = file
        && let (Ok(stdout), Ok(stderr)) = (
            String::from_utf8(output.stdout),
            String::from_utf8(output.stderr),
        )
    {
        let said = Said {
            stdout: without_folder(&stdout, build),
            stderr: without_folder(&stderr, build),
        };
        // Without it the next question is cargo's as well.
        let _ = keep_json(&file, &said);
    }
    Ok(exit_code(output.status))
}

fn file(build: &Build) -> io::Result<PathBuf> {
    let folder = build.folder.join(lesson_runtime::tools::RECORDED);
    Ok(folder.join(format!("{}.metadata.json", build.key()?)))
}
