//! The panic hook: it sees every panic of every cell, since cells share our libstd.

use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use lesson_runtime::ToKernel;

use crate::control::Control;
use crate::{interrupt, private};

/// Set when a cell has put a hook of its own in our place.
static REPLACED: AtomicBool = AtomicBool::new(false);

/// Lives in our hook, and so ends with it.
struct Sentinel;

impl Drop for Sentinel {
    fn drop(&mut self) {
        REPLACED.store(true, Ordering::SeqCst);
    }
}

/// Installs the hook.
///
/// A panic of the cell's own thread is told to the kernel, which shows it as the error of the cell.
/// A panic of another thread is one line on stderr: that thread's death is not the cell's error.
pub fn install(control: &'static Control) {
    let sentinel = Sentinel;
    panic::set_hook(Box::new(move |info| {
        let _ = &sentinel;
        if !tell_kernel(control, info) {
            print_line(info);
        }
    }));
}

/// Puts our hook around one that the cell has installed: the learner's does what it does, and the
/// kernel still hears of panics. Returns whether there was one.
pub fn reclaim(control: &'static Control) -> bool {
    if !REPLACED.load(Ordering::SeqCst) {
        return false;
    }
    let theirs = panic::take_hook();
    let sentinel = Sentinel;
    panic::set_hook(Box::new(move |info| {
        let _ = &sentinel;
        tell_kernel(control, info);
        theirs(info);
    }));
    // Last: taking an outer hook of ours apart would have set it again.
    REPLACED.store(false, Ordering::SeqCst);
    true
}

/// Tells the kernel of a panic of the cell's own thread; returns whether it was one.
fn tell_kernel(control: &Control, info: &PanicHookInfo<'_>) -> bool {
    if !interrupt::is_cell_thread() || private::is_copy() {
        return false;
    }
    let (file, line, column) = info.location().map_or_else(
        || (String::new(), 0, 0),
        |at| (at.file().to_owned(), at.line(), at.column()),
    );
    control.send(&ToKernel::Panicked {
        message: message(info).to_owned(),
        file,
        line,
        column,
    });
    true
}

fn print_line(info: &PanicHookInfo<'_>) {
    // One line, whatever the message looks like: lines of several threads mix.
    let message = message(info)
        .lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join("; ");
    match thread::current().name() {
        Some(name) => eprintln!("thread '{name}' panicked: {message}"),
        None => eprintln!("a thread without a name panicked: {message}"),
    }
}

fn message<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    info.payload_as_str()
        .unwrap_or("(the panic carries a value that is not text)")
}
