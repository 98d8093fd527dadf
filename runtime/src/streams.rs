//! Separates what the learner's code prints from what evcxr's protocol needs.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use lesson_runtime::{ASIDE_FIFO, STDERR_FIFO, STDOUT_FIFO};

use crate::private;

/// The ends of all streams after the exchange.
pub struct Streams {
    /// The original stdin: evcxr's commands.
    pub commands: File,
    /// The write end of the pipe that is now fd 0.
    pub stdin_feed: File,
    /// The original stdout: evcxr reads it.
    pub real_stdout: File,
    /// Private descriptors of both FIFOs, in the order stdout, stderr. A cell that closes fd 1 does
    /// not close these.
    pub marks: [File; 2],
    /// For output that is kept apart.
    pub aside: File,
}

impl Streams {
    /// Replaces fd 0, 1 and 2; all other descriptors are closed on exec.
    ///
    /// # Errors
    /// When a FIFO cannot be opened or the process is out of descriptors.
    pub fn take_over(dir: &Path) -> io::Result<Streams> {
        let stdout = private::keep(open_for_write(&dir.join(STDOUT_FIFO))?)?;
        let stderr = private::keep(open_for_write(&dir.join(STDERR_FIFO))?)?;
        let aside = private::keep(open_for_write(&dir.join(ASIDE_FIFO))?)?;
        let commands = private::keep(io::stdin())?;
        let real_stdout = private::keep(io::stdout())?;
        let (stdin_read, stdin_feed) = pipe()?;
        let stdin_feed = private::keep(stdin_feed)?;
        replace(stdin_read.as_raw_fd(), libc::STDIN_FILENO)?;
        replace(stdout.as_raw_fd(), libc::STDOUT_FILENO)?;
        replace(stderr.as_raw_fd(), libc::STDERR_FILENO)?;
        Ok(Streams {
            commands: commands.into(),
            stdin_feed: stdin_feed.into(),
            real_stdout: real_stdout.into(),
            marks: [stdout.into(), stderr.into()],
            aside: aside.into(),
        })
    }
}

/// Opens stdout and stderr again where a cell has closed them: the next cell's output is not to be
/// lost because of it.
pub fn reopen_closed(streams: &[File; 2]) {
    for (fd, stream) in [libc::STDOUT_FILENO, libc::STDERR_FILENO]
        .into_iter()
        .zip(streams)
    {
        // SAFETY: `fcntl` with F_GETFD reads nothing from memory.
        let closed = unsafe { libc::fcntl(fd, libc::F_GETFD) } < 0;
        if closed {
            // Out of descriptors, it stays closed: nothing worse than before.
            let _ = replace(stream.as_raw_fd(), fd);
        }
    }
}

fn open_for_write(path: &Path) -> io::Result<File> {
    let name = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: `name` is a NUL-terminated string that lives through the call.
    let fd = unsafe { libc::open(name.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC) };
    check(fd)?;
    // SAFETY: `open` returned this descriptor just now; nobody else owns it.
    Ok(unsafe { File::from_raw_fd(fd) })
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0_i32; 2];
    // SAFETY: `ends` has room for the two descriptors that `pipe2` writes.
    check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
    // SAFETY: `pipe2` succeeded, so both numbers are open descriptors that nobody else owns.
    Ok(unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) })
}

fn replace(from: i32, to: i32) -> io::Result<()> {
    // SAFETY: `dup2` reads nothing from memory; fd 0, 1 and 2 are owned by nobody in Rust's sense.
    check(unsafe { libc::dup2(from, to) })
}

fn check(result: i32) -> io::Result<()> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
