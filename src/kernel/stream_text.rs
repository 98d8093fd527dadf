//! The text of one stream of one cell, on its way into a message.
//!
//! Text goes through as it is. Where a program draws over its last line (a progress bar) and the
//! text had to wait, the states that nobody will see are left out; what only terminals understand is
//! translated into `\r`, which every front end knows. So a bar of 10,000 steps is one line in a saved
//! notebook, and not 10,000.

use super::drawn::{Drawn, LONGEST};
use super::escape::{Escape, escape};

/// Text up to this many bytes that did not have to wait is sent as it came, byte for byte.
const AS_IT_CAME: usize = 1024;
/// Stands between lines that are drawn over together, as long as they are: a notebook cannot go up
/// a line, so they share one.
const BETWEEN: &str = "  |  ";

/// What has been printed and not sent, and what the front end has of the current line.
#[derive(Debug, Default)]
pub struct StreamText {
    /// Can be sent as it is.
    ready: String,
    /// The line that has not ended yet, with what has been sent of it.
    line: Line,
    /// What the front end has of that line.
    front: String,
    /// The front end's cursor is not where the program's is.
    astray: bool,
    /// The front end's cursor is not at the end of its line.
    inside: bool,
    /// The beginning of an escape sequence, the rest of which has not come yet.
    partial: String,
    /// Everything since the last message, as it came; `None` when it cannot be sent like that.
    as_it_came: Option<String>,
    /// There is something to send.
    waiting: bool,
}

#[derive(Debug)]
enum Line {
    /// Printed from left to right.
    Plain(String),
    /// Drawn over.
    Drawn(Drawn),
    /// Too long for anybody to draw over; nothing is kept of it.
    Long,
}

impl Default for Line {
    fn default() -> Line {
        Line::Plain(String::new())
    }
}

impl StreamText {
    /// Takes what was printed.
    pub fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if !self.waiting {
            self.waiting = true;
            self.as_it_came = (!self.astray).then(String::new);
        }
        self.as_it_came = self
            .as_it_came
            .take()
            .filter(|before| before.len() + text.len() <= AS_IT_CAME)
            .map(|before| before + text);
        if self.partial.is_empty() {
            self.interpret(text);
        } else {
            let whole = std::mem::take(&mut self.partial) + text;
            self.interpret(&whole);
        }
    }

    /// Whether there is something to send.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// How much waits, in bytes, about.
    #[must_use]
    pub fn waiting_bytes(&self) -> usize {
        self.ready.len()
    }

    /// Whether the last line has not ended.
    #[must_use]
    pub fn is_inside_line(&self) -> bool {
        match &self.line {
            Line::Plain(line) => !line.is_empty(),
            Line::Drawn(_) | Line::Long => true,
        }
    }

    /// Takes what is to be sent. `waited` says that it had to wait, so that only its end matters
    /// where lines were drawn over.
    pub fn take(&mut self, waited: bool) -> String {
        self.waiting = false;
        let as_it_came = self.as_it_came.take().filter(|_| !waited);
        self.show_line();
        let ready = std::mem::take(&mut self.ready);
        let moved = matches!(self.line, Line::Drawn(_));
        // As it came: then the front end has followed each movement.
        self.astray = moved && as_it_came.is_none();
        self.inside = moved && as_it_came.is_some();
        as_it_came.unwrap_or(ready)
    }

    /// The cell has ended: lines that were drawn over together become lines of their own, and what
    /// was held back is text.
    pub fn settle(&mut self) {
        let partial = std::mem::take(&mut self.partial);
        if !partial.is_empty() {
            self.print(&partial);
        }
        let Line::Drawn(drawn) = &self.line else {
            return;
        };
        let mut lines = drawn.lines();
        if lines.len() < 2 {
            return;
        }
        self.waiting = true;
        self.as_it_came = None;
        let last = lines.pop().unwrap_or_default();
        for line in lines {
            self.end_line(&line);
        }
        self.line = Line::Plain(last);
    }

    fn interpret(&mut self, mut rest: &str) {
        while let Some(at) = memchr::memchr3(b'\r', 8, 0x1b, rest.as_bytes()) {
            self.print(&rest[..at]);
            rest = &rest[at..];
            match rest.as_bytes()[0] {
                // The end of a line, as some systems write it.
                b'\r' if rest.as_bytes().get(1) == Some(&b'\n') => rest = &rest[1..],
                0x1b => match escape(rest) {
                    Escape::Whole(length, sequence) => {
                        if sequence.draws() {
                            self.as_it_came = None;
                            if let Some(drawn) = self.draw() {
                                drawn.obey(sequence);
                            }
                        } else if let Line::Drawn(drawn) = &mut self.line {
                            drawn.obey(sequence);
                        } else {
                            // Colours, and what notebooks ignore.
                            self.print(&rest[..length]);
                        }
                        rest = &rest[length..];
                    }
                    Escape::Partial => {
                        // Its end may be a movement, which a front end would not understand.
                        rest.clone_into(&mut self.partial);
                        self.as_it_came = None;
                        return;
                    }
                },
                control => {
                    let back = control != b'\r';
                    // JupyterLab deletes, where a terminal only goes back.
                    if back {
                        self.as_it_came = None;
                    }
                    match self.draw() {
                        Some(drawn) if back => drawn.backspace(),
                        Some(drawn) => drawn.carriage_return(),
                        None if back => self.ready.push('\u{8}'),
                        None => {
                            self.ready.push('\r');
                            self.line = Line::default();
                            self.front.clear();
                        }
                    }
                    rest = &rest[1..];
                }
            }
        }
        self.print(rest);
    }

    /// The current line as something to draw on; `None` if it is too long.
    fn draw(&mut self) -> Option<&mut Drawn> {
        if let Line::Plain(text) = &self.line {
            self.line = Line::Drawn(Drawn::new(text));
        }
        match &mut self.line {
            Line::Drawn(drawn) => Some(drawn),
            _ => None,
        }
    }

    /// Takes text without movements.
    fn print(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            match &mut self.line {
                Line::Drawn(drawn) => {
                    let end = rest.find('\n');
                    drawn.print(&rest[..end.unwrap_or(rest.len())]);
                    let Some(end) = end else { return };
                    rest = &rest[end + 1..];
                    if drawn.in_last_row() {
                        let style = drawn.style().to_owned();
                        for line in drawn.lines() {
                            self.end_line(&line);
                        }
                        self.line = Line::Plain(style);
                    } else {
                        drawn.line_feed();
                    }
                }
                Line::Plain(line) => match rest.find('\n') {
                    Some(end) => {
                        line.push_str(&rest[..end]);
                        let line = std::mem::take(line);
                        self.end_line(&line);
                        // All other whole lines at once: nobody will draw over them.
                        rest = self.copy_lines(&rest[end + 1..]);
                    }
                    None => {
                        line.push_str(rest);
                        if line.len() > LONGEST {
                            self.show_line();
                            self.front.clear();
                            self.line = Line::Long;
                        }
                        return;
                    }
                },
                Line::Long => {
                    let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
                    self.ready.push_str(&rest[..end]);
                    if rest[..end].ends_with('\n') {
                        self.line = Line::default();
                        self.astray = false;
                        self.inside = false;
                    }
                    rest = &rest[end..];
                }
            }
        }
    }

    fn copy_lines<'a>(&mut self, text: &'a str) -> &'a str {
        let end = memchr::memrchr(b'\n', text.as_bytes()).map_or(0, |end| end + 1);
        self.ready.push_str(&text[..end]);
        &text[end..]
    }

    fn end_line(&mut self, line: &str) {
        self.show(line);
        self.ready.push('\n');
        self.front.clear();
        self.astray = false;
        self.inside = false;
    }

    fn show_line(&mut self) {
        match &mut self.line {
            Line::Plain(line) => {
                let line = std::mem::take(line);
                self.show(&line);
                self.line = Line::Plain(line);
            }
            Line::Drawn(drawn) => {
                let done = drawn.take_done();
                let lines = drawn.lines();
                for line in done {
                    self.end_line(&line);
                }
                let together: Vec<&str> = lines
                    .iter()
                    .map(String::as_str)
                    .filter(|line| !line.is_empty())
                    .collect();
                self.show(&together.join(BETWEEN));
            }
            Line::Long => {}
        }
    }

    /// Lets the front end's line become `line`.
    fn show(&mut self, line: &str) {
        match line.strip_prefix(self.front.as_str()) {
            Some("") => {}
            Some(more) if !self.inside => {
                self.ready.push_str(more);
                self.front.push_str(more);
            }
            _ => {
                self.ready.push('\r');
                self.ready.push_str(line);
                // Front ends overwrite what they have, character by character, colour codes too.
                let left = length(&self.front).saturating_sub(length(line));
                let blanks = " ".repeat(left);
                self.ready.push_str(&blanks);
                self.front = format!("{line}{blanks}");
                self.inside = false;
            }
        }
    }
}

/// The length as JupyterLab counts it.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests;
