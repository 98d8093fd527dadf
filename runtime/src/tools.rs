//! How the kernel tells the programs that stand for `cargo` and `rustup` where the real ones are.

/// Environment variable: the folder with the kernel's own `cargo` and `rustup`, first on the `PATH` of
/// the kernel's process.
pub const FOLDER_VAR: &str = "RUST_LESSONS_TOOLS";
/// Environment variable: the real cargo.
pub const CARGO_VAR: &str = "RUST_LESSONS_CARGO";
/// Environment variable: the real compiler.
pub const RUSTC_VAR: &str = "RUST_LESSONS_RUSTC";
/// Environment variable: the `PATH` without the kernel's folder of tools.
pub const PATH_VAR: &str = "RUST_LESSONS_PATH";
/// Environment variable: with the value [`OFF`], no compiled cell is kept, and none that was kept is used.
pub const CELLS_VAR: &str = "RUST_LESSONS_CELLS";
/// Environment variable: with the value [`OFF`], cells are compiled by cargo itself.
pub const DIRECT_VAR: &str = "RUST_LESSONS_DIRECT";
/// The value that switches something off.
pub const OFF: &str = "off";
/// File name of the program that stands for both.
pub const PROGRAM: &str = "lesson-cargo";
/// The names under which it is found in the kernel's folder of tools.
pub const NAMES: [&str; 2] = ["cargo", "rustup"];
/// Below evcxr's build folder: what the program has written down.
pub const RECORDED: &str = "target/lesson-cargo";
/// In [`RECORDED`]: the size and time of the support crate that the set-up has compiled.
pub const SUPPORT: &str = "support";
/// What gives every type with `Debug` the method by which evcxr shows a value. The program puts the
/// compiled one of the support crate in its place; it is written on one line, so that no other moves.
pub const VALUE: &str = r#"mod lesson_value { pub trait Value { fn evcxr_display(&self); } impl<T: std::fmt::Debug + ?Sized> Value for &T { fn evcxr_display(&self) { use std::io::Write as _; let text = format!("{self:?}"); let _ = write!(std::io::stdout().lock(), "EVCXR_BEGIN_CONTENT text/plain\n{text}\nEVCXR_END_CONTENT\n"); } } }"#;
/// Below a cache, beside the folder with the program: the compiled cells; the name of that folder
/// follows.
pub const CELLS_PREFIX: &str = "cells-";
/// In a prepared folder of the cache, beside the program: the folder that evcxr compiles in.
pub const BUILD: &str = "build";
/// How the name of a folder in the cache starts while it is being prepared.
pub const DRAFT_PREFIX: &str = "draft-";
