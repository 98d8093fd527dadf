//! Where stops come from: the kernel's runtime when there is one, else this process.
//!
//! The runtime that runs the cells exports a handful of C functions; they are looked up by name,
//! so this crate also works where they are missing: in `cargo test`, in a program of one's own,
//! under the stock kernel. There a stop is aimed at one thread and kept in its mark.
#![allow(
    unsafe_code,
    reason = "functions found by name have a type only by contract"
)]

use std::panic::resume_unwind;
use std::sync::{Arc, OnceLock};
use std::thread;

use crate::KeyboardInterrupt;
use crate::attention::{self, Attention};
use crate::cells::wakes;
use crate::forced::{self, Moment};
use crate::thread_mark::ThreadMark;
use crate::waiter::{self, Waiter};

/// Gives a pending stop its chance: unwinds when the running cell has been stopped.
///
/// The blocking calls of this crate do this themselves. Put it into a long loop of your own that
/// calls none of them, to make the loop stoppable. It costs a few nanoseconds and returns at once
/// when there is no stop, and also while the thread is unwinding already.
///
/// ```
/// let mut sum = 0_u64;
/// for n in 0..1_000 {
///     lesson_support::checkpoint();
///     sum += n;
/// }
/// assert_eq!(sum, 499_500);
/// ```
#[inline]
pub fn checkpoint() {
    if !Attention::now().is_quiet() || ThreadMark::current_number() == 0 {
        look_for_stop();
    }
}

#[cold]
fn look_for_stop() {
    let mark = ThreadMark::current();
    if thread::panicking() {
        return;
    }
    mark.end_stopping();
    if claim_pending(&mark) {
        unwind(&mark);
    }
    attention::runtime_settled(|| runtime().is_none_or(|runtime| (runtime.stage)() == 0));
}

/// Leaves the calling thread, whose mark this is, by unwinding. A stop must have been claimed.
pub(crate) fn unwind(mark: &ThreadMark) -> ! {
    mark.begin_stopping();
    resume_unwind(Box::new(KeyboardInterrupt))
}

/// Whether the calling thread is the one that runs the cells.
pub(crate) fn is_cell_thread() -> bool {
    match runtime() {
        Some(runtime) => (runtime.is_cell_thread)(),
        None => is_main_thread(),
    }
}

/// Whether this is the thread on which the process began: the stock kernel runs its cells there.
#[cfg(target_os = "linux")]
fn is_main_thread() -> bool {
    // Not by the name: the copy of `std` that a cell uses has not seen the process begin.
    // SAFETY: takes nothing and cannot fail.
    let thread = unsafe { libc::gettid() };
    // SAFETY: takes nothing and cannot fail.
    let process = unsafe { libc::getpid() };
    thread == process
}

#[cfg(not(target_os = "linux"))]
fn is_main_thread() -> bool {
    thread::current().name() == Some("main")
}

/// Claims a stop raised before now for the calling thread, whose mark this is.
///
/// A claimed stop is used up, so `true` obliges the caller to [`unwind`].
pub(crate) fn claim_pending(mark: &ThreadMark) -> bool {
    if thread::panicking() {
        return false;
    }
    let claimed = is_pending(mark)
        && match runtime() {
            Some(runtime) if (runtime.is_cell_thread)() => (runtime.take)(),
            // A stop of all threads is nobody's to take; one that was left for this thread is.
            Some(_) => {
                mark.take_stop();
                true
            }
            None => mark.take_stop(),
        };
    if !claimed {
        forced::reached(Moment::Looked);
    }
    claimed
}

/// Whether a stop waits to be claimed by the calling thread, whose mark this is.
pub(crate) fn is_pending(mark: &ThreadMark) -> bool {
    match runtime() {
        Some(runtime) if (runtime.is_cell_thread)() => (runtime.stage)() >= STAGE_CELL_THREAD,
        Some(runtime) => (runtime.stage)() >= STAGE_ALL_THREADS || mark.has_stop(),
        None => mark.has_stop(),
    }
}

/// Claims the stop that woke `waiter`, a wait of the calling thread.
pub(crate) fn claim(waiter: &Waiter) -> bool {
    match runtime() {
        Some(runtime) if waiter.on_cell_thread() => (runtime.take)(),
        // Whether such a thread is meant was decided when it was woken; by now the cell may be
        // over and its stage taken back.
        Some(_) => {
            waiter.owner().take_stop();
            true
        }
        None => waiter.owner().take_stop(),
    }
}

/// Whether the kernel's own runtime runs this process.
pub(crate) fn has_runtime() -> bool {
    runtime().is_some()
}

/// The number of the running cell, where the runtime tells.
pub(crate) fn current_cell() -> Option<u64> {
    let current_cell = runtime()?.current_cell?;
    Some(current_cell())
}

/// Tells the runtime, if there is one, by what the running cell ends.
pub(crate) fn tell_unwound(message: &str) {
    if let Some(unwound) = runtime().and_then(|runtime| runtime.unwound) {
        // SAFETY: it reads so many bytes, and does not keep them.
        unsafe { unwound(message.as_ptr(), message.len()) };
    }
}

/// Stops the running cell as the stop button would; without a runtime, the thread of `mark`.
pub(crate) fn press_stop(mark: &Arc<ThreadMark>) {
    match runtime() {
        Some(runtime) => (runtime.press_stop)(),
        None => stop_thread(mark),
    }
}

/// Stops one thread, in the wait in which it sits or in the next one. Not the thread that runs the
/// cells of a runtime: its stops are the runtime's.
pub(crate) fn stop_thread(mark: &Arc<ThreadMark>) {
    mark.leave_stop();
    waiter::stop_all(|waiter| Arc::ptr_eq(waiter.owner(), mark));
    wakes::wake_all(|owner, _| Arc::ptr_eq(owner, mark));
}

/// Called by the runtime each time it raises a stage, with the stage already visible.
extern "C" fn on_interrupt() {
    let Some(runtime) = runtime() else { return };
    attention::runtime_raised();
    let stage = (runtime.stage)();
    let is_meant = |on_cell_thread: bool| {
        stage >= STAGE_ALL_THREADS || (stage >= STAGE_CELL_THREAD && on_cell_thread)
    };
    waiter::stop_all(|waiter| is_meant(waiter.on_cell_thread()));
    wakes::wake_all(|_, on_cell_thread| is_meant(on_cell_thread));
}

/// The thread that runs the cells is to unwind.
const STAGE_CELL_THREAD: u32 = 1;
/// It did not help, so every thread blocked in this crate is to unwind: the cell may sit at the
/// end of a `thread::scope`, waiting for them.
const STAGE_ALL_THREADS: u32 = 2;

/// The runtime's functions.
struct Runtime {
    is_cell_thread: extern "C" fn() -> bool,
    stage: extern "C" fn() -> u32,
    take: extern "C" fn() -> bool,
    press_stop: extern "C" fn(),
    /// A runtime need not have this one.
    current_cell: Option<extern "C" fn() -> u64>,
    /// Nor this one.
    unwound: Option<unsafe extern "C" fn(*const u8, usize)>,
}

fn runtime() -> Option<&'static Runtime> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    RUNTIME.get_or_init(Runtime::find).as_ref()
}

impl Runtime {
    /// The version of the functions' types which this file is written for.
    const ABI: u32 = 1;

    #[cfg(unix)]
    fn find() -> Option<Self> {
        use std::mem::transmute;

        let abi = symbol(c"lesson_runtime_abi")?;
        // SAFETY: in every version `lesson_runtime_abi` is an `extern "C" fn() -> u32`.
        let abi = unsafe { transmute::<*mut libc::c_void, extern "C" fn() -> u32>(abi) };
        if abi() != Self::ABI {
            return None;
        }

        let is_cell_thread = symbol(c"lesson_runtime_is_cell_thread")?;
        let stage = symbol(c"lesson_runtime_interrupt_stage")?;
        let take = symbol(c"lesson_runtime_take_interrupt")?;
        let press_stop = symbol(c"lesson_runtime_press_stop")?;
        let subscribe = symbol(c"lesson_runtime_on_interrupt")?;

        type Callback = extern "C" fn();
        // SAFETY: ABI 1 defines it as `extern "C" fn(extern "C" fn())`.
        let subscribe =
            unsafe { transmute::<*mut libc::c_void, extern "C" fn(Callback)>(subscribe) };
        let found = Self {
            // SAFETY: ABI 1 defines it as `extern "C" fn() -> bool`.
            is_cell_thread: unsafe {
                transmute::<*mut libc::c_void, extern "C" fn() -> bool>(is_cell_thread)
            },
            // SAFETY: ABI 1 defines it as `extern "C" fn() -> u32`.
            stage: unsafe { transmute::<*mut libc::c_void, extern "C" fn() -> u32>(stage) },
            // SAFETY: ABI 1 defines it as `extern "C" fn() -> bool`.
            take: unsafe { transmute::<*mut libc::c_void, extern "C" fn() -> bool>(take) },
            // SAFETY: ABI 1 defines it as `extern "C" fn()`.
            press_stop: unsafe { transmute::<*mut libc::c_void, extern "C" fn()>(press_stop) },
            current_cell: symbol(c"lesson_runtime_current_cell").map(|current_cell| {
                // SAFETY: where it exists, it is an `extern "C" fn() -> u64`.
                unsafe { transmute::<*mut libc::c_void, extern "C" fn() -> u64>(current_cell) }
            }),
            unwound: symbol(c"lesson_runtime_unwound").map(|unwound| {
                type Told = unsafe extern "C" fn(*const u8, usize);
                // SAFETY: where it exists, it is of this type.
                unsafe { transmute::<*mut libc::c_void, Told>(unwound) }
            }),
        };
        subscribe(on_interrupt);
        // Raised before anybody told us.
        if (found.stage)() > 0 {
            attention::runtime_raised();
        }
        Some(found)
    }

    #[cfg(not(unix))]
    fn find() -> Option<Self> {
        None
    }
}

/// The address of an exported function of this process, by name.
#[cfg(unix)]
fn symbol(name: &std::ffi::CStr) -> Option<*mut libc::c_void> {
    // SAFETY: `name` ends in a zero byte and lives through the call; `RTLD_DEFAULT` is the
    // documented handle for a search of the whole process.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!address.is_null()).then_some(address)
}
