//! An error as the compiler tells it: rustc's JSON.
//!
//! The format is described in the rustc book, chapter "JSON output".

use serde::Deserialize;
use serde_json::Value;

use super::source_map::{GENERATED, Place, Sources};

/// Lints of the compiler that look at what an expression comes to, once all its types fit.
const LINTS_OF_VALUES: [&str; 3] = [
    "arithmetic_overflow",
    "overflowing_literals",
    "unconditional_panic",
];

/// A message, or a remark of one.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Diagnostic {
    /// The text.
    pub message: String,
    /// `error`, `warning`, `note`, `help`.
    #[serde(default)]
    pub level: String,
    code: Option<Code>,
    /// The places that it is about.
    #[serde(default)]
    pub spans: Vec<Span>,
    /// Notes, helps and suggestions.
    #[serde(default)]
    pub children: Vec<Diagnostic>,
    /// What the linker does not find: filled in by [`plain`](super::link_error::plain).
    #[serde(skip)]
    pub nowhere: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Code {
    code: String,
}

/// A place in a source file.
#[derive(Clone, Debug, Deserialize)]
pub struct Span {
    file_name: String,
    line_start: usize,
    line_end: usize,
    column_start: usize,
    column_end: usize,
    /// Whether it is what the error is about.
    pub is_primary: bool,
    /// What is said at this place.
    pub label: Option<String>,
    /// What could stand here instead.
    pub suggested_replacement: Option<String>,
    expansion: Option<Box<Expansion>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Expansion {
    span: Span,
}

impl Diagnostic {
    /// Reads one from the compiler's JSON; `None` where evcxr made the error up itself.
    #[must_use]
    pub fn read(json: &Value) -> Option<Diagnostic> {
        Diagnostic::deserialize(json).ok()
    }

    /// A message and nothing else.
    #[must_use]
    pub fn of(message: String) -> Diagnostic {
        Diagnostic {
            message,
            ..Diagnostic::default()
        }
    }

    /// The code if it is one of the compiler's index (`E0382`); a lint's name is none.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        let code = self.code.as_ref()?.code.as_str();
        let digits = code.strip_prefix('E')?;
        (digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(code)
    }

    /// Whether it is about what an expression comes to.
    #[must_use]
    pub fn is_lint_of_values(&self) -> bool {
        self.code
            .as_ref()
            .is_some_and(|code| LINTS_OF_VALUES.contains(&code.code.as_str()))
    }

    /// Whether its own place is in a cell, or is a cell's value.
    #[must_use]
    pub fn is_about_cell(&self, sources: &Sources<'_>) -> bool {
        self.spans.iter().any(|span| {
            let of_value = || self.is_lint_of_values() && span.value(sources).is_some();
            span.is_primary && (span.place(sources).is_some() || of_value())
        })
    }

    /// Whether it proposes a change of the source.
    #[must_use]
    pub fn is_suggestion(&self) -> bool {
        !self.spans.is_empty()
            && self
                .spans
                .iter()
                .all(|span| span.suggested_replacement.is_some())
    }
}

impl Span {
    /// The place in the learner's cell; where a macro made the code, the place of its call.
    #[must_use]
    pub fn place<'a>(&self, sources: &Sources<'a>) -> Option<Place<'a>> {
        let here = (self.file_name == GENERATED)
            .then(|| {
                sources.place(
                    (self.line_start, self.column_start),
                    (self.line_end, self.column_end),
                )
            })
            .flatten();
        here.or_else(|| self.expansion.as_ref()?.span.place(sources))
    }

    /// The value of a cell, if evcxr's brackets around it are this place.
    #[must_use]
    pub fn value<'a>(&self, sources: &Sources<'a>) -> Option<Place<'a>> {
        sources.value(
            (self.line_start, self.column_start),
            (self.line_end, self.column_end),
        )
    }

    /// Where a macro of the learner's is called, if this place is in its definition.
    #[must_use]
    pub fn call<'a>(&self, sources: &Sources<'a>) -> Option<Place<'a>> {
        if self.file_name != GENERATED {
            return None;
        }
        let call = self.expansion.as_ref()?.span.place(sources)?;
        let here = self.place(sources)?;
        // What was handed to a macro stands in its call.
        let inside = here.cell.request == call.cell.request
            && call.range.start <= here.range.start
            && here.range.end <= call.range.end;
        (!inside).then_some(call)
    }

    /// Whether it is in the source that evcxr made, by the learner or not.
    #[must_use]
    pub fn is_generated(&self) -> bool {
        self.file_name == GENERATED
    }

    /// Whether it is the empty place at the head of the generated source, or in evcxr's own lines
    /// there: a new `use` goes there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        (self.line_start, self.column_start) == (self.line_end, self.column_end)
    }

    /// Whether both are the same place: alternatives to each other.
    #[must_use]
    pub fn is_at(&self, other: &Span) -> bool {
        self.line_start == other.line_start
            && self.column_start == other.column_start
            && self.line_end == other.line_end
            && self.column_end == other.column_end
    }
}
