//! The command line, `cargo lessons …`.
//!
//! Exit codes: 0 all is well; 1 the command did its work and found something wrong (a notebook that
//! differs, a missing part of the set-up); 2 it could not do its work, and says what to do next.

mod check;
mod compare;
mod doctor;
mod handout;
mod install;
mod lab;
mod notebook;
mod trust;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

use crate::setup::progress::Progress;
use crate::setup::{self, Project, kernelspec::Place};

/// The command did its work, and found something wrong.
const FOUND_WRONG: u8 = 1;
/// The command could not do its work. Clap uses the same code for a command line that it cannot read.
const CANNOT: u8 = 2;

/// Rust lessons about threads, as Jupyter notebooks.
#[derive(Debug, Parser)]
#[command(
    name = "rust-lessons",
    bin_name = "cargo lessons",
    version,
    arg_required_else_help = true
)]
pub struct Cli {
    /// The folder of the project, if not the one that this program was built from.
    #[arg(long, value_name = "DIR", global = true, hide = true)]
    project: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Set up what is missing, then open the lessons in JupyterLab
    Lab {
        /// Passed on to JupyterLab, such as `--no-browser` or `02_shared_data.ipynb`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Set up what is missing, and open nothing
    Setup,
    /// Run notebooks and compare with their stored outputs and expected errors
    Check {
        /// Which notebooks; without any, all lessons
        notebooks: Vec<PathBuf>,
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Run notebooks and write them as HTML pages that need no network
    Handout {
        /// Which notebooks; without any, all lessons
        notebooks: Vec<PathBuf>,
        /// The folder for the pages; without it, `handouts` in the project
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// A teacher's copy: everything that is folded is open, on paper too
        #[arg(long)]
        solutions: bool,
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Register the kernel with Jupyter, for use outside this project
    Install {
        /// Register the stock evcxr kernel too, as `rust-stock`, to compare
        #[arg(long)]
        stock: bool,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Remove what `install` registered
    Uninstall {
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Show what is found, what is missing, and how to mend it
    Doctor,
    /// Be the kernel; Jupyter starts it so
    #[command(hide = true)]
    Kernel {
        /// The connection file that Jupyter wrote
        #[arg(long, value_name = "FILE")]
        connection_file: PathBuf,
        /// What else Jupyter passes on: `jupyter run FILE` names the file here too, and runs it itself
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
        _others: Vec<OsString>,
    },
    /// Measure both kernels; `cargo bench --bench compare` starts it so
    #[command(hide = true)]
    Compare {
        /// Passed on to the benchmark
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Fill a new build folder; `setup` starts it so, in a process of its own
    #[command(hide = true)]
    PrepareBuild {
        /// The optimisation level of cells
        opt_level: String,
        /// The folder of the support crate
        support: PathBuf,
    },
    /// Clean up after a kernel when it has ended; the kernel starts it so
    #[command(hide = true)]
    Janitor {
        /// The folder to remove
        work: PathBuf,
        /// The process group to end; 0 for none
        group: i32,
    },
}

#[derive(Debug, Args)]
struct LimitArgs {
    /// How long a cell may take
    // The longest cell of a lesson takes some ten seconds; the rest is for slow machines, and ends a
    // cell that never comes back. lesson_check/limits.py has the same number.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..))]
    timeout: u32,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct PlaceArgs {
    /// In your own Jupyter folder, for every Jupyter you start (the default)
    #[arg(long)]
    user: bool,
    /// In the active Python environment only
    #[arg(long)]
    sys_prefix: bool,
    /// In DIR/share/jupyter/kernels
    #[arg(long, value_name = "DIR")]
    prefix: Option<PathBuf>,
}

impl From<PlaceArgs> for Place {
    fn from(args: PlaceArgs) -> Self {
        match args.prefix {
            Some(folder) => Self::Prefix(folder),
            None if args.sys_prefix => Self::SysPrefix,
            None => Self::User,
        }
    }
}

/// Carries out a command line. What goes wrong is printed to stderr, with what to do next, and told
/// by the exit code.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    carry_out(cli).unwrap_or_else(|error| {
        print_error(&error);
        ExitCode::from(CANNOT)
    })
}

fn carry_out(cli: Cli) -> anyhow::Result<ExitCode> {
    let program = env::current_exe().context("cannot tell where this program is")?;
    let project = match cli.project {
        Some(folder) => {
            let root = folder
                .canonicalize()
                .with_context(|| format!("no folder `{}`", folder.display()))?;
            Project::new(root, program)
        }
        None => Project::built_from(program),
    };
    let progress = Progress::stderr();
    match cli.command {
        Command::Lab { args } => lab::run(&project, &args, &progress),
        Command::Setup => {
            setup::ensure_all(&project, &[project.notebooks()].into(), &progress)?;
            println!("Everything is set up; `cargo lessons lab` opens the lessons.");
            Ok(ExitCode::SUCCESS)
        }
        Command::Check { notebooks, limit } => {
            check::run(&project, &notebooks, limit.timeout, &progress)
        }
        Command::Handout {
            notebooks,
            out,
            solutions,
            limit,
        } => {
            let how = handout::How {
                out: out.as_deref(),
                solutions,
                timeout_s: limit.timeout,
            };
            handout::run(&project, &notebooks, &how, &progress)
        }
        Command::Install { stock, place } => {
            install::install(&project, stock, &place.into(), &progress)
        }
        Command::Uninstall { place } => install::uninstall(&place.into()),
        Command::Doctor => doctor::run(&project),
        Command::Kernel {
            connection_file, ..
        } => {
            crate::kernel::run(&connection_file)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Compare { args } => compare::run(&project, &args, &progress),
        Command::PrepareBuild { opt_level, support } => {
            setup::warm::fill_build_folder(&opt_level, &support)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Janitor { work, group } => {
            crate::kernel::janitor::keep_watch(&work, group);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The error, then its causes, each on a line of its own unless the line above says it already.
fn print_error(error: &anyhow::Error) {
    print_causes(error.as_ref());
}

fn print_causes(error: &dyn std::error::Error) {
    let mut said = error.to_string();
    eprintln!("error: {said}");
    for cause in std::iter::successors(error.source(), |cause| cause.source()) {
        let cause = cause.to_string();
        if !said.contains(&cause) {
            eprintln!("  because: {cause}");
            said = cause;
        }
    }
}

/// `path` from where the user stands, since a kernel may run in another folder.
fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("no such path: `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_follows_lab_is_jupyterlabs() {
        let cli = Cli::parse_from(["rust-lessons", "lab", "--no-browser", "--port", "8899"]);
        let Command::Lab { args } = cli.command else {
            panic!("not lab: {cli:?}")
        };
        assert_eq!(args, ["--no-browser", "--port", "8899"]);
    }

    #[test]
    fn a_kernelspec_has_one_place() {
        let both = Cli::try_parse_from(["rust-lessons", "install", "--user", "--prefix", "x"]);
        assert!(both.is_err());
    }
}
