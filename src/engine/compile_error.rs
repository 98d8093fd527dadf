//! Compiler errors, rendered the way rustc does, with the lines of the cells.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Snippet};
use evcxr::CompilationError;

use super::cell_offset::byte_range;
use super::diagnostic::{Diagnostic, Span};
use super::link_error;
use super::outcome::CellError;
use super::palette::renderer;
use super::source_map::{CellSource, Place, Sources, word_in};
use super::syntax::{is_command, value_range};
use super::wording::{about_generated_code, about_similar, readable};

/// The name of an error that has no code of its own, such as a denied lint.
pub const NO_CODE: &str = "error";

/// Gives remarks of our own to an error, shown as help below it.
pub type Remarks<'a> = &'a dyn Fn(&Diagnostic) -> Vec<String>;

/// Renders all errors of a cell as one error.
///
/// Name and message are those of the first; the traceback has a block for each. `cell` is the one
/// that was to be run.
#[must_use]
pub fn render(
    errors: &[CompilationError],
    sources: &Sources<'_>,
    cell: &CellSource,
    remarks: Remarks<'_>,
) -> CellError {
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
    let mut told: Vec<(&CompilationError, Diagnostic)> = shown
        .into_iter()
        .map(|error| {
            let diagnostic = Diagnostic::read(&error.json)
                .map_or_else(|| Diagnostic::of(error.message()), link_error::plain);
            (error, diagnostic)
        })
        .collect();
    // What an error makes of the code around the cell is no second one.
    if told.iter().any(|(_, error)| error.is_about_cell(sources)) {
        told.retain(|(_, error)| error.is_about_cell(sources) || error.spans.is_empty());
    }
    let mut evalue = String::new();
    let mut traceback: Vec<String> = Vec::new();
    for (index, (error, diagnostic)) in told.iter().enumerate() {
        let one = Block {
            sources,
            cell,
            error,
            diagnostic,
        };
        if index == 0 {
            evalue = one.message();
        }
        let block = one.render(remarks);
        // A macro that is expanded twice repeats its error word for word.
        if !traceback.contains(&block) {
            traceback.push(block);
        }
    }
    // An empty line between two errors, as in a terminal.
    for block in traceback.iter_mut().rev().skip(1) {
        block.push('\n');
    }
    let code = told.first().and_then(|(_, error)| error.code());
    CellError {
        ename: code.unwrap_or(NO_CODE).to_owned(),
        evalue,
        traceback,
    }
}

/// One error on its way to text.
struct Block<'a> {
    sources: &'a Sources<'a>,
    cell: &'a CellSource,
    error: &'a CompilationError,
    diagnostic: &'a Diagnostic,
}

/// What is marked in one cell.
struct Marked<'a> {
    cell: &'a CellSource,
    annotations: Vec<Annotation<'a>>,
}

impl<'a> Block<'a> {
    /// The error's message. The bracket that closes too early may be one behind the cell.
    fn message(&self) -> String {
        let message = readable(&self.diagnostic.message);
        let in_cell = |span: &Span| {
            let label = span.label.as_deref().unwrap_or_default();
            label.starts_with("mismatched") && span.place(self.sources).is_some()
        };
        if message.starts_with("mismatched closing delimiter")
            && !self.diagnostic.spans.iter().any(in_cell)
        {
            return "this cell contains an unclosed delimiter".to_owned();
        }
        // Behind the last line of the cell comes evcxr's code, which begins with a function.
        match message.strip_suffix(", found keyword `fn`") {
            Some(expected) if word_in(self.cell.edited.original(), "fn").is_none() => {
                format!("{expected}, found the end of the cell's last line")
            }
            _ => message,
        }
    }

    fn render(&self, remarks: Remarks<'_>) -> String {
        let remarks = remarks(self.diagnostic);
        // Where the kernel knows what became of a name, another one that looks like it is no help.
        let names_gone = !remarks.is_empty() && self.diagnostic.code() == Some("E0425");
        let mut headline = Level::ERROR.primary_title(self.message());
        if let Some(id) = self.diagnostic.code() {
            headline = headline.id(id);
        }
        let mut report = vec![with_snippets(
            Group::with_title(headline),
            self.marked(names_gone),
        )];
        let children = self.diagnostic.children.iter();
        for child in children.filter(|child| !(names_gone && about_similar(&child.message))) {
            self.add(child, &mut report);
        }
        for text in remarks {
            push(&mut report, Level::HELP.message(text));
        }
        renderer().render(&report)
    }

    /// The places of the error itself.
    fn marked(&self, names_gone: bool) -> Vec<Marked<'a>> {
        let marked = if names_gone {
            let mut spans = self.diagnostic.spans.clone();
            spans.retain(|span| span.is_primary);
            for span in &mut spans {
                span.label = Some("not found in this scope".to_owned());
            }
            self.mark(&spans)
        } else {
            self.mark(&self.diagnostic.spans)
        };
        if !marked.is_empty() {
            return marked;
        }
        // What evcxr made up itself, or knows better than we.
        let annotations: Vec<_> = self
            .error
            .spanned_messages()
            .iter()
            .filter_map(|spanned| spanned.span.as_ref())
            .filter_map(|span| {
                byte_range(
                    &self.cell.edited,
                    (span.start_line, span.start_column),
                    (span.end_line, span.end_column),
                )
            })
            .map(|range| AnnotationKind::Primary.span(range))
            .collect();
        if !annotations.is_empty() {
            return vec![Marked {
                cell: self.cell,
                annotations,
            }];
        }
        self.shown_value()
            .or_else(|| self.declarations())
            .into_iter()
            .collect()
    }

    /// Where the cell names what the linker does not find.
    fn declarations(&self) -> Option<Marked<'a>> {
        let text = self.cell.edited.original();
        let names = self.diagnostic.nowhere.iter();
        let places = names.filter_map(|name| Some((word_in(text, name)?, name.len())));
        let annotations: Vec<_> = places
            .map(|(at, length)| {
                AnnotationKind::Primary
                    .span(at..at + length)
                    .label("no library has this")
            })
            .collect();
        (!annotations.is_empty()).then_some(Marked {
            cell: self.cell,
            annotations,
        })
    }

    /// The closing expression, where what is wrong is that its value cannot be shown.
    fn shown_value(&self) -> Option<Marked<'a>> {
        let message = &self.diagnostic.message;
        if !message.ends_with("doesn't implement `Debug`") {
            return None;
        }
        let range = value_range(self.cell.edited.original())?;
        let label = "the value of the cell, which is shown by `Debug`";
        Some(Marked {
            cell: self.cell,
            annotations: vec![AnnotationKind::Primary.span(range).label(label)],
        })
    }

    fn mark(&self, spans: &[Span]) -> Vec<Marked<'a>> {
        let mut found: Vec<(Place<'a>, bool, String)> = Vec::new();
        for span in spans {
            let place = span.place(self.sources).or_else(|| {
                let of_value = self.diagnostic.is_lint_of_values() && span.is_generated();
                of_value.then(|| span.value(self.sources)).flatten()
            });
            let Some(place) = place else {
                continue;
            };
            let label = readable(span.label.as_deref().unwrap_or_default());
            let label = if about_generated_code(&label) {
                String::new()
            } else {
                label
            };
            let call = span.call(self.sources);
            found.push((place, span.is_primary, label));
            found.extend(call.map(|place| (place, false, "in this macro call".to_owned())));
        }
        // The headline names the place of a primary one.
        if let Some(first) = found.first_mut()
            && !spans
                .iter()
                .any(|span| span.is_primary && span.place(self.sources).is_some())
        {
            first.1 = true;
        }
        // The cell that the error is about comes first.
        found.sort_by_key(|(place, primary, _)| (!primary, std::cmp::Reverse(place.cell.request)));
        let mut cells: Vec<Marked<'a>> = Vec::new();
        let mut seen: Vec<(u64, Range<usize>, String)> = Vec::new();
        for (place, primary, label) in found {
            let key = (place.cell.request, place.range.clone(), label.clone());
            let repeated = seen.contains(&key)
                || (label.is_empty() && seen.iter().any(|(r, s, _)| (*r, s) == (key.0, &key.1)));
            if repeated {
                continue;
            }
            seen.push(key);
            let kind = if primary {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let mut annotation = kind.span(place.range);
            if !label.is_empty() {
                annotation = annotation.label(label);
            }
            match cells
                .iter_mut()
                .find(|marked| marked.cell.request == place.cell.request)
            {
                Some(marked) => marked.annotations.push(annotation),
                None => cells.push(Marked {
                    cell: place.cell,
                    annotations: vec![annotation],
                }),
            }
        }
        cells
    }

    /// Adds a note, a help or a suggestion.
    fn add(&self, child: &Diagnostic, report: &mut Vec<Group<'a>>) {
        let text = readable(&child.message);
        if text.is_empty() || about_generated_code(&text) {
            return;
        }
        let level = if child.level == "help" {
            Level::HELP
        } else {
            Level::NOTE
        };
        if child.is_suggestion() {
            if let Some(snippets) = self.patches(&child.spans) {
                let group = Group::with_title(Level::HELP.secondary_title(text));
                report.push(group.elements(snippets));
                return;
            }
            push(
                report,
                level.message(with_replacements(&text, &child.spans)),
            );
            return;
        }
        let marked = self.mark(&child.spans);
        // Nothing but a pointer to a place that the learner does not have before them.
        if marked.is_empty() && !child.spans.is_empty() && text.ends_with(" here") {
            return;
        }
        if marked.is_empty() {
            push(report, level.message(with_labels(text, &child.spans)));
        } else {
            let group = Group::with_title(level.secondary_title(text));
            report.push(with_snippets(group, marked));
        }
    }

    /// The changes that are proposed: one snippet each if they are alternatives, else one with all.
    fn patches(&self, spans: &[Span]) -> Option<Vec<Snippet<'a, Patch<'a>>>> {
        let mut changes: Vec<(&'a CellSource, Range<usize>, String)> = Vec::new();
        for span in spans {
            let replacement = span.suggested_replacement.clone().unwrap_or_default();
            if about_generated_code(&replacement) {
                return None;
            }
            let place = span.place(self.sources).or_else(|| self.head(span))?;
            // An insertion is an empty place, which the map has stretched to the end of the line.
            let range = if span.is_empty() {
                place.range.start..place.range.start
            } else {
                place.range
            };
            changes.push((place.cell, range, readable(&replacement)));
        }
        let alternatives = spans.len() > 1 && spans[1..].iter().all(|span| span.is_at(&spans[0]));
        let (first, ..) = *changes.first()?;
        if !alternatives
            && changes
                .iter()
                .any(|(cell, ..)| cell.request != first.request)
        {
            return None;
        }
        let snippet =
            |cell: &'a CellSource| Snippet::source(cell.edited.original()).path(cell.title());
        Some(if alternatives {
            changes
                .into_iter()
                .map(|(cell, range, text)| snippet(cell).patch(Patch::new(range, text)))
                .collect()
        } else {
            let patches = changes
                .into_iter()
                .map(|(_, range, text)| Patch::new(range, text));
            vec![snippet(first).patches(patches)]
        })
    }

    /// A new `use` goes to the head of the generated source: for the learner, of the cell.
    fn head(&self, span: &Span) -> Option<Place<'a>> {
        let new = span.suggested_replacement.as_deref()?;
        if !span.is_generated() || !span.is_empty() || !new.starts_with("use ") {
            return None;
        }
        let commands: usize = self
            .cell
            .edited
            .original()
            .split_inclusive('\n')
            .take_while(|line| is_command(line))
            .map(str::len)
            .sum();
        Some(Place {
            cell: self.cell,
            range: commands..commands,
        })
    }
}

fn with_snippets<'a>(mut group: Group<'a>, marked: Vec<Marked<'a>>) -> Group<'a> {
    for Marked { cell, annotations } in marked {
        group = group.element(
            Snippet::source(cell.edited.original())
                .path(cell.title())
                .annotations(annotations),
        );
    }
    group
}

/// Adds a remark without a place to what stands last.
fn push<'a>(report: &mut Vec<Group<'a>>, message: annotate_snippets::Message<'a>) {
    if let Some(last) = report.pop() {
        report.push(last.element(message));
    }
}

/// What is said at places outside of the cells, in a list: there the places are only its frame.
fn with_labels(text: String, spans: &[Span]) -> String {
    // Other labels only repeat the text.
    if !text.starts_with("the following ") {
        return text;
    }
    let mut lines = vec![text];
    for label in spans.iter().filter_map(|span| span.label.as_deref()) {
        let label = readable(label);
        if !label.is_empty() && !about_generated_code(&label) && !lines.contains(&label) {
            lines.push(label);
        }
    }
    if lines.len() > 1 {
        lines[0].push(':');
    }
    lines.join("\n  ")
}

/// A help whose places are unknown keeps at least the new text.
fn with_replacements(text: &str, spans: &[Span]) -> String {
    let replacements: Vec<&str> = spans
        .iter()
        .filter_map(|span| span.suggested_replacement.as_deref())
        .map(str::trim)
        .filter(|text| !text.is_empty() && !about_generated_code(text))
        .collect();
    if replacements.is_empty() {
        text.to_owned()
    } else {
        format!("{text}: `{}`", replacements.join("` … `"))
    }
}
