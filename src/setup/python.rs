//! The Python that JupyterLab, nbval and nbconvert run on.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The oldest Python that the pinned packages are for.
const OLDEST: (u32, u32) = (3, 11);

/// Names under which a Python may be on PATH, the user's first choice first.
const NAMES: [&str; 6] = [
    "python3",
    "python",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
];

/// A Python interpreter that is new enough.
#[derive(Debug, Clone)]
pub struct Python {
    /// The interpreter.
    pub program: PathBuf,
    /// Its version.
    pub version: Version,
}

/// A version of Python, such as 3.11.7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// There is no Python to work with.
#[derive(Debug, thiserror::Error)]
#[error(
    "no Python {}.{} or newer on PATH{}; install one (Debian: `apt-get install python3 python3-venv`), \
     then run the command again",
    OLDEST.0,
    OLDEST.1,
    listed(.too_old)
)]
pub struct PythonMissing {
    /// The interpreters that were found, but are too old.
    pub too_old: Vec<Python>,
}

fn listed(found: &[Python]) -> String {
    let found: Vec<String> = found
        .iter()
        .map(|python| format!("{} is {}", python.program.display(), python.version))
        .collect();
    if found.is_empty() {
        String::new()
    } else {
        format!(" ({})", found.join(", "))
    }
}

impl Python {
    /// Looks for a Python on PATH that is new enough.
    ///
    /// # Errors
    /// [`PythonMissing`] with the ones that are too old.
    pub fn find() -> Result<Self, PythonMissing> {
        let mut too_old: Vec<Self> = Vec::new();
        for name in NAMES {
            let Ok(program) = which::which(name) else {
                continue;
            };
            // A name on PATH may be a version manager's stand-in that starts nothing.
            let Some(version) = Version::of(&program) else {
                continue;
            };
            let python = Self { program, version };
            if (version.major, version.minor) >= OLDEST {
                return Ok(python);
            }
            if too_old.iter().all(|other| other.version != version) {
                too_old.push(python);
            }
        }
        Err(PythonMissing { too_old })
    }
}

impl Version {
    /// Asks the interpreter `program` for its version; `None` if it does not run.
    pub fn of(program: &Path) -> Option<Self> {
        let output = Command::new(program)
            .args(["-I", "-c", "import sys; print(*sys.version_info[:3])"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        if !output.status.success() {
            return None;
        }
        Self::parse(std::str::from_utf8(&output.stdout).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split_whitespace().map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Self {
            major: next()?,
            minor: next()?,
            patch: next()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_three_numbers() {
        assert_eq!(
            Version::parse("3 11 7\n"),
            Some(Version {
                major: 3,
                minor: 11,
                patch: 7
            })
        );
        assert_eq!(Version::parse("3 11"), None);
    }

    #[test]
    fn the_message_names_what_is_too_old() {
        let old = Python {
            program: "bin/python3".into(),
            version: Version {
                major: 3,
                minor: 9,
                patch: 2,
            },
        };
        let text = PythonMissing { too_old: vec![old] }.to_string();
        assert!(
            text.contains("3.11 or newer") && text.contains("bin/python3 is 3.9.2"),
            "{text}"
        );
    }
}
