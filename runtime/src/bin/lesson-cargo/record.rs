//! A build by the real cargo, during which its call of the compiler is written down.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use crate::compile;
use crate::key::Build;
use crate::link;
use crate::outside;
use crate::recording::Recording;
use crate::support;

/// Environment variable: the file into which the wrapper writes the call.
pub const FILE: &str = "RUST_LESSONS_RECORD";
/// Environment variable for the wrapper: evcxr's folder.
const FOLDER: &str = "RUST_LESSONS_RECORD_FOLDER";

/// evcxr's name for the crate of a cell.
const CRATE: &str = "ctx";
/// evcxr's name for the crate with which it tries a new dependency.
const TRIED: &str = "evcxr_dummy_validate_dep";

/// Builds, and keeps the call if it holds for later builds.
pub fn build(build: &Build, args: &[OsString]) -> io::Result<ExitCode> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("call");
    let status = asked(build, args)?
        .env("RUSTC_WRAPPER", env::current_exe()?)
        .env(FILE, &file)
        .env(FOLDER, &build.folder)
        .status()
        .map_err(|error| outside::not_started(&error))?;
    if status.success()
        && crates_stay(build)
        && let Ok(text) = fs::read_to_string(&file)
        && let Ok(mut recording) = serde_json::from_str::<Recording>(&text)
    {
        recording.link = link::arguments(&recording);
        support::note(build, &recording)?;
        // Without it the next build is cargo's as well.
        let _ = recording.keep(build);
    }
    Ok(compile::exit_code(status))
}

/// A call of cargo whose answer is kept, where it can be.
///
/// cargo writes down what the compiler says of itself, for one environment at a time: rust-analyzer's differs from
/// ours, and each start would ask the compiler again. Only where cargo is called for each cell, this would cost more.
///
/// # Errors
/// When the kernel has not named the real cargo.
pub fn asked(build: &Build, args: &[OsString]) -> io::Result<Command> {
    let mut cargo = outside::cargo_command(args)?;
    if !build.folder.join("Cargo.lock").exists() || crates_stay(build) {
        cargo.env("CARGO_CACHE_RUSTC_INFO", "0");
    }
    Ok(cargo)
}

/// Whether no crate that this build uses can change without a change of manifest or lock file. Crates
/// in folders can; the support crate is in one, but that one is a copy of ours that nobody changes.
pub fn crates_stay(build: &Build) -> bool {
    let Ok(lock) = fs::read_to_string(build.folder.join("Cargo.lock")) else {
        return false;
    };
    let Ok(manifest) = fs::read_to_string(build.folder.join("Cargo.toml")) else {
        return false;
    };
    let names = crates_in_folders(&lock);
    names.iter().all(|name| match *name {
        CRATE | TRIED => true,
        support::CRATE => own_cache().is_some_and(|cache| is_support_below(&manifest, &cache)),
        _ => false,
    })
}

/// The packages of a lock file that come from folders: all others name their source.
fn crates_in_folders(lock: &str) -> Vec<&str> {
    lock.split("[[package]]")
        .skip(1)
        .filter(|package| !package.lines().any(|line| line.starts_with("source = ")))
        .filter_map(|package| {
            let name = package
                .lines()
                .find_map(|line| line.strip_prefix("name = "))?;
            Some(name.trim_matches('"'))
        })
        .collect()
}

fn is_support_below(manifest: &str, cache: &str) -> bool {
    let start = format!("{} = {{ path = \"{cache}/", support::CRATE);
    manifest
        .lines()
        .any(|line| line.trim_start().starts_with(&start))
}

/// The cache in which this program is.
fn own_cache() -> Option<String> {
    let program = env::current_exe().ok()?;
    let cache = program.parent()?.parent()?;
    cache.to_str().map(str::to_owned)
}

/// Called by cargo with a call of the compiler: writes it down if it is for a cell, and makes it; but the
/// support crate is compiled already.
pub fn as_rustc_wrapper(args: &[OsString]) -> io::Result<ExitCode> {
    let Some((rustc, args)) = args.split_first() else {
        return Err(io::Error::other("cargo named no compiler"));
    };
    if is_support_given(args) {
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(call) = recording(rustc, args)
        && let (Some(file), Some(folder)) = (env::var_os(FILE), env::var_os(FOLDER))
    {
        fs::write(file, serde_json::to_vec(&call)?)?;
        return compile::as_cargo_would(&Build::in_folder(folder.as_ref(), &[]), &call);
    }
    Err(without_wrapper(Command::new(rustc).args(args)).exec())
}

/// A call of the compiler in the environment that it would have without the wrapper.
pub fn without_wrapper(command: &mut Command) -> &mut Command {
    command.env_remove(FILE).env_remove(FOLDER)
}

/// Whether this was a call for the support crate, and the compiled one is there now.
fn is_support_given(args: &[OsString]) -> bool {
    let value = |option: &str| {
        let at = args.iter().position(|arg| arg == option)?;
        args.get(at + 1)
    };
    let is_library = args
        .windows(2)
        .any(|pair| pair[0] == "--crate-type" && pair[1] == "dylib");
    let (Some(folder), Some(package), Some(out_dir)) = (
        env::var_os(FOLDER),
        env::var_os("CARGO_MANIFEST_DIR"),
        value("--out-dir"),
    ) else {
        return false;
    };
    is_library
        && value("--crate-name").is_some_and(|name| name == support::CRATE)
        && support::give(folder.as_ref(), out_dir.as_ref(), package.as_ref())
}

/// The call, if it makes the library of a cell.
fn recording(rustc: &OsString, args: &[OsString]) -> Option<Recording> {
    let args: Option<Vec<String>> = args
        .iter()
        .map(|arg| arg.to_str().map(str::to_owned))
        .collect();
    let args = args?;
    let has = |option: &str, value: &str| {
        args.windows(2)
            .any(|pair| pair[0] == option && pair[1] == value)
    };
    if !has("--crate-name", CRATE) || !has("--crate-type", "cdylib") {
        return None;
    }
    let env = env::vars()
        .filter(|(name, _)| {
            [
                "CARGO_PKG_",
                "CARGO_MANIFEST_",
                "CARGO_CRATE_",
                "CARGO_PRIMARY_",
            ]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        })
        .collect();
    Some(Recording {
        rustc: rustc.to_str()?.to_owned(),
        args,
        env,
        link: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_in_folders_are_those_without_a_source() {
        let lock = "version = 4\n\n[[package]]\nname = \"ctx\"\nversion = \"1.0.0\"\n\n\
                    [[package]]\nname = \"libc\"\nsource = \"registry+x\"\n\n\
                    [[package]]\nname = \"mine\"\nversion = \"0.1.0\"\n";
        assert_eq!(crates_in_folders(lock), ["ctx", "mine"]);
    }

    #[test]
    fn only_a_support_crate_in_the_cache_stays_as_it_is() {
        let manifest = "[dependencies]\nlesson_support = { path = \"/cache/support-1\" }\n";
        assert!(is_support_below(manifest, "/cache"));
        assert!(!is_support_below(manifest, "/cach"));
        assert!(!is_support_below(manifest, "/home/me"));
    }

    #[test]
    fn only_the_library_of_a_cell_is_written_down() {
        let call = |text: &str| {
            let args: Vec<OsString> = text.split(' ').map(OsString::from).collect();
            recording(&"rustc".into(), &args)
        };
        assert!(call("--crate-name ctx --edition=2024 --crate-type cdylib").is_some());
        assert!(call("--crate-name ctx --crate-type lib").is_none());
        assert!(call("--crate-name other --crate-type cdylib").is_none());
        assert!(call("-vV").is_none());
    }
}
