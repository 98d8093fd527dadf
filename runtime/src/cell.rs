//! Runs cells, one after the other, on the calling thread.

use std::fs::File;
use std::io::{self, Write};
use std::os::raw::c_void;

use lesson_runtime::{ToKernel, mark};
use libloading::os::unix::Library;

use crate::commands::{self, Commands, LoadAndRun};
use crate::control::Control;
use crate::{aside, early, interrupt, origin, panics, private, streams};

type CellFn = unsafe extern "C" fn(*mut c_void) -> *mut c_void;

/// What evcxr reads at the end of a cell.
const COMPLETE: &str = "EVCXR_EXECUTION_COMPLETE";
/// What evcxr reads when the type of a stored variable has changed: it drops the variable, and compiles
/// and runs the cell without it.
const CHANGED_TYPE: &str = "EVCXR_VARIABLE_CHANGED_TYPE:";
/// What evcxr reads when the cell's code ended by a panic.
const PANIC: &str = "EVCXR_PANIC_NOTIFICATION";

/// What evcxr reads when the cell ended before its last line: it drops the variables that are new.
const EARLY_END: &str = "EVCXR_ERROR_OCCURRED";

/// Serves commands until evcxr closes the pipe.
///
/// # Errors
/// When a command cannot be understood or its shared object cannot be loaded.
pub fn serve(
    queue: &Commands,
    control: &'static Control,
    nonce: &str,
    mut marks: [File; 2],
) -> Result<(), Box<dyn std::error::Error>> {
    let mut store: *mut c_void = std::ptr::null_mut();
    let mut number = 0;
    while let Some(command) = queue.next()? {
        let cell = interrupt::current_cell();
        // Stop was pressed while the cell was compiled: it must not run. To evcxr this is a panic
        // before the first statement: no variable has moved, none is lost.
        if interrupt::take() {
            control.echo(PANIC)?;
            control.echo(COMPLETE)?;
            continue;
        }
        // The cell would take its variables out of the store by their new types.
        let forgotten = commands::take_forgotten();
        if !forgotten.is_empty() {
            for variable in forgotten {
                control.echo(&format!("{CHANGED_TYPE}{variable}"))?;
            }
            control.echo(COMPLETE)?;
            continue;
        }
        streams::reopen_closed(&marks);
        let apart = interrupt::wants_apart();
        if apart || aside::is_active() {
            flush();
            number += 1;
            aside::switch(cell, apart, || {
                control.send(&ToKernel::Switching {
                    cell: apart.then_some(cell),
                });
                // A stream that cannot be written has nothing on the way either.
                if write_marks(&mut marks, nonce, number).is_ok() {
                    control.wait_drained(number);
                }
            });
        }
        control.send(&ToKernel::Running { cell });
        store = run(&command, cell, store)?;
        if private::is_copy() {
            // To the kernel only the original speaks.
            // SAFETY: `_exit` takes a number and does not return.
            unsafe { libc::_exit(0) }
        }
        number += 1;
        flush();
        // Told before the marks: who reads a mark knows then how to take the words before it.
        let returned = early::take_return();
        control.send(&ToKernel::Ended {
            returned,
            foreign_hook: panics::reclaim(control),
        });
        write_marks(&mut marks, nonce, number)?;
        control.wait_drained(number);
        if returned.is_some() {
            control.echo(EARLY_END)?;
        }
        control.echo(COMPLETE)?;
    }
    Ok(())
}

fn write_marks(streams: &mut [File; 2], nonce: &str, number: u64) -> io::Result<()> {
    let mark = mark(nonce, number);
    streams
        .iter_mut()
        .try_for_each(|stream| stream.write_all(&mark))
}

fn run(
    command: &LoadAndRun,
    cell: u64,
    store: *mut c_void,
) -> Result<*mut c_void, libloading::Error> {
    // Symbols stay private unless a later cell needs them: else an exported function of one cell
    // would take the place of one with the same name in the next.
    let visibility = if command.share {
        libc::RTLD_GLOBAL
    } else {
        libc::RTLD_LOCAL
    };
    // SAFETY: the library is a cell that evcxr compiled; its initialisers are those of Rust crates.
    let open = || unsafe { Library::open(Some(&command.library), libc::RTLD_LAZY | visibility) };
    let library = private::with_room(open)?;
    // SAFETY: evcxr generates this function with exactly this signature.
    let function = unsafe { library.get::<CellFn>(command.function.as_bytes()) }?;
    origin::register(*function as *const c_void, cell);
    // SAFETY: `store` is null or what the previous cell returned; the function catches panics.
    let store = unsafe { function(store) };
    // Never unloaded: threads, statics and destructors of the cell may live as long as the process.
    std::mem::forget(library);
    Ok(store)
}

fn flush() {
    // Cells share our libstd, so this is their stdout too. A failure is theirs (a closed fd 1).
    let _ = io::stdout().flush();
    // SAFETY: `fflush(NULL)` flushes the C library's own streams.
    unsafe { libc::fflush(std::ptr::null_mut()) };
}
