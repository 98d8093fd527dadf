//! The project's own Python environment, `.venv`, from the pinned `requirements.txt`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, iter};

use sha2::{Digest as _, Sha256};

use super::Project;
use super::debian::Apt;
use super::outside::{self, OutsideError};
use super::progress::{Progress, Step};
use super::python::{Python, PythonMissing};

/// Holds the hash of the `requirements.txt` that the environment was made from.
const STAMP: &str = "lessons-requirements.sha256";

/// The Python environment could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VenvError {
    /// No Python to make it with.
    #[error(transparent)]
    Python(#[from] PythonMissing),
    /// A file of it could not be read or written.
    #[error("cannot use `{}`", .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Python's `venv` module did not do its work.
    #[error(
        "cannot make the Python environment; where Python comes without `venv`, install that \
         (Debian: `apt-get install python3-venv`), then run the command again"
    )]
    Make(#[source] OutsideError),
    /// The packages could not be installed.
    #[error(
        "cannot install the Python packages of requirements.txt; the first set-up needs the network, \
         so mend that and run the command again"
    )]
    Packages(#[source] OutsideError),
}

/// The project's Python environment, with the packages of `requirements.txt` in it.
#[derive(Debug, Clone)]
pub struct Venv {
    root: PathBuf,
}

impl Venv {
    /// The environment of `project`, if it is there and made from the present `requirements.txt`.
    pub fn find(project: &Project) -> Option<Self> {
        let venv = Self {
            root: project.root.join(".venv"),
        };
        let wanted = wanted_stamp(project).ok()?;
        let stamp = fs::read_to_string(venv.root.join(STAMP)).ok()?;
        (stamp == wanted && venv.python().exists()).then_some(venv)
    }

    /// Makes the environment, or brings it in step with `requirements.txt`; does nothing, and needs
    /// no network, when it is.
    ///
    /// # Errors
    /// [`VenvError`]; what is half made by then is completed by the next call.
    pub fn ensure(project: &Project, progress: &Progress) -> Result<Self, VenvError> {
        if let Some(venv) = Self::find(project) {
            return Ok(venv);
        }
        let requirements = project.requirements();
        let io_error = |path: &Path| {
            let path = path.to_owned();
            move |source| VenvError::Io { path, source }
        };
        // Two commands may get here at once. The lock file is one that exists anyway.
        let lock = File::open(&requirements).map_err(io_error(&requirements))?;
        lock.lock().map_err(io_error(&requirements))?;
        if let Some(venv) = Self::find(project) {
            return Ok(venv);
        }

        let venv = Self {
            root: project.root.join(".venv"),
        };
        if !venv.python().exists() {
            venv.make(progress)?;
        }
        let step = progress.step("Installing the Python packages of requirements.txt into .venv");
        let mut pip = Command::new(venv.python());
        pip.args([
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-input",
            "-r",
        ])
        .arg(&requirements)
        .env_remove("PYTHONHOME")
        .env_remove("PYTHONPATH");
        outside::run(pip, &step, None).map_err(VenvError::Packages)?;
        step.done("Installed the Python packages");
        let stamp = venv.root.join(STAMP);
        let wanted = wanted_stamp(project).map_err(io_error(&requirements))?;
        fs::write(&stamp, wanted).map_err(io_error(&stamp))?;
        Ok(venv)
    }

    fn make(&self, progress: &Progress) -> Result<(), VenvError> {
        let python = Python::find()?;
        let step = progress.step(format!("Making .venv with Python {}", python.version));
        let Err(first) = self.make_with(&python, &step) else {
            step.done("Made .venv");
            return Ok(());
        };
        // Debian ships Python without the part of `venv` that installs pip.
        let Some(apt) = Apt::usable().filter(|_| !has_ensurepip(&python)) else {
            return Err(VenvError::Make(first));
        };
        step.close();
        apt.install(
            "python3-venv",
            "Python's own tool to make an environment is missing",
            progress,
        )
        .map_err(VenvError::Make)?;
        let step = progress.step(format!("Making .venv with Python {}", python.version));
        self.make_with(&python, &step).map_err(VenvError::Make)?;
        step.done("Made .venv");
        Ok(())
    }

    fn make_with(&self, python: &Python, step: &Step) -> Result<(), OutsideError> {
        let mut command = Command::new(&python.program);
        // `--clear`: what is there has no working interpreter, or this would not be called.
        command.args(["-m", "venv", "--clear"]).arg(&self.root);
        outside::run(command, step, None).map(drop)
    }

    /// The environment's interpreter.
    pub fn python(&self) -> PathBuf {
        self.root.join("bin").join("python")
    }

    /// The folder in which Jupyter looks for kernels and settings of this environment.
    pub fn jupyter_dir(&self) -> PathBuf {
        self.root.join("share").join("jupyter")
    }

    /// The folder in which Jupyter Server looks for settings of this environment.
    pub fn config_dir(&self) -> PathBuf {
        self.root.join("etc").join("jupyter")
    }

    /// The interpreter as a command for `project`: its kernels before the user's, no byte code
    /// left in the project's folders, and `LESSONS_PROGRAM` and `LESSONS_PROJECT` saying where
    /// things are.
    pub fn command(&self, project: &Project) -> Command {
        let mut command = Command::new(self.python());
        let bin = self.root.join("bin");
        let path = env::var_os("PATH").unwrap_or_default();
        let path = iter::once(bin).chain(env::split_paths(&path));
        command
            .env("PATH", env::join_paths(path).unwrap_or_default())
            .env("VIRTUAL_ENV", &self.root)
            .env("JUPYTER_PREFER_ENV_PATH", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            // Or nbval leaves an empty `.ipython` in the home folder.
            .env("IPYTHONDIR", self.root.join("share").join("ipython"))
            .env("LESSONS_PROGRAM", &project.program)
            .env("LESSONS_PROJECT", &project.root)
            .env_remove("PYTHONHOME")
            .env_remove("PYTHONPATH");
        match env::var_os("LD_LIBRARY_PATH").map(|path| without_cargo_folders(&path, project)) {
            Some(path) if !path.is_empty() => command.env("LD_LIBRARY_PATH", path),
            _ => command.env_remove("LD_LIBRARY_PATH"),
        };
        command
    }
}

/// `cargo run` and `cargo test` put the build folder and the toolchain on the library path. A
/// kernel must not see that: the support library that cells load is another one than the one in the
/// build folder, and a kernel started by Jupyter alone would not have it either.
fn without_cargo_folders(path: &OsString, project: &Project) -> OsString {
    let build = project.program.parent();
    let kept = env::split_paths(path).filter(|folder| {
        let ours = build.is_some_and(|build| folder.starts_with(build));
        let toolchain = folder.ends_with("lib") && folder.join("rustlib").is_dir();
        !ours && !toolchain && !folder.as_os_str().is_empty()
    });
    env::join_paths(kept).unwrap_or_default()
}

fn has_ensurepip(python: &Python) -> bool {
    Command::new(&python.program)
        .args(["-I", "-c", "import ensurepip"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn wanted_stamp(project: &Project) -> io::Result<String> {
    let hash = Sha256::digest(fs::read(project.requirements())?);
    Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_counts_only_while_its_stamp_is_in_step() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let project = Project::new(folder.path(), "program");
        let bin = folder.path().join(".venv").join("bin");
        fs::create_dir_all(&bin).expect("writable");
        fs::write(bin.join("python"), "").expect("writable");
        fs::write(project.requirements(), "nbval==1\n").expect("writable");
        assert!(Venv::find(&project).is_none(), "no stamp yet");

        let stamp = wanted_stamp(&project).expect("requirements.txt is there");
        fs::write(folder.path().join(".venv").join(STAMP), stamp).expect("writable");
        assert!(Venv::find(&project).is_some());

        fs::write(project.requirements(), "nbval==2\n").expect("writable");
        assert!(
            Venv::find(&project).is_none(),
            "other packages are wanted now"
        );
    }

    #[test]
    fn cargo_folders_leave_the_library_path() {
        let project = Project::new("project", "project/target/debug/rust-lessons");
        let path = OsString::from("project/target/debug/deps:project/target/debug:elsewhere/lib");
        assert_eq!(without_cargo_folders(&path, &project), "elsewhere/lib");
    }
}
