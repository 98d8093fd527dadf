//! `cargo lessons doctor`: what is found, what is missing, and the command that mends it.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use super::FOUND_WRONG;
use crate::setup::kernelspec::{self, Kernel};
use crate::setup::prepared::Prepared;
use crate::setup::python::{Python, Version};
use crate::setup::toolchain::Toolchain;
use crate::setup::venv::Venv;
use crate::setup::{self, Project, browser, std_sources};

/// Mends whatever the project itself can mend.
const SET_UP: &str = "cargo lessons setup";

/// One thing that the lessons need or can use.
#[derive(Debug)]
struct Finding {
    what: &'static str,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Here; the text is its version or place.
    Found(String),
    /// Needed, and not here.
    Missing { why: String, mend: String },
    /// Not here, and not needed by learners.
    Without { why: String, mend: String },
}

/// Looks at everything, changes nothing, and prints a table.
pub(super) fn run(project: &Project) -> anyhow::Result<ExitCode> {
    let findings = look(project);
    print!("{}", table(&findings));
    let missing = findings
        .iter()
        .filter(|finding| matches!(finding.state, State::Missing { .. }))
        .count();
    if missing == 0 {
        println!("\nNothing needed is missing.");
        return Ok(ExitCode::SUCCESS);
    }
    println!("\n{missing} needed and missing.");
    Ok(ExitCode::from(FOUND_WRONG))
}

fn look(project: &Project) -> Vec<Finding> {
    let toolchain = Toolchain::find();
    let mut findings = vec![rust(&toolchain), linker()];
    findings.push(match &toolchain {
        Ok(toolchain) => sources(toolchain),
        Err(_) => after_rust("Standard library's sources"),
    });
    findings.push(match &toolchain {
        Ok(toolchain) => build_folder(project, toolchain),
        Err(_) => after_rust("Prepared build folder"),
    });
    findings.extend([python(), environment(project)]);
    findings.extend(Kernel::ALL.map(|kernel| kernel_of(project, kernel)));
    findings.push(chromium());
    findings
}

fn rust<E: std::fmt::Display>(toolchain: &Result<Toolchain, E>) -> Finding {
    let state = match toolchain {
        Ok(found) => State::Found(
            found
                .verbose_version
                .lines()
                .next()
                .unwrap_or(&found.release)
                .to_owned(),
        ),
        Err(error) => State::Missing {
            why: error.to_string(),
            mend: "install Rust with rustup, then open a new terminal".into(),
        },
    };
    Finding {
        what: "Rust (rustc, cargo)",
        state,
    }
}

/// For what cannot even be looked for without a toolchain.
fn after_rust(what: &'static str) -> Finding {
    Finding {
        what,
        state: State::Missing {
            why: "unknown without Rust".into(),
            mend: SET_UP.into(),
        },
    }
}

fn linker() -> Finding {
    let state = match which::which("cc") {
        Ok(program) => {
            State::Found(first_line(&program, "--version").unwrap_or_else(|| shown(&program)))
        }
        Err(_) => State::Missing {
            why: "`cc` is not on PATH; rustc links with it".into(),
            mend: "apt-get install gcc libc6-dev (or your system's C compiler)".into(),
        },
    };
    Finding {
        what: "Linker (cc)",
        state,
    }
}

fn sources(toolchain: &Toolchain) -> Finding {
    let state = match std_sources::find(toolchain) {
        Some(folder) => State::Found(shown(&folder)),
        None => State::Missing {
            why: "types cannot be inferred without".into(),
            mend: "rustup component add rust-src".into(),
        },
    };
    Finding {
        what: "Standard library's sources",
        state,
    }
}

fn build_folder(project: &Project, toolchain: &Toolchain) -> Finding {
    let missing = |why: String| State::Missing {
        why,
        mend: SET_UP.into(),
    };
    let state = match setup::request_for(&project.notebooks()) {
        Ok(request) => match Prepared::find(toolchain, &request) {
            Some(found) => State::Found(found.runtime.parent().map(shown).unwrap_or_default()),
            None => missing("not made for this toolchain and support crate".into()),
        },
        Err(error) => missing(error.to_string()),
    };
    Finding {
        what: "Prepared build folder",
        state,
    }
}

fn python() -> Finding {
    let state = match Python::find() {
        Ok(python) => State::Found(format!(
            "Python {} ({})",
            python.version,
            python.program.display()
        )),
        Err(error) => State::Missing {
            why: error
                .to_string()
                .split(';')
                .next()
                .unwrap_or_default()
                .to_owned(),
            mend: "apt-get install python3 python3-venv (or your system's Python)".into(),
        },
    };
    Finding {
        what: "Python",
        state,
    }
}

fn environment(project: &Project) -> Finding {
    let state = match Venv::find(project) {
        Some(venv) => match Version::of(&venv.python()) {
            Some(version) => State::Found(format!(
                ".venv with Python {version}, as requirements.txt says"
            )),
            None => State::Missing {
                why: "the Python in .venv does not start".into(),
                mend: format!("rm -r .venv && {SET_UP}"),
            },
        },
        None => State::Missing {
            why: ".venv is not there, or not as requirements.txt says".into(),
            mend: SET_UP.into(),
        },
    };
    Finding {
        what: "Python environment",
        state,
    }
}

fn kernel_of(project: &Project, kernel: Kernel) -> Finding {
    let (what, ours) = match kernel {
        Kernel::Lessons => ("Kernel rust-lessons", true),
        Kernel::Stock => ("Kernel rust-stock", false),
    };
    let installed = Venv::find(project)
        .and_then(|venv| kernelspec::installed_program(kernel, &venv.jupyter_dir()));
    let state = match installed {
        Some(program) if program == project.program => State::Found("registered in .venv".into()),
        Some(program) if program.is_file() => State::Found(format!(
            "registered in .venv, starting another build: {}",
            program.display()
        )),
        other => {
            let why = match other {
                Some(program) => format!(
                    "registered with a program that is gone: {}",
                    program.display()
                ),
                None => "not registered in .venv".to_owned(),
            };
            let mend = SET_UP.to_owned();
            if ours {
                State::Missing { why, mend }
            } else {
                State::Without { why, mend }
            }
        }
    };
    Finding { what, state }
}

fn chromium() -> Finding {
    let state = match browser::find() {
        Some(program) => {
            State::Found(browser::version(&program).unwrap_or_else(|| shown(&program)))
        }
        None => State::Without {
            why: "only `cargo test` needs it".into(),
            mend: "apt-get install chromium".into(),
        },
    };
    Finding {
        what: "Chromium",
        state,
    }
}

/// The table: a mark, what it is, what was found; below a missing one, the command that mends it.
fn table(findings: &[Finding]) -> String {
    let width = findings
        .iter()
        .map(|finding| finding.what.len())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for Finding { what, state } in findings {
        let (mark, found, mend) = match state {
            State::Found(found) => ("ok     ", found, None),
            State::Missing { why, mend } => ("MISSING", why, Some(mend)),
            State::Without { why, mend } => ("without", why, Some(mend)),
        };
        text.push_str(&format!("{mark}  {what:width$}  {found}\n"));
        if let Some(mend) = mend {
            text.push_str(&format!("         {:width$}  to mend it: {mend}\n", ""));
        }
    }
    text
}

fn first_line(program: &Path, arg: &str) -> Option<String> {
    let output = Command::new(program)
        .arg(arg)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    Some(
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .next()?
            .to_owned(),
    )
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_comes_with_its_command() {
        let text = table(&[
            Finding {
                what: "Python",
                state: State::Found("Python 3.11.7".into()),
            },
            Finding {
                what: "Kernel",
                state: State::Missing {
                    why: "not registered".into(),
                    mend: SET_UP.into(),
                },
            },
        ]);
        assert_eq!(
            text,
            "ok       Python  Python 3.11.7\n\
             MISSING  Kernel  not registered\n         \
             \u{20}       to mend it: cargo lessons setup\n"
        );
    }
}
