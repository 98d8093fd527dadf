//! Ends of a cell before its last line: by `return`, by a `?` that met an error, or by unwinding.
//!
//! A cell's code is in a closure, and what it defines is stored at the end of that. After an early end
//! the new variables are not stored, and evcxr has to be told so. For `?` its own code does that; for
//! `return` the kernel puts a call of [`lesson_runtime_returns`] in its way.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use lesson_runtime::{ToKernel, mute_mark};

use crate::control::Control;
use crate::{interrupt, private};

/// No `return` has been met. No cell is that long.
const NOWHERE: u64 = u64::MAX;

static RETURNED_AT: AtomicU64 = AtomicU64::new(NOWHERE);
static WAYS: OnceLock<(&'static Control, String)> = OnceLock::new();

/// Gives the C functions their way to the kernel.
pub fn install(control: &'static Control, nonce: &str) {
    let _ = WAYS.set((control, nonce.to_owned()));
}

/// The place of the `return` that has ended the cell; asked once for each cell.
pub fn take_return() -> Option<u64> {
    let at = RETURNED_AT.swap(NOWHERE, Ordering::SeqCst);
    (at != NOWHERE).then_some(at)
}

/// The cell is about to return, at this place of its text.
// SAFETY: no other symbol of this name exists in the process.
#[unsafe(no_mangle)]
pub extern "C" fn lesson_runtime_returns(at: u64) {
    if interrupt::is_cell_thread() {
        RETURNED_AT.store(at, Ordering::SeqCst);
    }
}

/// A `?` at this place ends the cell, because of an error with this text. evcxr's code then prints the
/// end of a line, which the kernel leaves out.
///
/// # Safety
/// `text` points to `length` bytes.
// SAFETY: no other symbol of this name exists in the process.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lesson_runtime_asked(at: u64, text: *const u8, length: usize) {
    let Some((control, nonce)) = WAYS.get() else {
        return;
    };
    if private::is_copy() {
        return;
    }
    // SAFETY: promised by the caller.
    let text = unsafe { std::slice::from_raw_parts(text, length) };
    control.send(&ToKernel::Asked {
        at,
        message: String::from_utf8_lossy(text).into_owned(),
    });
    // A closed stderr is the learner's own doing.
    let _ = io::stderr().lock().write_all(&mute_mark(nonce));
}

/// The cell ends by unwinding, with this text. The panic hook has told of it before, unless the panic was
/// passed on.
///
/// # Safety
/// `text` points to `length` bytes.
// SAFETY: no other symbol of this name exists in the process.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lesson_runtime_unwound(text: *const u8, length: usize) {
    let Some((control, _)) = WAYS.get() else {
        return;
    };
    if !interrupt::is_cell_thread() || private::is_copy() {
        return;
    }
    // SAFETY: promised by the caller.
    let text = unsafe { std::slice::from_raw_parts(text, length) };
    control.send(&ToKernel::Unwound {
        message: String::from_utf8_lossy(text).into_owned(),
    });
}

/// Keeps the functions in the executable: the linker drops what nothing refers to.
#[used]
static KEEP: (
    extern "C" fn(u64),
    unsafe extern "C" fn(u64, *const u8, usize),
    unsafe extern "C" fn(*const u8, usize),
) = (
    lesson_runtime_returns,
    lesson_runtime_asked,
    lesson_runtime_unwound,
);
