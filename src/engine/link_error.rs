//! An error of the linker, told as one of the cell.
//!
//! rustc tells it by the whole call of the linker, a page of paths, and below it what the linker said.

use super::diagnostic::Diagnostic;

/// How the compiler begins to tell it.
const START: &str = "linking with ";
/// Before a name that is declared and is nowhere.
const UNDEFINED: &str = "undefined symbol: ";
/// Before what the linker, whichever it is, complains of.
const MARKS: [&str; 2] = ["error: ", "/ld: "];
/// The C compiler's word for it that the linker has said something.
const PASSED_ON: &str = "ld returned ";

/// The error without the linker's call; another one as it is.
#[must_use]
pub fn plain(mut error: Diagnostic) -> Diagnostic {
    if !error.message.starts_with(START) {
        return error;
    }
    let mut reasons: Vec<String> = Vec::new();
    for line in error
        .children
        .iter()
        .flat_map(|child| child.message.lines())
    {
        if let Some(reason) = reason(line)
            && !reasons.contains(&reason)
        {
            reasons.push(reason);
        }
    }
    if reasons.is_empty() {
        return error;
    }
    error.children.retain(|child| child.level == "help");
    error.message = format!("cannot link the cell: {}", reasons.join("; "));
    error
}

/// The functions and statics that an error of [`plain`] says are nowhere.
pub fn undefined(message: &str) -> impl Iterator<Item = &str> {
    let quoted = |part: &str| part.find('`').map(|at| at + 1);
    message.split("; ").filter_map(move |part| {
        let rest = part.ends_with(NOWHERE).then(|| quoted(part)).flatten()?;
        part[rest..].split('`').next()
    })
}

/// What is said of a name that no library has.
const NOWHERE: &str = "is in no library";

fn reason(line: &str) -> Option<String> {
    // The call itself is quoted, each argument in quotation marks.
    if line.contains(PASSED_ON) || line.trim_start().starts_with('"') {
        return None;
    }
    let said = MARKS
        .iter()
        .find_map(|mark| line.split_once(mark).map(|(_, said)| said.trim()))?;
    Some(match said.strip_prefix(UNDEFINED) {
        Some(name) => format!("`{name}` {NOWHERE}"),
        None => said.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(said: &str) -> String {
        let error = json!({
            "message": "linking with `cc` failed: exit status: 1",
            "level": "error",
            "children": [
                {"level": "note", "message": " \"cc\" \"-lerror: none\" \"/a/ld: b\""},
                {"level": "note", "message": "some arguments are omitted"},
                {"level": "note", "message": said},
            ],
        });
        plain(Diagnostic::read(&error).expect("a diagnostic")).message
    }

    #[test]
    fn what_the_linker_said_is_what_is_told() {
        let undefined_twice = "rust-lld: error: undefined symbol: f\n>>> referenced by a.o\n\n\
                               rust-lld: error: undefined symbol: g\ncollect2: error: ld returned 1 exit status";
        let message = told(undefined_twice);
        assert_eq!(
            message,
            "cannot link the cell: `f` is in no library; `g` is in no library"
        );
        assert_eq!(undefined(&message).collect::<Vec<_>>(), ["f", "g"]);
        let library = "rust-lld: error: unable to find library -lz\n";
        assert_eq!(
            told(library),
            "cannot link the cell: unable to find library -lz"
        );
        let of_gnu = "/usr/bin/ld: cannot find -lz: No such file\ncollect2: error: ld returned 1 exit status";
        assert_eq!(
            told(of_gnu),
            "cannot link the cell: cannot find -lz: No such file"
        );
    }

    #[test]
    fn an_error_without_a_reason_stays_as_it_is() {
        assert!(told("the linker was killed").starts_with(START));
        let other = Diagnostic::of("mismatched types".to_owned());
        assert_eq!(plain(other).message, "mismatched types");
    }
}
