//! Finds the learner's line behind a line of the generated source.
//!
//! evcxr puts the learner's statements and items, unchanged, between lines of its own, in an order of
//! its own, together with the items of earlier cells. It keeps no map for a position that is known
//! only when the code runs, nor for an item of an earlier cell, so the line is found by its text; where
//! a cell has the same line more than once, the neighbours decide.

use std::ops::Range;

use super::rewrite::Edited;
use super::syntax::expression_end;

/// The file in which evcxr compiles everything, as the compiler names it.
pub const GENERATED: &str = "src/lib.rs";

/// A cell that has been run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellSource {
    /// The number of the request to the runtime; no two cells have the same.
    pub request: u64,
    /// The execution count under which it ran.
    pub count: usize,
    /// The code, as the learner wrote it and as it was compiled.
    pub edited: Edited,
}

impl CellSource {
    /// How it is named in a report; a run that is not counted (nbval's are not) has no number.
    #[must_use]
    pub fn title(&self) -> String {
        title(self.count)
    }
}

/// How the cell with this execution count is named in a report.
#[must_use]
pub fn title(count: usize) -> String {
    match count {
        0 => "cell".to_owned(),
        count => format!("cell {count}"),
    }
}

/// A place in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The cell.
    pub cell: &'a CellSource,
    /// The bytes of the learner's own text.
    pub range: Range<usize>,
}

/// One generated source, and the cells from which it may have been made.
pub struct Sources<'a> {
    lines: Vec<&'a str>,
    cells: Vec<&'a CellSource>,
}

/// A piece of a line that is shorter than this is found everywhere: `}`, `)`.
const SHORTEST: usize = 4;
/// How many neighbours on each side are compared.
const NEIGHBOURS: usize = 6;

impl<'a> Sources<'a> {
    /// `cells` in the order in which they ran.
    #[must_use]
    pub fn new(generated: &'a str, cells: impl IntoIterator<Item = &'a CellSource>) -> Sources<'a> {
        Sources {
            lines: generated.lines().collect(),
            cells: cells.into_iter().collect(),
        }
    }

    /// The text between two places of the generated source, each a line and a column in characters,
    /// from 1; in the learner's cell, if it comes from one.
    #[must_use]
    pub fn place(&self, start: (usize, usize), end: (usize, usize)) -> Option<Place<'a>> {
        let Some((cell, from)) = self.point(start) else {
            return self.imported(start, end);
        };
        let to = match self.point(end) {
            Some((other, to)) if other.request == cell.request && to >= from => to,
            _ => end_of_line(cell.edited.original(), from),
        };
        Some(Place {
            cell,
            range: from..to,
        })
    }

    /// The value of a cell, where these are the places of evcxr's brackets around it.
    #[must_use]
    pub fn value(&self, start: (usize, usize), end: (usize, usize)) -> Option<Place<'a>> {
        let (cell, from) = self.inside(start)?;
        let (other, to) = self.before_closing(end)?;
        (other.request == cell.request && to >= from).then_some(Place {
            cell,
            range: from..to,
        })
    }

    /// From a place of the generated source to the end of the expression or of the line; for a panic, of
    /// which only the beginning is known.
    #[must_use]
    pub fn from_here(&self, (line, column): (usize, usize)) -> Option<Place<'a>> {
        let (cell, from) = self
            .point((line, column))
            .or_else(|| self.inside((line, column)))?;
        let code = cell.edited.original();
        let line_end = end_of_line(code, from);
        // Of what goes on over several lines, the first is enough.
        let to = expression_end(code, from).map_or(line_end, |end| end.min(line_end));
        Some(Place {
            cell,
            range: from..to.max(from),
        })
    }

    fn point(&self, (line, column): (usize, usize)) -> Option<(&'a CellSource, usize)> {
        let (cell, cell_line) = self.line(line)?;
        let generated = self.lines[line - 1];
        let at = offset(generated, column, cell.edited.code(), cell_line);
        Some((cell, cell.edited.original_offset(at)))
    }

    /// The value of a cell stands in brackets of evcxr's, on lines of its own: the place behind an opening
    /// one.
    fn inside(&self, (line, _): (usize, usize)) -> Option<(&'a CellSource, usize)> {
        let opens = self.lines.get(line.checked_sub(1)?)?.trim_end();
        opens
            .ends_with('(')
            .then(|| self.point((line + 1, 1)))
            .flatten()
    }

    /// The place before a closing one.
    fn before_closing(&self, (line, _): (usize, usize)) -> Option<(&'a CellSource, usize)> {
        let closes = self.lines.get(line.checked_sub(1)?)?.trim_start();
        let last = line.checked_sub(1)?;
        let behind = self.lines.get(last.checked_sub(1)?)?.chars().count() + 1;
        closes
            .starts_with(')')
            .then(|| self.point((last, behind)))
            .flatten()
    }

    /// The cell, and its line from 1, that a line of the generated source came from.
    ///
    /// Later cells are preferred: they replace what earlier ones defined.
    fn line(&self, line: usize) -> Option<(&'a CellSource, usize)> {
        let wanted = self.lines.get(line.checked_sub(1)?)?.trim();
        if wanted.is_empty() {
            return None;
        }
        let above = |index: usize| self.lines[..index].iter().rev();
        let mut best: Option<(usize, (&CellSource, usize))> = None;
        for &cell in self.cells.iter().rev() {
            let lines: Vec<&str> = cell.edited.code().lines().collect();
            for (index, text) in lines.iter().enumerate() {
                let text = text.trim();
                // Statements that share a line in the cell get a line each in the generated source.
                let same = text == wanted || (wanted.len() >= SHORTEST && text.contains(wanted));
                if !same {
                    continue;
                }
                let exact = usize::from(text == wanted) * 2 * NEIGHBOURS;
                let score = exact
                    + agreement(above(line - 1), lines[..index].iter().rev())
                    + agreement(self.lines[line..].iter(), lines[index + 1..].iter());
                if best.is_none_or(|(found, _)| score > found) {
                    best = Some((score, (cell, index + 1)));
                }
            }
        }
        best.map(|(_, place)| place)
    }

    /// evcxr writes each name of a `use` on a line of its own: the name is looked for in the imports
    /// of the newest cell that has it.
    fn imported(&self, (line, from): (usize, usize), end: (usize, usize)) -> Option<Place<'a>> {
        let text = self.lines.get(line.checked_sub(1)?)?;
        let is_import = text.trim_start().starts_with("use ") || text.contains(" use ");
        if !is_import || end.0 != line {
            return None;
        }
        let path: String = text
            .chars()
            .skip(from.checked_sub(1)?)
            .take(end.1.checked_sub(from)?)
            .collect();
        let name = path.rsplit("::").next()?.trim();
        if name.is_empty() {
            return None;
        }
        self.cells.iter().rev().find_map(|&cell| {
            let original = cell.edited.original();
            let start = original.find("use ")?;
            let at = start + word_in(&original[start..], name)?;
            Some(Place {
                cell,
                range: at..at + name.len(),
            })
        })
    }
}

fn agreement<'a>(
    left: impl Iterator<Item = &'a &'a str>,
    right: impl Iterator<Item = &'a &'a str>,
) -> usize {
    left.zip(right)
        .take(NEIGHBOURS)
        .take_while(|(left, right)| left.trim() == right.trim())
        .count()
}

/// Where a word stands that is no part of a longer one.
pub(super) fn word_in(text: &str, word: &str) -> Option<usize> {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).map(|(at, _)| at).find(|&at| {
        !text[..at].ends_with(part_of_name) && !text[at + word.len()..].starts_with(part_of_name)
    })
}

/// Where the compiler's column points to in the cell: indentation may differ.
fn offset(generated: &str, column: usize, cell: &str, cell_line: usize) -> usize {
    let start: usize = cell
        .split_inclusive('\n')
        .take(cell_line - 1)
        .map(str::len)
        .sum();
    let text = cell.lines().nth(cell_line - 1).unwrap_or_default();
    // The compiler counts characters, a range counts bytes.
    let column: usize = generated
        .chars()
        .take(column.saturating_sub(1))
        .map(char::len_utf8)
        .sum();
    // Where the generated line's text starts in either line.
    let piece = generated.trim();
    let here = text
        .find(piece)
        .unwrap_or(text.len() - text.trim_start().len());
    let there = generated.len() - generated.trim_start().len();
    let inside = column.saturating_sub(there).min(piece.len());
    let mut at = (start + here + inside).min(cell.len());
    while !cell.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The end of a marked piece of which only the start is known: the rest of the line without a final
/// semicolon.
fn end_of_line(cell: &str, start: usize) -> usize {
    let line = cell[start..].lines().next().unwrap_or_default();
    let shown = line.trim_end().trim_end_matches(';');
    start + shown.len().max(1).min(cell.len() - start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(count: usize, code: &str) -> CellSource {
        CellSource {
            request: count as u64,
            count,
            edited: Edited::unchanged(code),
        }
    }

    /// The cell and the text in it that stand behind a whole line of the generated source.
    fn behind(generated: &str, line: usize, cells: &[CellSource]) -> Option<(usize, String)> {
        let place = Sources::new(generated, cells).from_here((line, 1))?;
        let text = place.cell.edited.original()[place.range.clone()].to_owned();
        Some((place.cell.count, format!("{}:{text}", place.range.start)))
    }

    fn at(count: usize, text: &str) -> Option<(usize, String)> {
        Some((count, text.to_owned()))
    }

    #[test]
    fn the_same_line_twice_is_told_apart_by_its_neighbours() {
        let code = "let a = 1;\nassert!(ready);\nlet b = 2;\nassert!(ready);\nlet c = 3;";
        let cells = [cell(1, code)];
        let generated = format!("// generated\n{code}\nstore();");
        assert_eq!(behind(&generated, 3, &cells), at(1, "11:assert!(ready)"));
        assert_eq!(behind(&generated, 5, &cells), at(1, "38:assert!(ready)"));
        assert_eq!(behind(&generated, 7, &cells), None, "not the learner's");
    }

    #[test]
    fn a_function_of_an_earlier_cell_is_found_there() {
        let cells = [
            cell(1, "fn fail() {\n    panic!(\"no\");\n}"),
            cell(2, "fail();"),
        ];
        let generated = "fn fail() {\n    panic!(\"no\");\n}\nrun(||{\nfail();\n});";
        assert_eq!(
            behind(generated, 2, &cells).map(|(count, _)| count),
            Some(1)
        );
    }

    #[test]
    fn the_newer_of_two_equal_cells_wins() {
        let cells = [cell(1, "panic!(\"no\")"), cell(2, "panic!(\"no\")")];
        let found = behind("f();\npanic!(\"no\")", 2, &cells);
        assert_eq!(found.map(|(count, _)| count), Some(2));
    }

    #[test]
    fn statements_that_share_a_line_are_found_in_it() {
        let cells = [cell(4, "let v = vec![1]; v[9]\nv.len()")];
        let generated = "let v = vec![1];\nv[9]\nv.len()";
        assert_eq!(behind(generated, 2, &cells), at(4, "17:v[9]"));
    }

    #[test]
    fn the_value_of_a_cell_is_found_from_the_bracket_before_it() {
        let cells = [cell(1, "let a = [1];\na[i]")];
        let generated = "let a = [1];\n(\na[i]\n).evcxr_display();";
        assert_eq!(behind(generated, 2, &cells), at(1, "13:a[i]"));
    }

    #[test]
    fn brackets_around_the_value_of_a_cell_stand_for_what_is_inside() {
        let cells = [cell(1, "let a = [1];\na[7]\n    + 1")];
        let generated = "let a = [1];\nshow(&(\na[7]\n    + 1\n));";
        let sources = Sources::new(generated, &cells);
        let place = sources.value((2, 7), (5, 2)).expect("a place");
        assert_eq!(&cells[0].edited.original()[place.range], "a[7]\n    + 1");
        assert!(sources.place((1, 1), (1, 3)).is_some());
        assert!(
            Sources::new("f(\n);", &cells)
                .place((1, 2), (2, 2))
                .is_none()
        );
    }

    #[test]
    fn places_count_characters_and_not_bytes() {
        let code = "let ö = 1;\nlet b = ö + é;";
        let cells = [cell(1, code)];
        let sources = Sources::new(code, &cells);
        let text = |start, end| {
            let place = sources.place(start, end).expect("a place");
            &code[place.range]
        };
        assert_eq!(text((1, 5), (1, 6)), "ö");
        assert_eq!(text((2, 9), (2, 14)), "ö + é");
        assert!(sources.place((9, 1), (9, 2)).is_none());
    }

    #[test]
    fn a_name_of_a_split_import_is_found_in_the_import() {
        let cells = [cell(1, "let list = 1;\nuse std::{fmt, thred as list};")];
        let generated = "use std::fmt;\nuse std::thred as list;";
        let place = Sources::new(generated, &cells).place((2, 5), (2, 15));
        assert_eq!(place.map(|place| place.range), Some(29..34));
    }
}
