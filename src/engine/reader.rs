//! The thread that reads everything the runtime process says.
//!
//! One thread for socket and streams, because their order matters: a panic is told on the socket
//! before evcxr's word for it appears on stdout, so the socket is read first each time.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use lesson_runtime::{ToKernel, ToRuntime};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::aside::Aside;
use super::dbg_place::named_by_cells;
use super::demux::{Demux, Piece};
use super::display_block::DisplayBlock;
use super::last_words::LastWords;
use super::link::{Command, Link, send};
use super::outlet::Outlet;
use super::report::{Asked, At, Panic};
use super::sink::Stream;

/// A cell's value is followed by its end at once. What is displayed and not followed by anything for
/// this long, in milliseconds, is not the value, and is shown: the cell goes on, or a thread does.
const VALUE_WITHIN_MS: u16 = 300;
/// evcxr's word for a cell that ended by a panic.
const PANIC: &str = "EVCXR_PANIC_NOTIFICATION";
/// evcxr's word for a cell that a `?` has ended.
const EARLY_END: &str = "EVCXR_ERROR_OCCURRED";
/// evcxr's word for a variable whose type is another one now.
const CHANGED_TYPE: &str = "EVCXR_VARIABLE_CHANGED_TYPE:";
/// What is shown when the learner's own panic hook took the message.
const UNTOLD: &str = "the cell panicked; its own panic hook took the message";
/// No frame is longer: a panic's message is the longest thing in one.
const LONGEST_FRAME: usize = 64 << 20;
/// How much is read from a stream at a time.
const CHUNK: usize = 64 * 1024;

/// The state of the thread.
pub(super) struct Reader {
    pub(super) link: Arc<Link>,
    pub(super) listener: UnixListener,
    pub(super) socket: Option<UnixStream>,
    pub(super) socket_buffer: Vec<u8>,
    pub(super) streams: [(Stream, File, Demux); 2],
    /// Output that is kept apart.
    pub(super) aside: (File, Aside),
    pub(super) marks: [u64; 2],
    /// Behind the next mark the streams carry the output of this run, and nobody else's.
    pub(super) switching: Option<Option<u64>>,
    /// Where output goes.
    pub(super) outlet: Outlet,
    /// evcxr's word for a panic was printed although no panic was told. It stands where it is the
    /// last word of a cell with a panic hook of its own; anywhere else it is the learner's text.
    pub(super) unexplained_panic: bool,
    pub(super) foreign_hook: bool,
    /// The end of what this cell has printed to stderr.
    pub(super) last_stderr: LastWords,
    pub(super) woken: UnixStream,
    pub(super) commands: Receiver<Command>,
}

impl Reader {
    /// Reads for ever; the thread ends with the kernel.
    pub(super) fn run(mut self) {
        let mut buffer = vec![0; CHUNK];
        loop {
            self.wait();
            let _ = (&self.woken).read(&mut [0; 64]);
            self.accept();
            self.read_socket();
            for which in 0..self.streams.len() {
                self.read_stream(which, &mut buffer);
            }
            self.read_aside(&mut buffer);
            while let Ok(command) = self.commands.try_recv() {
                match command {
                    Command::Drain(number) => self.drain(number, &mut buffer),
                    Command::Listen(listener) => self.listener = listener,
                }
            }
        }
    }

    fn wait(&mut self) {
        let mut fds = vec![
            readable(self.woken.as_fd()),
            readable(self.listener.as_fd()),
            readable(self.streams[0].1.as_fd()),
            readable(self.streams[1].1.as_fd()),
            readable(self.aside.0.as_fd()),
        ];
        if let Some(socket) = &self.socket {
            fds.push(readable(socket.as_fd()));
        }
        let pending = self.aside.1.is_pending() || self.link.lock().report.last_display.is_some();
        let limit = if pending {
            PollTimeout::from(VALUE_WITHIN_MS)
        } else {
            PollTimeout::NONE
        };
        // An interrupted poll only means one turn of the loop for nothing.
        if let Ok(0) = poll(&mut fds, limit) {
            self.outlet.show_pending();
            let pending = self.aside.1.take_pending();
            self.outlet.hand_on(pending);
        }
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
            self.switching = None;
            self.outlet.straight = None;
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
        // Not a frame: a cell has found the socket and writes into it.
        if self.socket_buffer.len() > LONGEST_FRAME && !self.socket_buffer.contains(&b'\n') {
            self.socket_buffer.clear();
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
            ToKernel::Switching { cell } => {
                self.switching = Some(cell);
                return;
            }
            ToKernel::Running { cell } if cell == state.cell => {
                state.running = true;
                state.report.ran = true;
                // Before the runtime is told to go on, so before evcxr can compile something else.
                self.link.book.begin(cell);
                state.report.ended = false;
            }
            ToKernel::Running { .. } => {}
            ToKernel::Panicked { message, at } => {
                let after_stop = state.report.stop_pressed;
                state.report.take_panic(Panic {
                    message,
                    at,
                    after_stop,
                });
            }
            // A panic that was passed on has no place of its own, and the hook does not hear of it.
            ToKernel::Unwound { message }
                if state.report.panics.is_empty() && !state.report.interrupted =>
            {
                let after_stop = state.report.stop_pressed;
                state.report.take_panic(Panic {
                    message,
                    at: At::default(),
                    after_stop,
                });
            }
            ToKernel::Unwound { .. } => {}
            ToKernel::Interrupted { cell } if cell == state.cell => {
                state.report.interrupted = true;
            }
            ToKernel::Interrupted { .. } => {}
            ToKernel::Asked { at, message } => {
                let at = usize::try_from(at).ok();
                state.report.asked = Some(Asked { message, at });
            }
            ToKernel::Ended {
                foreign_hook,
                returned,
            } => {
                state.report.returned = returned.and_then(|at| usize::try_from(at).ok());
                state.running = false;
                state.report.ended = true;
                self.foreign_hook = foreign_hook;
            }
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

    /// Reads one chunk of what is kept apart; returns whether there was any.
    fn read_aside(&mut self, buffer: &mut [u8]) -> bool {
        let (file, aside) = &mut self.aside;
        match file.read(buffer) {
            Ok(length) if length > 0 => {
                let complete = aside.push(&buffer[..length]);
                self.outlet.hand_on(complete);
                true
            }
            _ => false,
        }
    }

    fn take(&mut self, which: usize, pieces: Vec<Piece>) {
        let stream = self.streams[which].0;
        for piece in pieces {
            match piece {
                Piece::Text(mut text) => {
                    match stream {
                        Stream::Stdout => self.panic_was_text(),
                        Stream::Stderr => {
                            text = named_by_cells(text, &self.link.book);
                            self.last_stderr.push(&text);
                        }
                    }
                    // What was displayed before this line stands above it.
                    if stream == Stream::Stdout {
                        self.outlet.show_pending();
                    }
                    self.outlet.print(stream, text);
                }
                Piece::Content { mime, data } => {
                    self.panic_was_text();
                    self.display(&mime, data);
                }
                Piece::Panic(panic) => {
                    let below = self.link.below_panic(&panic);
                    self.outlet.print(stream, below);
                }
                Piece::Protocol(line) => {
                    // What was said on the socket before this line counts before it.
                    self.read_socket();
                    self.protocol(line);
                }
                Piece::Mark(number) => {
                    if stream == Stream::Stdout && self.unexplained_panic {
                        self.read_socket();
                        if self.foreign_hook {
                            self.unexplained_panic = false;
                            self.accept_panic(Some(UNTOLD));
                        } else {
                            self.panic_was_text();
                        }
                    }
                    self.marks[which] = number;
                    if self.marks[0] == self.marks[1] {
                        // It was told before the marks that the cell has ended.
                        self.read_socket();
                        self.last_stderr.clear();
                        self.switch();
                        send(&self.link.lock(), &ToRuntime::Drained { mark: number });
                    }
                }
            }
        }
    }

    /// Both streams have been read up to a mark.
    fn switch(&mut self) {
        let mut buffer = vec![0; CHUNK];
        // Bounded: a thread may print for ever. While the runtime switches, none does.
        for _ in 0..100 {
            if !self.read_aside(&mut buffer) {
                break;
            }
        }
        if let Some(straight) = self.switching.take() {
            self.outlet.show_pending();
            self.outlet.straight = straight;
        }
    }

    /// Takes a block of evcxr's text protocol.
    fn display(&mut self, line: &str, data: String) {
        match DisplayBlock::read(line, data) {
            DisplayBlock::Clear { wait } => {
                self.outlet.show_pending();
                self.outlet.clear(wait);
            }
            DisplayBlock::Show(shown) => {
                let mut state = self.link.lock();
                // evcxr tries itself with a cell of its own before there is one of anybody's.
                if state.cell == 0 {
                    return;
                }
                let complete = state.report.take_display(shown);
                drop(state);
                for shown in complete {
                    self.outlet.show(shown);
                }
            }
        }
    }

    fn protocol(&mut self, line: String) {
        if let Some(variable) = line.strip_prefix(CHANGED_TYPE) {
            if !self.said_to_be_lost(variable) {
                // The learner's own words: evcxr would drop the variable and run the cell again.
                self.outlet.print(Stream::Stdout, format!("{line}\n"));
                return;
            }
            let variable = variable.to_owned();
            self.link.lock().report.retyped.push(variable);
        }
        if line == EARLY_END {
            self.catch_up_with_stderr();
            let mut state = self.link.lock();
            let told = state.report.asked.take();
            state.report.ended_early = Some(told.unwrap_or_else(|| Asked {
                message: self.last_stderr.last_line().to_owned(),
                at: None,
            }));
        }
        if line != PANIC {
            send(&self.link.lock(), &ToRuntime::Echo { line });
            return;
        }
        let told = {
            let state = self.link.lock();
            !state.report.panics.is_empty() || state.report.interrupted
        };
        if told {
            self.accept_panic(None);
        } else {
            self.panic_was_text();
            self.unexplained_panic = true;
        }
    }

    /// Reads what is on stderr already: evcxr's code prints there before it prints its word.
    fn catch_up_with_stderr(&mut self) {
        let mut buffer = vec![0; CHUNK];
        // Bounded: another thread may print for ever.
        for _ in 0..100 {
            if !self.read_stream(1, &mut buffer) {
                break;
            }
        }
    }

    /// Whether evcxr's own code has just said so on stderr.
    fn said_to_be_lost(&mut self, variable: &str) -> bool {
        self.catch_up_with_stderr();
        let said = format!("The type of the variable {variable} was redefined, so was lost.");
        self.last_stderr.contains(&said)
    }

    fn accept_panic(&mut self, message: Option<&str>) {
        let mut state = self.link.lock();
        if let Some(message) = message {
            state.report.take_panic(Panic {
                message: message.to_owned(),
                at: At::default(),
                after_stop: false,
            });
        }
        state.report.unwound = true;
        let line = PANIC.to_owned();
        send(&state, &ToRuntime::Echo { line });
    }

    /// The word that was held back is the learner's own.
    fn panic_was_text(&mut self) {
        if std::mem::take(&mut self.unexplained_panic) {
            self.outlet.print(Stream::Stdout, format!("{PANIC}\n"));
        }
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
        for _ in 0..1_000 {
            if !self.read_aside(buffer) {
                break;
            }
        }
        let rest = self.aside.1.finish();
        self.outlet.hand_on(rest);
        let mut state = self.link.lock();
        state.report.last_words = self.last_stderr.take();
        state.drained = number;
        drop(state);
        self.link.changed.notify_all();
    }
}

fn readable(fd: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::new(fd, PollFlags::POLLIN)
}
