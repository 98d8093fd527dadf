//! Linking a cell without the C compiler in front of the linker.
//!
//! Where rustc links by the toolchain's own lld, it calls `cc`, which calls `collect2`, which calls `ld.lld`, which
//! calls `rust-lld`. What the first three add are the folders of the system's libraries, and four objects with what a
//! library does when it is loaded and left. With these as arguments rustc can call the last one itself.
//!
//! Only where nothing is said about linking ([`arguments`]): what a user or a crate says of that is meant for `cc`. A
//! cell that cannot be linked so is linked in the usual way, which also tells in the usual words what is wrong with it.
//!
//! Unlike `cc`, the linker is told here that every function has to be somewhere. A library that lacks one is made
//! otherwise, and ends the process, and with it all variables, when it is loaded.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::compile::CELL;
use crate::recording::Recording;

/// Where rustc takes lld of its own accord: since 1.90 here, and nowhere else.
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// The linker, in the toolchain's folder for the target.
const LINKER: &str = "bin/rust-lld";
/// The C compiler that rustc calls.
const COMPILER: &str = "cc";
/// What it puts around the objects of a shared library, in this order.
const OBJECTS: [&str; 4] = ["crti.o", "crtbeginS.o", "crtendS.o", "crtn.o"];
/// Variables by which it takes other files than it says without them.
const VARIABLES: [&str; 4] = [
    "LIBRARY_PATH",
    "COMPILER_PATH",
    "GCC_EXEC_PREFIX",
    "NIX_LDFLAGS",
];

/// Arguments of one word that say nothing about linking.
const WORDS: [&str; 4] = ["--edition=", "--error-format=", "--json=", "--emit="];
/// Options with a value that say nothing about linking.
const PAIRS: [&str; 7] = [
    "--crate-name",
    "--extern",
    "--crate-type",
    "--check-cfg",
    "--cfg",
    "--out-dir",
    "--cap-lints",
];
/// Settings for the code that each linker understands.
const SETTINGS: [&str; 12] = [
    "embed-bitcode=",
    "codegen-units=",
    "metadata=",
    "extra-filename=",
    "incremental=",
    "opt-level=",
    "debuginfo=",
    "debug-assertions=",
    "overflow-checks=",
    "strip=",
    "rpath",
    "prefer-dynamic",
];

/// What rustc has to be told to link the cells of this call so; nothing where that would not be the same.
#[must_use]
pub fn arguments(recording: &Recording) -> Vec<String> {
    if says_something(recording) || VARIABLES.iter().any(|name| env::var_os(name).is_some()) {
        return Vec::new();
    }
    found(Path::new(&recording.rustc)).unwrap_or_default()
}

/// Whether the call has anything that may be meant for the linker.
fn says_something(recording: &Recording) -> bool {
    let is_setting = |text: &str| SETTINGS.iter().any(|name| text.starts_with(name));
    let mut args = recording.args.iter().map(String::as_str);
    while let Some(arg) = args.next() {
        let says_nothing = match arg {
            "-C" => args.next().is_some_and(is_setting),
            "-L" => args
                .next()
                .is_some_and(|value| value.starts_with("dependency=")),
            "--target" => args.next() == Some(TARGET),
            _ if PAIRS.contains(&arg) => args.next().is_some(),
            _ => {
                arg == CELL
                    || WORDS.iter().any(|start| arg.starts_with(start))
                    || arg.strip_prefix("-C").is_some_and(is_setting)
            }
        };
        if !says_nothing {
            return true;
        }
    }
    !recording.args.iter().any(|arg| arg == TARGET)
}

/// The linker of this compiler, and what the C compiler adds; `None` where one of these is missing.
fn found(rustc: &Path) -> Option<Vec<String>> {
    let sysroot = rustc.parent()?.parent()?;
    let linker = sysroot.join("lib/rustlib").join(TARGET).join(LINKER);
    if !linker.is_file() {
        return None;
    }
    let mut arguments = vec![
        "-Clinker-flavor=ld.lld".to_owned(),
        "-Clink-arg=--hash-style=gnu".to_owned(),
        "-Clink-arg=-zdefs".to_owned(),
        format!("-Clinker={}", linker.to_str()?),
    ];
    // Not every compiler has one, or knows the question.
    let root = answer("-print-sysroot").unwrap_or_default();
    if !root.trim().is_empty() {
        arguments.push(format!("-Clink-arg=--sysroot={}", root.trim()));
    }
    let folders = answer("-print-search-dirs")?;
    let folders = folders
        .lines()
        .find_map(|line| line.strip_prefix("libraries: ="))?;
    let mut searched: Vec<PathBuf> = Vec::new();
    for folder in env::split_paths(folders) {
        // It names most of them by several ways, and the linker would look into each.
        if let Ok(folder) = folder.canonicalize()
            && !searched.contains(&folder)
        {
            arguments.push(format!("-Clink-arg=-L{}", folder.to_str()?));
            searched.push(folder);
        }
    }
    for object in OBJECTS {
        // For a file that it does not have, the compiler says the name alone.
        let file = PathBuf::from(answer(&format!("-print-file-name={object}"))?.trim_end());
        if !file.is_absolute() || !file.is_file() {
            return None;
        }
        arguments.push(format!("-Clink-arg={}", file.to_str()?));
    }
    Some(arguments)
}

fn answer(question: &str) -> Option<String> {
    let output = Command::new(COMPILER).arg(question).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(more: &str) -> Recording {
        let args = format!(
            "--crate-name ctx --edition=2024 {CELL} --crate-type cdylib --emit=dep-info,link -C opt-level=2 -C rpath \
             --target {TARGET} -L dependency=/deps -Cprefer-dynamic --extern lesson_support=/deps/a.so {more}"
        );
        Recording {
            args: args.split_whitespace().map(str::to_owned).collect(),
            ..Recording::default()
        }
    }

    #[test]
    fn a_call_with_a_word_for_the_linker_is_left_to_the_c_compiler() {
        assert!(!says_something(&call("")));
        assert!(!says_something(&call("--extern rand=/deps/librand.rlib")));
        for more in [
            "-C link-arg=-Wl,-z,now",
            "-Clink-args=-lm",
            "-C linker=clang",
            "-C target-cpu=native",
            "-L native=/lib",
            "-l z",
            "-lz",
            "-Zthreads=2",
        ] {
            assert!(says_something(&call(more)), "{more}");
        }
        let mut other = call("");
        other.args.retain(|arg| arg != "--target" && arg != TARGET);
        assert!(says_something(&other), "the host may be another one");
    }

    #[test]
    fn a_compiler_without_a_linker_beside_it_has_none() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(found(&folder.path().join("bin/rustc")), None);
    }
}
