//! Errors that the kernel words itself, in the look of the compiler's.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Snippet};

use super::compile_error::NO_CODE;
use super::outcome::CellError;
use super::palette::renderer;
use super::source_map::title;

/// Renders an error of our own: about a place in `code`, with remarks below.
///
/// Each remark is a note or a help, told apart by its level.
#[must_use]
pub fn render(
    message: &str,
    place: Option<(Range<usize>, &str)>,
    code: &str,
    count: usize,
    remarks: &[(Level<'static>, String)],
) -> CellError {
    let mut group = Group::with_title(Level::ERROR.primary_title(message));
    if let Some((range, label)) = place {
        let annotation = AnnotationKind::Primary.span(range);
        group = group.element(Snippet::source(code).path(title(count)).annotation(
            if label.is_empty() {
                annotation
            } else {
                annotation.label(label)
            },
        ));
    }
    for (level, text) in remarks {
        group = group.element(level.clone().message(text.as_str()));
    }
    CellError {
        ename: NO_CODE.to_owned(),
        evalue: message.to_owned(),
        traceback: vec![renderer().render(&[group])],
    }
}
