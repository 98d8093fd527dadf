//! Starts a kernel: folders first, then channels, then the engine.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result};
use jupyter_protocol::ConnectionInfo;

use super::channels::Channels;
use super::janitor::Janitor;
use super::output::Output;
use super::session::Session;
use super::subshells::Shells;
use super::{connection_file, control, heartbeat, history, iopub, stdin};
use crate::engine::Engine;
use crate::engine::context::Places;
use crate::engine::std_view;
use crate::setup::{std_sources, toolchain::Toolchain, tools};

/// Environment variable: the work folder of this kernel, named before it exists.
pub const WORK_VAR: &str = "RUST_LESSONS_WORK";
/// Environment variable: the compiler's version, asked for once.
const RUSTC_VAR: &str = "RUST_LESSONS_RUSTC_VERSION";

/// Serves one kernel until it is shut down.
///
/// The process replaces itself once, to set variables that evcxr and rust-analyzer read from the
/// environment: setting them in a running process with threads is not safe.
///
/// # Errors
/// When the connection file cannot be used or a port cannot be bound.
pub fn run(connection_file: &Path) -> Result<()> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    match std::env::var_os(WORK_VAR) {
        None => Err(restart_with_environment(&program, connection_file)),
        Some(work) => serve(program, PathBuf::from(work), connection_file),
    }
}

fn restart_with_environment(program: &Path, connection_file: &Path) -> anyhow::Error {
    let work = std::env::temp_dir().join(format!("rust-lessons-{}", uuid::Uuid::new_v4().simple()));
    let mut command = Command::new(program);
    command
        .arg("kernel")
        .arg("--connection-file")
        .arg(connection_file)
        .env("EVCXR_TMPDIR", work.join("build"))
        .env(lesson_runtime::PROGRAM_VAR, program)
        .env(WORK_VAR, &work);
    // Without a toolchain the kernel starts all the same, and says in the notebook what is missing.
    if let Ok(toolchain) = Toolchain::find() {
        command.env(RUSTC_VAR, &toolchain.release);
        tools::first(&mut command, &work.join("tools"), &toolchain);
        tools::build_in(&mut command, &work.join("build"), &toolchain);
        if std_sources::find(&toolchain).is_some() {
            command.env("RUST_SRC_PATH", std_view::folder(&work));
        }
    }
    anyhow::Error::new(command.exec()).context("cannot start the kernel's program again")
}

fn serve(program: PathBuf, work: PathBuf, connection_file: &Path) -> Result<()> {
    let info = connection_file::read(connection_file)?;
    for warning in connection_file::warnings(&info) {
        eprintln!("warning: {warning}");
    }
    connection_file::remove_old_channels(&info)?;
    // Before the folder exists: from now on somebody removes it, however this process ends.
    let janitor = Janitor::start(&program, &work)?;
    std::fs::create_dir(&work).with_context(|| format!("cannot make `{}`", work.display()))?;
    let places = Places {
        program,
        work,
        nonce: uuid::Uuid::new_v4().simple().to_string(),
    };
    let served = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(serve_channels(&info, places.clone()));
    connection_file::remove_channels(&info);
    // The quick way out: threads that wait for a cell must not hold the process.
    janitor.clean_up(&places.work);
    match served {
        Ok(()) => std::process::exit(0),
        Err(error) => {
            // Let go of now, the janitor would end this process before it has told the error.
            std::mem::forget(janitor);
            Err(error)
        }
    }
}

async fn serve_channels(info: &ConnectionInfo, places: Places) -> Result<()> {
    let channels = Channels::bind(info).await?;
    let (iopub_tx, iopub_rx) = iopub::queue();
    let input = stdin::Input::new();
    let output = Arc::new(Output::new(iopub_tx.clone(), input.clone()));
    let engine = Arc::new(Engine::start(places, output.clone())?);
    output.set_interrupter(engine.interrupter());
    let session = Arc::new(Session::new(
        engine,
        output,
        input.clone(),
        iopub_tx,
        std::env::var(RUSTC_VAR).unwrap_or_else(|_| "unknown".to_owned()),
        history::History::start(history::path())?,
        info.clone(),
    ));
    let (replies, requests) = channels.shell.split();
    let shells = Shells::new(Arc::clone(&session), replies);
    session.starting().await;
    tokio::spawn(iopub::serve(channels.iopub, iopub_rx));
    tokio::spawn(heartbeat::serve(channels.heartbeat));
    tokio::spawn(stdin::serve(channels.stdin, input));
    tokio::spawn(stop_on_sigint(Arc::clone(&session)));
    let ended = tokio::select! {
        ended = Arc::clone(&shells).serve(requests) => ended,
        ended = control::serve(channels.control, Arc::clone(&session), shells) => ended,
        () = orphaned() => Ok(()),
        () = terminated() => Ok(()),
    };
    session.flush().await;
    session.history.end();
    session.engine.interrupter().kill();
    ended
}

/// A front end that has no control channel sends a signal instead.
async fn stop_on_sigint(session: Arc<Session>) {
    while tokio::signal::ctrl_c().await.is_ok() {
        session.interrupt();
    }
}

async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

/// Returns when the server that started this kernel has gone without shutting it down.
async fn orphaned() {
    let announced = std::env::var("JPY_PARENT_PID")
        .ok()
        .and_then(|pid| pid.parse::<i32>().ok());
    let parent = nix::unistd::getppid().as_raw();
    // Started through a program in between, its end says nothing about the server's.
    if announced != Some(parent) {
        std::future::pending::<()>().await;
    }
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        if nix::unistd::getppid().as_raw() != parent {
            return;
        }
    }
}
