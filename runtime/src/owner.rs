//! Which cell started a thread.
//!
//! The C library's `pthread_create` is what every thread of every crate is made by. This program
//! comes first in the search for symbols, so its function of that name is the one that cells find; it
//! hands the number of the starting cell down to the new thread, and so to the threads of threads.

use std::cell::Cell;
use std::os::raw::{c_int, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::interrupt;

type Start = unsafe extern "C-unwind" fn(*mut c_void) -> *mut c_void;
type Create = unsafe extern "C" fn(
    *mut libc::pthread_t,
    *const libc::pthread_attr_t,
    Start,
    *mut c_void,
) -> c_int;

/// The C library's own function; null until it has been looked up.
static CREATE: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());

thread_local! {
    // Without a destructor, so it can be read at any time, in a signal handler too.
    static RUN: Cell<u64> = const { Cell::new(0) };
}

/// What the new thread starts with.
struct Birth {
    run: u64,
    start: Start,
    argument: *mut c_void,
}

/// The number of the request that started this thread, or the thread that started it; 0 for the
/// thread that runs the cells, and for ours.
pub fn run() -> u64 {
    RUN.get()
}

/// The C library's function, with the cell's number handed down.
///
/// # Safety
/// As for the C library's.
// SAFETY: it takes the place of the C library's function of this name and does what that does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_create(
    thread: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    start: Start,
    argument: *mut c_void,
) -> c_int {
    let Some(create) = real() else {
        return libc::EAGAIN;
    };
    let run = match RUN.get() {
        0 if interrupt::is_cell_thread() => interrupt::current_cell(),
        inherited => inherited,
    };
    let birth = Box::into_raw(Box::new(Birth {
        run,
        start,
        argument,
    }));
    // SAFETY: the caller's arguments are passed on; `live` takes the box.
    let result = unsafe { create(thread, attributes, live, birth.cast()) };
    if result != 0 {
        // SAFETY: no thread was made, so the box is still ours.
        drop(unsafe { Box::from_raw(birth) });
    }
    result
}

/// The first function of each thread. Without anything to drop: a thread that is cancelled unwinds
/// through here.
unsafe extern "C-unwind" fn live(birth: *mut c_void) -> *mut c_void {
    let Birth {
        run,
        start,
        argument,
    } = {
        // SAFETY: `pthread_create` gives each thread a box of its own.
        *unsafe { Box::from_raw(birth.cast::<Birth>()) }
    };
    RUN.set(run);
    // SAFETY: these are what the caller of `pthread_create` asked to be called with each other.
    unsafe { start(argument) }
}

fn real() -> Option<Create> {
    let mut found = CREATE.load(Ordering::Relaxed);
    if found.is_null() {
        // SAFETY: the name is NUL-terminated.
        found = unsafe { libc::dlsym(libc::RTLD_NEXT, c"pthread_create".as_ptr()) };
        CREATE.store(found, Ordering::Relaxed);
    }
    if found.is_null() {
        return None;
    }
    // SAFETY: the C library's function of this name has this type (POSIX, `pthread_create`).
    Some(unsafe { std::mem::transmute::<*mut c_void, Create>(found) })
}

/// Keeps the function in the executable, where cells find it.
#[used]
static KEEP: unsafe extern "C" fn(
    *mut libc::pthread_t,
    *const libc::pthread_attr_t,
    Start,
    *mut c_void,
) -> c_int = pthread_create;
