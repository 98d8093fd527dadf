//! What a learner is told of a cell that evcxr does not accept.
//!
//! evcxr compiles a cell together with code that keeps its variables, and the compiler's complaints
//! about that code hide or distort those about the cell. So the cell is checked once more, in braces:
//! there its variables need not be kept, and the compiler says what it would say of a program.

use evcxr::{CompilationError, Error};

use super::cargo_failure;
use super::compile_error;
use super::context::Context;
use super::diagnostic::Diagnostic;
use super::hints::remarks;
use super::not_kept::NotKept;
use super::outcome::CellError;
use super::rewrite::{Edited, Insertion};
use super::source_map::CellSource;
use super::syntax::{ends_with_value, first_error, is_command, lets, value_range};

/// The compiler's codes for a change of what is not mutable. It speaks of a variable here, and of an
/// argument in the check.
const NOT_MUTABLE: [&str; 3] = ["E0384", "E0594", "E0596"];

impl Context {
    /// The error that the learner sees when the cell does not compile, and the variable that is the
    /// reason, if its code is right by itself.
    pub(super) fn rejected(
        &mut self,
        errors: &[CompilationError],
        cell: &CellSource,
    ) -> (CellError, Option<NotKept>) {
        let not_kept = errors
            .iter()
            .find_map(|error| NotKept::read(&error.message()));
        if errors.iter().any(is_beheaded)
            && let Some(whole) = self.whole_error(cell)
        {
            return (whole, None);
        }
        // Before the check, which overwrites the generated source.
        let as_it_is = self.render(errors, cell);
        let hidden = self.borrow_in_our_lines(errors, cell);
        if let Some((plain, found)) = self.plain_errors(cell)
            && (not_kept.is_some() || hidden.is_some() || speak_of_the_same(errors, &plain))
        {
            return (found, None);
        }
        let why = not_kept
            .or(hidden)
            .or_else(|| closure_in_question(errors, cell));
        match why {
            Some(why) => (why.render(cell), Some(why)),
            None => (as_it_is, None),
        }
    }

    /// The error that the learner sees when evcxr itself refuses the cell, and the variable that is the
    /// reason.
    pub(super) fn refused(error: &Error, cell: &CellSource) -> (CellError, Option<NotKept>) {
        let message = error.to_string();
        let not_kept = NotKept::read(&message);
        let error = match &not_kept {
            Some(why) => why.render(cell),
            None => cargo_failure::explain(&message),
        };
        (error, not_kept)
    }

    /// Gives a closure that captures nothing the type of a function, which has a name.
    pub(super) fn closure_as_function(edited: &Edited, name: &str) -> Option<Edited> {
        let binding = lets(edited.original()).into_iter().rev().find(|binding| {
            binding.names.len() == 1 && binding.names[0] == name && !binding.has_type
        })?;
        let ty = binding.closure?;
        if ty.contains('\n') {
            return None;
        }
        Some(edited.with(vec![Insertion {
            at: binding.pattern_end,
            text: format!(": {ty}"),
        }]))
    }

    fn render(&self, errors: &[CompilationError], cell: &CellSource) -> CellError {
        self.link.book().with_latest(cell, |sources| {
            compile_error::render(errors, sources, cell, &|error| {
                remarks(error, sources, cell, &self.lost)
            })
        })
    }

    /// The error of which evcxr kept only a remark: it calls the value of a cell in code of its own, and
    /// where an error's own place is there, it takes for the error what is said of the learner's lines.
    fn whole_error(&mut self, cell: &CellSource) -> Option<CellError> {
        let code = cell.edited.original();
        [BOUND, SHOWN].into_iter().find_map(|what| {
            let (_, found) = self.errors_of(around(code, what)?, cell)?;
            Some(found)
        })
    }

    /// The errors of the cell as the body of a function.
    fn plain_errors(&mut self, cell: &CellSource) -> Option<(Vec<CompilationError>, CellError)> {
        let braced = in_braces(cell.edited.original())?;
        self.errors_of(braced, cell)
    }

    fn errors_of(
        &mut self,
        braced: Edited,
        cell: &CellSource,
    ) -> Option<(Vec<CompilationError>, CellError)> {
        let mut errors = self.evcxr.check(braced.code()).ok()?;
        errors.retain(|error| {
            error.level() == "error" && !error.json.is_null() && error.is_from_user_code()
        });
        if errors.is_empty() {
            return None;
        }
        let braced = CellSource {
            edited: braced,
            ..cell.clone()
        };
        let found = self.render(&errors, &braced);
        Some((errors, found))
    }

    /// A borrow that is wrong only because the variable is to be kept.
    fn borrow_in_our_lines(
        &self,
        errors: &[CompilationError],
        cell: &CellSource,
    ) -> Option<NotKept> {
        let error = errors
            .iter()
            .filter_map(|error| Diagnostic::read(&error.json))
            .find(|error| matches!(error.code(), Some("E0597" | "E0716" | "E0521")))?;
        let bindings = lets(cell.edited.original());
        self.link.book().with_latest(cell, |sources| {
            let mut places = error.spans.iter().filter_map(|span| span.place(sources));
            let binding = places.find_map(|place| {
                bindings.iter().find(|binding| {
                    place.cell.request == cell.request && binding.range.contains(&place.range.start)
                })
            })?;
            Some(NotKept::Borrows(binding.names.first()?.clone()))
        })
    }
}

/// Where evcxr cannot keep a closure, it has the cell checked, and where a variable of an earlier cell
/// has a lifetime in its type, that fails in its own code, so that nothing is said of the closure.
fn closure_in_question(errors: &[CompilationError], cell: &CellSource) -> Option<NotKept> {
    if errors.iter().any(CompilationError::is_from_user_code) {
        return None;
    }
    lets(cell.edited.original())
        .into_iter()
        .filter(|binding| binding.closure.is_some() && !binding.has_type)
        .find_map(|binding| Some(NotKept::Closure(binding.names.into_iter().next()?)))
}

/// Whether evcxr dropped an error and kept a remark to it.
fn is_beheaded(error: &CompilationError) -> bool {
    matches!(error.level(), "note" | "help")
}

fn speak_of_the_same(errors: &[CompilationError], plain: &[CompilationError]) -> bool {
    let not_mutable =
        |error: &CompilationError| error.code().is_some_and(|code| NOT_MUTABLE.contains(&code));
    !errors.iter().any(not_mutable)
        && plain
            .iter()
            .any(|one| errors.iter().any(|other| one.code() == other.code()))
}

/// The cell as a block; `None` where it cannot be one, or need not.
fn in_braces(code: &str) -> Option<Edited> {
    if lets(code).is_empty() {
        return None;
    }
    around(code, BOUND)
}

/// What stands before the value of a cell, and what behind it, so that the line is the learner's and not
/// evcxr's, which calls a method of the value.
type Around = (&'static str, &'static str);

const BOUND: Around = ("let _ = ", ";");
/// The value has to be one that can be shown.
const SHOWN: Around = ("let _: &dyn ::std::fmt::Debug = &(", ");");

/// The cell as a block, with something around its value if it has one; `None` where it cannot be one.
fn around(code: &str, (before, behind): Around) -> Option<Edited> {
    if first_error(code).is_some() || code.contains("#![") {
        return None;
    }
    let commands: usize = code
        .split_inclusive('\n')
        .take_while(|line| is_command(line) || line.trim().is_empty())
        .map(str::len)
        .sum();
    if code[commands..].lines().any(is_command) {
        return None;
    }
    let insertion = |at, text: &str| Insertion {
        at,
        text: text.to_owned(),
    };
    let mut insertions = vec![insertion(commands, "{ ")];
    let value = value_range(code).filter(|_| ends_with_value(code));
    insertions.extend(value.iter().map(|value| insertion(value.start, before)));
    // A line of its own: the last one may end with a comment.
    let behind = if value.is_some() { behind } else { "" };
    insertions.push(insertion(code.len(), &format!("\n{behind}}}")));
    Some(Edited::unchanged(code).with(insertions))
}

/// Whether the cell would have compiled but for what its values come to: that is the learner's own.
pub(super) fn is_found_by_lint(error: &Error) -> bool {
    let Error::CompilationErrors(errors) = error else {
        return false;
    };
    let of_values = |error: &CompilationError| {
        Diagnostic::read(&error.json).is_some_and(|error| error.is_lint_of_values())
    };
    !errors.is_empty() && errors.iter().all(of_values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_go_around_the_code_and_not_around_commands() {
        let braced = in_braces(":dep x\n\nlet a = 1; // one").expect("it can be braced");
        assert_eq!(braced.code(), ":dep x\n\n{ let a = 1; // one\n}");
        let valued = in_braces("let a = 1;\na").expect("it can be braced");
        assert_eq!(valued.code(), "{ let a = 1;\nlet _ = a\n;}");
        assert_eq!(in_braces("let a = 1;\n:vars"), None);
        assert_eq!(in_braces("let = 1;"), None);
        assert_eq!(in_braces("a + 1"), None, "nothing is kept");
    }

    #[test]
    fn a_closure_gets_the_type_of_a_function() {
        let edited = Edited::unchanged("let f = |x: i32, y| x + y;\nf(1, 2)");
        let changed = Context::closure_as_function(&edited, "f").expect("it is one");
        assert_eq!(
            changed.code(),
            "let f: fn(i32, _) -> _ = |x: i32, y| x + y;\nf(1, 2)"
        );
        assert_eq!(Context::closure_as_function(&edited, "g"), None);
    }
}
