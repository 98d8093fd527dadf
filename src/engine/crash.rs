//! What is said when the process that runs the cells has ended.

use std::collections::VecDeque;
use std::sync::LazyLock;

use regex::Regex;

use super::outcome::CellError;
use super::report::Panic;

/// Why the process ended, as the operating system tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Signal(i32),
    Exit(i32),
    Unknown(String),
}

/// What the standard library itself says when a panic may not go on.
const FUNCTION: &str = "panic in a function that cannot unwind";
const DESTRUCTOR: &str = "panic in a destructor during cleanup";

/// The panics that made the process abort, in order: those that the standard library has the last word
/// about. None where it has not.
#[must_use]
pub fn deadly(panics: &VecDeque<Panic>) -> Vec<&Panic> {
    let mut before = panics.iter().rev();
    let count = match before.next().map(|last| last.message.as_str()) {
        Some(FUNCTION) => 1,
        // The panic of the destructor, and the one that it was called for.
        Some(DESTRUCTOR) => 2,
        _ => 0,
    };
    let mut deadly: Vec<&Panic> = before.take(count).collect();
    deadly.reverse();
    deadly
}

/// Describes the end of the process from evcxr's message, which quotes its exit status.
///
/// `last_words` is the end of what it printed to stderr; `stopped` says that the kernel itself ended
/// it because a cell did not react to the stop button.
#[must_use]
pub fn describe(
    message: &str,
    lost: &[String],
    last_panic: Option<&str>,
    last_words: &str,
    stopped: bool,
) -> CellError {
    let lost = lost_variables(lost);
    if stopped {
        let evalue = format!(
            "the cell did not react to stop, so the process that runs the cells was ended; {lost}"
        );
        return CellError::plain("KeyboardInterrupt", evalue);
    }
    let (ename, what) = match end(message) {
        End::Signal(number) => {
            let (name, meaning) = signal(number);
            (name, reason(last_words).unwrap_or(meaning))
        }
        End::Exit(GAVE_UP) => (
            "crash".to_owned(),
            format!(
                "the process that runs the cells could not go on ({}); a cell has used up or closed \
                 something that it needs",
                own_words(last_words).unwrap_or("it did not say why")
            ),
        ),
        End::Exit(code) => (
            "exit".to_owned(),
            format!("the cell ended its process with exit code {code}"),
        ),
        End::Unknown(text) => (
            "crash".to_owned(),
            format!("the process that runs the cells has ended ({text})"),
        ),
    };
    let after = last_panic.map_or(String::new(), |panic| format!(" after the panic `{panic}`"));
    CellError::plain(ename, format!("{what}{after}; {lost}"))
}

/// The process did not answer, and was ended for that.
#[must_use]
pub fn silent(lost: &[String]) -> CellError {
    let lost = lost_variables(lost);
    CellError::plain(
        "crash",
        format!(
            "the process that runs the cells did not answer (somebody has stopped it, or the machine \
             is too busy), so it was ended and started anew; {lost}. Run this cell again, too"
        ),
    )
}

/// The process was ended because a cell has disturbed how it talks to the kernel.
#[must_use]
pub fn out_of_step(lost: &[String]) -> CellError {
    let lost = lost_variables(lost);
    CellError::plain(
        "crash",
        format!(
            "the cell wrote into a file descriptor that is not its own, so the process that runs the \
             cells was ended and started anew; {lost}"
        ),
    )
}

/// The runtime's exit code for an error of its own; its reason is the last thing it prints.
const GAVE_UP: i32 = 99;

fn own_words(last_words: &str) -> Option<&str> {
    let (_, reason) = last_words.rsplit_once("lesson-runtime: ")?;
    reason.lines().next()
}

/// What Rust's own runtime says before it aborts.
fn reason(last_words: &str) -> Option<String> {
    let overflowed = last_words.rfind("has overflowed its stack");
    let memory = last_words.rfind("memory allocation of ");
    let twice = last_words.rfind("thread caused non-unwinding panic");
    let foreign = last_words.rfind("IO Safety violation");
    let last = overflowed.max(memory).max(twice).max(foreign)?;
    let text = if Some(last) == overflowed {
        let before = last_words[..last].lines().next_back().unwrap_or_default();
        let whose = match before.split('\'').nth(1) {
            Some("main") | None => "the cell".to_owned(),
            Some("<unnamed>" | "<unknown>") => "a thread".to_owned(),
            Some(name) => format!("the thread '{name}'"),
        };
        format!(
            "{whose} has overflowed its stack (a function that calls itself without end, or a large array: `[0u8; 6_000_000]` is on the stack, `vec![0u8; 6_000_000]` is not)"
        )
    } else if Some(last) == memory {
        let bytes = last_words[last..].split(' ').nth(3).unwrap_or("some");
        format!("memory ran out: {bytes} bytes more could not be had")
    } else if Some(last) == twice {
        "a panic could not unwind, so the process aborted (out of an `extern \"C\"` function, or out of a \
         destructor while another panic unwound: a panic while panicking)"
            .to_owned()
    } else {
        "the cell closed a file descriptor that is not its own".to_owned()
    };
    Some(text)
}

/// The sentence that names what is gone.
#[must_use]
pub fn lost_variables(names: &[String]) -> String {
    match names {
        [] => "no variable was lost".to_owned(),
        [one] => format!("the variable `{one}` is lost. Run the cell that defines it again"),
        many => format!(
            "the variables {} are lost. Run the cells that define them again",
            many.iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}

fn end(message: &str) -> End {
    static STATUS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"terminated with status: (?:signal: (\d+)|exit status: (\d+))")
            .expect("a valid pattern")
    });
    let number = |text: regex::Match<'_>| text.as_str().parse::<i32>().ok();
    match STATUS.captures(message) {
        Some(found) => match (found.get(1).and_then(number), found.get(2).and_then(number)) {
            (Some(signal), _) => End::Signal(signal),
            (_, Some(code)) => End::Exit(code),
            _ => End::Unknown(message.trim().to_owned()),
        },
        None => End::Unknown(message.trim().to_owned()),
    }
}

fn signal(number: i32) -> (String, String) {
    let Ok(signal) = nix::sys::signal::Signal::try_from(number) else {
        return (
            "crash".to_owned(),
            format!("the process that runs the cells was ended by signal {number}"),
        );
    };
    use nix::sys::signal::Signal as S;
    let meaning = match signal {
        S::SIGSEGV => "the cell touched memory that is not its own (segmentation fault)",
        S::SIGBUS => "the cell touched memory that is not there (bus error)",
        S::SIGILL => "the processor met an instruction that it does not know",
        S::SIGFPE => "an arithmetic operation failed in the processor",
        S::SIGABRT => "the cell's process aborted (a call of `abort`, or of C code that calls it)",
        S::SIGKILL => {
            "the process that runs the cells was killed from outside (the system does this when memory runs out)"
        }
        S::SIGTERM => "the process that runs the cells was asked from outside to end",
        _ => "the process that runs the cells was ended by a signal",
    };
    (signal.as_str().to_owned(), meaning.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_signal_is_named_and_the_lost_variables_too() {
        let message = "Subprocess terminated with status: signal: 11 (SIGSEGV) (core dumped)";
        let error = describe(message, &names(&["counter", "lock"]), None, "", false);
        assert_eq!(error.ename, "SIGSEGV");
        assert!(error.evalue.contains("`counter`, `lock`"), "{error:?}");
    }

    #[test]
    fn what_rust_said_before_it_aborted_is_the_reason() {
        let aborted = "Subprocess terminated with status: signal: 6 (SIGABRT)";
        for (said, told) in [
            (
                "\nthread 'main' (45) has overflowed its stack\nfatal runtime error: stack overflow",
                "the cell has overflowed its stack",
            ),
            (
                "thread 'Ada' (45) has overflowed its stack\nfatal",
                "the thread 'Ada' has overflowed its stack",
            ),
            (
                "thread '<unnamed>' (45) has overflowed its stack\nfatal",
                "a thread has overflowed its stack",
            ),
            (
                "memory allocation of 64 bytes failed\n",
                "memory ran out: 64 bytes",
            ),
            (
                "thread caused non-unwinding panic. aborting.\n",
                "a panic while panicking",
            ),
            ("my own words\n", "a call of `abort`"),
        ] {
            let error = describe(aborted, &[], None, said, false);
            assert_eq!(error.ename, "SIGABRT");
            assert!(error.evalue.contains(told), "{error:?}");
        }
    }

    #[test]
    fn what_the_runtime_said_before_it_gave_up_is_told() {
        let message = "Subprocess terminated with status: exit status: 99";
        let error = describe(message, &[], None, "x\nlesson-runtime: no room\n", false);
        assert!(error.evalue.contains("no room"), "{error:?}");
    }

    #[test]
    fn an_exit_code_is_told() {
        let error = describe(
            "printed before\nSubprocess terminated with status: exit status: 3",
            &names(&["v"]),
            None,
            "",
            false,
        );
        assert_eq!(error.ename, "exit");
        assert!(error.evalue.contains("exit code 3"), "{error:?}");
        assert!(error.evalue.contains("variable `v` is lost"), "{error:?}");
    }

    #[test]
    fn a_cell_that_had_to_be_ended_is_a_keyboard_interrupt() {
        let message = "Subprocess terminated with status: signal: 9 (SIGKILL)";
        let error = describe(message, &[], None, "", true);
        assert_eq!(error.ename, "KeyboardInterrupt");
    }

    #[test]
    fn a_panic_before_the_abort_is_quoted() {
        let message = "Subprocess terminated with status: signal: 6 (SIGABRT)";
        let error = describe(message, &[], Some("again"), "", false);
        assert!(
            error.evalue.contains("after the panic `again`"),
            "{error:?}"
        );
    }
}
