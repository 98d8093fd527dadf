//! Lets programs draw on stderr.
//!
//! Crates that show progress (`indicatif` among them) hide it where stderr is no terminal. A notebook
//! is not one, but it can redraw a line, and the kernel translates the rest. So `isatty(2)` says yes:
//! this program's function of that name comes before the C library's. The size of the terminal stays
//! unknown; crates assume 80 columns then.

use std::os::raw::c_int;

use crate::aside;

/// The C library's function, with another answer for stderr.
// SAFETY: it takes the place of the C library's function of this name and does what that does.
#[unsafe(no_mangle)]
pub extern "C" fn isatty(fd: c_int) -> c_int {
    // Not where a cell has put a file in its place.
    if fd == libc::STDERR_FILENO && aside::is_stream(fd) {
        return 1;
    }
    let mut settings = std::mem::MaybeUninit::<libc::termios>::uninit();
    // SAFETY: `settings` has room for what `tcgetattr` writes. That it fails with `ENOTTY` is how the
    // C library's function tells, too.
    let result = unsafe { libc::tcgetattr(fd, settings.as_mut_ptr()) };
    c_int::from(result == 0)
}

/// Keeps the function in the executable, where cells find it.
#[used]
static KEEP: extern "C" fn(c_int) -> c_int = isatty;
