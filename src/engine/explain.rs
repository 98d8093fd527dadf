//! `:explain E0382`: the compiler's own long text about one of its errors.
//!
//! `rustc --explain` has all of them inside, so no network is needed. The text is Markdown whose code
//! blocks carry words for rustc's own tests; front ends get it without them.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use regex::Regex;

use super::compile_error::NO_CODE;
use super::outcome::{CellError, CellValue};
use super::syntax::lines_before_rust;

/// The command's name.
pub const EXPLAIN: &str = ":explain";

/// What a cell asks to have explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The error of the last cell that failed.
    LastError,
    /// What stands behind the command.
    Code(String),
}

/// The last error, as far as it can be explained.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastError {
    /// Its message; empty when no cell has failed yet.
    message: String,
    /// Its codes, in order, each once.
    codes: Vec<String>,
}

impl LastError {
    /// Reads the codes of an error: one traceback stands for all errors of a cell.
    ///
    /// `None` for anything but an error of the compiler, which has the learner's own text in it.
    #[must_use]
    pub fn of(error: &CellError) -> Option<LastError> {
        static CODE: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"error\[(E\d{4})\]").expect("a valid pattern"));
        if error.ename != NO_CODE && !is_code(&error.ename) {
            return None;
        }
        let mut codes = Vec::new();
        for found in CODE.captures_iter(&error.traceback.join("\n")) {
            if !codes.iter().any(|code| code == &found[1]) {
                codes.push(found[1].to_owned());
            }
        }
        Some(LastError {
            message: error.evalue.lines().next().unwrap_or_default().to_owned(),
            codes,
        })
    }
}

/// Takes the command out of a cell; what is left keeps its lines.
#[must_use]
pub fn take(code: &str) -> (String, Vec<Asked>) {
    let mut asked = Vec::new();
    let head = lines_before_rust(code);
    let rest = code
        .split('\n')
        .enumerate()
        .map(|(number, line)| match command(line) {
            Some(what) if number < head => {
                asked.push(what);
                ""
            }
            _ => line,
        })
        .collect::<Vec<_>>()
        .join("\n");
    (rest, asked)
}

/// The explanation, as Markdown and as plain text.
///
/// # Errors
/// When the compiler does not know the code, or there is nothing to explain.
pub fn explain(rustc: &Path, asked: &[Asked], last: &LastError) -> Result<CellValue, CellError> {
    let mut codes: Vec<String> = Vec::new();
    for what in asked {
        match what {
            Asked::Code(text) => codes.push(code_in(text)?),
            Asked::LastError => codes.extend(codes_of(last)?.iter().cloned()),
        }
    }
    let mut markdown = Vec::new();
    let mut plain = Vec::new();
    for code in codes {
        let text = from_rustc(rustc, &code)?;
        markdown.push(format!("**Error {code}**\n\n{}", as_markdown(&text)));
        plain.push(format!("Error {code}\n\n{}", as_plain(&text)));
    }
    Ok(CellValue::from([
        ("text/markdown".to_owned(), markdown.join("\n\n---\n\n")),
        ("text/plain".to_owned(), plain.join("\n\n")),
    ]))
}

fn command(line: &str) -> Option<Asked> {
    let rest = line.trim_start_matches(' ').strip_prefix(EXPLAIN)?;
    if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return None;
    }
    Some(match rest.trim() {
        "" => Asked::LastError,
        code => Asked::Code(code.to_owned()),
    })
}

fn codes_of(last: &LastError) -> Result<&[String], CellError> {
    if last.message.is_empty() {
        return Err(error(
            "no cell has failed yet; name the error, as in `:explain E0382`".to_owned(),
        ));
    }
    if last.codes.is_empty() {
        return Err(error(format!(
            "the last error (`{}`) has no code, so the compiler has no longer text about it; an error can be named, as in `:explain E0382`",
            last.message
        )));
    }
    Ok(&last.codes)
}

/// The code that a learner means: `E0382`, `e382`, `error[E0382]`.
fn code_in(text: &str) -> Result<String, CellError> {
    static CODE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:error)?\[?[eE]?(\d{1,4})\]?:?$").expect("a valid pattern")
    });
    let digits = CODE
        .captures(text)
        .map(|found| format!("E{:0>4}", &found[1]));
    digits.ok_or_else(|| {
        error(format!(
            "`{text}` is not a code of a compiler error: that is an E and four digits, as in `:explain E0382`"
        ))
    })
}

fn is_code(text: &str) -> bool {
    text.len() == 5 && text.starts_with('E') && text[1..].bytes().all(|b| b.is_ascii_digit())
}

fn from_rustc(rustc: &Path, code: &str) -> Result<String, CellError> {
    let output = Command::new(rustc)
        .args(["--explain", code])
        // rustc looks at its terminal and its settings; there are none here.
        .env_remove("RUSTC_LOG")
        .output()
        .map_err(|reason| error(format!("the compiler does not start: {reason}")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() || text.trim().is_empty() {
        return Err(error(format!(
            "the compiler has no error with the code {code}; codes stand in the first line of an error, as in `error[E0382]`"
        )));
    }
    Ok(text)
}

fn error(message: String) -> CellError {
    CellError::plain(NO_CODE, message)
}

/// Whether a code block is Rust, by the words behind its fence.
fn is_rust(words: &str) -> bool {
    const OTHER: [&str; 8] = ["text", "none", "toml", "sh", "console", "bash", "json", "c"];
    !words.split(',').any(|word| OTHER.contains(&word.trim()))
}

/// Markdown that every front end highlights.
fn as_markdown(text: &str) -> String {
    let mut lines = Vec::new();
    for_each_line(text, |line| {
        lines.push(match line {
            Line::Opening(words) if is_rust(words) => "```rust".to_owned(),
            Line::Opening(words) => format!("```{words}"),
            Line::Closing => "```".to_owned(),
            Line::Code(text) | Line::Prose(text) => text.to_owned(),
        });
    });
    lines.join("\n").trim().to_owned()
}

/// Without the marks of Markdown that only stand in the way: code is indented.
fn as_plain(text: &str) -> String {
    let mut lines = Vec::new();
    for_each_line(text, |line| match line {
        Line::Opening(_) | Line::Closing => {}
        Line::Code("") => lines.push(String::new()),
        Line::Code(text) => lines.push(format!("    {text}")),
        Line::Prose(text) => lines.push(text.to_owned()),
    });
    lines.join("\n").trim().to_owned()
}

enum Line<'a> {
    Opening(&'a str),
    Closing,
    Code(&'a str),
    Prose(&'a str),
}

fn for_each_line<'a>(text: &'a str, mut take: impl FnMut(Line<'a>)) {
    let mut inside: Option<bool> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), inside) {
            (Some(words), None) => {
                inside = Some(is_rust(words));
                take(Line::Opening(words));
            }
            (Some(_), Some(_)) => {
                inside = None;
                take(Line::Closing);
            }
            // Hidden where rustdoc shows the text.
            (None, Some(true)) if line == "#" || line.starts_with("# ") => {}
            (None, Some(_)) => take(Line::Code(line)),
            (None, None) => take(Line::Prose(line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_taken_out_and_lines_stay_where_they_are() {
        let (rest, asked) = take("// a = 1;\n  :explain E0382 \n:explain\n:explained\na");
        assert_eq!(rest, "// a = 1;\n\n\n:explained\na");
        assert_eq!(asked, [Asked::Code("E0382".to_owned()), Asked::LastError]);
    }

    #[test]
    fn a_code_is_understood_in_the_ways_it_is_met() {
        for text in ["E0382", "e0382", "382", "[E0382]", "error[E0382]:", "E382"] {
            assert_eq!(code_in(text).as_deref(), Ok("E0382"), "{text}");
        }
        for text in ["borrow", "E", "E03822", "E0382 please"] {
            assert!(code_in(text).is_err(), "{text}");
        }
    }

    #[test]
    fn all_codes_of_an_error_are_remembered_and_a_panics_text_is_not_read() {
        let mut error = CellError {
            ename: "E0308".to_owned(),
            evalue: "mismatched types".to_owned(),
            traceback: vec![
                "\u{1b}[1merror[E0308]\u{1b}[0m: mismatched types".to_owned(),
                "error[E0425]: cannot find\nerror[E0308]: again".to_owned(),
            ],
        };
        let last = LastError::of(&error).expect("an error of the compiler");
        assert_eq!(last.codes, ["E0308", "E0425"]);
        error.ename = "panic".to_owned();
        assert_eq!(LastError::of(&error), None);
    }

    #[test]
    fn fences_lose_the_words_for_rustcs_tests_and_hidden_lines_go() {
        let text = "A text.\n\n```compile_fail,E0382\n# fn main() {\nlet x = 1;\n# }\n```\n\n```text\n# kept\n```\n";
        assert_eq!(
            as_markdown(text),
            "A text.\n\n```rust\nlet x = 1;\n```\n\n```text\n# kept\n```"
        );
        assert_eq!(as_plain(text), "A text.\n\n    let x = 1;\n\n    # kept");
    }
}
