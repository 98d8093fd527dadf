//! The program under test, and the project that it was built from.

use std::process::{Command, Output, Stdio};

use rust_lessons::setup::Project;

/// This program, as cargo built it for the tests.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_rust-lessons");

/// The program, ready for arguments.
pub fn program() -> Command {
    let mut command = Command::new(PROGRAM);
    command.stdin(Stdio::null());
    command
}

/// The project that these tests belong to.
pub fn project() -> Project {
    Project::built_from(PROGRAM)
}

/// What a program printed to both streams, for messages.
pub fn printed(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
