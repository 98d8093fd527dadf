//! Output of threads that earlier cells have started, apart from that of the cell that runs.
//!
//! fd 1 and fd 2 do not tell who writes. So, where the settings ask for it, the C library's `write`
//! and `writev` are replaced by ours (this program comes first in the search for symbols). What a
//! thread of an earlier cell writes to fd 1 or 2 goes into a FIFO of its own, in frames that carry the
//! cell's number; everything else goes where it always did. What does not pass through these two
//! functions (C's `printf`, other processes) belongs to the cell that runs.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::raw::{c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, RwLock};

use lesson_runtime::aside_header;

use crate::owner;

/// Longer text is several frames, so that the kernel never has to keep more than this.
const FRAME: usize = 32 * 1024;

static APART: AtomicBool = AtomicBool::new(false);
/// The request whose text goes straight to fd 1 and 2. Read-locked while it does: so when the request
/// changes, nobody is on the way to write for the old one.
static STRAIGHT: RwLock<u64> = RwLock::new(0);
static FIFOS: OnceLock<Fifos> = OnceLock::new();

thread_local! {
    /// The thread is in here already: a signal handler that writes must not wait for itself.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

struct Fifos {
    aside: Mutex<File>,
    /// What fd 1 and fd 2 are as long as no cell puts something in their place.
    streams: [Identity; 2],
    process: u32,
}

/// Device and number of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Identity(libc::dev_t, libc::ino_t);

/// Says what fd 1 and 2 are, and where text goes that is kept apart.
///
/// # Errors
/// When the descriptors are not open.
pub fn install(aside: File, streams: &[File; 2]) -> io::Result<()> {
    let identity = |file: &File| identity(file.as_raw_fd()).ok_or_else(io::Error::last_os_error);
    let fifos = Fifos {
        aside: Mutex::new(aside),
        streams: [identity(&streams[0])?, identity(&streams[1])?],
        process: std::process::id(),
    };
    let _ = FIFOS.set(fifos);
    Ok(())
}

/// Whether this descriptor (1 or 2) is still the stream that the kernel reads.
pub fn is_stream(fd: c_int) -> bool {
    FIFOS.get().is_some_and(|fifos| {
        let index = usize::from(fd == libc::STDERR_FILENO);
        identity(fd) == Some(fifos.streams[index])
    })
}

/// Whether text is kept apart, or was until now: then the kernel has to be told of each request.
pub fn is_active() -> bool {
    APART.load(Ordering::SeqCst)
}

/// From here on text of the request `run` goes straight to fd 1 and 2, and with `apart` that of others
/// does not. `told` runs while nobody writes, and returns when the kernel has read everything.
pub fn switch(run: u64, apart: bool, told: impl FnOnce()) {
    let mut straight = STRAIGHT.write().unwrap_or_else(PoisonError::into_inner);
    told();
    *straight = run;
    APART.store(apart, Ordering::SeqCst);
}

/// The C library's function, for text of threads of earlier cells another one.
///
/// # Safety
/// As for the C library's.
// SAFETY: it takes the place of the C library's function of this name and does what that does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(fd: c_int, buffer: *const c_void, count: usize) -> isize {
    let straight = || {
        // SAFETY: the caller's arguments, passed on.
        let written = unsafe { libc::syscall(libc::SYS_write, fd, buffer, count) };
        written as isize
    };
    if !concerns(fd) {
        return straight();
    }
    let part = libc::iovec {
        iov_base: buffer.cast_mut(),
        iov_len: count,
    };
    // SAFETY: `part` is what the caller has given.
    unsafe { route(fd, &[part], straight) }
}

/// The C library's function, for text of threads of earlier cells another one.
///
/// # Safety
/// As for the C library's.
// SAFETY: it takes the place of the C library's function of this name and does what that does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn writev(fd: c_int, parts: *const libc::iovec, count: c_int) -> isize {
    let straight = || {
        // SAFETY: the caller's arguments, passed on.
        let written = unsafe { libc::syscall(libc::SYS_writev, fd, parts, count) };
        written as isize
    };
    match usize::try_from(count) {
        Ok(count) if count > 0 && concerns(fd) => {
            // SAFETY: the caller says that there are so many.
            let parts = unsafe { std::slice::from_raw_parts(parts, count) };
            // SAFETY: these are what the caller has given.
            unsafe { route(fd, parts, straight) }
        }
        _ => straight(),
    }
}

fn concerns(fd: c_int) -> bool {
    (fd == libc::STDOUT_FILENO || fd == libc::STDERR_FILENO)
        && APART.load(Ordering::Relaxed)
        && owner::run() != 0
        && !INSIDE.get()
}

/// # Safety
/// Each of `parts` is readable.
unsafe fn route(fd: c_int, parts: &[libc::iovec], straight: impl Fn() -> isize) -> isize {
    // A copy of this process (`fork`): a thread that is not here may have held the lock.
    if FIFOS
        .get()
        .is_none_or(|fifos| fifos.process != std::process::id())
    {
        return straight();
    }
    INSIDE.set(true);
    let current = STRAIGHT.read().unwrap_or_else(PoisonError::into_inner);
    let run = owner::run();
    // A file that a cell has put in the place of the stream gets its text as ever.
    let result = if *current != run && is_stream(fd) {
        let mut written = 0;
        // SAFETY: the caller's promise.
        let sent = unsafe { send_aside(run, fd, parts, &mut written) };
        if sent { written } else { straight() }
    } else {
        straight()
    };
    drop(current);
    INSIDE.set(false);
    result
}

/// # Safety
/// Each of `parts` is readable.
unsafe fn send_aside(run: u64, fd: c_int, parts: &[libc::iovec], written: &mut isize) -> bool {
    let Some(fifos) = FIFOS.get() else {
        return false;
    };
    let mut aside = fifos.aside.lock().unwrap_or_else(PoisonError::into_inner);
    for part in parts.iter().filter(|part| part.iov_len > 0) {
        // SAFETY: the caller's promise.
        let bytes = unsafe { std::slice::from_raw_parts(part.iov_base.cast::<u8>(), part.iov_len) };
        for frame in bytes.chunks(FRAME) {
            let header = aside_header(run, fd == libc::STDERR_FILENO, frame.len());
            // The kernel holds the other end as long as it lives, and without it this process ends.
            if aside.write_all(&header).is_err() || aside.write_all(frame).is_err() {
                return *written > 0;
            }
            *written += frame.len() as isize;
        }
    }
    true
}

fn identity(fd: c_int) -> Option<Identity> {
    let mut status = std::mem::MaybeUninit::<libc::stat>::uninit();
    // SAFETY: `status` has room for what `fstat` writes.
    let result = unsafe { libc::fstat(fd, status.as_mut_ptr()) };
    // SAFETY: `fstat` has succeeded, so it has filled it.
    (result == 0)
        .then(|| unsafe { status.assume_init() })
        .map(|status| Identity(status.st_dev, status.st_ino))
}

/// Keeps the functions in the executable, where cells find them.
#[used]
static KEEP: (
    unsafe extern "C" fn(c_int, *const c_void, usize) -> isize,
    unsafe extern "C" fn(c_int, *const libc::iovec, c_int) -> isize,
) = (write, writev);
