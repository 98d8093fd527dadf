//! The kernel's end of everything that the runtime process says, read by one thread.
//!
//! One thread for socket and streams, because their order matters: a panic is told on the socket
//! before evcxr's word for it appears on stdout, so the socket is read first each time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use lesson_runtime::{SOCKET, STDERR_FIFO, STDOUT_FIFO, ToKernel, ToRuntime, write_frame};
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode;

use super::demux::{Demux, Piece};
use super::sink::{Sink, Stream};

/// How long the runtime may take to answer that a request begins. It answers in well under a
/// millisecond; a machine that swaps may need seconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// How often it is looked whether a process that does not answer has ended; an answer wakes at once.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How much is read from a stream at a time.
const CHUNK: usize = 64 * 1024;

/// The content of one display, by MIME type.
pub type Bundle = BTreeMap<String, String>;

/// A panic of the cell's own thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panic {
    /// The message.
    pub message: String,
    /// The source file as the compiler recorded it.
    pub file: String,
    /// The line in that file, from 1; 0 when unknown.
    pub line: u32,
    /// The column in that line, from 1; 0 when unknown.
    pub column: u32,
    /// Stop had been pressed before: then it is a consequence, such as a `join` of a thread that was
    /// stopped.
    pub after_stop: bool,
}

/// What happened while a request ran.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Compiled code was started.
    pub ran: bool,
    /// The cell's thread claimed an interrupt.
    pub interrupted: bool,
    /// The cell ended by unwinding.
    pub unwound: bool,
    /// Panics of the cell's thread, in order, caught or not.
    pub panics: Vec<Panic>,
    /// Stop was pressed while the request was under way.
    pub stop_pressed: bool,
    /// The kernel ended the process, because the cell did not react to stop.
    pub killed: bool,
    /// The last thing that was displayed and is not shown yet.
    pub last_display: Option<Bundle>,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No request, or none that can be interrupted.
    Idle,
    /// The cell is being compiled.
    Compiling(u64),
    /// Compiled code runs.
    Running(u64),
}

/// The shared handle.
pub struct Link {
    state: Mutex<State>,
    changed: Condvar,
    sink: Arc<dyn Sink>,
    wake: Sender<Command>,
    /// Writing one byte here ends the `poll` of the reading thread.
    waker: UnixStream,
}

#[derive(Default)]
struct State {
    socket: Option<UnixStream>,
    pid: Option<u32>,
    cell: u64,
    began: u64,
    running: bool,
    finished: bool,
    report: Report,
    drained: u64,
}

enum Command {
    Drain(u64),
}

impl Link {
    /// Opens socket and FIFOs in `dir` and starts the reading thread.
    ///
    /// # Errors
    /// When one of them cannot be made.
    pub fn open(dir: &Path, nonce: &str, sink: Arc<dyn Sink>) -> io::Result<Arc<Link>> {
        let listener = UnixListener::bind(dir.join(SOCKET))?;
        listener.set_nonblocking(true)?;
        let stdout = fifo(&dir.join(STDOUT_FIFO))?;
        let stderr = fifo(&dir.join(STDERR_FIFO))?;
        let (waker, woken) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        waker.set_nonblocking(true)?;
        let (wake, commands) = mpsc::channel();
        let link = Arc::new(Link {
            state: Mutex::default(),
            changed: Condvar::new(),
            sink,
            wake,
            waker,
        });
        let reader = Reader {
            link: Arc::clone(&link),
            listener,
            socket: None,
            socket_buffer: Vec::new(),
            streams: [
                (Stream::Stdout, stdout, Demux::stdout(nonce)),
                (Stream::Stderr, stderr, Demux::stderr(nonce)),
            ],
            marks: [0, 0],
            woken,
            commands,
        };
        thread::Builder::new()
            .name("runtime link".into())
            .spawn(move || reader.run())?;
        Ok(link)
    }

    /// A request begins; returns when the runtime knows it.
    ///
    /// `alive` tells whether the process that evcxr has started still runs.
    ///
    /// # Errors
    /// When the process has ended, or does not answer.
    pub fn begin(&self, cell: u64, alive: &dyn Fn() -> bool) -> io::Result<()> {
        let deadline = Instant::now() + ANSWER_WITHIN;
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
                send(&state, &ToRuntime::Begin { cell });
            }
            if !alive() {
                return Err(io::Error::new(
                    ErrorKind::BrokenPipe,
                    "the process that runs the cells has ended",
                ));
            }
            if Instant::now() >= deadline {
                return Err(io::Error::new(
                    ErrorKind::TimedOut,
                    "the process that runs the cells does not answer",
                ));
            }
            state = self.wait(state, LOOK_EVERY);
        }
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

    fn poke(&self) {
        use std::io::Write;
        // A full pipe means that the reader will wake anyway.
        let _ = (&self.waker).write(&[1]);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, left: Duration) -> MutexGuard<'a, State> {
        self.changed
            .wait_timeout(state, left)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}

fn send(state: &State, frame: &ToRuntime) {
    if let Some(mut socket) = state.socket.as_ref() {
        // A runtime that is gone is reported by evcxr, with its exit status.
        let _ = write_frame(&mut socket, frame);
    }
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

struct Reader {
    link: Arc<Link>,
    listener: UnixListener,
    socket: Option<UnixStream>,
    socket_buffer: Vec<u8>,
    streams: [(Stream, File, Demux); 2],
    marks: [u64; 2],
    woken: UnixStream,
    commands: Receiver<Command>,
}

impl Reader {
    fn run(mut self) {
        let mut buffer = vec![0; CHUNK];
        loop {
            self.wait();
            let _ = (&self.woken).read(&mut [0; 64]);
            self.accept();
            self.read_socket();
            for which in 0..self.streams.len() {
                self.read_stream(which, &mut buffer);
            }
            while let Ok(Command::Drain(number)) = self.commands.try_recv() {
                self.drain(number, &mut buffer);
            }
        }
    }

    fn wait(&self) {
        let mut fds = vec![
            readable(self.woken.as_fd()),
            readable(self.listener.as_fd()),
            readable(self.streams[0].1.as_fd()),
            readable(self.streams[1].1.as_fd()),
        ];
        if let Some(socket) = &self.socket {
            fds.push(readable(socket.as_fd()));
        }
        // An interrupted poll only means one turn of the loop for nothing.
        let _ = poll(&mut fds, PollTimeout::NONE);
    }

    fn accept(&mut self) {
        while let Ok((socket, _)) = self.listener.accept() {
            // One more than needed here: the writing side must not block on a stuck process.
            let ready = socket
                .set_nonblocking(true)
                .and_then(|()| socket.try_clone());
            let Ok(writer) = ready else { continue };
            self.socket = Some(socket);
            self.socket_buffer.clear();
            self.marks = [0, 0];
            let mut state = self.link.lock();
            state.socket = Some(writer);
            state.pid = None;
        }
    }

    fn read_socket(&mut self) {
        let Some(mut socket) = self.socket.as_ref() else {
            return;
        };
        let mut closed = false;
        let mut chunk = [0; 4096];
        loop {
            match socket.read(&mut chunk) {
                Ok(0) => {
                    closed = true;
                    break;
                }
                Ok(length) => self.socket_buffer.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => {
                    closed = true;
                    break;
                }
            }
        }
        while let Some(end) = self.socket_buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.socket_buffer.drain(..=end).collect();
            if let Ok(frame) = serde_json::from_slice::<ToKernel>(&line) {
                self.handle(frame);
            }
        }
        if closed {
            self.socket = None;
            let mut state = self.link.lock();
            state.socket = None;
            state.pid = None;
        }
    }

    fn handle(&mut self, frame: ToKernel) {
        let mut state = self.link.lock();
        match frame {
            ToKernel::Hello { pid } => state.pid = Some(pid),
            ToKernel::Began { cell } => state.began = cell,
            ToKernel::Running { cell } if cell == state.cell => {
                state.running = true;
                state.report.ran = true;
            }
            ToKernel::Running { .. } => {}
            ToKernel::Panicked {
                message,
                file,
                line,
                column,
            } => {
                let after_stop = state.report.stop_pressed;
                state.report.panics.push(Panic {
                    message,
                    file,
                    line,
                    column,
                    after_stop,
                });
            }
            ToKernel::Interrupted { cell } if cell == state.cell => {
                state.report.interrupted = true;
            }
            ToKernel::Interrupted { .. } => {}
            ToKernel::Ended { .. } => state.running = false,
            ToKernel::PressStop => {
                drop(state);
                self.link.sink.press_stop();
                return;
            }
        }
        drop(state);
        self.link.changed.notify_all();
    }

    /// Reads one chunk; returns whether there was any.
    fn read_stream(&mut self, which: usize, buffer: &mut [u8]) -> bool {
        let (_, file, demux) = &mut self.streams[which];
        match file.read(buffer) {
            Ok(length) if length > 0 => {
                let pieces = demux.push(&buffer[..length]);
                self.take(which, pieces);
                true
            }
            _ => false,
        }
    }

    fn take(&mut self, which: usize, pieces: Vec<Piece>) {
        let stream = self.streams[which].0;
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    // What was displayed before this line stands above it.
                    if stream == Stream::Stdout {
                        let above = self.link.lock().report.last_display.take();
                        if let Some(bundle) = above {
                            self.link.sink.display(bundle);
                        }
                    }
                    self.link.sink.text(stream, text);
                }
                Piece::Content { mime, data } => self.display(mime, data),
                Piece::Protocol(line) => {
                    // What was said on the socket before this line counts before it.
                    self.read_socket();
                    self.protocol(line);
                }
                Piece::Mark(number) => {
                    self.marks[which] = number;
                    if self.marks[0] == self.marks[1] {
                        send(&self.link.lock(), &ToRuntime::Drained { mark: number });
                    }
                }
            }
        }
    }

    /// Blocks that follow each other are the same thing in several types, until a type repeats.
    fn display(&mut self, mime: String, data: String) {
        let mut state = self.link.lock();
        let earlier = match &mut state.report.last_display {
            Some(bundle) if bundle.contains_key(&mime) => {
                let earlier = std::mem::take(bundle);
                bundle.insert(mime, data);
                Some(earlier)
            }
            Some(bundle) => {
                bundle.insert(mime, data);
                None
            }
            empty => {
                *empty = Some(Bundle::from([(mime, data)]));
                None
            }
        };
        drop(state);
        if let Some(earlier) = earlier {
            self.link.sink.display(earlier);
        }
    }

    fn protocol(&mut self, line: String) {
        let mut state = self.link.lock();
        if line == "EVCXR_PANIC_NOTIFICATION" {
            if state.report.panics.is_empty() && !state.report.interrupted {
                // Nobody panicked: these are the learner's own words. (A panic under a hook of the
                // learner's is not told to us either; evcxr must hear of that one, and the words
                // alone cannot be told apart from it. Losing a variable that was never stored would
                // be worse than a line too few.)
                state.report.panics.push(Panic {
                    message: "the cell panicked; its own panic hook took the message".into(),
                    file: String::new(),
                    line: 0,
                    column: 0,
                    after_stop: false,
                });
            }
            state.report.unwound = true;
        }
        send(&state, &ToRuntime::Echo { line });
    }

    fn drain(&mut self, number: u64, buffer: &mut [u8]) {
        for which in 0..self.streams.len() {
            // Bounded: the new process does not print before its first cell, but an orphan of the
            // old one may print for ever.
            for _ in 0..1_000 {
                if !self.read_stream(which, buffer) {
                    break;
                }
            }
            let rest = self.streams[which].2.finish();
            self.take(which, rest);
        }
        self.link.lock().drained = number;
        self.link.changed.notify_all();
    }
}

fn readable(fd: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::new(fd, PollFlags::POLLIN)
}
