//! Kernelspecs: the files by which Jupyter knows a kernel and how to start it.
//!
//! The format is described in "Kernel specs" of the `jupyter_client` documentation.

use std::env;
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::python::{Python, PythonMissing};

const LOGO: &str = include_str!("logo.svg");

/// A kernel that can be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// Our kernel, for which the notebooks are written.
    Lessons,
    /// The kernel of the `evcxr_jupyter` crate as it is, to compare with.
    Stock,
}

impl Kernel {
    /// Both kernels.
    pub const ALL: [Self; 2] = [Self::Lessons, Self::Stock];

    /// The name by which notebooks and Jupyter's commands refer to the kernel.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lessons => "rust-lessons",
            Self::Stock => "rust-stock",
        }
    }

    /// The name that people see.
    pub fn display_name(self) -> &'static str {
        match self {
            Self::Lessons => "Rust (lessons)",
            Self::Stock => "Rust (stock evcxr)",
        }
    }

    /// What goes into `kernel.json`, for `program` being the kernel's program.
    fn spec(self, program: &str, std_sources: Option<&Path>) -> Value {
        let argv = match self {
            Self::Lessons => vec![program, "kernel", "--connection-file", "{connection_file}"],
            Self::Stock => vec![program, "--control_file", "{connection_file}"],
        };
        let mut spec = json!({
            "argv": argv,
            "display_name": self.display_name(),
            "language": "rust",
            "interrupt_mode": "message",
            "metadata": { "debugger": false },
        });
        // Our kernel looks for the sources when it starts. The stock kernel only knows the
        // toolchain's own, or what this variable says: without it the comparison would be unfair.
        if let (Self::Stock, Some(sources)) = (self, std_sources) {
            spec["env"] = json!({ "RUST_SRC_PATH": sources });
        }
        spec
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.display_name())
    }
}

/// Where kernelspecs go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The user's own Jupyter folder: every Jupyter that the user starts sees the kernel.
    User,
    /// The active Python environment: only its Jupyter sees the kernel.
    SysPrefix,
    /// Below a folder of the caller's choice, as in `DIR/share/jupyter/kernels`.
    Prefix(PathBuf),
}

/// A kernelspec could not be written or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KernelspecError {
    /// There is no home folder to put it in.
    #[error(
        "there is no home folder to put the kernelspec in; choose a folder with `--prefix DIR`"
    )]
    NoHome,
    /// No Python whose environment could be meant.
    #[error("no active Python environment")]
    NoPython(#[source] PythonMissing),
    /// The path of this program cannot be written into JSON.
    #[error("the path of this program, `{}`, is not valid UTF-8; move the project", .path.display())]
    ProgramPath {
        /// That path.
        path: PathBuf,
    },
    /// A file could not be written or removed.
    #[error("cannot change `{}`", .path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Place {
    /// The Jupyter data folder of this place; kernelspecs are in its folder `kernels`.
    ///
    /// # Errors
    /// [`KernelspecError::NoHome`], or [`KernelspecError::NoPython`] if it takes a Python to tell.
    pub fn jupyter_dir(&self) -> Result<PathBuf, KernelspecError> {
        let below = |prefix: PathBuf| prefix.join("share").join("jupyter");
        match self {
            Self::User => user_dir().ok_or(KernelspecError::NoHome),
            Self::SysPrefix => active_prefix().map(below),
            Self::Prefix(folder) => Ok(below(folder.clone())),
        }
    }
}

/// As in "Jupyter's common directories" of the Jupyter documentation.
fn user_dir() -> Option<PathBuf> {
    if let Some(folder) = env::var_os("JUPYTER_DATA_DIR").filter(|folder| !folder.is_empty()) {
        return Some(folder.into());
    }
    if cfg!(target_os = "macos") {
        return dirs::home_dir().map(|home| home.join("Library/Jupyter"));
    }
    dirs::data_dir().map(|data| data.join("jupyter"))
}

/// `sys.prefix` of the Python that the user's shell would start.
fn active_prefix() -> Result<PathBuf, KernelspecError> {
    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        if let Some(prefix) = env::var_os(variable).filter(|prefix| !prefix.is_empty()) {
            return Ok(prefix.into());
        }
    }
    let python = Python::find().map_err(KernelspecError::NoPython)?;
    let output = Command::new(&python.program)
        .args(["-I", "-c", "import sys; print(sys.prefix)"])
        .stdin(Stdio::null())
        .output()
        .map_err(|source| KernelspecError::Io {
            path: python.program.clone(),
            source,
        })?;
    Ok(PathBuf::from(
        String::from_utf8_lossy(&output.stdout).trim(),
    ))
}

/// Writes the kernelspec of `kernel` below `jupyter_dir`, and returns its folder. What is there
/// already, and the same, is not written again.
///
/// # Errors
/// [`KernelspecError`] if the path of `program` is not UTF-8 or a file cannot be written.
pub fn install(
    kernel: Kernel,
    jupyter_dir: &Path,
    program: &Path,
    std_sources: Option<&Path>,
) -> Result<PathBuf, KernelspecError> {
    let program = program
        .to_str()
        .ok_or_else(|| KernelspecError::ProgramPath {
            path: program.to_owned(),
        })?;
    let folder = folder(kernel, jupyter_dir);
    fs::create_dir_all(&folder).map_err(|source| KernelspecError::Io {
        path: folder.clone(),
        source,
    })?;
    let mut spec = serde_json::to_string_pretty(&kernel.spec(program, std_sources))
        .expect("a JSON value can be written");
    spec.push('\n');
    write_if_different(&folder.join("logo-svg.svg"), LOGO)?;
    // Last, since Jupyter takes a folder with this file in it for a kernel.
    write_if_different(&folder.join("kernel.json"), &spec)?;
    Ok(folder)
}

/// Removes the kernelspec of `kernel` below `jupyter_dir`; returns its folder, or `None` if there
/// was none.
///
/// # Errors
/// [`KernelspecError::Io`] if it cannot be removed.
pub fn uninstall(kernel: Kernel, jupyter_dir: &Path) -> Result<Option<PathBuf>, KernelspecError> {
    let folder = folder(kernel, jupyter_dir);
    match fs::remove_dir_all(&folder) {
        Ok(()) => Ok(Some(folder)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(KernelspecError::Io {
            path: folder,
            source,
        }),
    }
}

/// The program that the installed kernelspec of `kernel` starts, or `None` if none is installed.
pub fn installed_program(kernel: Kernel, jupyter_dir: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(folder(kernel, jupyter_dir).join("kernel.json")).ok()?;
    let spec: Value = serde_json::from_str(&text).ok()?;
    Some(PathBuf::from(spec["argv"][0].as_str()?))
}

fn folder(kernel: Kernel, jupyter_dir: &Path) -> PathBuf {
    jupyter_dir.join("kernels").join(kernel.name())
}

/// Puts the text in place in one move, so that a Jupyter reading it at this moment sees the old file
/// or the new one.
pub(super) fn write_if_different(path: &Path, text: &str) -> Result<(), KernelspecError> {
    if fs::read_to_string(path).is_ok_and(|present| present == text) {
        return Ok(());
    }
    let io_error = |source| KernelspecError::Io {
        path: path.to_owned(),
        source,
    };
    let folder = path.parent().expect("the file is in a folder");
    let mut file = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(folder)
        .map_err(io_error)?;
    file.write_all(text.as_bytes()).map_err(io_error)?;
    file.persist(path).map_err(|error| io_error(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_installed_can_be_found_and_removed() {
        let jupyter = tempfile::tempdir().expect("a temporary folder can be made");
        let program = Path::new("somewhere/rust-lessons");
        for kernel in Kernel::ALL {
            assert_eq!(installed_program(kernel, jupyter.path()), None);
            let folder = install(kernel, jupyter.path(), program, None).expect("installs");
            assert!(folder.ends_with(kernel.name()));
            assert_eq!(
                installed_program(kernel, jupyter.path()).as_deref(),
                Some(program)
            );
        }
        for kernel in Kernel::ALL {
            assert!(
                uninstall(kernel, jupyter.path())
                    .expect("removes")
                    .is_some()
            );
            assert_eq!(uninstall(kernel, jupyter.path()).expect("is gone"), None);
        }
    }

    #[test]
    fn interrupts_come_as_messages_and_only_the_stock_kernel_is_told_of_the_sources() {
        let sources = Some(Path::new("sources/library"));
        let ours = Kernel::Lessons.spec("program", sources);
        assert_eq!(ours["interrupt_mode"], "message");
        assert_eq!(
            ours["argv"],
            json!([
                "program",
                "kernel",
                "--connection-file",
                "{connection_file}"
            ])
        );
        assert_eq!(ours.get("env"), None);

        let stock = Kernel::Stock.spec("program", sources);
        assert_eq!(
            stock["argv"],
            json!(["program", "--control_file", "{connection_file}"])
        );
        assert_eq!(stock["env"]["RUST_SRC_PATH"], "sources/library");
    }
}
