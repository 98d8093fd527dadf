//! A small process that cleans up after a kernel, however that ends.
//!
//! It waits for the end of a pipe that only the kernel holds. A kernel that is killed cannot clean up
//! by itself: then the janitor ends what is left of its process group (the cells' process, cargo and
//! rustc, programs that cells have started), and what has left the group but carries the kernel's
//! environment, and removes its folder.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, getpgrp, getpid, setpgid};

use super::launch::WORK_VAR;
use crate::engine::processes;
use crate::setup::cells;

/// The command under which this program is a janitor.
pub const COMMAND: &str = "janitor";
/// How long removing is tried: a process that dies may still be writing into the folder.
const TRY_FOR: Duration = Duration::from_secs(10);

/// The kernel's hold on its janitor.
pub struct Janitor {
    // Dropped, or closed by the operating system: both tell the janitor to work.
    _process: Child,
}

impl Janitor {
    /// Starts one for the folder `work`, which need not exist yet.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn start(program: &Path, work: &Path) -> Result<Janitor> {
        // A group of our own, so that ending it ends nothing else. A session leader has one already.
        let own = Pid::from_raw(0);
        let _ = setpgid(own, own);
        let group = if getpgrp() == getpid() {
            getpgrp().as_raw()
        } else {
            0
        };
        let process = Command::new(program)
            .arg(COMMAND)
            .arg(work)
            .arg(group.to_string())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            .spawn()
            .context("cannot start the janitor process")?;
        Ok(Janitor { _process: process })
    }

    /// Removes the folder already now; the janitor does the rest.
    pub fn clean_up(&self, work: &Path) {
        remove(work, Duration::from_millis(200));
    }
}

/// What the janitor process does.
pub fn keep_watch(work: &Path, group: i32) {
    // Returns when the kernel has ended. An error means the same.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    if group > 1 {
        // A group without members is no error: then everything has ended already.
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
    // Twice: a program that is just being started cannot be recognised for a moment.
    for _ in 0..2 {
        for pid in processes::with_variable(WORK_VAR, work.as_os_str()) {
            if pid != std::process::id() {
                processes::kill(pid);
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    remove(work, TRY_FOR);
    // Now, when nobody waits for it.
    cells::prune_all();
}

fn remove(work: &Path, limit: Duration) {
    let deadline = Instant::now() + limit;
    while work.exists() && Instant::now() < deadline {
        if std::fs::remove_dir_all(work).is_err() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
