//! `:help`: the commands that a cell can begin with.
//!
//! evcxr's own list is one for its developers, and knows nothing of the commands of this kernel.

use std::fmt::Write;

use super::outcome::CellValue;
use crate::nearest::nearest;

/// A group of commands: what they are for, and each command with what it does.
type Group = (&'static str, &'static [(&'static str, &'static str)]);

const GROUPS: [Group; 5] = [
    (
        "Look something up",
        &[
            (":explain", "the compiler's long text about the last error"),
            (":explain E0382", "the same about any error"),
            (":vars", "the variables of the notebook, with their types"),
            (":type x", "the type of a variable (short: `:t x`)"),
            (
                ":doc x",
                "documentation of a variable, type, function or module",
            ),
            (":help", "this list"),
        ],
    ),
    (
        "Start afresh",
        &[
            (
                ":restart",
                "a new process for the cells: ends all threads, also one that prints for ever; variables are gone, items stay",
            ),
            (":clear", "forgets variables, items and crates"),
        ],
    ),
    (
        "Use other crates and programs",
        &[
            (
                ":dep rand = \"0.9\"",
                "adds a crate; what stands behind `:dep` is a line of `[dependencies]`",
            ),
            (":show_deps", "the crates that were added"),
            (
                ":offline 1",
                "uses only what was downloaded before (`0`: the network too)",
            ),
            (
                ":env NAME=value",
                "sets an environment variable of the cells, from the next `:restart` on",
            ),
            ("!ls", "runs a command of the shell"),
        ],
    ),
    (
        "Choose what is shown",
        &[
            (
                ":output",
                "the limits of output, and where that of threads goes",
            ),
            (
                ":output threads starting-cell",
                "shows what a thread prints below the cell that started it (`running-cell`: below the one that runs)",
            ),
            (
                ":output text_limit 50 MB",
                "shows so much text for each cell (`off`: all)",
            ),
            (
                ":output display_limit 5000",
                "shows so many pictures and values for each cell (`off`: all)",
            ),
            (
                ":fmt {:#?}",
                "shows values in this format (`{:?}` at first)",
            ),
            (
                ":efmt {}",
                "shows in this format the error that a `?` ends a cell with",
            ),
            (
                ":types",
                "shows the type of each value too; once more: no longer",
            ),
        ],
    ),
    (
        "Compile in another way",
        &[
            (
                ":opt 2",
                "compiles optimised, from here on (`0`: quicker to compile)",
            ),
            (
                ":timing",
                "tells how long each cell took to compile and run; once more: no longer",
            ),
            (
                ":build_env NAME=value",
                "sets an environment variable of the compiler",
            ),
            (
                "// kernel: no checkpoints",
                "a comment: the cell is compiled exactly as written, and stop costs the variables",
            ),
        ],
    ),
];

const HEAD: &str = "Commands stand at the head of a cell, one a line, before any Rust.";

/// The list, as HTML and as plain text.
#[must_use]
pub fn help() -> CellValue {
    let widest = GROUPS
        .iter()
        .flat_map(|(_, commands)| commands.iter())
        .map(|(command, _)| command.len())
        .max()
        .unwrap_or(0);
    let mut plain = format!("{HEAD}\n");
    let mut html = format!("<p>{HEAD}</p>\n<table>\n");
    for (group, commands) in GROUPS {
        // Writing to a string cannot fail.
        let _ = writeln!(plain, "\n{group}");
        let _ = writeln!(
            html,
            "<tr><th colspan=\"2\" style=\"text-align: left\">{group}</th></tr>"
        );
        for (command, what) in commands {
            let _ = writeln!(plain, "  {command:widest$}  {what}");
            let _ = writeln!(
                html,
                "<tr><td style=\"text-align: left\"><code>{}</code></td><td style=\"text-align: left\">{}</td></tr>",
                escaped(command),
                with_code(what)
            );
        }
    }
    html.push_str("</table>");
    CellValue::from([
        ("text/html".to_owned(), html),
        ("text/plain".to_owned(), plain.trim_end().to_owned()),
    ])
}

/// The command that is meant by a word that is none, if one is like it.
#[must_use]
pub fn near(word: &str) -> Option<&'static str> {
    let commands = GROUPS
        .iter()
        .flat_map(|(_, commands)| commands.iter())
        .filter_map(|(command, _)| command.split_whitespace().next())
        .filter(|command| command.starts_with(':'));
    nearest(word, commands)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// What stands between backticks as code.
fn with_code(text: &str) -> String {
    let mut html = String::new();
    for (index, part) in text.split('`').enumerate() {
        let part = escaped(part);
        if index % 2 == 1 {
            let _ = write!(html, "<code>{part}</code>");
        } else {
            html.push_str(&part);
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_name_every_command_and_marks_become_code() {
        let help = help();
        for (_, commands) in GROUPS {
            for (command, what) in commands {
                assert!(help["text/plain"].contains(command), "{command}");
                assert!(help["text/html"].contains(&escaped(command)), "{command}");
                assert_eq!(what.matches('`').count() % 2, 0, "{what}");
            }
        }
        assert_eq!(with_code("a `<b>` c"), "a <code>&lt;b&gt;</code> c");
    }
}
