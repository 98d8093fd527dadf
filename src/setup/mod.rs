//! What the lessons need on a machine: found where it is, brought where it is missing.

pub mod browser;
pub mod cells;
pub mod debian;
pub mod evcxr_folder;
pub mod evcxr_toml;
pub mod kernelspec;
pub mod lab_settings;
pub mod outside;
pub mod prepared;
pub mod progress;
pub mod python;
pub mod sources;
pub mod std_sources;
pub mod stock;
pub mod toolchain;
pub mod tools;
pub mod venv;
pub mod warm;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use evcxr_toml::{EvcxrToml, EvcxrTomlError};
use kernelspec::{Kernel, KernelspecError};
use prepared::{PrepareError, Prepared, Request};
use progress::{Progress, Step};
use python::{Python, PythonMissing};
use std_sources::StdSourcesMissing;
use toolchain::{Toolchain, ToolchainError};
use venv::{Venv, VenvError};

/// The folder of the project and the program that was built from it.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder that has `notebooks`, `check`, `handout` and `requirements.txt` in it.
    pub root: PathBuf,
    /// This program, which kernelspecs name.
    pub program: PathBuf,
}

impl Project {
    /// The project in the folder `root`, with `program` as the program that kernelspecs name.
    pub fn new(root: impl Into<PathBuf>, program: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            program: program.into(),
        }
    }

    /// The project that this program was built from.
    pub fn built_from(program: impl Into<PathBuf>) -> Self {
        Self::new(env!("CARGO_MANIFEST_DIR"), program)
    }

    /// The folder with the lessons.
    pub fn notebooks(&self) -> PathBuf {
        self.root.join("notebooks")
    }

    /// The pinned Python packages.
    pub fn requirements(&self) -> PathBuf {
        self.root.join("requirements.txt")
    }

    /// `path` as it is best shown: relative to the project if it is in there.
    pub fn shown<'path>(&self, path: &'path Path) -> std::path::Display<'path> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

/// A part of the set-up that nothing works without failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// No Rust toolchain.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    /// No Python.
    #[error(transparent)]
    Python(#[from] PythonMissing),
    /// No Python environment.
    #[error(transparent)]
    Venv(#[from] VenvError),
    /// No kernelspec.
    #[error(transparent)]
    Kernelspec(#[from] KernelspecError),
    /// The settings of the notebooks' folder cannot be used.
    #[error(transparent)]
    Settings(#[from] EvcxrTomlError),
    /// The support crate that these settings name cannot be read.
    #[error("cannot read the support crate that `{}` names", .folder.display())]
    Support {
        /// The folder with the settings.
        folder: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// No runtime or support crate for the cells.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
}

/// The Rust that compiles cells.
#[derive(Debug)]
pub struct RustSide {
    /// The toolchain.
    pub toolchain: Toolchain,
    /// The standard library's sources; the kernel works without, within limits.
    pub std_sources: Option<PathBuf>,
}

/// Finds the toolchain, and finds or brings the standard library's sources.
///
/// # Errors
/// [`SetupError::Toolchain`]. Missing sources are reported, not an error.
pub fn ensure_rust(progress: &Progress) -> Result<RustSide, SetupError> {
    let toolchain = Toolchain::find()?;
    let std_sources = match std_sources::ensure(&toolchain, progress) {
        Ok(found) => Some(found),
        Err(missing) => {
            report_missing_sources(&missing, progress);
            None
        }
    };
    Ok(RustSide {
        toolchain,
        std_sources,
    })
}

/// Finds or makes the compiled runtime and support crate for a kernel that is started in `folder`,
/// so that no cell has to wait for it.
///
/// # Errors
/// [`SetupError`] if the folder's settings cannot be used, or the compiling fails.
pub fn ensure_prepared(
    project: &Project,
    toolchain: &Toolchain,
    folder: &Path,
    progress: &Progress,
) -> Result<Prepared, SetupError> {
    let request = request_for(folder)?;
    let under_way: RefCell<Option<Step>> = RefCell::new(None);
    let say = |line: &str| {
        let mut step = under_way.borrow_mut();
        drop(step.take()); // the one before is over
        *step = Some(progress.step(line.trim_end_matches([' ', '…'])));
    };
    Ok(Prepared::ensure(
        &project.program,
        toolchain,
        &request,
        &say,
    )?)
}

/// What a kernel asks for that is started in `folder`.
///
/// # Errors
/// [`SetupError::Settings`] or [`SetupError::Support`] if the folder's `evcxr.toml` cannot be used.
pub fn request_for(folder: &Path) -> Result<Request, SetupError> {
    let settings = EvcxrToml::find(folder)?;
    Request::for_settings(&settings).map_err(|source| SetupError::Support {
        folder: folder.to_owned(),
        source,
    })
}

/// Finds or makes everything that `lab`, `check` and `handout` need: the Python environment, what
/// kernels need that are started in `folders`, and the kernelspecs. A second call changes nothing
/// and needs no network.
///
/// # Errors
/// [`SetupError`]. What cannot be brought (a toolchain, a Python) is looked for before anything is
/// changed.
pub fn ensure_all(
    project: &Project,
    folders: &BTreeSet<PathBuf>,
    progress: &Progress,
) -> Result<Venv, SetupError> {
    Toolchain::find()?;
    if Venv::find(project).is_none() {
        Python::find()?;
    }
    let venv = Venv::ensure(project, progress)?;
    let rust = ensure_rust(progress)?;
    for folder in folders {
        ensure_prepared(project, &rust.toolchain, folder, progress)?;
    }
    for kernel in Kernel::ALL {
        if kernel == Kernel::Stock && !cfg!(feature = "stock") {
            continue;
        }
        let program = match kernel {
            Kernel::Lessons => project.program.clone(),
            Kernel::Stock => match stock::ensure(project, &rust.toolchain, progress) {
                Ok(program) => program,
                // Nobody needs it for a lesson.
                Err(error) => {
                    progress.say(&format!(
                        "The stock kernel, to compare with, is missing: {error}"
                    ));
                    continue;
                }
            },
        };
        kernelspec::install(
            kernel,
            &venv.jupyter_dir(),
            &program,
            rust.std_sources.as_deref(),
        )?;
    }
    lab_settings::install(&venv.jupyter_dir())?;
    lab_settings::install_server(&venv.config_dir())?;
    Ok(venv)
}

fn report_missing_sources(missing: &StdSourcesMissing, progress: &Progress) {
    for attempt in &missing.tried {
        progress.say(&attempt.to_string());
    }
    progress.say(&format!("Going on without: {missing}."));
}
