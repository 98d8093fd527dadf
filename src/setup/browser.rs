//! Chromium, with which the tests look at JupyterLab and at handouts. Learners need none of it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::debian::Apt;
use super::outside::OutsideError;
use super::progress::Progress;

/// Names that distributions give Chromium and its relatives.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// There is no browser for the tests.
#[derive(Debug, thiserror::Error)]
#[error(
    "the browser tests need Chromium, and there is none on PATH; install it \
     (Debian: `apt-get install chromium`), then run the tests again"
)]
pub struct BrowserMissing {
    /// How installing it failed, if that was tried.
    #[source]
    pub source: Option<OutsideError>,
}

/// Looks for Chromium on PATH.
pub fn find() -> Option<PathBuf> {
    NAMES.iter().find_map(|name| which::which(name).ok())
}

/// What the browser says about its version.
pub fn version(program: &PathBuf) -> Option<String> {
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Finds Chromium, or installs Debian's package where that is possible.
///
/// # Errors
/// [`BrowserMissing`] if it is not here and cannot be installed.
pub fn ensure(progress: &Progress) -> Result<PathBuf, BrowserMissing> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let source = Apt::usable().and_then(|apt| {
        apt.install("chromium", "the browser tests need it", progress)
            .err()
    });
    find().ok_or(BrowserMissing { source })
}
