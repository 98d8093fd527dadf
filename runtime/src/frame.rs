//! The frames on the control socket: one JSON text a line.

use std::io::{self, BufRead, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A place in a source file, as the compiler recorded it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct At {
    /// The number of the request for which this code was compiled; 0 where it is no cell's.
    pub compiled_for: u64,
    /// The file; empty when the place is not known.
    pub file: String,
    /// Line in the generated source, from 1.
    pub line: u32,
    /// Column in the generated source, from 1, in characters.
    pub column: u32,
}

/// What the mark of a thread's panic carries (see [`panic_mark`](crate::panic_mark)).
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct ThreadPanic {
    /// Where.
    pub at: At,
    /// The number of the request whose code started the thread; 0 when that is not known.
    pub started_by: u64,
}

/// From the runtime to the kernel.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum ToKernel {
    /// The first frame of a process.
    Hello {
        /// Process id of the runtime.
        pid: u32,
    },
    /// Answer to [`ToRuntime::Begin`]: from here on interrupts count for this cell.
    Began {
        /// The number given by the kernel.
        cell: u64,
    },
    /// The next mark on both streams is not the end of a cell: from there on they carry what this
    /// request prints, and nobody else.
    Switching {
        /// The number given by the kernel; `None` when output is no longer kept apart.
        cell: Option<u64>,
    },
    /// A compiled cell starts to run.
    Running {
        /// The number given by the kernel.
        cell: u64,
    },
    /// The cell's own thread panicked. Whether the cell ends by it is not known yet.
    Panicked {
        /// The panic message.
        message: String,
        /// Where.
        at: At,
    },
    /// The cell ends by unwinding.
    Unwound {
        /// The text of what it unwinds with.
        message: String,
    },
    /// The cell's own thread claimed the interrupt and unwinds because of it.
    Interrupted {
        /// The number given by the kernel.
        cell: u64,
    },
    /// A `?` ends the cell.
    Asked {
        /// The place that the kernel gave it.
        at: u64,
        /// The text of the error that it met.
        message: String,
    },
    /// The cell has returned; the mark follows on both streams.
    Ended {
        /// By a `return`, to which the kernel gave this place.
        returned: Option<u64>,
        /// The cell has put a panic hook of its own in the place of ours, so a panic of its own
        /// thread may not have been told.
        foreign_hook: bool,
    },
    /// The cell asks to be interrupted as by the stop button.
    PressStop,
}

/// From the kernel to the runtime.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum ToRuntime {
    /// evcxr is to drop these variables before it runs code of the next request: what is stored is not
    /// what their types say any more.
    Forget {
        /// Their names.
        variables: Vec<String>,
    },
    /// A request starts; earlier interrupts are forgotten.
    Begin {
        /// Number of the request, never used twice.
        cell: u64,
        /// Symbols that the cell exports are visible to later cells.
        share: bool,
        /// What threads of earlier cells print goes its own way (see `aside`).
        apart: bool,
    },
    /// Interrupts the cell: stage 1 unwinds its own thread, stage 2 every blocked thread.
    Raise {
        /// The cell that is meant. A frame for another cell comes too late and is ignored.
        cell: u64,
        /// 1 or 2.
        stage: u32,
    },
    /// Writes this line to the original stdout, where evcxr reads it.
    Echo {
        /// A line of evcxr's protocol, without newline.
        line: String,
    },
    /// Both streams have been read up to the mark.
    Drained {
        /// Number of the mark.
        mark: u64,
    },
}

/// Writes one frame.
///
/// # Errors
/// When the other side has closed the socket.
pub fn write_frame(out: &mut impl Write, frame: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(frame)?;
    line.push(b'\n');
    // One write call: frames of several threads must not mix.
    out.write_all(&line)?;
    out.flush()
}

/// Reads one frame; `None` at the end of the stream.
///
/// # Errors
/// When reading fails or the line is not a frame of this type.
pub fn read_frame<T: DeserializeOwned>(input: &mut impl BufRead) -> io::Result<Option<T>> {
    let mut line = String::new();
    if input.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(&line)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_survives_the_way_even_with_newlines_inside() {
        let frame = ToKernel::Panicked {
            message: "left\nright \"both\"".into(),
            at: At {
                compiled_for: 12,
                file: "src/lib.rs".into(),
                line: 7,
                column: 3,
            },
        };
        let mut bytes = Vec::new();
        write_frame(&mut bytes, &frame).expect("a Vec takes everything");
        write_frame(&mut bytes, &ToKernel::PressStop).expect("a Vec takes everything");
        let mut input = bytes.as_slice();
        assert_eq!(read_frame(&mut input).expect("a frame"), Some(frame));
        assert_eq!(
            read_frame(&mut input).expect("a frame"),
            Some(ToKernel::PressStop)
        );
        assert_eq!(read_frame::<ToKernel>(&mut input).expect("the end"), None);
    }

    #[test]
    fn a_broken_line_is_an_error_and_not_a_frame() {
        let mut input = &b"{\"Hello\":\n"[..];
        assert!(read_frame::<ToKernel>(&mut input).is_err());
    }
}
