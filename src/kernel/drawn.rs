//! The last lines of a stream as a terminal would show them, for programs that draw over them.
//!
//! A progress bar goes back in its line (`\r`), erases (`ESC [ K`), moves up (`ESC [ A`), and relies
//! on a terminal to begin a new line after the 80th column. Notebooks know `\r` and nothing else.

use std::sync::Arc;

use unicode_width::UnicodeWidthChar;

use super::escape::{Escape, Sequence, escape};

/// The width that the runtime process reports for stderr: what crates assume where they cannot ask.
const COLUMNS: usize = 80;
/// More lines than a program draws over; older ones are done.
const ROWS: usize = 100;
/// Longer lines are printed, not drawn.
pub const LONGEST: usize = 4096;
/// A style of more bytes than this is nonsense.
const STYLE: usize = 256;

/// Some lines and a cursor in them.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    rows: Vec<Vec<Cell>>,
    row: usize,
    column: usize,
    style: Arc<str>,
    /// The topmost line that the cursor has been in since lines were last taken, and before that.
    top: usize,
    top_before: usize,
    /// Something was erased, or the cursor was moved: lines break at the 80th column.
    wraps: bool,
}

#[derive(Clone, Debug)]
struct Cell {
    /// A character with what combines with it; empty behind a wide one.
    text: String,
    style: Arc<str>,
}

impl Drawn {
    /// A line on which this has been printed, and in which this style is in force.
    #[must_use]
    pub fn new(line: &str) -> Drawn {
        let mut drawn = Drawn {
            rows: vec![Vec::new()],
            ..Drawn::default()
        };
        let mut rest = line;
        while let Some(at) = rest.find('\x1b') {
            drawn.print(&rest[..at]);
            match escape(&rest[at..]) {
                Escape::Whole(length, sequence) => {
                    drawn.obey(sequence);
                    rest = &rest[at + length..];
                }
                Escape::Partial => return drawn,
            }
        }
        drawn.print(rest);
        drawn
    }

    /// Whether the cursor stands in the last line.
    #[must_use]
    pub fn in_last_row(&self) -> bool {
        self.row + 1 >= self.rows.len()
    }

    /// The style that is in force for what comes.
    #[must_use]
    pub fn style(&self) -> &str {
        &self.style
    }

    /// Prints text without control characters.
    pub fn print(&mut self, text: &str) {
        for character in text.chars() {
            let width = if character == '\t' {
                1
            } else {
                character.width().unwrap_or(0)
            };
            if width == 0 {
                self.combine(character);
                continue;
            }
            if self.wraps && self.column + width > COLUMNS {
                self.next_row();
            }
            let line = &mut self.rows[self.row];
            // A very long line grows no more; nobody draws in it.
            if self.column + width > LONGEST {
                continue;
            }
            while line.len() < self.column + width {
                line.push(Cell::blank());
            }
            line[self.column] = Cell {
                text: character.into(),
                style: Arc::clone(&self.style),
            };
            for covered in &mut line[self.column + 1..self.column + width] {
                covered.text.clear();
            }
            self.column += width;
        }
    }

    /// Goes back to the beginning of the line.
    pub fn carriage_return(&mut self) {
        self.column = 0;
    }

    /// Goes back one column.
    pub fn backspace(&mut self) {
        self.column = self.column.saturating_sub(1);
    }

    /// Goes to the next line, which is there ([`in_last_row`](Self::in_last_row) says no).
    pub fn line_feed(&mut self) {
        self.row += 1;
        self.column = 0;
    }

    /// Obeys a sequence such as `ESC [ 2 K`.
    pub fn obey(&mut self, sequence: Sequence<'_>) {
        let number = sequence.parameters.parse::<usize>().ok();
        // Nobody means more than that, and sums stay small.
        let by = number.unwrap_or(1).clamp(1, LONGEST);
        match sequence.command {
            'm' => return self.restyle(&sequence),
            'A' | 'F' => {
                self.row = self.row.saturating_sub(by);
                self.top = self.top.min(self.row);
            }
            'B' | 'E' => self.row = (self.row + by).min(self.rows.len() - 1),
            'C' => self.column = (self.column + by).min(COLUMNS),
            'D' => self.column = self.column.saturating_sub(by),
            'G' => self.column = by - 1,
            'K' => self.erase_in_line(number.unwrap_or(0)),
            'J' => self.erase_below(number.unwrap_or(0)),
            _ => return,
        }
        if matches!(sequence.command, 'E' | 'F') {
            self.column = 0;
        }
        self.start_to_wrap();
    }

    /// Takes the lines that the program has left behind: its cursor has not been there since the call
    /// before the last one. It draws all of its lines each time, in one go.
    pub fn take_done(&mut self) -> Vec<String> {
        let done = self.top.min(self.top_before);
        let lines = self.rows.drain(..done).map(|row| text(&row)).collect();
        self.row -= done;
        self.top_before = self.top - done;
        self.top = self.row;
        lines
    }

    /// The lines as text with colours, blanks at their ends left out.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.rows.iter().map(|row| text(row)).collect()
    }

    fn combine(&mut self, character: char) {
        let column = self.column;
        let row = &mut self.rows[self.row];
        match row.get_mut(..column).and_then(|cells| cells.last_mut()) {
            // A character and a few accents, not a way to fill the memory.
            Some(cell) if cell.text.len() < 32 => cell.text.push(character),
            _ => {}
        }
    }

    fn restyle(&mut self, sequence: &Sequence<'_>) {
        let all_off = matches!(sequence.parameters, "" | "0");
        self.style = if all_off || self.style.len() > STYLE {
            Arc::default()
        } else {
            format!("{}{}", self.style, sequence.whole).into()
        };
    }

    fn erase_in_line(&mut self, part: usize) {
        let row = &mut self.rows[self.row];
        match part {
            0 => row.truncate(self.column),
            1 => {
                for cell in row.iter_mut().take(self.column + 1) {
                    *cell = Cell::blank();
                }
            }
            _ => row.clear(),
        }
    }

    fn erase_below(&mut self, part: usize) {
        if part == 0 {
            self.rows[self.row].truncate(self.column);
            self.rows.truncate(self.row + 1);
        } else {
            self.rows.truncate(1);
            self.rows[0].clear();
            self.row = 0;
            self.top = 0;
            self.top_before = 0;
        }
    }

    /// From here on it is known that a program draws: what it has drawn was meant for 80 columns.
    fn start_to_wrap(&mut self) {
        if std::mem::replace(&mut self.wraps, true) || self.rows.len() > 1 {
            return;
        }
        let line = std::mem::take(&mut self.rows[0]);
        if line.len() > COLUMNS {
            self.rows = line.chunks(COLUMNS).map(<[Cell]>::to_vec).collect();
            self.row = self.rows.len() - 1;
            self.column = self.column.min(COLUMNS);
        } else {
            self.rows[0] = line;
        }
    }

    fn next_row(&mut self) {
        if self.in_last_row() {
            self.rows.push(Vec::new());
        }
        self.row += 1;
        self.column = 0;
        if self.rows.len() > ROWS {
            self.rows.remove(0);
            self.row -= 1;
            self.top = self.top.saturating_sub(1);
            self.top_before = self.top_before.saturating_sub(1);
        }
    }
}

impl Cell {
    fn blank() -> Cell {
        Cell {
            text: " ".to_owned(),
            style: Arc::default(),
        }
    }
}

fn text(row: &[Cell]) -> String {
    let blank = |cell: &Cell| cell.text == " " && cell.style.is_empty();
    let length = row
        .iter()
        .rposition(|cell| !blank(cell))
        .map_or(0, |last| last + 1);
    let mut text = String::with_capacity(length);
    let mut style: &str = "";
    for cell in &row[..length] {
        if *cell.style != *style {
            if !style.is_empty() {
                text.push_str("\x1b[0m");
            }
            text.push_str(&cell.style);
            style = &cell.style;
        }
        text.push_str(&cell.text);
    }
    if !style.is_empty() {
        text.push_str("\x1b[0m");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(line: &str, more: &[&str]) -> Drawn {
        let mut drawn = Drawn::new(line);
        for part in more {
            match (*part, escape(part)) {
                ("\r", _) => drawn.carriage_return(),
                (_, Escape::Whole(length, sequence)) if part.starts_with('\x1b') => {
                    assert_eq!(length, part.len());
                    drawn.obey(sequence);
                }
                _ => drawn.print(part),
            }
        }
        drawn
    }

    #[test]
    fn text_is_overwritten_and_erased_as_on_a_terminal() {
        assert_eq!(drawn("abc", &["\r", "X"]).lines(), ["Xbc"]);
        assert_eq!(drawn("abc", &["\r", "\x1b[2K", "X"]).lines(), ["X"]);
        assert_eq!(drawn("abc", &["\r", "X", "\x1b[K"]).lines(), ["X"]);
        assert_eq!(drawn("語語", &["\r", "ab"]).lines(), ["ab語"]);
        assert_eq!(drawn("e\u{301}!", &["\r", "x"]).lines(), ["x!"]);
    }

    #[test]
    fn colours_are_kept_where_they_are() {
        let line = "\x1b[31mred\x1b[0m plain";
        assert_eq!(drawn(line, &[]).lines(), [line]);
        assert_eq!(
            drawn(line, &["\r", "R"]).lines(),
            ["R\x1b[31med\x1b[0m plain"]
        );
        assert_eq!(drawn("\x1b[1m", &[]).style(), "\x1b[1m");
    }

    #[test]
    fn two_bars_drawn_for_eighty_columns_are_two_lines() {
        let (one, two) = (format!("{:80}", "one"), format!("{:80}", "two"));
        let mut drawn = drawn(&one, &["\r", "\x1b[2K", &one, &two]);
        assert_eq!(drawn.lines(), ["one", "two"]);
        for part in ["\x1b[1A", "\x1b[2K"] {
            let Escape::Whole(_, sequence) = escape(part) else {
                panic!("{part:?} is whole");
            };
            drawn.obey(sequence);
        }
        drawn.carriage_return();
        drawn.print("1");
        assert_eq!(drawn.lines(), ["1", "two"]);
        assert!(!drawn.in_last_row());
    }

    #[test]
    fn bars_that_came_before_the_first_movement_are_taken_apart() {
        let line = format!("{:80}{:80}", "one", "two");
        assert_eq!(drawn(&line, &["\x1b[1A"]).lines(), ["one", "two"]);
    }
}
