//! Loads compiled cells and runs them on its main thread. See the library for the protocol.

mod aside;
mod attendant;
mod cell;
mod commands;
mod control;
mod early;
mod interrupt;
mod origin;
mod owner;
mod panics;
mod private;
mod streams;
mod terminal;

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    // evcxr names the subprocess as rustc wrapper when its own cache is on; only the kernel's
    // program knows that part.
    if std::env::var_os("EVCXR_RUSTC_WRAPPER").is_some() {
        return wrap_rustc();
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lesson-runtime: {}", with_sources(&*error));
            ExitCode::from(99)
        }
    }
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<String> = sources.map(ToString::to_string).collect();
    texts.join(": ")
}

fn wrap_rustc() -> ExitCode {
    let Some(program) = std::env::var_os(lesson_runtime::PROGRAM_VAR) else {
        eprintln!("lesson-runtime: {} is not set", lesson_runtime::PROGRAM_VAR);
        return ExitCode::from(99);
    };
    let error = Command::new(program)
        .args(std::env::args_os().skip(1))
        .exec();
    eprintln!("lesson-runtime: cannot start the rustc wrapper: {error}");
    ExitCode::from(99)
}

/// How much a cell and its threads give way to the kernel and the compiler, as `nice` counts.
const NICENESS: libc::c_int = 10;

/// Threads that a learner has forgotten in a loop must not keep the kernel from compiling the next cell, or from
/// hearing of stop. As long as nobody else wants the processors, nothing runs slower.
fn give_way() {
    // SAFETY: takes no pointers. That a system does not allow it is no reason not to run.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS) };
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    // evcxr asks for backtraces; of a cell they show twenty frames of ours and one of the learner's.
    // SAFETY: no other thread has been started yet.
    unsafe { std::env::remove_var("RUST_BACKTRACE") };
    give_way();
    let dir = std::env::var_os(lesson_runtime::DIR_VAR)
        .ok_or("this program is started by the rust-lessons kernel only")?;
    let nonce = std::env::var(lesson_runtime::NONCE_VAR)?;
    private::cut_off_copies()?;
    let streams = streams::Streams::take_over(dir.as_ref())?;
    aside::install(streams.aside, &streams.marks)?;
    let control = control::Control::connect(dir.as_ref(), streams.real_stdout)?;
    interrupt::mark_cell_thread();
    panics::install(control, &nonce);
    early::install(control, &nonce);
    attendant::start(control)?;
    let commands = commands::Commands::listen(streams.commands, streams.stdin_feed);
    cell::serve(&commands, control, &nonce, streams.marks)?;
    Ok(())
}
