//! Places that evcxr tells by line and column, as bytes of the learner's cell.

use std::ops::Range;

use super::rewrite::Edited;

/// The learner's bytes between two places of the compiled text, each a line from 1 and a column from 1
/// in characters.
#[must_use]
pub fn byte_range(
    cell: &Edited,
    start: (usize, usize),
    end: (usize, usize),
) -> Option<Range<usize>> {
    let start = cell.original_offset(byte_offset(cell.code(), start)?);
    let end = cell.original_offset(byte_offset(cell.code(), end)?);
    (start <= end).then_some(start..end)
}

fn byte_offset(code: &str, (line, column): (usize, usize)) -> Option<usize> {
    let mut before = 0;
    for (index, text) in code.split_inclusive('\n').enumerate() {
        if index + 1 == line {
            let inside: usize = text
                .chars()
                .take(column.checked_sub(1)?)
                .map(char::len_utf8)
                .sum();
            return Some(before + inside);
        }
        before += text.len();
    }
    // A place just behind the last line: the end of the cell.
    (line == code.lines().count() + 1).then_some(code.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_not_bytes() {
        let code = "let ö = 1;\nlet b = ö;\n";
        let cell = Edited::unchanged(code);
        assert_eq!(byte_range(&cell, (1, 5), (1, 6)), Some(4..6));
        assert_eq!(byte_range(&cell, (2, 9), (2, 10)), Some(20..22));
        assert_eq!(
            byte_range(&cell, (3, 1), (3, 1)),
            Some(code.len()..code.len())
        );
        assert_eq!(byte_range(&cell, (9, 1), (9, 2)), None);
    }
}
