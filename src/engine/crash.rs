//! What is said when the process that runs the cells has ended.

use regex::Regex;
use std::sync::LazyLock;

use super::outcome::CellError;

/// Why the process ended, as the operating system tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Signal(i32),
    Exit(i32),
    Unknown(String),
}

/// Describes the end of the process from evcxr's message, which quotes its exit status.
///
/// `stopped` says that the kernel itself ended it because a cell did not react to the stop button.
#[must_use]
pub fn describe(
    message: &str,
    lost: &[String],
    last_panic: Option<&str>,
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
            (name, meaning)
        }
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
        S::SIGABRT => {
            "the cell's process aborted (a stack overflow, a panic while panicking, or a call of `abort`)"
        }
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
        let error = describe(message, &names(&["counter", "lock"]), None, false);
        assert_eq!(error.ename, "SIGSEGV");
        assert!(error.evalue.contains("`counter`, `lock`"), "{error:?}");
    }

    #[test]
    fn an_exit_code_is_told() {
        let error = describe(
            "printed before\nSubprocess terminated with status: exit status: 3",
            &names(&["v"]),
            None,
            false,
        );
        assert_eq!(error.ename, "exit");
        assert!(error.evalue.contains("exit code 3"), "{error:?}");
        assert!(error.evalue.contains("variable `v` is lost"), "{error:?}");
    }

    #[test]
    fn a_cell_that_had_to_be_ended_is_a_keyboard_interrupt() {
        let message = "Subprocess terminated with status: signal: 9 (SIGKILL)";
        let error = describe(message, &[], None, true);
        assert_eq!(error.ename, "KeyboardInterrupt");
    }

    #[test]
    fn a_panic_before_the_abort_is_quoted() {
        let message = "Subprocess terminated with status: signal: 6 (SIGABRT)";
        let error = describe(message, &[], Some("again"), false);
        assert!(
            error.evalue.contains("after the panic `again`"),
            "{error:?}"
        );
    }
}
