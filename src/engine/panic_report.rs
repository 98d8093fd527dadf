//! A panic, shown with the learner's own line.

use annotate_snippets::{AnnotationKind, Group, Level, Snippet};

use super::outcome::CellError;
use super::palette::{plain_renderer, renderer};
use super::panic_hints::hint;
use super::report::{At, Panic};
use super::source_map::{GENERATED, Sources, title};
use crate::setup::evcxr_toml::SUPPORT;

/// The name under which every panic is reported.
pub const PANIC: &str = "panic";

/// Renders the panic. `sources` is what the panicking code was compiled from.
#[must_use]
pub fn render(panic: &Panic, sources: &Sources<'_>) -> CellError {
    // A message of several lines (`assert_eq!`) is shown whole, below the first line.
    let (headline, rest) = panic
        .message
        .split_once('\n')
        .unwrap_or((&panic.message, ""));
    let title = Level::ERROR.with_name(PANIC).primary_title(headline);
    let mut group = with_place(Group::with_title(title), &panic.at, sources);
    if let Some(hint) = hint(&panic.message) {
        group = group.element(Level::HELP.message(hint));
    }
    let mut block = renderer().render(&[group]);
    if !rest.is_empty() {
        block.push('\n');
        block.push_str(rest);
    }
    CellError {
        ename: PANIC.to_owned(),
        evalue: panic.message.clone(),
        traceback: vec![block],
    }
}

/// The lines that are shown below the message of a panic in another thread: where it happened, and
/// which cell had started the thread. Ends with a newline, or is empty.
#[must_use]
pub fn below_message(at: &At, started_by: Option<usize>, sources: &Sources<'_>) -> String {
    let mut group = with_place(Group::with_level(Level::NOTE), at, sources);
    if let Some(count) = started_by {
        let cell = if count == 0 {
            "a cell".to_owned()
        } else {
            title(count)
        };
        group = group.element(Level::NOTE.message(format!("{cell} started the thread")));
    }
    if group.is_empty() {
        return String::new();
    }
    // Printed text is compared and searched more often than it is looked at: no styles.
    let mut text = plain_renderer().render(&[group]);
    text.push('\n');
    text
}

fn with_place<'a>(group: Group<'a>, at: &At, sources: &Sources<'a>) -> Group<'a> {
    let line = at.line as usize;
    if at.file.is_empty() {
        return group;
    }
    if at.file != GENERATED {
        // Not in a cell: in a library, for which the learner can do little; name it all the same.
        let place = format!("in `{}`, line {line}", library_file(&at.file));
        return group.element(Level::NOTE.message(place));
    }
    match sources.from_here((line, at.column as usize)) {
        Some(place) => group.element(
            Snippet::source(place.cell.edited.original())
                .path(place.cell.title())
                .annotation(AnnotationKind::Primary.span(place.range)),
        ),
        None => group,
    }
}

/// A path without the part that differs from machine to machine: the crate and what is in it.
fn library_file(file: &str) -> String {
    if let Some((_, inside)) = file.split_once("/library/") {
        return inside.to_owned();
    }
    let Some((folder, inside)) = file.rsplit_once("/src/") else {
        return file.rsplit('/').next().unwrap_or(file).to_owned();
    };
    let name = folder.rsplit('/').next().unwrap_or(folder);
    // The support crate's folder is named after its content.
    let name = if name.starts_with("support") {
        SUPPORT
    } else {
        name
    };
    format!("{name}/src/{inside}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::known::Known;
    use crate::engine::rewrite::{Edited, rewrite};
    use crate::engine::source_map::CellSource;

    fn at(file: &str, line: u32, column: u32) -> At {
        At {
            compiled_for: 1,
            file: file.to_owned(),
            line,
            column,
        }
    }

    fn plain(error: &CellError) -> String {
        let ansi = regex::Regex::new("\u{1b}\\[[0-9;]*m").expect("a valid pattern");
        ansi.replace_all(&error.traceback.join("\n"), "")
            .into_owned()
    }

    #[test]
    fn cell_line_and_caret_are_the_learners_own() {
        let generated = "mod x {}\nfn run() {\nlet n = 1;\n    assert_eq!(n, 2);\n}";
        let cells = [CellSource {
            request: 1,
            count: 7,
            edited: Edited::unchanged("let n = 1;\n  assert_eq!(n, 2);"),
        }];
        let panic = Panic {
            message: "assertion `left == right` failed\n  left: 1\n right: 2".to_owned(),
            at: at(GENERATED, 4, 5),
            after_stop: false,
        };
        let error = render(&panic, &Sources::new(generated, &cells));
        assert_eq!(error.ename, "panic");
        assert!(error.evalue.ends_with("right: 2"));
        let shown = plain(&error);
        assert!(shown.contains("cell 7:2:3"), "{shown}");
        assert!(shown.contains("2 |   assert_eq!(n, 2);"), "{shown}");
        assert!(shown.contains("  left: 1"), "{shown}");
        assert!(!shown.contains("src/lib.rs"), "{shown}");
    }

    #[test]
    fn a_panic_inside_a_library_says_so_without_a_path_of_the_machine() {
        let panic = Panic {
            message: "boom".to_owned(),
            at: at("/a/b/.cache/rust-lessons/support-0123/src/lock.rs", 4, 5),
            after_stop: false,
        };
        let shown = plain(&render(&panic, &Sources::new("", &[])));
        assert!(shown.contains("panic: boom"), "{shown}");
        assert!(
            shown.contains("in `lesson_support/src/lock.rs`, line 4"),
            "{shown}"
        );
    }

    #[test]
    fn the_second_statement_of_a_line_gets_its_own_caret() {
        let cells = [CellSource {
            request: 1,
            count: 2,
            edited: Edited::unchanged("let a = 1; panic!(\"{a}\");"),
        }];
        let panic = Panic {
            message: "1".to_owned(),
            at: at(GENERATED, 2, 1),
            after_stop: false,
        };
        let shown = plain(&render(
            &panic,
            &Sources::new("let a = 1;\npanic!(\"{a}\");", &cells),
        ));
        assert!(shown.contains("cell 2:1:12"), "{shown}");
    }

    #[test]
    fn what_was_inserted_is_not_shown() {
        let code = "for i in 0..3 { assert!(i < 2); }";
        let edited = rewrite(code, 1, &Known::default(), None).edited;
        let generated = edited.code().to_owned();
        let column = generated.find("assert!").expect("it is there") as u32 + 1;
        let cells = [CellSource {
            request: 1,
            count: 5,
            edited,
        }];
        let panic = Panic {
            message: "assertion failed: i < 2".to_owned(),
            at: at(GENERATED, 1, column),
            after_stop: false,
        };
        let shown = plain(&render(&panic, &Sources::new(&generated, &cells)));
        assert!(shown.contains("cell 5:1:17"), "{shown}");
        assert!(
            shown.contains("1 | for i in 0..3 { assert!(i < 2); }"),
            "{shown}"
        );
    }

    #[test]
    fn characters_of_several_bytes_do_not_shift_the_caret() {
        let code = "let s = \"zwölf\"; panic!(\"ö\");";
        let cells = [CellSource {
            request: 1,
            count: 1,
            edited: Edited::unchanged(code),
        }];
        let panic = Panic {
            message: "ö".to_owned(),
            at: at(GENERATED, 1, 18),
            after_stop: false,
        };
        let shown = plain(&render(&panic, &Sources::new(code, &cells)));
        assert!(shown.contains("cell 1:1:18"), "{shown}");
    }

    #[test]
    fn what_has_its_reason_in_cells_gets_a_hint() {
        let panic = |message: &str| Panic {
            message: message.to_owned(),
            at: At::default(),
            after_stop: false,
        };
        let sources = Sources::new("", []);
        let hinted = panic("Cannot start a runtime from within a runtime. This happens");
        assert!(plain(&render(&hinted, &sources)).contains("= help: since the first cell"));
        assert!(!plain(&render(&panic("oh"), &sources)).contains("help"));
    }

    #[test]
    fn a_panic_in_a_thread_names_its_line_and_the_cell_that_started_it() {
        let code = "spawn(|| {\n    v[3]\n});";
        let cells = [CellSource {
            request: 1,
            count: 4,
            edited: Edited::unchanged(code),
        }];
        let sources = Sources::new(code, &cells);
        let below = below_message(&at(GENERATED, 2, 5), Some(3), &sources);
        assert_eq!(
            below,
            " --> cell 4:2:5\n  |\n2 |     v[3]\n  |     ^^^^\n  |\n  = note: cell 3 started the thread\n"
        );
        assert_eq!(below_message(&At::default(), None, &sources), "");
    }
}
