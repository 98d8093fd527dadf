//! What a check has to say.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How far an exercise has come: done, or what is still missing.
///
/// Shows itself as `✓ …` or `not yet: …`, with `{}` and with `{:?}`, so that a check reads well as
/// the last expression of a cell.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "print it, or leave it as the last expression of a cell"]
#[non_exhaustive]
pub struct Report {
    /// Whether the exercise is done.
    pub passed: bool,
    /// What was seen, in the learner's terms.
    pub reason: String,
}

impl Report {
    pub(crate) fn passed(reason: impl Into<String>) -> Self {
        Self {
            passed: true,
            reason: reason.into(),
        }
    }

    pub(crate) fn not_yet(reason: impl Into<String>) -> Self {
        Self {
            passed: false,
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.passed { "✓" } else { "not yet:" };
        write!(f, "{mark} {}", self.reason)
    }
}

/// The same as the text.
impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
