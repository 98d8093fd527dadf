//! Descriptors of the runtime itself, out of the way of the cells.
//!
//! A cell may close, or write to, any descriptor that it can guess. Ours have numbers that no loop
//! over "all" descriptors reaches, above the limit that the cell sees. And a cell may fork: the copy
//! must not speak to the kernel, nor keep these channels open when the original has ended, since evcxr
//! would wait for their end for ever.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};

/// How many descriptors can be kept; the runtime has fewer.
const ROOM: usize = 16;
/// The highest limit that is made use of: the system's table of descriptors grows with the number.
const HIGHEST: u64 = 1 << 16;

static KEPT: [AtomicI32; ROOM] = [const { AtomicI32::new(-1) }; ROOM];
static COUNT: AtomicUsize = AtomicUsize::new(0);
static NOWHERE: OnceLock<OwnedFd> = OnceLock::new();
static IS_COPY: AtomicBool = AtomicBool::new(false);

/// Makes a descriptor one of ours: under a high number, closed on exec, and leading nowhere in a copy
/// of this process.
///
/// # Errors
/// When the system has no room for it.
pub fn keep(fd: impl AsFd) -> io::Result<OwnedFd> {
    let kept = duplicate_high(fd)?;
    let slot = COUNT.fetch_add(1, Ordering::SeqCst);
    let slot = KEPT.get(slot).ok_or(io::ErrorKind::OutOfMemory)?;
    slot.store(kept.as_raw_fd(), Ordering::SeqCst);
    Ok(kept)
}

/// From now on a copy of this process, made by `fork`, has lost what was and will be kept.
///
/// # Errors
/// When `/dev/null` cannot be opened or the handler is refused.
pub fn cut_off_copies() -> io::Result<()> {
    let nowhere = std::fs::File::options()
        .read(true)
        .write(true)
        .open("/dev/null")?;
    let _ = NOWHERE.set(duplicate_high(nowhere)?);
    // SAFETY: the handler calls only what may be called between fork and exec.
    match unsafe { libc::pthread_atfork(None, None, Some(in_the_copy)) } {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

/// Whether this process is a copy that a cell has made by `fork`.
pub fn is_copy() -> bool {
    IS_COPY.load(Ordering::SeqCst)
}

/// Runs something that opens files, although the cells may have used up all descriptors.
pub fn with_room<T>(run: impl FnOnce() -> T) -> T {
    let before = limit();
    if let Some(before) = before {
        let most = before.rlim_max.max(HIGHEST);
        // Where raising the upper limit is refused, what is left below it has to do.
        if !set_limit(most, most) {
            set_limit(before.rlim_max, before.rlim_max);
        }
    }
    let result = run();
    if let Some(before) = before {
        set_limit(before.rlim_cur, before.rlim_max);
    }
    result
}

extern "C" fn in_the_copy() {
    IS_COPY.store(true, Ordering::SeqCst);
    let Some(nowhere) = NOWHERE.get() else { return };
    for slot in &KEPT {
        let fd = slot.load(Ordering::SeqCst);
        if fd >= 0 {
            // SAFETY: `dup3` reads nothing from memory; the number stays the one of its owner.
            unsafe { libc::dup3(nowhere.as_raw_fd(), fd, libc::O_CLOEXEC) };
        }
    }
}

fn duplicate_high(fd: impl AsFd) -> io::Result<OwnedFd> {
    let fd = fd.as_fd().as_raw_fd();
    let before = limit().ok_or_else(io::Error::last_os_error)?;
    let most = before.rlim_max.min(HIGHEST);
    set_limit(most, before.rlim_max);
    // The last ones of all: with few descriptors allowed, still beyond those that a cell gets first.
    let from = i32::try_from(most.saturating_sub(2 * ROOM as u64)).unwrap_or(0);
    // SAFETY: `fcntl` with F_DUPFD_CLOEXEC reads nothing from memory.
    let copy = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, from) };
    let refused = io::Error::last_os_error();
    set_limit(before.rlim_cur, before.rlim_max);
    if copy < 0 {
        return Err(refused);
    }
    // SAFETY: `fcntl` returned this descriptor just now; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

fn limit() -> Option<libc::rlimit> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is a structure of the kind that `getrlimit` writes.
    let result = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    (result == 0).then_some(limit)
}

fn set_limit(current: u64, most: u64) -> bool {
    let limit = libc::rlimit {
        rlim_cur: current,
        rlim_max: most,
    };
    // SAFETY: `limit` is a structure of the kind that `setrlimit` reads.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) == 0 }
}
