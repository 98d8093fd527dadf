//! Which cell started a thread.
//!
//! The standard library has no stable hook for new threads. But it starts each of them by
//! `pthread_create`, and the dynamic linker takes the one of the executable before the one of the C
//! library: here, the number of the cell is handed on to the new thread.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::mem;
use std::sync::OnceLock;

use crate::interrupt;

type Start = unsafe extern "C-unwind" fn(*mut c_void) -> *mut c_void;
type Create = unsafe extern "C" fn(
    *mut libc::pthread_t,
    *const libc::pthread_attr_t,
    Start,
    *mut c_void,
) -> c_int;

thread_local! {
    static STARTED_BY: Cell<u64> = const { Cell::new(0) };
}

/// What the new thread is to do, and for whom.
struct Task {
    cell: u64,
    start: Start,
    argument: *mut c_void,
}

/// The number of the request whose code started the calling thread, or a thread that started it; 0
/// for the threads of the runtime itself, and for the thread that runs the cells.
pub fn started_by() -> u64 {
    STARTED_BY.try_with(Cell::get).unwrap_or(0)
}

/// Starts a thread as the C library does, and tells it the cell.
///
/// # Safety
/// As for the C library's function of this name.
// SAFETY: the dynamic linker is meant to find this one before the C library's; it does the same.
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
    let cell = if interrupt::is_cell_thread() {
        interrupt::current_cell()
    } else {
        started_by()
    };
    let task = Box::into_raw(Box::new(Task {
        cell,
        start,
        argument,
    }));
    // SAFETY: thread and attributes are the caller's, who keeps the rules of this very function;
    // `begin` takes what `task` is.
    let result = unsafe { create(thread, attributes, begin, task.cast()) };
    if result != 0 {
        // SAFETY: no thread was started, so nobody else has the box.
        drop(unsafe { Box::from_raw(task) });
    }
    result
}

unsafe extern "C-unwind" fn begin(task: *mut c_void) -> *mut c_void {
    // SAFETY: `pthread_create` above made it from a box, and hands it to this thread alone.
    let task = unsafe { Box::from_raw(task.cast::<Task>()) };
    let Task {
        cell,
        start,
        argument,
    } = *task;
    STARTED_BY.set(cell);
    // SAFETY: function and argument are those that the caller of `pthread_create` gave for this.
    unsafe { start(argument) }
}

/// The C library's own function.
fn real() -> Option<Create> {
    static REAL: OnceLock<Option<Create>> = OnceLock::new();
    *REAL.get_or_init(|| {
        // SAFETY: the name is a NUL-terminated string.
        let found = unsafe { libc::dlsym(libc::RTLD_NEXT, c"pthread_create".as_ptr()) };
        // SAFETY: the C library's function of this name has this signature.
        (!found.is_null()).then(|| unsafe { mem::transmute::<*mut c_void, Create>(found) })
    })
}

/// Keeps the function in the executable: the linker drops what nothing refers to.
#[used]
static KEEP: Create = pthread_create;
