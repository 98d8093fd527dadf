//! Finds the learner's line behind a line of the generated source.
//!
//! evcxr puts the learner's statements and items, unchanged, between lines of its own, in an order of
//! its own, together with the items of earlier cells. It keeps no map for a position that is known
//! only when the code runs, so the line is found by its text; where a cell has the same line more
//! than once, the neighbours decide.

use super::rewrite::Edited;

/// A cell that has been run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellSource {
    /// The execution count under which it ran.
    pub count: usize,
    /// The code, as the learner wrote it and as it was compiled.
    pub edited: Edited,
}

/// A place in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The cell.
    pub cell: &'a CellSource,
    /// The line in the cell, from 1.
    pub line: usize,
}

/// A piece of a line that is shorter than this is found everywhere: `}`, `)`.
const SHORTEST: usize = 4;
/// How many neighbours on each side are compared.
const NEIGHBOURS: usize = 6;

/// The place in one of `cells` that line `line` (from 1) of `generated` came from.
///
/// Later cells are preferred: they replace what earlier ones defined.
#[must_use]
pub fn locate<'a>(generated: &str, line: usize, cells: &'a [CellSource]) -> Option<Place<'a>> {
    let generated: Vec<&str> = generated.lines().map(str::trim).collect();
    let wanted = *generated.get(line.checked_sub(1)?)?;
    if wanted.is_empty() {
        return None;
    }
    let mut best: Option<(usize, Place<'a>)> = None;
    for cell in cells.iter().rev() {
        let lines: Vec<&str> = cell.edited.code().lines().map(str::trim).collect();
        for (index, text) in lines.iter().enumerate() {
            // Statements that share a line in the cell get a line each in the generated source.
            let same = *text == wanted || (wanted.len() >= SHORTEST && text.contains(wanted));
            if !same {
                continue;
            }
            let exact = usize::from(*text == wanted) * 2 * NEIGHBOURS;
            let score = exact
                + agreement(
                    generated[..line - 1].iter().rev(),
                    lines[..index].iter().rev(),
                )
                + agreement(generated[line..].iter(), lines[index + 1..].iter());
            let better = best.as_ref().is_none_or(|(found, _)| score > *found);
            if better {
                let place = Place {
                    cell,
                    line: index + 1,
                };
                best = Some((score, place));
            }
        }
    }
    best.map(|(_, place)| place)
}

fn agreement<'a>(
    left: impl Iterator<Item = &'a &'a str>,
    right: impl Iterator<Item = &'a &'a str>,
) -> usize {
    left.zip(right)
        .take(NEIGHBOURS)
        .take_while(|(left, right)| left == right)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(count: usize, code: &str) -> CellSource {
        CellSource {
            count,
            edited: Edited::unchanged(code),
        }
    }

    #[test]
    fn the_same_line_twice_is_told_apart_by_its_neighbours() {
        let cells = [cell(
            1,
            "let a = 1;\nassert!(ready);\nlet b = 2;\nassert!(ready);\nlet c = 3;",
        )];
        let generated = "// generated\nlet a = 1;\nassert!(ready);\nlet b = 2;\nassert!(ready);\nlet c = 3;\nstore();";
        let line_of = |line| locate(generated, line, &cells).map(|place| place.line);
        assert_eq!(line_of(3), Some(2));
        assert_eq!(line_of(5), Some(4));
        assert_eq!(line_of(7), None, "that line is not the learner's");
    }

    #[test]
    fn a_function_of_an_earlier_cell_is_found_there() {
        let cells = [
            cell(1, "fn fail() {\n    panic!(\"no\");\n}"),
            cell(2, "fail();"),
        ];
        let generated = "fn fail() {\n    panic!(\"no\");\n}\nrun(||{\nfail();\n});";
        let place = locate(generated, 2, &cells).expect("a place");
        assert_eq!((place.cell.count, place.line), (1, 2));
    }

    #[test]
    fn the_newer_of_two_equal_cells_wins() {
        let cells = [cell(1, "panic!(\"no\")"), cell(2, "panic!(\"no\")")];
        let place = locate("f();\npanic!(\"no\")", 2, &cells).expect("a place");
        assert_eq!(place.cell.count, 2);
    }

    #[test]
    fn statements_that_share_a_line_are_found_in_it() {
        let cells = [cell(4, "let v = vec![1]; v[9]\nv.len()")];
        let place = locate("let v = vec![1];\nv[9]\nv.len()", 2, &cells);
        assert_eq!(place.map(|place| place.line), Some(1));
    }
}
