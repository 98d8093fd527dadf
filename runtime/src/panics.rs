//! The panic hook: it sees every panic of every cell, since cells share our libstd.

use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use lesson_runtime::{At, ThreadPanic, ToKernel, panic_mark};

use crate::control::Control;
use crate::{interrupt, origin, owner, private};

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
/// A panic of another thread is told on stderr: that thread's death is not the cell's error.
pub fn install(control: &'static Control, nonce: &str) {
    let sentinel = Sentinel;
    let nonce = nonce.to_owned();
    panic::set_hook(Box::new(move |info| {
        let _ = &sentinel;
        if !tell_kernel(control, info) {
            print(&nonce, info);
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
    control.send(&ToKernel::Panicked {
        message: message(info).to_owned(),
        at: place(info),
    });
    true
}

/// Prints the message, and behind it the mark that the kernel replaces by the place.
///
/// In one piece: the lines of several threads must not mix.
fn print(nonce: &str, info: &PanicHookInfo<'_>) {
    let who = match thread::current().name() {
        Some(name) => format!("thread '{name}'"),
        None => "a thread without a name".to_owned(),
    };
    // One line, whatever the message looks like, so that it can be told from the next thread's.
    let message = message(info)
        .lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join("; ");
    let mut text = format!("{who} panicked: {message}\n").into_bytes();
    text.extend(panic_mark(
        nonce,
        &ThreadPanic {
            at: place(info),
            started_by: owner::run(),
        },
    ));
    // A closed stderr is the learner's own doing.
    let _ = io::stderr().lock().write_all(&text);
}

fn place(info: &PanicHookInfo<'_>) -> At {
    info.location().map_or_else(At::default, |at| At {
        compiled_for: origin::cell_of(at.file().as_ptr().cast()),
        file: at.file().to_owned(),
        line: at.line(),
        column: at.column(),
    })
}

fn message<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    info.payload_as_str()
        .unwrap_or("(the panic carries a value that is not text)")
}
