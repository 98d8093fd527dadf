//! `cargo lessons install` and `uninstall`, looked at through Jupyter's own command.

use std::fs;

use rust_lessons::setup::kernelspec::Place;
use serde_json::Value;

use crate::program::{PROGRAM, printed, program};
use crate::ready::ready;

#[test]
fn jupyter_sees_what_install_registers_and_no_more_after_uninstall() {
    let ready = ready();
    let prefix = tempfile::tempdir().expect("a temporary folder can be made");
    let jupyter_dir = Place::Prefix(prefix.path().into())
        .jupyter_dir()
        .expect("a place");
    let kernels = || -> Value {
        let output = ready
            .venv
            .command(&ready.project)
            .args(["-m", "jupyter_client.kernelspecapp", "list", "--json"])
            .env("JUPYTER_PATH", &jupyter_dir)
            .output()
            .expect("the environment's Python starts");
        let listed: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", printed(&output)));
        let mut kernels = listed["kernelspecs"].clone();
        let here = kernels.as_object_mut().expect("kernels by name");
        here.retain(|_, kernel| {
            kernel["resource_dir"]
                .as_str()
                .is_some_and(|dir| dir.starts_with(prefix.path().to_str().unwrap()))
        });
        kernels
    };
    let run = |args: &[&str]| {
        let output = program()
            .args(args)
            .arg("--prefix")
            .arg(prefix.path())
            .output()
            .expect("the program starts");
        assert!(output.status.success(), "{}", printed(&output));
        printed(&output)
    };

    run(&["install", "--stock"]);
    let seen = kernels();
    let ours = &seen["rust-lessons"]["spec"];
    assert_eq!(ours["display_name"], "Rust (lessons)", "{seen:#}");
    assert_eq!(ours["language"], "rust");
    assert_eq!(ours["interrupt_mode"], "message");
    assert_eq!(ours["argv"][0], PROGRAM);
    assert_eq!(
        seen["rust-stock"]["spec"]["display_name"],
        "Rust (stock evcxr)"
    );
    for kernel in ["rust-lessons", "rust-stock"] {
        let logo = jupyter_dir
            .join("kernels")
            .join(kernel)
            .join("logo-svg.svg");
        assert!(
            fs::read_to_string(&logo).is_ok_and(|svg| svg.contains("aria-label")),
            "{}",
            logo.display()
        );
    }

    let said = run(&["uninstall"]);
    assert!(
        said.contains("rust-lessons") && said.contains("rust-stock"),
        "{said}"
    );
    assert_eq!(kernels(), serde_json::json!({}));
    assert!(run(&["uninstall"]).contains("nothing to remove"));
}

#[test]
fn a_second_set_up_changes_nothing_and_needs_no_network() {
    let ready = ready();
    let spec = ready
        .venv
        .jupyter_dir()
        .join("kernels/rust-lessons/kernel.json");
    let changed = || {
        fs::metadata(&spec)
            .and_then(|file| file.modified())
            .expect("the kernel is registered")
    };
    let before = changed();
    let output = program()
        .arg("setup")
        // Where a proxy refuses, there is no network.
        .envs(["http_proxy", "https_proxy", "all_proxy"].map(|name| (name, "http://127.0.0.1:9")))
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", printed(&output));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "",
        "nothing was left to do"
    );
    assert_eq!(changed(), before);
}
