use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Compiling it may be part of this.
const PLENTY: Duration = Duration::from_secs(300);

/// It shows how the crate is used outside of a notebook, and has to go on doing so.
#[test]
fn the_example_prints_and_draws_what_happened() {
    let folder =
        std::env::temp_dir().join(format!("lesson_support_example_{}", std::process::id()));
    let mut example = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--example", "timeline", "--"])
        .arg(&folder)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::null())
        .spawn()
        .expect("cargo starts");
    let deadline = Instant::now() + PLENTY;
    let status = loop {
        if let Some(status) = example.try_wait().expect("it is our child") {
            break status;
        }
        if Instant::now() > deadline {
            example.kill().expect("it still runs");
            panic!("the example does not come to its end");
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(status.success(), "{status}");
    for name in ["turns", "left_on", "two_locks", "crowd", "busy", "deadlock"] {
        let picture = std::fs::read_to_string(folder.join(name).with_extension("svg"));
        let picture = picture.expect("it was drawn");
        assert!(
            picture.starts_with("<svg") && picture.len() < 200_000,
            "{name}"
        );
    }
    std::fs::remove_dir_all(&folder).expect("it is ours");
}
