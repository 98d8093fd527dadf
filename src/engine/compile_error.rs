//! Compiler errors, rendered the way rustc does, with the lines of the cell.

use std::ops::Range;
use std::sync::LazyLock;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use evcxr::CompilationError;
use regex::Regex;
use serde_json::Value;

use super::outcome::CellError;
use super::rewrite::Edited;

/// The name of an error that has no code of its own, such as a denied lint.
pub const NO_CODE: &str = "error";

/// Renders all errors of a cell as one error.
///
/// Name and message are those of the first; the traceback has a block for each.
#[must_use]
pub fn render(errors: &[CompilationError], cell: &Edited, count: usize) -> CellError {
    let real: Vec<&CompilationError> = errors
        .iter()
        .filter(|error| matches!(error.level(), "error" | ""))
        .collect();
    // Only warnings and yet a failure: then show those.
    let shown = if real.is_empty() {
        errors.iter().collect()
    } else {
        real
    };
    let mut traceback: Vec<String> = Vec::new();
    for error in &shown {
        let block = render_one(error, cell, count);
        // A macro that is expanded twice repeats its error word for word.
        if !traceback.contains(&block) {
            traceback.push(block);
        }
    }
    let first = shown.first();
    CellError {
        ename: first
            .and_then(|error| error_code(error))
            .unwrap_or(NO_CODE)
            .to_owned(),
        evalue: first.map_or_else(String::new, |error| readable(&error.message())),
        traceback,
    }
}

/// Renders an error that only the parser has seen.
#[must_use]
pub fn render_syntax(message: &str, place: Range<usize>, code: &str, count: usize) -> CellError {
    let group = Level::ERROR.primary_title(message).element(
        Snippet::source(code)
            .path(format!("cell {count}"))
            .annotation(AnnotationKind::Primary.span(place)),
    );
    CellError {
        ename: NO_CODE.to_owned(),
        evalue: message.to_owned(),
        traceback: vec![Renderer::styled().render(&[group])],
    }
}

/// The code if it is one of the compiler's index (`E0382`); a lint's name is none.
fn error_code(error: &CompilationError) -> Option<&str> {
    error.code().filter(|code| {
        code.strip_prefix('E')
            .is_some_and(|digits| digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()))
    })
}

fn render_one(error: &CompilationError, cell: &Edited, count: usize) -> String {
    let code = cell.original();
    let message = readable(&error.message());
    let mut title = Level::ERROR.primary_title(message.as_str());
    if let Some(id) = error_code(error) {
        title = title.id(id);
    }
    let annotations = annotations(error, cell);
    let mut group = Group::with_title(title);
    if !annotations.is_empty() {
        group = group.element(
            Snippet::source(code)
                .path(format!("cell {count}"))
                .annotations(annotations),
        );
    }
    let (helps, suggestions) = children(error, cell);
    for (level, text) in helps {
        let level = if level == "help" {
            Level::HELP
        } else {
            Level::NOTE
        };
        group = group.element(level.message(text));
    }
    let mut report = vec![group];
    for (text, patch) in suggestions {
        report.push(
            Level::HELP
                .secondary_title(text)
                .element(Snippet::source(code).patch(patch)),
        );
    }
    Renderer::styled().render(&report)
}

fn annotations<'a>(error: &CompilationError, cell: &Edited) -> Vec<Annotation<'a>> {
    // evcxr labels a span that has no label with the message itself.
    let repeated = format!("{}: {}", error.level(), error.message());
    let mut annotations = Vec::new();
    let mut seen: Vec<(Range<usize>, String)> = Vec::new();
    for spanned in error.spanned_messages() {
        let Some(span) = &spanned.span else { continue };
        let Some(range) = byte_range(
            cell,
            (span.start_line, span.start_column),
            (span.end_line, span.end_column),
        ) else {
            continue;
        };
        let label = if spanned.label == repeated || about_generated_code(&spanned.label) {
            String::new()
        } else {
            readable(&spanned.label)
        };
        if seen.contains(&(range.clone(), label.clone())) {
            continue;
        }
        seen.push((range.clone(), label.clone()));
        let kind = if spanned.is_primary {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let annotation = kind.span(range);
        annotations.push(if label.is_empty() {
            annotation
        } else {
            annotation.label(label)
        });
    }
    // Without a primary one there would be no place in the headline.
    if !annotations.is_empty()
        && !error
            .spanned_messages()
            .iter()
            .any(|s| s.is_primary && s.span.is_some())
        && let Some((range, label)) = seen.first().cloned()
    {
        annotations[0] = AnnotationKind::Primary.span(range).label(label);
    }
    annotations
}

type Notes = Vec<(String, String)>;
type Suggestions = Vec<(String, Patch<'static>)>;

/// Notes and helps; those that change one place of the cell as patches.
fn children(error: &CompilationError, cell: &Edited) -> (Notes, Suggestions) {
    let mut notes = Notes::new();
    let mut patches = Suggestions::new();
    let mut spanned = error.help_spanned().iter();
    for child in error.json["children"].as_array().into_iter().flatten() {
        let spans = child["spans"].as_array().map_or(&[][..], Vec::as_slice);
        // evcxr keeps a place only for a child with exactly one.
        let place = (spans.len() == 1).then(|| spanned.next()).flatten();
        let level = child["level"].as_str().unwrap_or("note");
        let text = child["message"].as_str().unwrap_or_default();
        if text.is_empty() || about_generated_code(text) {
            continue;
        }
        let replacement = spans
            .first()
            .and_then(|span| span["suggested_replacement"].as_str());
        let patch = place
            .and_then(|place| place.span.as_ref())
            .and_then(|span| {
                byte_range(
                    cell,
                    (span.start_line, span.start_column),
                    (span.end_line, span.end_column),
                )
            })
            .zip(replacement)
            .filter(|(_, replacement)| !about_generated_code(replacement));
        match patch {
            Some((range, replacement)) => {
                patches.push((readable(text), Patch::new(range, replacement.to_owned())));
            }
            None => notes.push((level.to_owned(), with_replacements(&readable(text), spans))),
        }
    }
    (notes, patches)
}

/// A help whose places are unknown keeps at least the new text.
fn with_replacements(text: &str, spans: &[Value]) -> String {
    let replacements: Vec<&str> = spans
        .iter()
        .filter_map(|span| span["suggested_replacement"].as_str())
        .map(str::trim)
        .filter(|text| !text.is_empty() && !about_generated_code(text))
        .collect();
    if replacements.is_empty() {
        text.to_owned()
    } else {
        format!("{text}: `{}`", replacements.join("` … `"))
    }
}

/// A text without places in the generated source, which the reader cannot look up.
fn readable(text: &str) -> String {
    static PLACE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\{([a-z ]+)@src/lib\.rs:[^}]*\}").expect("a valid pattern"));
    PLACE.replace_all(text, "{$1}").into_owned()
}

/// Whether a text speaks of names that only the generated source has, or of a file of ours.
fn about_generated_code(text: &str) -> bool {
    text.contains("evcxr_") || text.contains("has been written to")
}

/// The learner's bytes between two places of the compiled text, each a line from 1 and a column from 1
/// in characters.
fn byte_range(cell: &Edited, start: (usize, usize), end: (usize, usize)) -> Option<Range<usize>> {
    let start = cell.original_offset(byte_offset(cell.code(), start)?);
    let end = cell.original_offset(byte_offset(cell.code(), end)?);
    (start <= end).then_some(start..end)
}

fn byte_offset(code: &str, (line, column): (usize, usize)) -> Option<usize> {
    let mut before = 0;
    for (index, text) in code.split_inclusive('\n').enumerate() {
        if index + 1 == line {
            let inside: usize = text
                .chars()
                .take(column.checked_sub(1)?)
                .map(char::len_utf8)
                .sum();
            return Some(before + inside);
        }
        before += text.len();
    }
    // A place just behind the last line: the end of the cell.
    (line == code.lines().count() + 1).then_some(code.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_not_bytes() {
        let code = "let ö = 1;\nlet b = ö;\n";
        let cell = Edited::unchanged(code);
        assert_eq!(byte_range(&cell, (1, 5), (1, 6)), Some(4..6));
        assert_eq!(byte_range(&cell, (2, 9), (2, 10)), Some(20..22));
        assert_eq!(
            byte_range(&cell, (3, 1), (3, 1)),
            Some(code.len()..code.len())
        );
        assert_eq!(byte_range(&cell, (9, 1), (9, 2)), None);
    }

    #[test]
    fn a_closure_is_named_without_its_place_in_the_generated_source() {
        assert_eq!(
            readable("within this `{closure@src/lib.rs:116:20: 116:27}`"),
            "within this `{closure}`"
        );
    }

    #[test]
    fn nothing_of_the_generated_source_is_shown() {
        assert!(about_generated_code("borrowed by `evcxr_variable_store`"));
        assert!(!about_generated_code("consider cloning the value"));
    }
}
