//! Pictures, tables and progress in a notebook.

use std::fmt::Display as Text;
use std::io::{self, Write};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// Something displayed in the notebook that can be changed later, also by another thread and after
/// its cell has ended: a picture, a table, the state of a long job.
///
/// Outside a notebook, the protocol's lines are printed as they are.
///
/// ```
/// use lesson_support::Display;
///
/// let progress = Display::text("0 of 3");
/// for n in 1..=3 {
///     progress.update("text/plain", format!("{n} of 3"));
/// }
/// ```
///
/// Under the stock evcxr kernel, which knows no updates, each update is displayed anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Display {
    id: String,
}

impl Display {
    /// Displays `data`, which has the MIME type `mime`: `text/html`, `image/svg+xml`, or `image/png`
    /// as base64.
    ///
    /// # Panics
    /// When `mime` is not a MIME type: it has no slash, or a space in it.
    #[track_caller]
    pub fn new(mime: &str, data: impl Text) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // A kernel's next process counts from 0 again, and its front end remembers the old names.
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let id = format!("lesson-{}-{number}", process::id());
        send(&format!("{} display_id={id}", checked(mime)), &data);
        Self { id }
    }

    /// Displays plain text.
    pub fn text(text: impl Text) -> Self {
        Self::new("text/plain", text)
    }

    /// Displays HTML.
    pub fn html(html: impl Text) -> Self {
        Self::new("text/html", html)
    }

    /// Displays an SVG drawing.
    pub fn svg(svg: impl Text) -> Self {
        Self::new("image/svg+xml", svg)
    }

    /// Shows `data` in the place of what is displayed.
    ///
    /// # Panics
    /// When `mime` is not a MIME type, as in [`new`](Self::new).
    #[track_caller]
    pub fn update(&self, mime: &str, data: impl Text) {
        let Self { id } = self;
        send(&format!("{} display_id={id} update", checked(mime)), &data);
    }

    /// What evcxr calls for the last expression of a cell: nothing, since it is displayed already.
    pub fn evcxr_display(&self) {}
}

/// Clears what the running cell has displayed and printed. With `wait`, only when the next output
/// comes, so that nothing flickers.
pub fn clear_output(wait: bool) {
    let wait = if wait { " wait" } else { "" };
    send(&format!("application/x-clear-output{wait}"), &"");
}

/// Shows a picture under the running cell, and its words for those who do not see it: one display,
/// in two types.
pub(crate) fn show_picture(svg: &str, words: &dyn Text) {
    // In one piece, so that no other thread's line comes between.
    let block = format!(
        "{}{}",
        block("image/svg+xml", &svg),
        block("text/plain", words)
    );
    let _ = io::stdout().lock().write_all(block.as_bytes());
}

#[track_caller]
fn checked(mime: &str) -> &str {
    assert!(
        mime.contains('/') && !mime.contains(char::is_whitespace),
        "{mime:?} is not a MIME type such as text/html"
    );
    mime
}

/// One block of evcxr's text protocol. evcxr reads the MIME type up to the first space; the words
/// behind it are for our kernel.
fn send(mime: &str, data: &dyn Text) {
    // In one piece: what other threads print must not come between. A closed stdout is not the
    // displaying code's fault.
    let _ = io::stdout().lock().write_all(block(mime, data).as_bytes());
}

fn block(mime: &str, data: &dyn Text) -> String {
    format!("EVCXR_BEGIN_CONTENT {mime}\n{data}\nEVCXR_END_CONTENT\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_displays_share_a_name() {
        assert_ne!(Display::text("a"), Display::text("b"));
    }

    #[test]
    #[should_panic(expected = "is not a MIME type")]
    fn a_mime_type_with_a_space_is_refused() {
        Display::new("text/html update", "");
    }
}
