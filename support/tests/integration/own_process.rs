//! Tests of what a process has only one of: its panic hook, its kernel runtime.

use std::env;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::deadline::{in_background, until};

/// Set in the process that runs the test for itself.
const CHILD: &str = "LESSON_SUPPORT_OWN_PROCESS";

/// Runs the test called `test` again in a process of its own, where it comes to this place and
/// runs `work`, with `envs` set. Asserts that it ends well; its standard error is returned.
#[track_caller]
pub(crate) fn in_own_process(
    test: &str,
    envs: impl FnOnce() -> Vec<(&'static str, String)>,
    work: impl FnOnce(),
) -> Child {
    if env::var(CHILD).is_ok_and(|child| child == test) {
        work();
        return Child {
            stdout: None,
            stderr: None,
        };
    }
    let program = env::current_exe().expect("a test knows its program");
    let mut child = Command::new(program)
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, test)
        // The line under test must not bring a backtrace along.
        .env_remove("RUST_BACKTRACE")
        .envs(envs())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a test can start itself");
    let mut stdout = child.stdout.take().expect("piped");
    let mut stderr = child.stderr.take().expect("piped");
    let [stdout, stderr] = [
        in_background("stdout", move || read(&mut stdout)),
        in_background("stderr", move || read(&mut stderr)),
    ];
    let mut status = None;
    until("the process of the test has ended", || {
        status = child.try_wait().expect("a child can be asked");
        thread::sleep(Duration::from_millis(2));
        status.is_some()
    });
    let (stdout, stderr) = (stdout.finish(), stderr.finish());
    let status = status.expect("it has ended");
    assert!(status.success(), "{test}: {status}\n{stdout}\n{stderr}");
    assert!(
        stdout.contains("1 passed"),
        "{test} is not the name of a test:\n{stdout}"
    );
    Child {
        stdout: Some(stdout),
        stderr: Some(stderr),
    }
}

fn read(pipe: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    pipe.read_to_end(&mut bytes).expect("a pipe can be read");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What the process left; nothing when this is the process.
pub(crate) struct Child {
    stdout: Option<String>,
    stderr: Option<String>,
}

impl Child {
    /// The test's own lines are there, too.
    #[track_caller]
    pub(crate) fn assert_stdout_has(self, parts: &[&str]) {
        for part in parts {
            if let Some(stdout) = &self.stdout {
                assert!(stdout.contains(part), "{part} is not in {stdout}");
            }
        }
    }

    #[track_caller]
    pub(crate) fn assert_stderr(self, expected: &str) {
        if let Some(stderr) = self.stderr {
            assert_eq!(stderr, expected);
        }
    }
}
