//! The processes below this one, as Linux tells them.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

/// A running process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// The name of its program, cut to 15 characters by the kernel.
    pub name: String,
}

/// All processes below `root`, without `except` and what is below that one.
#[must_use]
pub fn descendants(root: u32, except: Option<u32>) -> Vec<Process> {
    let mut children: HashMap<u32, Vec<Process>> = HashMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // A process that has ended meanwhile is simply not there any more.
        if let Ok(stat) = std::fs::read_to_string(entry.path().join("stat"))
            && let Some((parent, name)) = parse_stat(&stat)
        {
            children
                .entry(parent)
                .or_default()
                .push(Process { pid, name });
        }
    }
    let mut found = Vec::new();
    let mut todo = vec![root];
    while let Some(parent) = todo.pop() {
        for child in children.remove(&parent).into_iter().flatten() {
            if Some(child.pid) != except {
                todo.push(child.pid);
                found.push(child);
            }
        }
    }
    found
}

/// The ids of all processes of this user that were started with the environment variable `name` set
/// to `value`.
#[must_use]
pub fn with_variable(name: &str, value: &OsStr) -> Vec<u32> {
    let wanted = [name.as_bytes(), b"=", value.as_bytes()].concat();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        // Another user's, or one that has ended meanwhile, cannot be read.
        if let (Some(pid), Ok(environment)) = (pid, std::fs::read(entry.path().join("environ")))
            && environment
                .split(|byte| *byte == 0)
                .any(|set| set == wanted)
        {
            found.push(pid);
        }
    }
    found
}

/// Whether a program of this name takes part in compiling.
#[must_use]
pub fn is_compiler(name: &str) -> bool {
    let known = [
        "cargo",
        "lesson-cargo",
        "rustc",
        "cc",
        "ld",
        "ld.lld",
        "rust-lld",
        "mold",
        "collect2",
    ];
    known.contains(&name) || name.starts_with("build-script")
}

/// Kills a process; one that has ended already is no error.
pub fn kill(pid: u32) {
    if let Ok(pid) = i32::try_from(pid) {
        let _ = signal::kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

/// Parent and name from a line of `/proc/PID/stat`.
fn parse_stat(stat: &str) -> Option<(u32, String)> {
    // The name stands in parentheses and may itself contain some, and spaces.
    let open = stat.find('(')?;
    let close = stat.rfind(')')?;
    let name = stat.get(open + 1..close)?.to_owned();
    let parent = stat.get(close + 1..)?.split_whitespace().nth(1)?;
    Some((parent.parse().ok()?, name))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_hide_the_parent() {
        let parsed = parse_stat("42 (a (b) c) S 7 42 42 0");
        assert_eq!(parsed, Some((7, "a (b) c".to_owned())));
    }

    #[test]
    fn a_process_is_found_by_its_environment() {
        let value = OsStr::new("a value of this test");
        let mut child = std::process::Command::new("sleep")
            .arg("30")
            .env("LESSON_TEST_FOUND_BY", value)
            .spawn()
            .expect("sleep is everywhere");
        // A program that has just been started has its environment a moment later.
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut found = Vec::new();
        while found.is_empty() && Instant::now() < deadline {
            found = with_variable("LESSON_TEST_FOUND_BY", value);
        }
        let other = with_variable("LESSON_TEST_FOUND_BY", OsStr::new("a value"));
        kill(child.id());
        let _ = child.wait();
        assert_eq!((found, other), (vec![child.id()], vec![]));
    }

    #[test]
    fn a_child_is_found_and_an_exception_is_left_out() {
        let mut child = std::process::Command::new("sleep")
            .arg("30")
            .spawn()
            .expect("sleep is everywhere");
        let me = std::process::id();
        let found = descendants(me, None);
        let without = descendants(me, Some(child.id()));
        kill(child.id());
        let _ = child.wait();
        assert!(found.iter().any(|process| process.pid == child.id()));
        assert!(!without.iter().any(|process| process.pid == child.id()));
    }
}
