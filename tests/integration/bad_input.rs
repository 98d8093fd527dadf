//! What a user can get wrong: each case has a clear message, exit code 2, and leaves every file as it
//! was.

use std::process::Output;

use rust_lessons::setup::toolchain::Toolchain;

use crate::program::printed;
use crate::sandbox::{Sandbox, notebook};

/// Runs the program in the sandbox, which must refuse: with exit code 2, and no file changed.
#[track_caller]
fn refusal(sandbox: &Sandbox, args: &[&str]) -> String {
    let before = sandbox.files();
    let output: Output = sandbox.program(args);
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        before == sandbox.files(),
        "files have changed; it said: {text}"
    );
    text
}

#[track_caller]
fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

fn with_rust(sandbox: &Sandbox) {
    let toolchain = Toolchain::find().expect("these tests were built with one");
    sandbox.link("rustc", &toolchain.rustc);
    sandbox.link("cargo", &toolchain.cargo);
}

#[test]
fn an_unknown_notebook_is_answered_with_the_lessons() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "project/notebooks/02_shared_data.ipynb",
        &notebook("rust-lessons", &[]),
    );
    for command in ["check", "handout"] {
        let text = refusal(&sandbox, &[command, "queues.ipynb"]);
        assert_says(
            &text,
            &["no notebook `queues.ipynb`", "02_shared_data.ipynb"],
        );
        let text = refusal(&sandbox, &[command, "02_shard_data.ipynb"]);
        assert_says(&text, &["did you mean `02_shared_data.ipynb`?"]);
    }
}

#[test]
fn a_notebook_for_the_lab_is_named_as_for_the_other_commands() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "project/notebooks/02_shared_data.ipynb",
        &notebook("rust-lessons", &[]),
    );
    for name in ["queues.ipynb", "queues"] {
        let text = refusal(&sandbox, &["lab", name]);
        assert_says(&text, &["no notebook `queues", "02_shared_data.ipynb"]);
    }
    // What is there is let through, and so is an option's value: the next thing that is missing is Rust.
    for args in [
        ["lab", "02_shared_data", "--no-browser"],
        ["lab", "--port", "8899"],
    ] {
        assert_says(&refusal(&sandbox, &args), &["install Rust"]);
    }
}

#[test]
fn two_notebooks_that_would_become_one_page_are_refused() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("project/mine")).expect("writable");
    for folder in ["notebooks", "mine"] {
        sandbox.write(
            &format!("project/{folder}/lesson.ipynb"),
            &notebook("rust-lessons", &[]),
        );
    }
    let named = ["handout", "notebooks/lesson", "mine/lesson.ipynb"];
    let text = refusal(&sandbox, &named);
    assert_says(
        &text,
        &[
            "notebooks/lesson.ipynb",
            "mine/lesson.ipynb",
            "would both become `lesson.html`",
        ],
    );
}

#[test]
fn each_broken_notebook_of_several_is_told() {
    let sandbox = Sandbox::new();
    for name in ["one", "two"] {
        sandbox.write(&format!("project/notebooks/{name}.ipynb"), "{");
    }
    for command in ["check", "handout"] {
        let text = refusal(&sandbox, &[command, "one", "two"]);
        assert_says(&text, &["one.ipynb` is broken", "two.ipynb` is broken"]);
    }
}

#[test]
fn a_limit_of_no_seconds_is_refused() {
    for command in ["check", "handout"] {
        let text = refusal(&Sandbox::new(), &[command, "--timeout", "0"]);
        assert_says(&text, &["--timeout"]);
    }
}

#[test]
fn a_project_without_notebooks_says_so() {
    let text = refusal(&Sandbox::new(), &["check"]);
    assert_says(&text, &["there is no notebook in"]);
}

#[test]
fn a_folder_is_not_taken_for_a_notebook() {
    let text = refusal(&Sandbox::new(), &["check", "notebooks"]);
    assert_says(&text, &["`notebooks` is a folder", "name a notebook"]);
}

#[test]
fn broken_json_is_told_with_its_place() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "project/notebooks/broken.ipynb",
        "{\n \"cells\": [\n <<<<<<< HEAD\n",
    );
    for command in ["check", "handout"] {
        let text = refusal(&sandbox, &[command, "broken"]);
        assert_says(
            &text,
            &["broken.ipynb", "not valid JSON", "line 3", "git checkout"],
        );
    }
}

#[test]
fn json_that_is_no_notebook_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write("project/notebooks/list.ipynb", "[1, 2]");
    assert_says(
        &refusal(&sandbox, &["check", "list"]),
        &["not a notebook", "nbformat"],
    );
}

#[test]
fn a_notebook_for_another_kernel_is_told_how_to_change_it() {
    let sandbox = Sandbox::new();
    sandbox.write("project/notebooks/python.ipynb", &notebook("python3", &[]));
    for command in ["check", "handout"] {
        let text = refusal(&sandbox, &[command, "python"]);
        assert_says(
            &text,
            &[
                "for the kernel `python3`",
                "Change Kernel",
                "Rust (lessons)",
            ],
        );
    }
}

#[test]
fn without_python_nothing_is_begun() {
    let sandbox = Sandbox::new();
    with_rust(&sandbox);
    sandbox.write(
        "project/notebooks/lesson.ipynb",
        &notebook("rust-lessons", &[]),
    );
    for command in ["lab", "setup", "check", "handout"] {
        let text = refusal(&sandbox, &[command]);
        assert_says(
            &text,
            &["no Python 3.11 or newer on PATH", "apt-get install python3"],
        );
    }
}

#[test]
fn an_old_python_is_named() {
    let sandbox = Sandbox::new();
    with_rust(&sandbox);
    sandbox.script("python3", "echo 3 9 2");
    assert_says(
        &refusal(&sandbox, &["setup"]),
        &["3.11 or newer", "python3 is 3.9.2"],
    );
}

#[test]
fn without_cargo_nothing_is_begun() {
    let sandbox = Sandbox::new();
    sandbox.script("python3", "echo 3 11 7");
    sandbox.write(
        "project/notebooks/lesson.ipynb",
        &notebook("rust-lessons", &[]),
    );
    for command in ["lab", "setup", "check", "handout", "install"] {
        let text = refusal(&sandbox, &[command]);
        assert_says(&text, &["was not found", "install Rust"]);
    }
}

#[test]
fn a_kernel_without_a_connection_file_is_refused() {
    assert_says(
        &refusal(&Sandbox::new(), &["kernel"]),
        &["--connection-file"],
    );
}

#[test]
fn an_unknown_command_is_answered_with_the_near_one() {
    assert_says(
        &refusal(&Sandbox::new(), &["chek"]),
        &["unrecognized subcommand", "check"],
    );
}
