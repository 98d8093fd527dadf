//! The state of the stop button, and the C functions with which a support crate reads it.
//!
//! A cell's shared object is loaded without making its symbols global, so the crate cannot be found
//! from here; it finds these functions in the executable with `dlsym(RTLD_DEFAULT, …)` instead.
//! States of one cell's interrupt:
//!
//! * `stage` 0: nothing pressed, or the press was claimed;
//! * `stage` 1: pressed; the cell's own thread unwinds at its next blocking call;
//! * `stage` 2: pressed a while ago; every thread in a blocking call of the support crate unwinds.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use lesson_runtime::ToKernel;

use crate::control::Control;

/// The version of the functions below; they change together with it.
const ABI: u32 = 1;

static CELL: AtomicU64 = AtomicU64::new(0);
/// The pending stage. Under its symbol's name the loops of cells look at it, at each turn.
// SAFETY: no other symbol of this name exists in the process.
#[unsafe(export_name = "lesson_runtime_stage")]
static STAGE: AtomicU32 = AtomicU32::new(0);
static APART: AtomicBool = AtomicBool::new(false);
static EPOCH: AtomicU64 = AtomicU64::new(0);
static WAKERS: Mutex<Vec<extern "C" fn()>> = Mutex::new(Vec::new());
static CONTROL: OnceLock<&'static Control> = OnceLock::new();

thread_local! {
    static IS_CELL_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// Declares the calling thread the one that runs cells.
pub fn mark_cell_thread() {
    IS_CELL_THREAD.set(true);
}

/// Whether the calling thread is the one that runs cells.
pub fn is_cell_thread() -> bool {
    // A thread that is ending may have destroyed its locals already: then it is not ours.
    IS_CELL_THREAD.try_with(Cell::get).unwrap_or(false)
}

/// Gives the C functions their way to the kernel.
pub fn set_control(control: &'static Control) {
    let _ = CONTROL.set(control);
}

/// A request starts; `apart` says that threads of earlier ones print elsewhere.
pub fn begin(cell: u64, apart: bool) {
    STAGE.store(0, Ordering::SeqCst);
    APART.store(apart, Ordering::SeqCst);
    CELL.store(cell, Ordering::SeqCst);
}

/// The stop button was pressed for `cell`.
pub fn raise(cell: u64, stage: u32) {
    if CELL.load(Ordering::SeqCst) != cell {
        return;
    }
    STAGE.fetch_max(stage, Ordering::SeqCst);
    EPOCH.fetch_add(1, Ordering::SeqCst);
    let wakers = WAKERS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    for wake in wakers {
        wake();
    }
}

/// The number of the current request.
pub fn current_cell() -> u64 {
    CELL.load(Ordering::SeqCst)
}

/// Whether the current request asks for the output of others to be kept apart.
pub fn wants_apart() -> bool {
    APART.load(Ordering::SeqCst)
}

/// Claims a pending interrupt: true once for each press.
pub fn take() -> bool {
    if STAGE.swap(0, Ordering::SeqCst) == 0 {
        return false;
    }
    if let Some(control) = CONTROL.get() {
        control.send(&ToKernel::Interrupted {
            cell: current_cell(),
        });
    }
    true
}

/// The version of these functions.
// SAFETY: no other symbol of this name exists in the process.
#[unsafe(no_mangle)]
pub extern "C" fn lesson_runtime_abi() -> u32 {
    ABI
}

/// Whether the calling thread runs cells.
// SAFETY: no other symbol of this name exists in the process.
#[unsafe(no_mangle)]
pub extern "C" fn lesson_runtime_is_cell_thread() -> bool {
    is_cell_thread()
}

/// The pending stage: 0, 1 or 2.
// SAFETY: no other symbol of this name exists in the process.
#[unsafe(no_mangle)]
pub extern "C" fn lesson_runtime_interrupt_stage() -> u32 {
    STAGE.load(Ordering::SeqCst)
}

/// Grows by one each time a stage is raised.
// SAFETY: no other symbol of this name exists in the process.
#[unsafe(no_mangle)]
pub extern "C" fn lesson_runtime_interrupt_epoch() -> u64 {
    EPOCH.load(Ordering::SeqCst)
}

/// Registers a function that is called, on a thread of the runtime, each time a stage is raised.
// SAFETY: no other symbol of this name exists in the process.
#[unsafe(no_mangle)]
pub extern "C" fn lesson_runtime_on_interrupt(wake: extern "C" fn()) {
    WAKERS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(wake);
}

/// Claims the pending interrupt for the cell's own thread: true once for each press.
// SAFETY: no other symbol of this name exists in the process.
#[unsafe(no_mangle)]
pub extern "C" fn lesson_runtime_take_interrupt() -> bool {
    is_cell_thread() && take()
}

/// Asks the kernel to interrupt the running cell as the stop button would.
// SAFETY: no other symbol of this name exists in the process.
#[unsafe(no_mangle)]
pub extern "C" fn lesson_runtime_press_stop() {
    if let Some(control) = CONTROL.get() {
        control.send(&ToKernel::PressStop);
    }
}

/// The number of the request that runs, never used twice: a stop that was ordered by an earlier one
/// comes too late.
// SAFETY: no other symbol of this name exists in the process.
#[unsafe(no_mangle)]
pub extern "C" fn lesson_runtime_current_cell() -> u64 {
    current_cell()
}

/// What a loop of a cell calls when a stage is pending: unwinds the thread if it is meant.
// SAFETY: no other symbol of this name exists in the process.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn lesson_runtime_checkpoint() {
    if std::thread::panicking() {
        return;
    }
    let meant = if is_cell_thread() {
        take()
    } else {
        STAGE.load(Ordering::SeqCst) >= 2
    };
    if meant {
        // Without the hook: this is no panic, and nobody is to read of one.
        std::panic::resume_unwind(Box::new("stopped by the stop button"));
    }
}

/// The look of a loop as one call: where nothing is optimised, that is quicker than the library's own
/// functions on the way to the number.
// SAFETY: no other symbol of this name exists in the process.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn lesson_runtime_poll() {
    if STAGE.load(Ordering::Relaxed) != 0 {
        lesson_runtime_checkpoint();
    }
}

/// Keeps the functions in the executable: the linker drops what nothing refers to.
#[used]
static KEEP: (
    extern "C" fn() -> u32,
    extern "C" fn() -> bool,
    extern "C" fn() -> u32,
    extern "C" fn() -> u64,
    extern "C" fn(extern "C" fn()),
    extern "C" fn() -> bool,
    extern "C" fn(),
    extern "C" fn() -> u64,
    extern "C-unwind" fn(),
    extern "C-unwind" fn(),
    &AtomicU32,
) = (
    lesson_runtime_abi,
    lesson_runtime_is_cell_thread,
    lesson_runtime_interrupt_stage,
    lesson_runtime_interrupt_epoch,
    lesson_runtime_on_interrupt,
    lesson_runtime_take_interrupt,
    lesson_runtime_press_stop,
    lesson_runtime_current_cell,
    lesson_runtime_checkpoint,
    lesson_runtime_poll,
    &STAGE,
);
