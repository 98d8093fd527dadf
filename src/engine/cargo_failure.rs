//! What is said when cargo or the compiler could not do its work, and the cell is not to blame.
//!
//! evcxr hands on everything that cargo wrote, which is several pages.

use super::compile_error::NO_CODE;
use super::outcome::CellError;

/// Explains an error of evcxr that is not the compiler's judgement on the cell.
#[must_use]
pub fn explain(message: &str) -> CellError {
    let message = message.trim();
    let (_, output) = message.split_once("STDERR:\n").unwrap_or(("", message));
    let (stderr, stdout) = output.split_once("\nSTDOUT:").unwrap_or((output, ""));
    let Some(what) = reason(&format!("{stderr}\n{stdout}"), !stdout.is_empty()) else {
        return CellError::plain(NO_CODE, message);
    };
    let mut error = CellError::plain(NO_CODE, what);
    let said = worth_reading(stderr);
    if !said.is_empty() {
        error.traceback.push(said);
    }
    error
}

fn reason(output: &str, from_cargo: bool) -> Option<String> {
    let said = |words: &[&str]| words.iter().any(|word| output.contains(word));
    let text = if said(&["No space left on device", "os error 28"]) {
        "No space left on device: the cell could not be compiled. Free some space in the folder for \
         temporary files, then run the cell again"
    } else if said(&["Error running 'cargo"]) {
        "cargo cannot be started, so the cell could not be compiled. Was it removed or updated? \
         `cargo lessons doctor` tells what is missing; then run the cell again"
    } else if said(&["signal: 9,", "signal: 9 ", "signal: 15,", "signal: 15 "]) {
        "the compiler was killed from outside (the system does this when memory runs out). Run the \
         cell again"
    } else if [11, 6, 7, 4]
        .iter()
        .any(|signal| said(&[&format!("signal: {signal},"), &format!("signal: {signal} ")]))
    {
        "the compiler crashed on this cell. Write it in another way, or in smaller pieces"
    } else if from_cargo {
        "the compiler did not do its work, and did not say what is wrong with the cell"
    } else {
        return None;
    };
    Some(text.to_owned())
}

/// What cargo and the compiler wrote for people, without what only repeats commands and paths.
fn worth_reading(stderr: &str) -> String {
    let lines = stderr.lines().map(str::trim_end).filter(|line| {
        let line = line.trim_start();
        let noise = ["{", "Compiling ", "Caused by:", "process didn't exit"];
        !line.is_empty() && !noise.iter().any(|start| line.starts_with(start))
    });
    lines.take(20).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(stderr: &str) -> CellError {
        explain(&format!(
            "Compilation failed, but no parsable errors were found. STDERR:\n{stderr}\n\nSTDOUT:{{\"reason\":1}}\n"
        ))
    }

    #[test]
    fn a_killed_compiler_is_not_the_cells_fault() {
        let error = failed(
            "   Compiling ctx v1.0.0 (/a/b)\nerror: could not compile `ctx` (lib)\n\nCaused by:\n  \
             process didn't exit successfully: `rustc --crate-name ctx` (signal: 9, SIGKILL: kill)",
        );
        assert!(
            error.evalue.contains("the compiler was killed"),
            "{error:?}"
        );
        let shown = error.traceback.join("\n");
        assert!(shown.contains("could not compile"), "{shown}");
        assert!(!shown.contains("--crate-name"), "{shown}");
        assert!(!shown.contains("reason"), "{shown}");
    }

    #[test]
    fn each_cause_is_told_apart() {
        for (said, told) in [
            ("x (signal: 11, SIGSEGV)", "the compiler crashed"),
            (
                "error: No space left on device (os error 28)",
                "No space left",
            ),
            ("nothing known", "did not say what is wrong"),
        ] {
            assert!(failed(said).evalue.contains(told), "{said}");
        }
        let missing = "Error running 'cargo rustc': No such file or directory (os error 2)";
        assert!(explain(missing).evalue.contains("cargo lessons doctor"));
    }

    #[test]
    fn what_is_not_from_cargo_is_told_as_it_is() {
        assert_eq!(
            explain(" closures cannot be kept \n").evalue,
            "closures cannot be kept"
        );
    }
}
