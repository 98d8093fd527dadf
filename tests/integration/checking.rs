//! `cargo lessons check` on small notebooks: green as stored, red for each thing that is changed.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

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

/// A cell that leaves a file behind and then never ends.
fn endless(mark: &Path) -> Value {
    let source =
        format!("std::fs::write({mark:?}, \"\").unwrap();\nloop {{ std::hint::spin_loop(); }}");
    printing(&source, "")
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

#[test]
fn a_cell_that_never_ends_is_named_and_what_comes_behind_it_is_not_run() {
    let _ready = ready();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("endless.ipynb");
    let cells = [
        endless(&folder.path().join("begun")),
        printing("println!(\"behind\");", "another\n"),
    ];
    fs::write(&path, notebook("rust-lessons", &cells)).expect("writable");
    for command in ["check", "handout"] {
        let output = program()
            .args([command, "--timeout", "3"])
            .arg(&path)
            .current_dir(folder.path())
            .args(if command == "handout" {
                &["--out", "pages"][..]
            } else {
                &[]
            })
            .output()
            .expect("the program starts");
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        for part in [
            "cell 1 (In [1])",
            "did not end within 3 s",
            "--timeout SECONDS",
        ] {
            assert!(text.contains(part), "{command}: `{part}` is not in: {text}");
        }
        assert!(!text.contains("save it"), "no output differs: {text}");
        if command == "check" {
            assert!(text.contains("cell 2 not run"), "{text}");
        }
    }
}

#[test]
fn a_check_that_is_stopped_leaves_nothing_behind() {
    let _ready = ready();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let temporary = folder.path().join("tmp");
    fs::create_dir(&temporary).expect("writable");
    let begun = folder.path().join("begun");
    let path = folder.path().join("endless.ipynb");
    fs::write(&path, notebook("rust-lessons", &[endless(&begun)])).expect("writable");
    let mut child = program()
        .arg("check")
        .arg(&path)
        .env("TMPDIR", &temporary)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("the program starts");
    let deadline = Instant::now() + Duration::from_secs(180);
    while !begun.exists() {
        assert!(Instant::now() < deadline, "the cell was not run");
        std::thread::sleep(Duration::from_millis(50));
    }
    // As a terminal does: to all that the command has started.
    let group = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
    killpg(group, Signal::SIGINT).expect("it runs");
    child.wait().expect("it ends");
    // The kernel ends behind it.
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let left: Vec<_> = fs::read_dir(&temporary)
            .expect("a folder")
            .flatten()
            .collect();
        if left.is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "left behind: {left:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
