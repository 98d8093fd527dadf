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
/// Before what it only remarks.
const REMARK: &str = "warning: ";
/// The C compiler's word for it that the linker has said something.
const PASSED_ON: &str = "ld returned ";

/// The error without the linker's call; another one as it is.
#[must_use]
pub fn plain(mut error: Diagnostic) -> Diagnostic {
    if !error.message.starts_with(START) {
        return error;
    }
    let mut reasons: Vec<String> = Vec::new();
    let mut nowhere = Vec::new();
    for line in error
        .children
        .iter()
        .flat_map(|child| child.message.lines())
    {
        let Some(said) = said(line) else { continue };
        let name = said.strip_prefix(UNDEFINED);
        let reason = name.map_or_else(
            || said.to_owned(),
            |name| format!("`{name}` is in no library"),
        );
        if !reasons.contains(&reason) {
            reasons.push(reason);
            nowhere.extend(name.map(str::to_owned));
        }
    }
    if reasons.is_empty() {
        return error;
    }
    error.children.retain(|child| child.level == "help");
    error.message = format!("cannot link the cell: {}", reasons.join("; "));
    error.nowhere = nowhere;
    error
}

/// What the linker complains of in this line.
fn said(line: &str) -> Option<&str> {
    // The call itself is quoted, each argument in quotation marks.
    if line.contains(PASSED_ON) || line.trim_start().starts_with('"') {
        return None;
    }
    let (_, said) = MARKS.iter().find_map(|mark| line.split_once(mark))?;
    (!said.starts_with(REMARK)).then(|| said.trim())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(said: &str) -> Diagnostic {
        let error = json!({
            "message": "linking with `cc` failed: exit status: 1",
            "level": "error",
            "children": [
                {"level": "note", "message": " \"cc\" \"-lerror: none\" \"/a/ld: b\""},
                {"level": "note", "message": "some arguments are omitted"},
                {"level": "note", "message": said},
            ],
        });
        plain(Diagnostic::read(&error).expect("a diagnostic"))
    }

    #[test]
    fn what_the_linker_said_is_what_is_told() {
        let undefined_twice = "rust-lld: error: undefined symbol: f\n>>> referenced by a.o\n\n\
                               rust-lld: error: undefined symbol: g\ncollect2: error: ld returned 1 exit status";
        let error = told(undefined_twice);
        assert_eq!(
            error.message,
            "cannot link the cell: `f` is in no library; `g` is in no library"
        );
        assert_eq!(error.nowhere, ["f", "g"]);
        let library = "rust-lld: error: unable to find library -lz\n";
        assert_eq!(
            told(library).message,
            "cannot link the cell: unable to find library -lz"
        );
        let of_gnu = "/usr/bin/ld: warning: a remark\n/usr/bin/ld: cannot find -lz: No such file\ncollect2: error: ld returned 1 exit status";
        assert_eq!(
            told(of_gnu).message,
            "cannot link the cell: cannot find -lz: No such file"
        );
    }

    #[test]
    fn an_error_without_a_reason_stays_as_it_is() {
        assert!(told("the linker was killed").message.starts_with(START));
        let other = Diagnostic::of("mismatched types".to_owned());
        assert_eq!(plain(other).message, "mismatched types");
    }
}
