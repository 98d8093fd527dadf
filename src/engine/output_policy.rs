//! Where output goes, and how much of it: the settings of the table `[output]` in `evcxr.toml`, and
//! of the command `:output` in a cell.

use std::fmt;

use super::syntax::lines_before_rust;

/// The command's name.
const COMMAND: &str = ":output";
/// Text that one cell can show unless told otherwise, in bytes: about what JupyterLab shows without
/// keeping its reader waiting.
const TEXT_LIMIT: u64 = 4_000_000;
/// Displays that one cell can show unless told otherwise.
const DISPLAY_LIMIT: u64 = 1_000;
/// With a limit on displays in force, their data has one too, in bytes.
const DISPLAY_BYTES: u64 = 50_000_000;

/// The cell under which the output of a thread is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// The cell that runs, or that ran last.
    #[default]
    RunningCell,
    /// The cell that started the thread.
    StartingCell,
}

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputPolicy {
    /// Where a thread's output is shown.
    pub threads: Route,
    /// Text that one cell can show, in bytes; `None` for no limit.
    pub text_limit: Option<u64>,
    /// Displays that one cell can show; `None` for no limit.
    pub display_limit: Option<u64>,
}

impl Default for OutputPolicy {
    fn default() -> OutputPolicy {
        OutputPolicy {
            threads: Route::default(),
            text_limit: Some(TEXT_LIMIT),
            display_limit: Some(DISPLAY_LIMIT),
        }
    }
}

/// Why a setting cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutputPolicyError {
    /// There is no such setting.
    #[error(
        "there is no output setting `{name}`; the settings are `threads`, `text_limit` and `display_limit`"
    )]
    Name {
        /// What was asked for.
        name: String,
    },
    /// The setting has other values.
    #[error("`{value}` is no value for the output setting `{name}`; write {expected}")]
    Value {
        /// The setting.
        name: &'static str,
        /// What was written.
        value: String,
        /// What can be written.
        expected: &'static str,
    },
}

impl OutputPolicy {
    /// Changes one setting by its name.
    ///
    /// # Errors
    /// When there is no such setting, or the value is none of its values.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), OutputPolicyError> {
        let refused = |name, expected| OutputPolicyError::Value {
            name,
            value: value.to_owned(),
            expected,
        };
        match name {
            "threads" => {
                self.threads = match value {
                    "running-cell" => Route::RunningCell,
                    "starting-cell" => Route::StartingCell,
                    _ => return Err(refused("threads", "`running-cell` or `starting-cell`")),
                };
            }
            "text_limit" => {
                self.text_limit = limit(value, bytes)
                    .ok_or_else(|| refused("text_limit", "a size such as `50 MB`, or `off`"))?;
            }
            "display_limit" => {
                self.display_limit = limit(value, |number| number.parse().ok())
                    .ok_or_else(|| refused("display_limit", "a number such as `5000`, or `off`"))?;
            }
            _ => {
                return Err(OutputPolicyError::Name {
                    name: name.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// The data that the displays of one cell can have, in bytes; `None` for no limit.
    #[must_use]
    pub fn display_bytes(&self) -> Option<u64> {
        self.display_limit.map(|_| DISPLAY_BYTES)
    }

    /// Obeys the lines of a cell that are `:output` commands. Returns the cell with these lines
    /// empty, and whether there was one.
    ///
    /// # Errors
    /// When a command cannot be obeyed; those before it have been.
    pub fn obey(&mut self, code: &str) -> Result<(String, bool), OutputPolicyError> {
        let mut rest = String::with_capacity(code.len());
        let mut any = false;
        let head = lines_before_rust(code);
        for (number, line) in code.split_inclusive('\n').enumerate() {
            let Some(words) = command(line).filter(|_| number < head) else {
                rest.push_str(line);
                continue;
            };
            any = true;
            // The line itself stays, so that errors name the learner's lines.
            rest.push_str(&line[line.trim_end_matches(['\r', '\n']).len()..]);
            let words = words.trim();
            if !words.is_empty() {
                let (name, value) = words
                    .split_once(|c: char| c == '=' || c.is_whitespace())
                    .unwrap_or((words, ""));
                let value = value.trim().trim_start_matches('=').trim();
                self.set(name, value.trim_matches('"'))?;
            }
        }
        Ok((rest, any))
    }
}

impl fmt::Display for OutputPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let threads = match self.threads {
            Route::RunningCell => "running-cell",
            Route::StartingCell => "starting-cell",
        };
        let off = || "off".to_owned();
        let text = self.text_limit.map_or_else(off, size);
        let displays = self.display_limit.map_or_else(off, |n| n.to_string());
        write!(
            f,
            "threads = {threads}\ntext_limit = {text}\ndisplay_limit = {displays}"
        )
    }
}

/// A number of bytes for a reader.
#[must_use]
pub fn size(bytes: u64) -> String {
    for (unit, name) in [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")] {
        if bytes >= unit {
            let tenths = bytes / (unit / 10);
            return match tenths % 10 {
                0 => format!("{} {name}", tenths / 10),
                tenth => format!("{}.{tenth} {name}", tenths / 10),
            };
        }
    }
    format!("{bytes} bytes")
}

fn command(line: &str) -> Option<&str> {
    let words = line.trim().strip_prefix(COMMAND)?;
    (words.is_empty() || words.starts_with(char::is_whitespace)).then_some(words)
}

fn limit(value: &str, number: impl Fn(&str) -> Option<u64>) -> Option<Option<u64>> {
    if value == "off" {
        return Some(None);
    }
    number(value).map(Some)
}

fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match text[digits.len()..].trim().to_ascii_lowercase().as_str() {
        "" | "b" | "bytes" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_obeyed_and_leave_empty_lines() {
        let mut policy = OutputPolicy::default();
        let code = ":output threads starting-cell\n// a = 1;\n  :output text_limit = \"2 MB\"\n\
                    :output display_limit off\na";
        let (rest, any) = policy.obey(code).expect("valid commands");
        assert_eq!(rest, "\n// a = 1;\n\n\na");
        assert!(any);
        assert_eq!(policy.threads, Route::StartingCell);
        assert_eq!(policy.text_limit, Some(2_000_000));
        assert_eq!(policy.display_limit, None);
        assert_eq!(policy.display_bytes(), None);
    }

    #[test]
    fn other_lines_are_left_alone() {
        let mut policy = OutputPolicy::default();
        let code = ":outputs\nlet text = \"\n:out\";\n";
        assert_eq!(policy.obey(code), Ok((code.to_owned(), false)));
        assert_eq!(policy, OutputPolicy::default());
    }

    #[test]
    fn what_is_no_value_is_refused_with_what_is_one() {
        let mut policy = OutputPolicy::default();
        for (name, value, expected) in [
            ("threads", "here", "`starting-cell`"),
            ("text_limit", "much", "`50 MB`"),
            ("text_limit", "-1", "`50 MB`"),
            ("text_limit", "99999999999 GB", "`50 MB`"),
            ("display_limit", "", "`5000`"),
            ("limit", "1", "`text_limit`"),
        ] {
            let error = policy.set(name, value).expect_err("no such value");
            assert!(error.to_string().contains(expected), "{error}");
        }
        assert_eq!(policy, OutputPolicy::default());
    }

    #[test]
    fn the_settings_are_shown_as_they_are_written() {
        let shown = OutputPolicy::default().to_string();
        assert_eq!(
            shown,
            "threads = running-cell\ntext_limit = 4 MB\ndisplay_limit = 1000"
        );
        assert_eq!(size(1_250_000), "1.2 MB");
        assert_eq!(size(999), "999 bytes");
    }
}
