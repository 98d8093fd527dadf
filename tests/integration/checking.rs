//! `cargo lessons check` on small notebooks: green as stored, red for each thing that is changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use crate::program::{printed, program};
use crate::ready::ready;
use crate::sandbox::notebook;

/// A cell that prints.
fn printing(source: &str, text: &str) -> Value {
    json!({
        "cell_type": "code", "id": "prints", "metadata": {}, "execution_count": 1, "source": source,
        "outputs": [{ "output_type": "stream", "name": "stdout", "text": text }],
    })
}

/// A cell that is meant to fail with the error `name`, as `metadata.lesson.raises` says.
fn raising(source: &str, raises: &str, name: &str, message: &str) -> Value {
    json!({
        "cell_type": "code", "id": "raises", "execution_count": 2, "source": source,
        "metadata": { "tags": ["raises-exception"], "lesson": { "raises": [raises] } },
        "outputs": [{ "output_type": "error", "ename": name, "evalue": message, "traceback": [] }],
    })
}

/// Checks a notebook of these cells, in a folder of its own.
fn check(cells: &[Value]) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path: PathBuf = folder.path().join("small.ipynb");
    fs::write(&path, notebook("rust-lessons", cells)).expect("writable");
    let before = fs::read(&path).expect("readable");
    let output = run_check(&path);
    assert_eq!(
        fs::read(&path).expect("still there"),
        before,
        "checking changes no notebook"
    );
    let left: Vec<_> = fs::read_dir(folder.path())
        .expect("a folder")
        .flatten()
        .collect();
    assert_eq!(left.len(), 1, "checking leaves nothing behind: {left:?}");
    output
}

fn run_check(notebook: &Path) -> Output {
    program()
        .arg("check")
        .arg(notebook)
        .output()
        .expect("the program starts")
}

const ADD: &str = "let sum = 2 + 3;\nprintln!(\"sum {sum}\");";
const BORROW_TWICE: &str =
    "{\n    let mut n = 1;\n    let a = &mut n;\n    let b = &mut n;\n    *a += *b;\n}";

#[test]
fn a_notebook_as_stored_is_green() {
    let _ready = ready();
    let output = check(&[
        printing(ADD, "sum 5\n"),
        raising(
            BORROW_TWICE,
            "E0499",
            "E0499",
            "cannot borrow `n` as mutable more than once at a time",
        ),
    ]);
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("ok ") && text.contains("small.ipynb"),
        "{text}"
    );
}

#[test]
fn a_changed_output_is_red_with_both_versions() {
    let _ready = ready();
    let output = check(&[printing(ADD, "sum 6\n")]);
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for part in ["FAILED", "small.ipynb", "-sum 6", "+sum 5"] {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn another_error_than_the_one_named_is_red() {
    let _ready = ready();
    let message = "cannot borrow `n` as mutable more than once at a time";
    let output = check(&[raising(BORROW_TWICE, "E0382", "E0499", message)]);
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for part in ["E0382", "E0499"] {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn a_failed_assertion_is_red() {
    let _ready = ready();
    let output = check(&[printing("assert_eq!(2 + 3, 6, \"the sum is wrong\");", "")]);
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("the sum is wrong"), "{text}");
}
