//! Stands where evcxr looks for `cargo`, and compiles cells without it where that comes to the same.
//!
//! evcxr compiles each cell by `cargo build`. Between two cells only the source has changed, so cargo
//! finds out once more what it found out before, for a quarter of the time that a small cell takes.
//! Here the first build of a kind is cargo's own, and its call of `rustc` is written down
//! ([`recording`]); the same build with another source is that call again ([`compile`]). What could make
//! cargo decide differently (manifest, lock file, settings, environment, compiler) is part of the name
//! under which the call is kept ([`key`]), and crates that may change under way are never taken for
//! unchanged. Where nobody asks for more than that, the linker is called without a detour too ([`link`]). Questions for
//! the dependencies are answered in the same way ([`metadata`]). Everything else that is asked of cargo goes to cargo.
//!
//! The program has three names:
//! * `cargo`: see above; the real one is named by the environment;
//! * `rustup`: tells evcxr that the `cargo` beside it is the one to use, and leaves the rest to rustup;
//! * with [`record::FILE`] set it is cargo's `rustc` wrapper, which writes the call down.

mod cells;
mod compile;
mod key;
mod link;
mod metadata;
mod order;
mod outside;
mod record;
mod recording;
mod source;
mod support;
mod variables;

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = env::args_os();
    let name = args.next().unwrap_or_default();
    let args: Vec<OsString> = args.collect();
    let done = if env::var_os(record::FILE).is_some() {
        record::as_rustc_wrapper(&args)
    } else if Path::new(&name)
        .file_name()
        .is_some_and(|name| name == "rustup")
    {
        outside::rustup(&args)
    } else {
        as_cargo(&args)
    };
    done.unwrap_or_else(|error| {
        // evcxr shows what cargo prints when nothing else explains a failure.
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

fn as_cargo(args: &[OsString]) -> std::io::Result<ExitCode> {
    let Some(build) = key::Build::of(args) else {
        return outside::cargo(args);
    };
    match build.task {
        key::Task::Metadata => metadata::answer(&build, args),
        key::Task::Build | key::Task::Check => match recording::Recording::find(&build) {
            Some(recording) => compile::run(&build, &recording),
            None if build.task == key::Task::Build => record::build(&build, args),
            None => outside::cargo(args),
        },
    }
}
