//! The kernel's handle on the runtime process: what is known of it, and what is said to it.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use lesson_runtime::{
    ASIDE_FIFO, SOCKET, STDERR_FIFO, STDOUT_FIFO, ThreadPanic, ToRuntime, in_open_folder,
    write_frame,
};
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;

use super::aside::Aside;
use super::demux::Demux;
use super::last_words::LastWords;
use super::outlet::Outlet;
use super::panic_report;
use super::reader::Reader;
use super::report::Report;
use super::sink::{Sink, Stream};
use super::source_book::SourceBook;
use super::source_map::GENERATED;

/// Folder below the work folder in which evcxr compiles.
pub const BUILD: &str = "build";
/// How long the runtime may take to answer that a request begins. It answers in well under a
/// millisecond; a machine that swaps may need seconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// How long it may take when stop has been pressed.
const STOPPED_WITHIN: Duration = Duration::from_secs(2);
/// How often it is looked whether a process that does not answer has ended; an answer wakes at once.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No request, or none that can be interrupted.
    Idle,
    /// The cell is being compiled.
    Compiling(u64),
    /// Compiled code runs.
    Running(u64),
    /// Compiled code has run, and evcxr has not taken note of it.
    Returned(u64),
}

/// What the runtime is told when a request begins.
#[derive(Clone, Copy, Debug)]
pub struct Begin {
    /// Number of the request, never used twice.
    pub cell: u64,
    /// Symbols of this cell are visible to later ones.
    pub share: bool,
    /// What threads of earlier cells print is to come apart from what this cell prints.
    pub apart: bool,
}

/// The shared handle.
pub struct Link {
    state: Mutex<State>,
    pub(super) changed: Condvar,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) book: SourceBook,
    wake: Sender<Command>,
    /// Writing one byte here ends the `poll` of the reading thread.
    waker: UnixStream,
    /// The descriptors of the FIFOs, which the reading thread holds open: stdout, stderr, what is kept apart.
    streams: [RawFd; 3],
}

#[derive(Default)]
pub(super) struct State {
    pub(super) socket: Option<UnixStream>,
    pub(super) pid: Option<u32>,
    pub(super) cell: u64,
    pub(super) began: u64,
    pub(super) running: bool,
    pub(super) finished: bool,
    pub(super) report: Report,
    pub(super) drained: u64,
}

pub(super) enum Command {
    /// Read what a dead process has left; then note this number.
    Drain(u64),
    /// The next process connects here.
    Listen(UnixListener),
}

impl Link {
    /// Opens socket and FIFOs in `dir` and starts the reading thread.
    ///
    /// # Errors
    /// When one of them cannot be made.
    pub fn open(dir: &Path, nonce: &str, sink: Arc<dyn Sink>) -> io::Result<Arc<Link>> {
        let listener = listen(dir)?;
        let stdout = fifo(&dir.join(STDOUT_FIFO))?;
        let stderr = fifo(&dir.join(STDERR_FIFO))?;
        let aside = fifo(&dir.join(ASIDE_FIFO))?;
        let (waker, woken) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        waker.set_nonblocking(true)?;
        let (wake, commands) = mpsc::channel();
        let link = Arc::new(Link {
            state: Mutex::default(),
            changed: Condvar::new(),
            sink,
            book: SourceBook::new(dir.join(BUILD).join(GENERATED)),
            wake,
            waker,
            streams: [stdout.as_raw_fd(), stderr.as_raw_fd(), aside.as_raw_fd()],
        });
        let of_panics = Arc::clone(&link);
        let below_panic = Box::new(move |panic: &ThreadPanic| of_panics.below_panic(panic));
        let reader = Reader {
            link: Arc::clone(&link),
            listener,
            socket: None,
            socket_buffer: Vec::new(),
            streams: [
                (Stream::Stdout, stdout, Demux::stdout(nonce)),
                (Stream::Stderr, stderr, Demux::stderr(nonce)),
            ],
            aside: (aside, Aside::new(nonce, below_panic)),
            marks: [0, 0],
            switching: None,
            outlet: Outlet {
                link: Arc::clone(&link),
                straight: None,
            },
            unexplained_panic: false,
            foreign_hook: false,
            last_stderr: LastWords::default(),
            woken,
            commands,
        };
        thread::Builder::new()
            .name("runtime link".into())
            .spawn(move || reader.run())?;
        Ok(link)
    }

    /// Makes socket and FIFOs again in `dir`, from which somebody has removed them. The present process
    /// is not disturbed: it needs their names no more. The next one will.
    ///
    /// # Errors
    /// When one of them cannot be made.
    pub fn restore(&self, dir: &Path) -> io::Result<()> {
        for (name, fd) in [STDOUT_FIFO, STDERR_FIFO, ASIDE_FIFO]
            .into_iter()
            .zip(self.streams)
        {
            // A new name for the same FIFO, which has none any more and cannot be linked again.
            let open = format!("/proc/{}/fd/{fd}", std::process::id());
            remove_if_there(&dir.join(name))?;
            symlink(open, dir.join(name))?;
        }
        remove_if_there(&dir.join(SOCKET))?;
        // The reading thread lives as long as the kernel.
        let _ = self.wake.send(Command::Listen(listen(dir)?));
        self.poke();
        Ok(())
    }

    /// A request begins; returns when the runtime knows it.
    ///
    /// `alive` tells whether the process that evcxr has started still runs.
    ///
    /// # Errors
    /// When the process has ended, or does not answer.
    pub fn begin(&self, begin: Begin, alive: &dyn Fn() -> bool) -> io::Result<()> {
        let Begin { cell, share, apart } = begin;
        let started = Instant::now();
        let deadline = started + ANSWER_WITHIN;
        let mut state = self.lock();
        state.cell = cell;
        state.running = false;
        state.finished = false;
        state.report = Report::default();
        let mut asked = None;
        loop {
            if state.began == cell {
                return Ok(());
            }
            // After a crash evcxr has started a new process, which may connect only now.
            if state.pid.is_some() && asked != state.pid {
                asked = state.pid;
                send(&state, &ToRuntime::Begin { cell, share, apart });
            }
            if !alive() {
                return Err(io::Error::new(
                    ErrorKind::BrokenPipe,
                    "the process that runs the cells has ended",
                ));
            }
            let stopped = state.report.stop_pressed;
            if Instant::now() >= deadline || (stopped && started.elapsed() >= STOPPED_WITHIN) {
                return Err(io::Error::new(
                    ErrorKind::TimedOut,
                    "the process that runs the cells does not answer",
                ));
            }
            state = self.wait(state, LOOK_EVERY);
        }
    }

    /// Before a request begins: evcxr is to drop these variables before it runs code.
    pub fn forget(&self, variables: &[&str]) {
        let variables = variables.iter().map(|&name| name.to_owned()).collect();
        send(&self.lock(), &ToRuntime::Forget { variables });
    }

    /// The request is over: everything that the cell printed has been handed to the sink.
    pub fn finish(&self) -> Report {
        let mut state = self.lock();
        state.finished = true;
        state.running = false;
        std::mem::take(&mut state.report)
    }

    /// Waits until what a dead process left in its streams has been read.
    pub fn drain(&self) {
        let deadline = Instant::now() + Duration::from_secs(5);
        let mut state = self.lock();
        let number = state.drained + 1;
        if self.wake.send(Command::Drain(number)).is_err() {
            return;
        }
        self.poke();
        while state.drained < number {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.wait(state, left);
        }
    }

    /// Where the current request stands.
    #[must_use]
    pub fn phase(&self) -> Phase {
        let state = self.lock();
        match (state.cell, state.finished) {
            (0, _) | (_, true) => Phase::Idle,
            (cell, false) if state.running => Phase::Running(cell),
            (cell, false) if state.report.ended => Phase::Returned(cell),
            (cell, false) => Phase::Compiling(cell),
        }
    }

    /// Notes that stop was pressed for the current request; returns whether it is the first time.
    pub fn press_stop(&self) -> bool {
        !std::mem::replace(&mut self.lock().report.stop_pressed, true)
    }

    /// Notes that the kernel ends the process because of the stop button.
    pub fn note_kill(&self) {
        self.lock().report.killed = true;
    }

    /// Interrupts the cell at this stage (see `lesson_runtime::ToRuntime::Raise`).
    pub fn raise(&self, cell: u64, stage: u32) {
        send(&self.lock(), &ToRuntime::Raise { cell, stage });
    }

    /// The process id of the current runtime.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.lock().pid
    }

    /// The sources of the cells.
    #[must_use]
    pub fn book(&self) -> &SourceBook {
        &self.book
    }

    /// Names the place of a thread's panic, below its message.
    pub(super) fn below_panic(&self, panic: &ThreadPanic) -> String {
        let started_by = self.book.count(panic.started_by);
        self.book.with_compiled(panic.at.compiled_for, |sources| {
            panic_report::below_message(&panic.at, started_by, sources)
        })
    }

    fn poke(&self) {
        use std::io::Write;
        // A full pipe means that the reader will wake anyway.
        let _ = (&self.waker).write(&[1]);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, left: Duration) -> MutexGuard<'a, State> {
        self.changed
            .wait_timeout(state, left)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}

pub(super) fn send(state: &State, frame: &ToRuntime) {
    if let Some(mut socket) = state.socket.as_ref() {
        // A runtime that is gone is reported by evcxr, with its exit status.
        let _ = write_frame(&mut socket, frame);
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn listen(dir: &Path) -> io::Result<UnixListener> {
    let folder = File::open(dir)?;
    let listener = UnixListener::bind(in_open_folder(&folder, SOCKET))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn fifo(path: &Path) -> io::Result<File> {
    nix::unistd::mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR)?;
    // Read *and* write: with a writer of our own the stream does not end with the process.
    File::options()
        .read(true)
        .write(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)
}
