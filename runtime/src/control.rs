//! The runtime's end of the control socket.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use lesson_runtime::{SOCKET, ToKernel, ToRuntime, in_open_folder, read_frame, write_frame};

use crate::{attendant, commands, interrupt, private};

/// Everything that several threads of the runtime share.
pub struct Control {
    socket: Mutex<UnixStream>,
    real_stdout: Mutex<File>,
    drained: Mutex<u64>,
    drained_changed: Condvar,
}

impl Control {
    /// Connects to the kernel and starts the thread that reads its frames.
    ///
    /// # Errors
    /// When the kernel does not listen, or the thread cannot be started.
    pub fn connect(dir: &Path, real_stdout: File) -> io::Result<&'static Control> {
        let folder = File::open(dir)?;
        let socket = UnixStream::connect(in_open_folder(&folder, SOCKET))?;
        let reader = UnixStream::from(private::keep(&socket)?);
        let socket = UnixStream::from(private::keep(&socket)?);
        // One for the life of the process: panic hook and threads need it until the very end.
        let control: &'static Control = Box::leak(Box::new(Control {
            socket: Mutex::new(socket),
            real_stdout: Mutex::new(real_stdout),
            drained: Mutex::new(0),
            drained_changed: Condvar::new(),
        }));
        control.send(&ToKernel::Hello {
            pid: std::process::id(),
        });
        interrupt::set_control(control);
        thread::Builder::new()
            .name("lesson control".into())
            .spawn(move || control.listen(reader))?;
        Ok(control)
    }

    /// Sends a frame. A kernel that is gone is noticed by the reading thread, so no error here.
    pub fn send(&self, frame: &ToKernel) {
        let _ = write_frame(&mut *lock(&self.socket), frame);
    }

    /// Writes a line of evcxr's protocol to the original stdout.
    ///
    /// # Errors
    /// When evcxr has closed its end.
    pub fn echo(&self, line: &str) -> io::Result<()> {
        let mut out = lock(&self.real_stdout);
        out.write_all(format!("{line}\n").as_bytes())
    }

    /// Blocks until the kernel has read both streams up to this mark.
    pub fn wait_drained(&self, mark: u64) {
        let mut drained = lock(&self.drained);
        // No deadline: when the kernel dies, `listen` ends the process.
        while *drained < mark {
            drained = self
                .drained_changed
                .wait(drained)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn listen(&self, socket: UnixStream) {
        let mut input = BufReader::new(socket);
        while let Ok(Some(frame)) = read_frame::<ToRuntime>(&mut input) {
            match frame {
                ToRuntime::Begin { cell, share, apart } => {
                    commands::share_symbols(share);
                    interrupt::begin(cell, apart);
                    self.send(&ToKernel::Began { cell });
                }
                ToRuntime::Forget { variables } => commands::forget(variables),
                ToRuntime::Raise { cell, stage } => interrupt::raise(cell, stage),
                ToRuntime::Echo { line } => {
                    if line.starts_with("EVCXR_INPUT_REQUEST") {
                        attendant::question_asked();
                    }
                    let _ = self.echo(&line);
                }
                ToRuntime::Drained { mark } => {
                    *lock(&self.drained) = mark;
                    self.drained_changed.notify_all();
                }
            }
        }
        // The kernel is gone, however it ended. A cell may block for ever, so do not wait for it.
        // SAFETY: `_exit` takes a number and does not return.
        unsafe { libc::_exit(0) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while one of these is held would be a bug of ours; the data stays usable.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
