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

use super::demux::{Demux, Piece};
use super::link::{Command, Link, send};
use super::report::{Bundle, Panic, Shown};
use super::sink::Stream;

/// A cell's value is followed by its end at once. What is displayed and not followed by anything for
/// this long, in milliseconds, is not the value, and is shown: the cell goes on, or a thread does.
const VALUE_WITHIN_MS: u8 = 100;
/// A block of this type clears the output of the cell.
const CLEAR_OUTPUT: &str = "application/x-clear-output";
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
    pub(super) marks: [u64; 2],
    /// evcxr's word for a panic was printed although no panic was told. It stands where it is the
    /// last word of a cell with a panic hook of its own; anywhere else it is the learner's text.
    pub(super) unexplained_panic: bool,
    pub(super) foreign_hook: bool,
    /// The end of what this cell has printed to stderr.
    pub(super) last_stderr: String,
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
            while let Ok(command) = self.commands.try_recv() {
                match command {
                    Command::Drain(number) => self.drain(number, &mut buffer),
                    Command::Listen(listener) => self.listener = listener,
                }
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
        let pending = self.link.lock().report.last_display.is_some();
        let limit = if pending {
            PollTimeout::from(VALUE_WITHIN_MS)
        } else {
            PollTimeout::NONE
        };
        // An interrupted poll only means one turn of the loop for nothing.
        if let Ok(0) = poll(&mut fds, limit) {
            self.show_pending();
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
            ToKernel::Running { cell } if cell == state.cell => {
                state.running = true;
                state.report.ran = true;
                state.report.ended = false;
            }
            ToKernel::Running { .. } => {}
            ToKernel::Panicked {
                message,
                file,
                line,
                column,
            } => {
                let after_stop = state.report.stop_pressed;
                state.report.take_panic(Panic {
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
            ToKernel::Ended { foreign_hook } => {
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

    fn take(&mut self, which: usize, pieces: Vec<Piece>) {
        let stream = self.streams[which].0;
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    match stream {
                        Stream::Stdout => self.panic_was_text(),
                        Stream::Stderr => self.remember_stderr(&text),
                    }
                    // What was displayed before this line stands above it.
                    if stream == Stream::Stdout {
                        self.show_pending();
                    }
                    self.link.sink.text(stream, text);
                }
                Piece::Content { mime, data } => {
                    self.panic_was_text();
                    self.display(&mime, data);
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
                        send(&self.link.lock(), &ToRuntime::Drained { mark: number });
                    }
                }
            }
        }
    }

    /// Takes a block of evcxr's text protocol. Its first line is a MIME type, which evcxr itself reads
    /// up to the first space; the words behind it are ours (see `lesson_support`'s `Display`).
    fn display(&mut self, line: &str, data: String) {
        let mut words = line.split_whitespace();
        let mime = words.next().unwrap_or("text/plain");
        let mut shown = Shown::default();
        let mut wait = false;
        for word in words {
            match word.split_once('=') {
                Some(("display_id", id)) => shown.id = Some(id.to_owned()),
                _ => match word {
                    "update" => shown.update = true,
                    "wait" => wait = true,
                    _ => {}
                },
            }
        }
        if mime == CLEAR_OUTPUT {
            self.show_pending();
            self.link.sink.clear(wait);
            return;
        }
        shown.bundle = Bundle::from([(mime.to_owned(), data)]);
        let complete = self.link.lock().report.take_display(shown);
        for shown in complete {
            self.link.sink.display(shown);
        }
    }

    /// Shows what was displayed before what comes now.
    fn show_pending(&self) {
        let above = self.link.lock().report.last_display.take();
        if let Some(shown) = above {
            self.link.sink.display(shown);
        }
    }

    fn protocol(&mut self, line: String) {
        if let Some(variable) = line.strip_prefix(CHANGED_TYPE)
            && !self.said_to_be_lost(variable)
        {
            // The learner's own words: evcxr would drop the variable and run the cell again.
            self.link.sink.text(Stream::Stdout, format!("{line}\n"));
            return;
        }
        if line == EARLY_END {
            self.catch_up_with_stderr();
            let reason = self.last_stderr.trim_end().lines().next_back();
            let reason = reason.unwrap_or_default().to_owned();
            self.link.lock().report.ended_early = Some(reason);
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
                file: String::new(),
                line: 0,
                column: 0,
                after_stop: false,
            });
        }
        state.report.unwound = true;
        let line = PANIC.to_owned();
        send(&state, &ToRuntime::Echo { line });
    }

    fn remember_stderr(&mut self, text: &str) {
        self.last_stderr.push_str(text);
        // Enough for the lines that evcxr prints at the beginning of a cell.
        let mut cut = self.last_stderr.len().saturating_sub(CHUNK);
        while !self.last_stderr.is_char_boundary(cut) {
            cut += 1;
        }
        self.last_stderr.drain(..cut);
    }

    /// The word that was held back is the learner's own.
    fn panic_was_text(&mut self) {
        if std::mem::take(&mut self.unexplained_panic) {
            self.link.sink.text(Stream::Stdout, format!("{PANIC}\n"));
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
        let mut state = self.link.lock();
        state.report.last_words = std::mem::take(&mut self.last_stderr);
        state.drained = number;
        drop(state);
        self.link.changed.notify_all();
    }
}

fn readable(fd: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::new(fd, PollFlags::POLLIN)
}
