//! The prepared build folder: everything that a kernel needs compiled before its first cell.
//!
//! Below the user's cache folder there is one entry for each combination of toolchain, support
//! crate, runtime and settings, named by a hash of all of them. So a changed toolchain or support
//! crate simply finds no entry, and a new one is made. An entry holds the runtime program and the
//! folder in which evcxr compiles, with the support crate compiled in it. A kernel copies that folder
//! to a place of its own; kernels never write into the entry.

use std::fs::{File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use lesson_runtime::tools::{BUILD, DRAFT_PREFIX};
use sha2::{Digest, Sha256};

use super::evcxr_toml::EvcxrToml;
use super::sources::{CARGO_LOCK, Sources, short_hex};
use super::std_sources;
use super::toolchain::Toolchain;
use super::tools;
use crate::engine::std_view;

/// Environment variable: another place for the cache than the user's cache folder.
pub const CACHE_VAR: &str = "RUST_LESSONS_CACHE";
/// Raise when the layout of an entry changes.
const FORMAT: u32 = 3;
/// File name of the runtime in an entry.
const RUNTIME: &str = "lesson-runtime";
/// evcxr's own default.
const DEFAULT_OPT_LEVEL: &str = "2";

/// What decides which entry fits.
#[derive(Clone, Debug)]
pub struct Request {
    /// Optimisation level of cells and dependencies: it is part of cargo's profile.
    pub opt_level: String,
    /// The support crate.
    pub support: Sources,
}

/// An entry that is complete.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The runtime program.
    pub runtime: PathBuf,
    /// The program that stands for `cargo`.
    pub cargo: PathBuf,
    /// The support crate's folder; it stays where it is, so that cargo finds it unchanged.
    pub support: PathBuf,
    build: PathBuf,
}

/// Why an entry cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// There is no place for a cache.
    #[error("no cache folder: set HOME, or {CACHE_VAR} to a folder that can be written")]
    NoCache,
    /// Reading or writing below the cache failed.
    #[error("cannot prepare `{}`", .path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A program failed.
    #[error("{step} failed:\n{output}")]
    Step {
        /// What was tried.
        step: &'static str,
        /// What the program printed.
        output: String,
    },
}

impl Request {
    /// What the notebooks in a folder need.
    ///
    /// # Errors
    /// When the support crate that the folder names cannot be read.
    pub fn for_settings(settings: &EvcxrToml) -> io::Result<Request> {
        Ok(Request {
            opt_level: settings
                .opt_level
                .clone()
                .unwrap_or_else(|| DEFAULT_OPT_LEVEL.to_owned()),
            support: match &settings.support {
                Some(folder) => Sources::read(folder)?,
                None => Sources::support(),
            },
        })
    }

    fn key(&self, toolchain: &Toolchain) -> String {
        let mut hash = Sha256::new();
        let linker = ["mold", "lld"].map(|name| which::which(name).is_ok());
        for part in [
            format!("format {FORMAT}"),
            toolchain.verbose_version.clone(),
            toolchain.sysroot.display().to_string(),
            self.opt_level.clone(),
            self.support.fingerprint(),
            Sources::runtime().fingerprint(),
            CARGO_LOCK.to_owned(),
            // rust-analyzer names types as these sources do, see `warm`.
            format!("{:?}", std_sources::find(toolchain)),
            // evcxr links with what it finds, in this order, and cargo notices a difference.
            format!("{linker:?}"),
        ] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        short_hex(hash)
    }
}

impl Prepared {
    /// The entry for a request, if it is there.
    #[must_use]
    pub fn find(toolchain: &Toolchain, request: &Request) -> Option<Prepared> {
        let cache = cache_dir().ok()?;
        Prepared::at(&cache, toolchain, request)
    }

    /// The entry for a request; makes it first where it is missing.
    ///
    /// `say` hears a line before each long step. Safe to call from any number of processes at once:
    /// one makes the entry, the others wait for it. `program` is this program; it is started once
    /// more to run evcxr in the new folder.
    ///
    /// # Errors
    /// When a program fails or the cache cannot be written.
    pub fn ensure(
        program: &Path,
        toolchain: &Toolchain,
        request: &Request,
        say: &dyn Fn(&str),
    ) -> Result<Prepared, PrepareError> {
        let cache = cache_dir()?;
        if let Some(found) = Prepared::at(&cache, toolchain, request) {
            return Ok(found);
        }
        let locks = cache.join("locks");
        std::fs::create_dir_all(&locks).map_err(at(&locks))?;
        note_use(&locks);
        let lock_path = locks.join(request.key(toolchain));
        let lock = File::create(&lock_path).map_err(at(&lock_path))?;
        if lock.try_lock().is_err() {
            say("Waiting for another kernel, or a set-up, that is preparing the same …");
            lock.lock().map_err(at(&lock_path))?;
        }
        // Another process may have made it while this one waited.
        if let Some(found) = Prepared::at(&cache, toolchain, request) {
            return Ok(found);
        }
        remove_unused(&cache);
        write_support(&cache, &request.support)?;
        let draft = tempfile::Builder::new()
            .prefix(DRAFT_PREFIX)
            .tempdir_in(&cache)
            .map_err(at(&cache))?;
        say("Compiling the runtime for this toolchain (once, about 20 seconds) …");
        build_runtime(toolchain, draft.path())?;
        say("Compiling the support crate and a first cell (once, about 20 seconds) …");
        warm_build_folder(program, toolchain, &cache, draft.path(), request)?;
        let entry = cache.join(request.key(toolchain));
        let draft = draft.keep();
        std::fs::rename(&draft, &entry).map_err(at(&entry))?;
        Prepared::at(&cache, toolchain, request).ok_or_else(|| PrepareError::Step {
            step: "preparing the build folder",
            output: format!("`{}` is not complete", entry.display()),
        })
    }

    /// Copies the build folder to `to`, which need not exist.
    ///
    /// # Errors
    /// When a file cannot be copied.
    pub fn copy_build(&self, to: &Path) -> io::Result<()> {
        copy_tree(&self.build, to)
    }

    /// The folder for compiled cells that fit this entry, which need not exist.
    #[must_use]
    pub fn cells(&self) -> PathBuf {
        let entry = self.cargo.parent().unwrap_or(&self.cargo);
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        entry.with_file_name(format!("{}{name}", lesson_runtime::tools::CELLS_PREFIX))
    }

    fn at(cache: &Path, toolchain: &Toolchain, request: &Request) -> Option<Prepared> {
        let entry = cache.join(request.key(toolchain));
        let found = Prepared {
            runtime: entry.join(RUNTIME),
            cargo: entry.join(tools::PROGRAM),
            support: support_dir(cache, &request.support),
            build: entry.join(BUILD),
        };
        let programs = found.runtime.is_file() && found.cargo.is_file();
        let complete = programs && found.build.is_dir() && found.support.is_dir();
        complete.then(|| {
            note_use(&entry);
            note_use(&found.support);
            note_use(&found.cells());
            found
        })
    }
}

/// The folder below which all entries live.
///
/// # Errors
/// When the environment names none.
pub fn cache_dir() -> Result<PathBuf, PrepareError> {
    std::env::var_os(CACHE_VAR)
        .map(PathBuf::from)
        .or_else(|| dirs::cache_dir().map(|dir| dir.join("rust-lessons")))
        .ok_or(PrepareError::NoCache)
}

/// Entries that no kernel has used for this long are removed when a new one is made.
const KEEP_UNUSED: Duration = Duration::from_secs(60 * 60 * 24 * 30);

fn note_use(entry: &Path) {
    // Only for `remove_unused`; a cache that cannot be written is still good to read.
    let _ = File::open(entry).and_then(|folder| folder.set_modified(SystemTime::now()));
}

/// Removes what nobody has used for long, so that the cache of a machine on which the support crate
/// is worked on does not grow for ever. What cannot be removed stays.
fn remove_unused(cache: &Path) {
    for entry in std::fs::read_dir(cache).into_iter().flatten().flatten() {
        let unused = entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|used| used.elapsed().ok())
            .is_some_and(|unused| unused > KEEP_UNUSED);
        if unused && entry.path().is_dir() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn support_dir(cache: &Path, support: &Sources) -> PathBuf {
    cache.join(format!("support-{}", support.fingerprint()))
}

fn write_support(cache: &Path, support: &Sources) -> Result<(), PrepareError> {
    let target = support_dir(cache, support);
    if target.is_dir() {
        return Ok(());
    }
    let draft = tempfile::Builder::new()
        .prefix(DRAFT_PREFIX)
        .tempdir_in(cache)
        .map_err(at(cache))?;
    support.write(draft.path()).map_err(at(draft.path()))?;
    let draft = draft.keep();
    match std::fs::rename(&draft, &target) {
        // Another entry with the same support crate is being made, and was faster.
        Err(_) if target.is_dir() => std::fs::remove_dir_all(&draft).map_err(at(&draft)),
        renamed => renamed.map_err(at(&target)),
    }
}

fn build_runtime(toolchain: &Toolchain, entry: &Path) -> Result<(), PrepareError> {
    let work = tempfile::tempdir().map_err(at(entry))?;
    Sources::runtime()
        .write(work.path())
        .map_err(at(work.path()))?;
    let lock = work.path().join("Cargo.lock");
    std::fs::write(&lock, CARGO_LOCK).map_err(at(&lock))?;
    let run = |offline: bool| {
        let mut cargo = Command::new(&toolchain.cargo);
        cargo
            .args(["build", "--bins"])
            .args(offline.then_some("--offline"))
            .current_dir(work.path())
            .env("CARGO_TARGET_DIR", work.path().join("target"))
            .env("CARGO_BUILD_BUILD_DIR", work.path().join("target"))
            .env("RUSTC", &toolchain.rustc)
            // Shared libstd: then `print!` and the panic hook of a cell are ours too. Exported
            // symbols: the support crate finds the stop button's state by name.
            .env(
                "RUSTFLAGS",
                format!(
                    "-Cprefer-dynamic -Clink-arg=-rdynamic -Clink-arg=-Wl,-rpath,{}",
                    toolchain.std_library_dir().display()
                ),
            )
            // It is small, and reads every cell.
            .env("CARGO_PROFILE_DEV_OPT_LEVEL", "2")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("CARGO_BUILD_TARGET")
            .env_remove("RUSTC_WRAPPER");
        cargo
    };
    // What this program was built from is on the machine already; only where it is not (a program
    // that was copied here), the network is asked.
    if succeeded("compiling the runtime", run(true)).is_err() {
        succeeded("compiling the runtime", run(false))?;
    }
    for program in [RUNTIME, tools::PROGRAM] {
        let built = work.path().join("target/debug").join(program);
        let target = entry.join(program);
        std::fs::copy(&built, &target).map_err(at(&target))?;
    }
    Ok(())
}

fn warm_build_folder(
    program: &Path,
    toolchain: &Toolchain,
    cache: &Path,
    entry: &Path,
    request: &Request,
) -> Result<(), PrepareError> {
    let build = entry.join(BUILD);
    let elsewhere = tempfile::tempdir().map_err(at(cache))?;
    let tools = elsewhere.path().join("tools");
    tools::link(&tools, &entry.join(tools::PROGRAM)).map_err(at(&tools))?;
    // The first thing that evcxr compiles is compiled as it will be for a kernel.
    let settings = elsewhere.path().join("evcxr.toml");
    let opt_level = format!("[evcxr]\nopt_level = \"{}\"\n", request.opt_level);
    std::fs::write(&settings, opt_level).map_err(at(&settings))?;
    let mut command = Command::new(program);
    tools::first(&mut command, &tools, toolchain);
    tools::build_in(&mut command, &build, toolchain);
    command
        .arg("prepare-build")
        .arg(&request.opt_level)
        .arg(support_dir(cache, &request.support))
        .env("EVCXR_TMPDIR", &build)
        // A cell finds libstd by a path relative to itself, which evcxr breaks by moving the cell
        // one folder up; near the root that goes unnoticed, below the home folder it does not.
        .env("LD_LIBRARY_PATH", toolchain.std_library_dir())
        // Not in a folder of notebooks: only our own settings count here.
        .env("EVCXR_CONFIG_DIR", elsewhere.path())
        .current_dir(elsewhere.path());
    if let Some(sources) = std_sources::find(toolchain) {
        // As in a kernel: rust-analyzer has to name types as it does there.
        let view = std_view::folder(elsewhere.path());
        let filled = std_view::fill(&view, &sources);
        command.env("RUST_SRC_PATH", if filled.is_ok() { view } else { sources });
    }
    succeeded("compiling the support crate", command)
}

fn succeeded(step: &'static str, mut command: Command) -> Result<(), PrepareError> {
    let failed = |output: String| PrepareError::Step { step, output };
    let output = command
        .output()
        .map_err(|error| failed(format!("{:?}: {error}", command.get_program())))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )))
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
            // cargo compares times: a copy that looks newer than what was built from it would be
            // compiled again.
            let times = FileTimes::new().set_modified(entry.metadata()?.modified()?);
            File::options()
                .write(true)
                .open(&target)?
                .set_times(times)?;
        }
    }
    Ok(())
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> PrepareError + use<> {
    let path = path.to_owned();
    move |source| PrepareError::Io { path, source }
}
