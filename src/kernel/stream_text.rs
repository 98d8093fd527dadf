//! The text of one stream of one cell, on its way into a message.
//!
//! Text goes through as it is. Where a program draws over its last line (a progress bar) and the
//! text had to wait, the states that nobody will see are left out; what only terminals understand is
//! translated into `\r`, which every front end knows. So a bar of 10,000 steps is one line in a saved
//! notebook, and not 10,000.

use super::drawn::{Drawn, Escape, LONGEST, escape};

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
    pub fn len(&self) -> usize {
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
mod tests {
    use super::*;

    /// What a notebook shows in the end of what was sent: the rules of JupyterLab 4.6, in which a
    /// character takes the place of another, and no sequence moves anything.
    fn notebook(sent: &str) -> String {
        let mut lines = vec![Vec::new()];
        let mut column = 0;
        for character in sent.chars() {
            let line = lines.last_mut().expect("there is one");
            match character {
                '\n' => {
                    lines.push(Vec::new());
                    column = 0;
                }
                '\r' => column = 0,
                other => {
                    line.resize(line.len().max(column + 1), ' ');
                    line[column] = other;
                    column += 1;
                }
            }
        }
        let lines: Vec<String> = lines
            .into_iter()
            .map(|line| line.into_iter().collect::<String>().trim_end().to_owned())
            .collect();
        lines.join("\n")
    }

    /// The same must be seen however the text was cut, and whatever of it had to wait.
    #[track_caller]
    fn check(text: &str, seen: &str) {
        let characters: Vec<char> = text.chars().collect();
        for size in 1..=characters.len() {
            for every in 1..4 {
                let mut stream = StreamText::default();
                let mut sent = String::new();
                for (count, chunk) in characters.chunks(size).enumerate() {
                    stream.push(&chunk.iter().collect::<String>());
                    if count % every == 0 {
                        sent.push_str(&stream.take(every > 1));
                    }
                }
                stream.settle();
                sent.push_str(&stream.take(true));
                assert_eq!(
                    notebook(&sent),
                    seen,
                    "by {size}, sent every {every}: {sent:?}"
                );
            }
        }
    }

    #[test]
    fn plain_text_is_sent_as_it_is() {
        let text = "a\tb\0\u{1b}[1mc\u{1b}[0m\nd\u{1b}]0;t\u{7} e\n\nf";
        for waited in [false, true] {
            let mut stream = StreamText::default();
            stream.push(text);
            assert_eq!(stream.take(waited), text);
        }
    }

    #[test]
    fn short_text_that_did_not_wait_is_sent_as_it_is() {
        let mut stream = StreamText::default();
        stream.push("\r10 %\r100 %");
        assert_eq!(stream.take(false), "\r10 %\r100 %");
        stream.push("\r5 %");
        assert_eq!(stream.take(false), "\r5 %");
    }

    #[test]
    fn states_that_nobody_would_see_are_left_out() {
        let mut stream = StreamText::default();
        for step in 0..=10_000 {
            stream.push(&format!("\r{step} of 10000"));
        }
        assert_eq!(stream.take(true), "10000 of 10000");
    }

    #[test]
    fn a_line_is_drawn_over_as_on_a_terminal() {
        check("10 %\r50 %\r100 %\ndone", "100 %\ndone");
        check("long text\rshort\n", "shorttext\n");
        check("long text\r\u{1b}[2Kshort\n", "short\n");
        check("abc\u{8}\u{8}X", "aXc");
        check("ab\rabc\r\nd", "abc\nd");
        check("zwölf €\rdrei  €\n", "drei  €\n");
    }

    #[test]
    fn a_bar_of_indicatif_is_one_line() {
        let bar = |done: usize| {
            format!(
                "\r\u{1b}[2K{:80}",
                format!("[{}] {done}/9", "#".repeat(done))
            )
        };
        let text: String = (1..=9).map(bar).collect();
        check(&format!("{text}\nend\n"), "[#########] 9/9\nend\n");
        // Without a new line of its own: a terminal would begin one after the 80th column.
        check(&format!("{text}end\n"), "[#########] 9/9\nend\n");
    }

    #[test]
    fn several_bars_of_indicatif_are_several_lines_in_the_end() {
        let line = |name: &str, done: usize| format!("{:80}", format!("{name} {done}/2"));
        let mut text = line("one", 0);
        text += &format!("\r\u{1b}[2K{}{}", line("one", 0), line("two", 0));
        for done in 1..=2 {
            text += "\u{1b}[1A\r\u{1b}[2K\u{1b}[1B\r\u{1b}[2K\u{1b}[1A";
            text += &(line("one", done) + &line("two", done));
        }
        for cut in 0..text.len() {
            let mut stream = StreamText::default();
            stream.push(&text[..cut]);
            let mut sent = stream.take(true);
            stream.push(&text[cut..]);
            sent += &stream.take(true);
            let seen = notebook(&sent);
            assert_eq!(seen, "one 2/2  |  two 2/2", "as long as they are drawn");
            stream.settle();
            sent += &stream.take(true);
            assert_eq!(notebook(&sent), "one 2/2\ntwo 2/2", "cut at {cut}");
        }
    }

    #[test]
    fn lines_printed_above_a_bar_become_lines_of_their_own() {
        let bar = |done: usize| format!("{:80}", format!("bar {done}"));
        let mut stream = StreamText::default();
        let mut sent = String::new();
        for done in 0..10 {
            let above = format!("{:80}", format!("step {done}"));
            stream.push(&format!("\r\u{1b}[2K{above}{}", bar(done)));
            sent += &stream.take(true);
        }
        let seen = notebook(&sent);
        assert!(seen.starts_with("step 0\nstep 1\nstep 2\n"), "{seen}");
        assert!(seen.ends_with("step 9  |  bar 9"), "{seen}");
    }

    #[test]
    fn a_long_line_is_not_kept() {
        let mut stream = StreamText::default();
        for _ in 0..100 {
            stream.push(&"x".repeat(1000));
        }
        assert_eq!(stream.take(true).len(), 100_000);
        assert!(stream.is_inside_line());
        stream.push("\ry\nz");
        assert_eq!(stream.take(true), "\ry\nz");
    }

    #[test]
    fn a_sequence_that_never_ends_is_text_in_the_end() {
        let mut stream = StreamText::default();
        stream.push("a\u{1b}[1;");
        assert_eq!(stream.take(false), "a");
        stream.settle();
        assert_eq!(stream.take(false), "\u{1b}[1;");
    }
}
