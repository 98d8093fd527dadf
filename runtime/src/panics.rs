//! The panic hook: it sees every panic of every cell, since cells share our libstd.

use std::panic::{self, PanicHookInfo};
use std::thread;

use lesson_runtime::ToKernel;

use crate::control::Control;
use crate::interrupt;

/// Installs the hook.
///
/// A panic of the cell's own thread is told to the kernel, which shows it as the error of the cell.
/// A panic of another thread is one line on stderr: that thread's death is not the cell's error.
pub fn install(control: &'static Control) {
    panic::set_hook(Box::new(move |info| {
        let message = message(info);
        if interrupt::is_cell_thread() {
            let (file, line, column) = info.location().map_or_else(
                || (String::new(), 0, 0),
                |at| (at.file().to_owned(), at.line(), at.column()),
            );
            control.send(&ToKernel::Panicked {
                message,
                file,
                line,
                column,
            });
        } else {
            // One line, whatever the message looks like: lines of several threads mix.
            let message = message
                .lines()
                .map(str::trim)
                .collect::<Vec<_>>()
                .join("; ");
            match thread::current().name() {
                Some(name) => eprintln!("thread '{name}' panicked: {message}"),
                None => eprintln!("a thread without a name panicked: {message}"),
            }
        }
    }));
}

fn message(info: &PanicHookInfo<'_>) -> String {
    info.payload_as_str()
        .unwrap_or("(the panic carries a value that is not text)")
        .to_owned()
}
