//! Calls of the compiler for a cell.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use serde_json::{Value, json};

use crate::cells::Cells;
use crate::key::{Build, Task};
use crate::outside;
use crate::record;
use crate::recording::Recording;
use crate::source;
use crate::support;
use crate::variables;

/// What cargo ends with when a crate does not compile.
const DOES_NOT_COMPILE: u8 = 101;
/// The same for every build. cargo's own changes with the dependencies, and with it the identity of each
/// type that a cell defines: variables of such types could not be read any more after a `:dep`.
const METADATA: &str = "metadata=lesson";
/// Where evcxr writes a cell, below its folder.
pub const CELL: &str = "src/lib.rs";
/// Where the cell is with what [`source`] has changed.
const CHANGED_CELL: &str = "src/cell.rs";
/// The compiler's list of the files that it has read, in the folder into which it writes.
const READ_FILES: &str = "ctx.d";
/// The library of a cell, as the compiler names it.
const LIBRARY: &str = "libctx.so";

/// Codes of errors that say that compiled crates have gone or changed: that is for cargo to see to.
const CRATES_CHANGED: [&str; 4] = ["E0460", "E0461", "E0463", "E0514"];

/// The code of an error about a name that no value has.
const NO_SUCH_VALUE: &str = "E0425";
/// How the compiler begins to tell what has come of calling the linker.
const OF_THE_LINKER: [&str; 3] = ["linking with ", "linker ", "could not exec the linker"];

/// Makes what evcxr asks for by the call of the compiler that cargo would end in.
///
/// # Errors
/// When a file cannot be read or written.
pub fn run(build: &Build, recording: &Recording) -> io::Result<ExitCode> {
    let source = fs::read_to_string(build.folder.join(CELL))?;
    let cells = (build.task == Task::Build)
        .then(|| Cells::open(build, recording, &source))
        .flatten();
    let library = library(recording)?;
    if let Some(cells) = &cells
        && let Some(answer) = cells.find(&build.folder.join(CELL), &library)
    {
        return report(&answer, &library);
    }
    let used_only = (build.task == Task::Build)
        .then(|| variables::without_unused(&source))
        .flatten();
    let answer = match used_only.map(|shorter| linked(build, recording, &shorter)) {
        Some(Ok(answer)) if !answer.misses_a_name() => Ok(answer),
        // Nothing to leave out; or, what is missing may be meant to be a variable: the compiler names those that it
        // knows.
        _ => linked(build, recording, &source),
    };
    let answer = match answer {
        Ok(answer) if !answer.crates_changed() => answer,
        _ => {
            let args: Vec<OsString> = env::args_os().skip(1).collect();
            return match build.task {
                Task::Build => record::build(build, &args),
                _ => outside::cargo(&args),
            };
        }
    };
    if answer.success && build.task == Task::Build {
        let made = recording.out_dir().unwrap_or(&build.folder).join(LIBRARY);
        fs::rename(made, &library)?;
    }
    if let Some(cells) = cells {
        cells.keep(&source, &library, &answer, reads_only_the_cell(recording));
    }
    report(&answer, &library)
}

/// Calls the compiler, and lets it link without a detour where that can be.
fn linked(build: &Build, recording: &Recording, source: &str) -> io::Result<Answer> {
    let mut compiler = command(build, recording, source)?;
    let answer = ask(compiler.args(&recording.link))?;
    if recording.link.is_empty() || !answer.is_not_linked() {
        return Ok(answer);
    }
    // In the usual way, and if that fails as well, in the usual words.
    let answer = ask(&mut command(build, recording, source)?)?;
    if answer.success {
        // Something is missing here, or this notebook asks for what lld alone cannot do: the next cells are spared
        // the attempt. Without this note they are not.
        let _ = recording.without_link().keep(build);
    }
    Ok(answer)
}

/// What the compiler said.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Answer {
    /// It made what it was asked for.
    pub success: bool,
    /// Its messages, a JSON text each.
    pub messages: Vec<String>,
    /// Text that is not a message: the compiler itself has failed.
    pub other: Vec<String>,
}

impl Answer {
    fn parsed(&self) -> impl Iterator<Item = Value> {
        self.messages
            .iter()
            .filter_map(|text| serde_json::from_str(text).ok())
    }

    fn crates_changed(&self) -> bool {
        let is_such = |message: &Value| {
            let code = message["code"]["code"].as_str().unwrap_or_default();
            CRATES_CHANGED.contains(&code)
        };
        self.parsed().any(|message| is_such(&message))
    }

    /// Whether a name is one of no value.
    fn misses_a_name(&self) -> bool {
        self.parsed()
            .any(|message| message["code"]["code"] == NO_SUCH_VALUE)
    }

    /// Whether the linker could not be called, or has failed for any other reason than that the cell calls what is
    /// nowhere.
    fn is_not_linked(&self) -> bool {
        let of_the_linker = |message: &Value| {
            let text = message["message"].as_str().unwrap_or_default();
            message["level"] == "error"
                && OF_THE_LINKER.iter().any(|start| text.starts_with(start))
                && !message.to_string().contains("undefined symbol: ")
        };
        self.parsed().any(|message| of_the_linker(&message))
    }

    /// Whether the compiler would say the same at any other time: what it says of a place in the source
    /// is so, a full disk is not.
    #[must_use]
    pub fn lasts(&self) -> bool {
        let of_the_source = |message: &Value| {
            let has_place = message["spans"]
                .as_array()
                .is_some_and(|spans| !spans.is_empty());
            let summary = [
                "aborting due to",
                "For more information",
                "Some errors have",
            ];
            let text = message["message"].as_str().unwrap_or_default();
            message["level"] != "error"
                || has_place
                || summary.iter().any(|start| text.starts_with(start))
        };
        self.other.is_empty() && self.parsed().all(|message| of_the_source(&message))
    }
}

/// Makes the compiler's call below cargo, which reads the answer.
///
/// # Errors
/// When the compiler cannot be started, or a file of its cannot be read or written.
pub fn as_cargo_would(build: &Build, recording: &Recording) -> io::Result<ExitCode> {
    let mut args = recording.args.clone();
    set_option(&mut args, "metadata=", Some(METADATA));
    let source = fs::read_to_string(build.folder.join(CELL))?;
    let changed = use_shorter_source(build, recording, &source, &mut args)?;
    let status = record::without_wrapper(Command::new(&recording.rustc).args(args)).status()?;
    if changed && let Some(out_dir) = recording.out_dir() {
        // cargo compiles again when a file has changed that is named there.
        let file = out_dir.join(READ_FILES);
        if let Ok(text) = fs::read_to_string(&file) {
            fs::write(file, text.replace(CHANGED_CELL, CELL))?;
        }
    }
    Ok(exit_code(status))
}

/// Lets the compiler read the cell without what is compiled already, and without what the cell has no use for; whether
/// there was any.
fn use_shorter_source(
    build: &Build,
    recording: &Recording,
    source: &str,
    args: &mut Vec<String>,
) -> io::Result<bool> {
    let compiled = support::is_as_prepared(build, recording)
        .then(|| source::with_compiled_parts(source))
        .flatten();
    let shorter = source::without_unused_parts(compiled.as_deref().unwrap_or(source));
    if let Some(changed) = shorter.or(compiled)
        && let Some(file) = args.iter_mut().find(|arg| *arg == CELL)
    {
        fs::write(build.folder.join(CHANGED_CELL), changed)?;
        CHANGED_CELL.clone_into(file);
        // In messages and panics it has the name that evcxr knows.
        args.push(format!("--remap-path-prefix={CHANGED_CELL}={CELL}"));
        return Ok(true);
    }
    Ok(false)
}

/// The compiler's call without cargo.
fn command(build: &Build, recording: &Recording, source: &str) -> io::Result<Command> {
    let mut args = recording.args.clone();
    set_option(&mut args, "metadata=", Some(METADATA));
    // What is kept of the last cell costs more than it saves: a cell is small, and most of what is
    // compiled for it is new. Of the pieces that are compiled at once, each has a cost of its own.
    set_option(&mut args, "incremental=", None);
    set_option(&mut args, "codegen-units=", Some("codegen-units=1"));
    for arg in &mut args {
        // Colours are for cargo, which takes them out again.
        if arg.starts_with("--json=") {
            "--json=artifacts".clone_into(arg);
        } else if arg.starts_with("--emit=") && build.task == Task::Check {
            "--emit=metadata".clone_into(arg);
        }
    }
    use_shorter_source(build, recording, source, &mut args)?;
    let mut command = Command::new(&recording.rustc);
    command
        .args(args)
        .envs(&recording.env)
        .current_dir(&build.folder);
    Ok(command)
}

/// Changes the value of an option `-C name=value`, or removes it.
fn set_option(args: &mut Vec<String>, name: &str, value: Option<&str>) {
    let found = args
        .windows(2)
        .position(|pair| pair[0] == "-C" && pair[1].starts_with(name));
    match (found, value) {
        (Some(at), Some(value)) => value.clone_into(&mut args[at + 1]),
        (Some(at), None) => {
            args.drain(at..at + 2);
        }
        (None, _) => {}
    }
}

fn ask(command: &mut Command) -> io::Result<Answer> {
    let mut child = command.stderr(Stdio::piped()).spawn()?;
    let mut answer = Answer::default();
    if let Some(said) = child.stderr.take() {
        for line in BufReader::new(said).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            if !line.starts_with('{') {
                answer.other.push(line);
            } else if !line.starts_with(r#"{"$message_type":"artifact""#) {
                answer.messages.push(line);
            }
        }
    }
    let status = child.wait()?;
    answer.success = status.success();
    if status.signal().is_some() {
        let ended = format!("error: the compiler has ended by a {status}");
        answer.other.push(ended);
    }
    Ok(answer)
}

/// Tells evcxr, in cargo's words.
fn report(answer: &Answer, library: &Path) -> io::Result<ExitCode> {
    let mut stdout = io::stdout().lock();
    for message in &answer.messages {
        writeln!(stdout, "{message}")?;
    }
    for text in &answer.other {
        eprintln!("{text}");
    }
    if !answer.success {
        eprintln!("error: could not compile `ctx`");
        return Ok(ExitCode::from(DOES_NOT_COMPILE));
    }
    let artifact = json!({
        "reason": "compiler-artifact",
        "target": {"name": "ctx"},
        "filenames": [library],
    });
    writeln!(stdout, "{artifact}")?;
    Ok(ExitCode::SUCCESS)
}

/// Where cargo puts the library: above the folder into which the compiler writes it.
fn library(recording: &Recording) -> io::Result<PathBuf> {
    let folder = recording.out_dir().and_then(Path::parent);
    let folder = folder.ok_or_else(|| io::Error::other("cargo named no folder for the library"))?;
    Ok(folder.join(LIBRARY))
}

/// The code with which this program ends where another one ended so.
#[must_use]
pub fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

/// Whether the compiler has read nothing but the cell itself, no other file and no variable of the
/// environment, by the file that it writes for make.
fn reads_only_the_cell(recording: &Recording) -> bool {
    let file = recording.out_dir().map(|folder| folder.join(READ_FILES));
    let text = file.and_then(|file| fs::read_to_string(file).ok());
    text.is_some_and(|text| only_the_cell(&text))
}

fn only_the_cell(text: &str) -> bool {
    let mut read = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(": ").map(|(_, files)| files.trim()))
        .filter(|files| !files.is_empty());
    !text.contains("# env-dep:")
        && read.clone().next().is_some()
        && read.all(|files| files == CELL || files == CHANGED_CELL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(message: &str) -> Answer {
        Answer {
            messages: vec![message.to_owned()],
            ..Answer::default()
        }
    }

    #[test]
    fn only_what_is_said_of_the_source_lasts() {
        let of_a_line =
            r#"{"level":"error","message":"mismatched types","spans":[{"line_start":1}]}"#;
        let summary =
            r#"{"level":"error","message":"aborting due to 1 previous error","spans":[]}"#;
        assert!(answer(of_a_line).lasts());
        assert!(answer(summary).lasts());
        let disk = r#"{"level":"error","message":"linking with `cc` failed","spans":[]}"#;
        assert!(!answer(disk).lasts());
        let crashed = Answer {
            other: vec!["thread 'rustc' panicked".to_owned()],
            ..Answer::default()
        };
        assert!(!crashed.lasts());
    }

    #[test]
    fn what_the_linker_cannot_do_is_told_from_what_the_cell_has_wrong() {
        let of_the_linker =
            r#"{"level":"error","message":"linking with `rust-lld` failed: exit status: 1"}"#;
        assert!(answer(of_the_linker).is_not_linked());
        let missing = r#"{"level":"error","message":"linker `rust-lld` not found"}"#;
        assert!(answer(missing).is_not_linked());
        let nowhere = r#"{"level":"error","message":"linking with `rust-lld` failed: exit status: 1",
            "children":[{"message":"rust-lld: error: undefined symbol: f"}]}"#;
        assert!(!answer(nowhere).is_not_linked());
        let warning = r#"{"level":"warning","message":"linker stderr: a remark"}"#;
        assert!(!answer(warning).is_not_linked());
        let other = r#"{"level":"error","message":"mismatched types"}"#;
        assert!(!answer(other).is_not_linked());
    }

    #[test]
    fn a_crate_that_is_gone_is_noticed() {
        let gone =
            r#"{"level":"error","message":"can't find crate","code":{"code":"E0463"},"spans":[]}"#;
        assert!(answer(gone).crates_changed());
        let other = r#"{"level":"error","message":"mismatched types","code":{"code":"E0308"}}"#;
        assert!(!answer(other).crates_changed());
    }

    #[test]
    fn options_are_changed_and_removed() {
        let all = ["-C", "incremental=a", "-C", "metadata=b", "-C", "rpath"];
        let mut args = all.map(str::to_owned).to_vec();
        set_option(&mut args, "metadata=", Some("metadata=c"));
        set_option(&mut args, "incremental=", None);
        set_option(&mut args, "codegen-units=", Some("codegen-units=1"));
        assert_eq!(args, ["-C", "metadata=c", "-C", "rpath"]);
    }

    #[test]
    fn a_cell_that_reads_a_file_or_a_variable_is_told_from_one_that_does_not() {
        let alone = "/x/libctx.so: src/cell.rs\n\n/x/ctx.d: src/cell.rs\n\nsrc/cell.rs:\n";
        assert!(only_the_cell(alone));
        let file = "/x/libctx.so: src/cell.rs src/data.txt\n\nsrc/cell.rs:\nsrc/data.txt:\n";
        assert!(!only_the_cell(file));
        assert!(!only_the_cell(&format!("{alone}\n# env-dep:HOME=/root\n")));
        assert!(!only_the_cell(""));
    }
}
