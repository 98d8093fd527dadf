//! How reports stand out: by weight and underline alone.
//!
//! A report is shown on white, on near black and on pink, and JupyterLab's colours for the sixteen ANSI
//! names are the same in both of its themes: none reaches a contrast of 4.5 to 1 on all of them. The
//! front end's own text colour does.

use annotate_snippets::Renderer;
use anstyle::Style;

const BOLD: Style = Style::new().bold();
const QUIET: Style = Style::new();
/// What fits into JupyterLab's column beside its open sidebar, in a window of 1280 pixels. A longer line
/// would be wrapped there, and the caret below it would point to nothing; so it is cut to what matters.
const COLUMNS: usize = 96;

/// The renderer of reports that are part of printed text.
#[must_use]
pub const fn plain_renderer() -> Renderer {
    Renderer::plain().term_width(COLUMNS)
}

/// The renderer of errors.
#[must_use]
pub const fn renderer() -> Renderer {
    Renderer::styled()
        .error(BOLD)
        .warning(BOLD)
        .info(BOLD)
        .note(BOLD)
        .help(BOLD)
        .emphasis(BOLD)
        .line_num(QUIET)
        .context(QUIET)
        .none(QUIET)
        .addition(BOLD.underline())
        .removal(QUIET)
        .hyperlink(false)
        .term_width(COLUMNS)
}
