//! Notes every program that starts, wherever it was found and by whomever it was started: loaded into each by
//! `LD_PRELOAD`, it writes a line to the file that `LESSON_PROGRAM_LOG` names. See `program_log.py`.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::process;

/// What the loader calls before `main`.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = note;

extern "C" fn note() {
    let Some(log) = env::var_os("LESSON_PROGRAM_LOG") else {
        return;
    };
    let arguments = fs::read("/proc/self/cmdline").unwrap_or_default();
    let mut line = process::id().to_string().into_bytes();
    line.push(b'\t');
    // The log has one line for each program; the end of an argument is a unit separator in it.
    line.extend(arguments.into_iter().map(|byte| match byte {
        0 => 0x1f,
        b'\n' => b' ',
        other => other,
    }));
    line.push(b'\n');
    if let Ok(mut file) = OpenOptions::new().append(true).create(true).open(log) {
        // One write, so that the lines of programs that start together do not mix.
        let _ = file.write_all(&line);
    }
}
