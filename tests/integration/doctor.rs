//! `cargo lessons doctor`.

use crate::program::{printed, program};
use crate::ready::ready;
use crate::sandbox::Sandbox;

#[test]
fn what_is_missing_makes_the_doctor_red_and_changes_nothing() {
    let sandbox = Sandbox::new();
    let before = sandbox.files();
    let output = sandbox.program(&["doctor"]);
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(before == sandbox.files(), "the doctor only looks");
    for part in [
        "MISSING  Rust",
        "MISSING  Linker",
        "MISSING  Python",
        "cargo lessons setup",
    ] {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    let missing = text
        .lines()
        .filter(|line| line.starts_with("MISSING"))
        .count();
    let mended = text
        .lines()
        .filter(|line| line.contains("to mend it: "))
        .count();
    let without = text
        .lines()
        .filter(|line| line.starts_with("without"))
        .count();
    assert_eq!(
        mended,
        missing + without,
        "each one has its command: {text}"
    );
}

#[test]
fn a_project_that_is_set_up_is_found_well() {
    let _ready = ready();
    let output = program()
        .arg("doctor")
        .output()
        .expect("the program starts");
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("Nothing needed is missing"), "{text}");
}
