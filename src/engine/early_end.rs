//! What is said of a cell that ended before its last line.

use annotate_snippets::Level;

use super::outcome::CellError;
use super::own_error;
use super::report::Asked;
use super::source_map::CellSource;
use super::syntax::{in_cell, lets};

/// A `?` has ended the cell. What the cell defined is gone, as after a panic; what was there before stays.
#[must_use]
pub fn asked(asked: &Asked, cell: &CellSource) -> CellError {
    let code = cell.edited.original();
    // `?`, or the name of a `main` that the kernel has called.
    let at = asked.at.map(|at| in_cell(code, at));
    let of_main = at.is_some_and(|at| code.get(at..).is_some_and(|rest| rest.starts_with("main")));
    let length = if of_main { "main".len() } else { 1 };
    let place = at.map(|at| (at..code.len().min(at + length), ""));
    let (headline, rest) = asked
        .message
        .split_once('\n')
        .unwrap_or((&asked.message, ""));
    let headline = if of_main {
        format!("`main` returned an error: {headline}")
    } else {
        format!("`?` ended the cell early: {headline}")
    };
    let mut error = own_error::render(&headline, place, code, cell.count, &[]);
    if !rest.is_empty() {
        error.evalue = format!("{headline}\n{rest}");
        for block in &mut error.traceback {
            block.push('\n');
            block.push_str(rest);
        }
    }
    error
}

/// A `return` has ended the cell: a remark where variables are not kept because of that, with a line end.
///
/// `after` are the variables that are there now; one whose name the cell has bound anew is not.
#[must_use]
pub fn returned(at: usize, code: &str, after: &[String]) -> Option<String> {
    let mut lost: Vec<String> = lets(code)
        .into_iter()
        .flat_map(|binding| binding.names)
        .filter(|name| !after.contains(name))
        .map(|name| format!("`{name}`"))
        .collect();
    lost.dedup();
    let names = match lost.as_slice() {
        [] => return None,
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    };
    let are = if lost.len() == 1 { "is" } else { "are" };
    let line = code[..in_cell(code, at)].matches('\n').count() + 1;
    Some(format!(
        "note: the `return` in line {line} ended the cell, so {names} {are} not kept\n"
    ))
}

/// Refuses a `return` with a value: nobody would get it.
#[must_use]
pub fn refuse_value(range: std::ops::Range<usize>, code: &str, count: usize) -> CellError {
    let help = |text: &str| (Level::HELP, text.to_owned());
    own_error::render(
        "a cell cannot return a value: it is no function, and has no caller",
        Some((range, "")),
        code,
        count,
        &[
            help("to show a value, write it as the last line, without `return` and without `;`"),
            help("to end the cell here, write `return;`; to make it an error, `Err(\"…\")?;`"),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_return_is_told_where_it_costs_a_variable() {
        let code = "let n = 1;\nlet (a, old) = (2, 3);\nreturn;";
        // `fn cell() {` and its line end come first in the wrapped cell.
        let told = returned(12 + 34, code, &names(&["old"]));
        assert_eq!(
            told.as_deref(),
            Some("note: the `return` in line 3 ended the cell, so `n` and `a` are not kept\n")
        );
        assert_eq!(returned(12, "return;", &[]), None);
    }

    #[test]
    fn an_error_of_main_is_told_at_its_name() {
        let code = "fn main() -> Result<(), String> { Err(String::new()) }";
        let cell = CellSource {
            request: 1,
            count: 3,
            edited: crate::engine::rewrite::Edited::unchanged(code),
        };
        let error = super::asked(
            &Asked {
                at: Some(12 + 3),
                message: "\"bad\"".to_owned(),
            },
            &cell,
        );
        assert_eq!(error.evalue, "`main` returned an error: \"bad\"");
        assert!(error.traceback.concat().contains("cell 3:1:4"));
    }
}
