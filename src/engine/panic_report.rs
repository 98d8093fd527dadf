//! A panic of the cell's own thread, shown with the learner's own line.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::outcome::CellError;
use super::report::Panic;
use super::source_map::{CellSource, locate};
use crate::setup::evcxr_toml::SUPPORT;

/// The name under which every panic is reported.
pub const PANIC: &str = "panic";

/// Renders the panic. `generated` is the source that was compiled, `cells` what has been run.
#[must_use]
pub fn render(panic: &Panic, generated: &str, cells: &[CellSource]) -> CellError {
    let line = panic.line as usize;
    let place = panic
        .file
        .ends_with("src/lib.rs")
        .then(|| locate(generated, line, cells))
        .flatten();
    let level = Level::ERROR.with_name(PANIC);
    // A message of several lines (`assert_eq!`) is shown whole, below the first line.
    let (headline, rest) = panic
        .message
        .split_once('\n')
        .unwrap_or((&panic.message, ""));
    let title = level.primary_title(headline);
    let mut block = match &place {
        Some(place) => {
            let origin = format!("cell {}", place.cell.count);
            let edited = &place.cell.edited;
            let compiled = offset(
                generated,
                line,
                panic.column as usize,
                edited.code(),
                place.line,
            );
            let start = edited.original_offset(compiled);
            let end = end_of_line(edited.original(), start);
            let report = [title.element(
                Snippet::source(edited.original())
                    .path(origin)
                    .annotation(AnnotationKind::Primary.span(start..end)),
            )];
            Renderer::styled().render(&report)
        }
        // Not in a cell: in a library, for which the learner can do little; name it all the same.
        None if !panic.file.is_empty() && !panic.file.ends_with("src/lib.rs") => {
            let report = [title.element(
                Level::NOTE.message(format!("in `{}`, line {line}", library_file(&panic.file))),
            )];
            Renderer::styled().render(&report)
        }
        None => Renderer::styled().render(&[annotate_snippets::Group::with_title(title)]),
    };
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

/// Where the compiler's column points to in the cell: indentation may differ.
fn offset(generated: &str, line: usize, column: usize, cell: &str, cell_line: usize) -> usize {
    let start: usize = cell
        .split_inclusive('\n')
        .take(cell_line - 1)
        .map(str::len)
        .sum();
    let text = cell.lines().nth(cell_line - 1).unwrap_or_default();
    let generated = generated
        .lines()
        .nth(line.saturating_sub(1))
        .unwrap_or_default();
    // The compiler counts characters, a span counts bytes.
    let column: usize = generated
        .chars()
        .take(column.saturating_sub(1))
        .map(char::len_utf8)
        .sum();
    // Where the generated line's text starts in either line.
    let piece = generated.trim();
    let here = text
        .find(piece)
        .unwrap_or(text.len() - text.trim_start().len());
    let there = generated.len() - generated.trim_start().len();
    let inside = column.saturating_sub(there).min(piece.len());
    let mut at = (start + here + inside).min(cell.len());
    while !cell.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The end of the marked piece: the rest of the line without a final semicolon.
fn end_of_line(cell: &str, start: usize) -> usize {
    let line = cell[start..].lines().next().unwrap_or_default();
    let shown = line.trim_end().trim_end_matches(';');
    start + shown.len().max(1).min(cell.len() - start)
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
    use crate::engine::rewrite::{Edited, rewrite};

    fn plain(error: &CellError) -> String {
        let ansi = regex::Regex::new("\u{1b}\\[[0-9;]*m").expect("a valid pattern");
        ansi.replace_all(&error.traceback.join("\n"), "")
            .into_owned()
    }

    #[test]
    fn cell_line_and_caret_are_the_learners_own() {
        let generated = "mod x {}\nfn run() {\nlet n = 1;\n    assert_eq!(n, 2);\n}";
        let cells = [CellSource {
            count: 7,
            edited: Edited::unchanged("let n = 1;\n  assert_eq!(n, 2);"),
        }];
        let panic = Panic {
            message: "assertion `left == right` failed\n  left: 1\n right: 2".to_owned(),
            file: "src/lib.rs".to_owned(),
            line: 4,
            column: 5,
            after_stop: false,
        };
        let error = render(&panic, generated, &cells);
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
            file: "/a/b/.cache/rust-lessons/support-0123/src/lock.rs".to_owned(),
            line: 4,
            column: 5,
            after_stop: false,
        };
        let shown = plain(&render(&panic, "", &[]));
        assert!(shown.contains("panic: boom"), "{shown}");
        assert!(
            shown.contains("in `lesson_support/src/lock.rs`, line 4"),
            "{shown}"
        );
    }

    #[test]
    fn the_second_statement_of_a_line_gets_its_own_caret() {
        let cells = [CellSource {
            count: 2,
            edited: Edited::unchanged("let a = 1; panic!(\"{a}\");"),
        }];
        let panic = Panic {
            message: "1".to_owned(),
            file: "src/lib.rs".to_owned(),
            line: 2,
            column: 1,
            after_stop: false,
        };
        let shown = plain(&render(&panic, "let a = 1;\npanic!(\"{a}\");", &cells));
        assert!(shown.contains("cell 2:1:12"), "{shown}");
    }

    #[test]
    fn what_was_inserted_is_not_shown() {
        let code = "for i in 0..3 { assert!(i < 2); }";
        let edited = rewrite(code, 1, None).edited;
        let generated = edited.code().to_owned();
        let column = generated.find("assert!").expect("it is there") as u32 + 1;
        let cells = [CellSource { count: 5, edited }];
        let panic = Panic {
            message: "assertion failed: i < 2".to_owned(),
            file: "src/lib.rs".to_owned(),
            line: 1,
            column,
            after_stop: false,
        };
        let shown = plain(&render(&panic, &generated, &cells));
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
            count: 1,
            edited: Edited::unchanged(code),
        }];
        let panic = Panic {
            message: "ö".to_owned(),
            file: "src/lib.rs".to_owned(),
            line: 1,
            column: 18,
            after_stop: false,
        };
        let shown = plain(&render(&panic, code, &cells));
        assert!(shown.contains("cell 1:1:18"), "{shown}");
    }
}
