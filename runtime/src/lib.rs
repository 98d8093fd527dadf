//! What the kernel and the runtime process say to each other.
//!
//! The runtime is the process that loads compiled cells and runs them. The kernel starts it (through
//! `evcxr`) and talks to it over these ways, all below one folder:
//!
//! * a Unix socket ([`SOCKET`]): frames in both directions, one JSON text a line ([`ToKernel`],
//!   [`ToRuntime`]);
//! * two FIFOs ([`STDOUT_FIFO`], [`STDERR_FIFO`]) that are the runtime's fd 1 and fd 2. The kernel
//!   holds their read ends, so what a cell printed survives the death of the process;
//! * a third FIFO ([`ASIDE_FIFO`]) for what threads of earlier cells print, where the settings ask for
//!   it to be kept apart: frames of [`aside_header`] and text;
//! * the pipes that `evcxr` itself opens: commands come in on the original stdin, and only lines of
//!   evcxr's own protocol go out on the original stdout.
//!
//! A FIFO has no message borders. At the end of a cell the runtime writes a mark ([`mark`]) into
//! both, and the kernel answers [`ToRuntime::Drained`] when it has read up to both marks.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::PathBuf;

pub mod frame;
pub mod tools;

pub use frame::{At, ThreadPanic, ToKernel, ToRuntime, read_frame, write_frame};

/// Environment variable: the folder with the socket and the FIFOs.
pub const DIR_VAR: &str = "RUST_LESSONS_RUNTIME_DIR";
/// Environment variable: a random word that makes this kernel's marks unlike anything printed.
pub const NONCE_VAR: &str = "RUST_LESSONS_RUNTIME_NONCE";
/// Environment variable: the kernel's program, which stands in as `rustc` wrapper when asked to.
pub const PROGRAM_VAR: &str = "RUST_LESSONS_PROGRAM";
/// File name of the socket in the runtime's folder.
pub const SOCKET: &str = "control.sock";
/// File name of the FIFO that takes fd 1.
pub const STDOUT_FIFO: &str = "stdout.fifo";
/// File name of the FIFO that takes fd 2.
pub const STDERR_FIFO: &str = "stderr.fifo";

/// File name of the FIFO for output that is kept apart.
pub const ASIDE_FIFO: &str = "aside.fifo";
/// The length of what [`aside_header`] returns.
pub const ASIDE_HEADER: usize = 13;

/// What stands in [`ASIDE_FIFO`] before `length` bytes that a thread has printed.
///
/// `run` is the number of the request that started the thread. The text may be cut anywhere.
#[must_use]
pub fn aside_header(run: u64, stderr: bool, length: usize) -> [u8; ASIDE_HEADER] {
    let mut header = [0; ASIDE_HEADER];
    header[..8].copy_from_slice(&run.to_le_bytes());
    header[8] = u8::from(stderr);
    let length = u32::try_from(length).expect("what is printed is cut into short pieces");
    header[9..].copy_from_slice(&length.to_le_bytes());
    header
}

/// Reads back what [`aside_header`] has written.
#[must_use]
pub fn read_aside_header(header: [u8; ASIDE_HEADER]) -> (u64, bool, usize) {
    let [a, b, c, d, e, f, g, h, stderr, i, j, k, l] = header;
    let run = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    (run, stderr != 0, u32::from_le_bytes([i, j, k, l]) as usize)
}

/// The bytes that mark the end of run `number` in a stream.
///
/// Shorter than `PIPE_BUF`, so the operating system writes it in one piece. It starts and ends with
/// a NUL byte, which text does not have, and carries the kernel's nonce.
#[must_use]
pub fn mark(nonce: &str, number: u64) -> Vec<u8> {
    format!("\0lesson-mark:{nonce}:{number:020}\0").into_bytes()
}

/// The first bytes of the mark that stands on stderr behind the message of a thread's panic; the
/// content, [`ThreadPanic`] as JSON, and a NUL byte follow.
///
/// The place stands in the stream itself, so that it comes right behind the message, whatever other
/// threads print.
#[must_use]
pub fn panic_mark_head(nonce: &str) -> Vec<u8> {
    format!("\0lesson-panic:{nonce}:").into_bytes()
}

/// The bytes that tell the kernel where a thread has panicked.
#[must_use]
pub fn panic_mark(nonce: &str, panic: &ThreadPanic) -> Vec<u8> {
    let mut mark = panic_mark_head(nonce);
    // JSON has no NUL byte inside: it would be written as an escape.
    mark.extend(serde_json::to_vec(panic).unwrap_or_default());
    mark.push(0);
    mark
}

/// The bytes behind which the end of the line is not the learner's: evcxr's code prints it.
#[must_use]
pub fn mute_mark(nonce: &str) -> Vec<u8> {
    format!("\0lesson-mute:{nonce}\0").into_bytes()
}

/// A path to `name` in an open folder, valid while the folder is open in this process.
///
/// The address of a Unix socket has room for 107 bytes, and a temporary folder may be deeper; this
/// path is short wherever the folder is.
#[must_use]
pub fn in_open_folder(folder: &File, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/{name}", folder.as_raw_fd()))
}
