//! The source code of the standard library, which rust-analyzer reads to infer types.
//!
//! Without it the kernel works, but cells that leave a type to inference (`let v = Vec::new();`)
//! cannot keep their variables.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::debian::Apt;
use super::outside::{self, OutsideError};
use super::prepared;
use super::progress::Progress;
use super::toolchain::Toolchain;

/// Where Debian's packages put such sources, one folder `rustc-1.96.0` for each version.
const DISTRIBUTION_FOLDER: &str = "/usr/src";

/// The Debian package with the newest such sources: the one its browsers are built with.
const DEBIAN_PACKAGE: &str = "rust-web-src";

/// Sources of another version work as long as they are near (1.96 with 1.95 is used daily). Over
/// about a year of releases the language itself moves too far for rust-analyzer to read both.
const FARTHEST_MINOR: u32 = 10;

/// A rustup without network retries for long; a component takes seconds.
const RUSTUP_LIMIT: Duration = Duration::from_secs(180);

/// The standard library's sources are not here and could not be had.
#[derive(Debug, thiserror::Error)]
#[error(
    "the sources of the standard library are missing, so variables whose type is inferred cannot be \
     kept from cell to cell; `rustup component add rust-src` or (Debian) \
     `apt-get install {DEBIAN_PACKAGE}` brings them"
)]
pub struct StdSourcesMissing {
    /// What was tried, and how it failed.
    pub tried: Vec<OutsideError>,
}

/// Looks for the sources without installing anything: the toolchain's own, else the nearest version
/// of the distribution's. Returns the folder `library`.
pub fn find(toolchain: &Toolchain) -> Option<PathBuf> {
    find_in(
        &toolchain.sysroot,
        Path::new(DISTRIBUTION_FOLDER),
        &toolchain.release,
    )
}

fn find_in(sysroot: &Path, distribution: &Path, release: &str) -> Option<PathBuf> {
    let own = own_library(sysroot);
    if is_library(&own) {
        Some(own)
    } else {
        nearest(distribution, release)
    }
}

/// Finds the sources, or brings them: by rustup, else as a Debian package.
///
/// Where rustup could not bring them and the distribution's are here, rustup is not asked again: a
/// second set-up needs no network.
///
/// # Errors
/// [`StdSourcesMissing`] if there is no way; the kernel works without them, within limits.
pub fn ensure(toolchain: &Toolchain, progress: &Progress) -> Result<PathBuf, StdSourcesMissing> {
    let own = own_library(&toolchain.sysroot);
    if is_library(&own) {
        return Ok(own);
    }
    if was_refused(toolchain)
        && let Some(distributions) = find(toolchain)
    {
        return Ok(distributions);
    }
    let mut tried = Vec::new();
    if let Some(rustup) = rustup_of(toolchain) {
        let step =
            progress.step("Adding the standard library's sources (rustup component rust-src)");
        match outside::run(rustup, &step, Some(RUSTUP_LIMIT)) {
            Ok(_) => step.done("Added the standard library's sources"),
            Err(error) => {
                drop(step);
                remember_refusal(toolchain);
                tried.push(error);
            }
        }
    }
    if let Some(found) = find(toolchain) {
        return Ok(found);
    }
    if let Some(apt) = Apt::usable() {
        let why = "it has the standard library's sources, which rustup could not bring";
        if let Err(error) = apt.install(DEBIAN_PACKAGE, why, progress) {
            tried.push(error);
        }
    }
    find(toolchain).ok_or(StdSourcesMissing { tried })
}

/// The command by which rustup adds the sources, if the toolchain is one of rustup's: another one is
/// not for rustup to change.
fn rustup_of(toolchain: &Toolchain) -> Option<Command> {
    let name = toolchain.sysroot.file_name()?;
    let folder = toolchain.sysroot.parent()?;
    if !folder.ends_with("toolchains") {
        return None;
    }
    let mut command = Command::new(which::which("rustup").ok()?);
    command
        .args(["component", "add", "rust-src", "--toolchain"])
        .arg(name);
    Some(command)
}

/// The file that remembers that rustup could not bring the sources of this release.
fn refusal_file(toolchain: &Toolchain) -> Option<PathBuf> {
    let cache = prepared::cache_dir().ok()?;
    Some(cache.join(format!("no-rust-src-{}", toolchain.release)))
}

fn was_refused(toolchain: &Toolchain) -> bool {
    refusal_file(toolchain)
        .and_then(|file| fs::read_to_string(file).ok())
        .is_some_and(|sysroot| Path::new(&sysroot) == toolchain.sysroot)
}

/// Where it cannot be remembered, rustup is merely asked again.
fn remember_refusal(toolchain: &Toolchain) {
    let (Some(file), Some(sysroot)) = (refusal_file(toolchain), toolchain.sysroot.to_str()) else {
        return;
    };
    if let Some(folder) = file.parent() {
        let _ = fs::create_dir_all(folder);
    }
    let _ = fs::write(file, sysroot);
}

fn own_library(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib/src/rust/library")
}

/// The sources in `folder` whose version is nearest to `release`.
fn nearest(folder: &Path, release: &str) -> Option<PathBuf> {
    let wanted = minor(release)?;
    let candidates = fs::read_dir(folder).ok()?.filter_map(|entry| {
        let entry = entry.ok()?;
        let name = entry.file_name();
        let version = name.to_str()?.strip_prefix("rustc-")?;
        let distance = minor(version)?.abs_diff(wanted);
        let library = entry.path().join("library");
        (distance <= FARTHEST_MINOR && is_library(&library)).then_some((distance, library))
    });
    candidates.min().map(|(_, library)| library)
}

fn is_library(folder: &Path) -> bool {
    folder.join("std/src/lib.rs").is_file() && folder.join("core/src/lib.rs").is_file()
}

/// The 95 of `1.95.0`.
fn minor(release: &str) -> Option<u32> {
    release.strip_prefix("1.")?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add_sources(library: &Path) {
        for name in ["std", "core"] {
            let src = library.join(name).join("src");
            fs::create_dir_all(&src).expect("writable");
            fs::write(src.join("lib.rs"), "").expect("writable");
        }
    }

    #[test]
    fn the_toolchains_own_sources_come_first_then_the_nearest() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (sysroot, usr_src) = (folder.path().join("sysroot"), folder.path().join("usr/src"));
        assert_eq!(find_in(&sysroot, &usr_src, "1.95.0"), None);

        for version in ["1.63.0", "1.91.0", "1.96.0"] {
            add_sources(&usr_src.join(format!("rustc-{version}")).join("library"));
        }
        let nearest = usr_src.join("rustc-1.96.0/library");
        assert_eq!(find_in(&sysroot, &usr_src, "1.95.0"), Some(nearest));

        let own = sysroot.join("lib/rustlib/src/rust/library");
        add_sources(&own);
        assert_eq!(find_in(&sysroot, &usr_src, "1.95.0"), Some(own));
    }

    #[test]
    fn sources_of_a_far_version_are_not_used() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        add_sources(&folder.path().join("rustc-1.63.0/library"));
        assert_eq!(nearest(folder.path(), "1.95.0"), None);
        assert_eq!(nearest(folder.path(), "1.96.0-nightly"), None);
    }

    #[test]
    fn half_a_source_tree_is_none() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        fs::create_dir_all(folder.path().join("rustc-1.95.0/library/std/src")).expect("writable");
        assert_eq!(nearest(folder.path(), "1.95.0"), None);
    }
}
