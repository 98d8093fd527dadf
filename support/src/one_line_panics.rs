//! Panic messages of one line.

use std::panic::{self, PanicHookInfo};
use std::sync::Once;

use crate::interrupt;
use crate::panicked::{NO_MESSAGE, message_of};
use crate::thread_mark::ThreadMark;

/// From now on, a panic prints one line with the thread's name and the message, no backtrace:
/// `thread 'Ada' panicked: a string broke`.
///
/// The `rust-lessons` kernel reports panics in this way by itself; there, this does nothing.
/// Elsewhere it replaces the process's panic hook, once.
pub fn one_line_panics() {
    static INSTALL: Once = Once::new();
    if interrupt::has_runtime() {
        return;
    }
    INSTALL.call_once(|| panic::set_hook(Box::new(|info| eprintln!("{}", in_one_line(info)))));
}

fn in_one_line(info: &PanicHookInfo<'_>) -> String {
    let message = message_of(info.payload()).unwrap_or(NO_MESSAGE);
    let thread = ThreadMark::current();
    format!("thread '{}' panicked: {}", thread.name(), joined(message))
}

/// The lines of a message side by side, such as the three of `assert_eq!`.
fn joined(message: &str) -> String {
    let lines: Vec<&str> = message.lines().map(str::trim).collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn a_message_of_three_lines_becomes_one() {
        let message = "assertion `left == right` failed\n  left: 1\n right: 2";
        assert_eq!(
            joined(message),
            "assertion `left == right` failed; left: 1; right: 2"
        );
    }
}
