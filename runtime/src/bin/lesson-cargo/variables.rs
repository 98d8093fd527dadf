//! The variables that a cell has nothing to do with.
//!
//! evcxr lets each cell take every variable out of the store and put it back, by code that is compiled for the type of
//! each. A variable whose name is nowhere else in the cell can stay where it is.

use std::collections::HashMap;
use std::ops::Range;

/// evcxr's lines for a variable: how they begin, and how they go on behind its type. `{}` is its name.
const CHECK: [&str; 2] = [
    "vars_ok &= evcxr_variable_store.check_variable::<",
    ">(stringify!({}));",
];
const TAKE: [&str; 2] = [
    " = evcxr_variable_store.take_variable::<",
    ">(stringify!({}));",
];
const PUT: [&str; 2] = [
    "evcxr_variable_store.put_variable::<",
    ">(stringify!({}), {});",
];
/// By this a cell may name variables in another file.
const INCLUDE: &str = "include!";

/// The source without the lines for variables that it does not name; `None` if it names all that it has. All else
/// keeps its line and its byte.
#[must_use]
pub fn without_unused(source: &str) -> Option<String> {
    if source.contains(INCLUDE) {
        return None;
    }
    let mut lines: HashMap<&str, Vec<Range<usize>>> = HashMap::new();
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        let text = line.trim_end();
        if let Some(name) = variable(text) {
            lines.entry(name).or_default().push(at..at + text.len());
        }
        at += line.len();
    }
    if lines.is_empty() {
        return None;
    }
    let mut named: HashMap<&str, usize> = HashMap::new();
    for word in words(source) {
        *named.entry(word).or_default() += 1;
    }
    let mut kept = source.to_owned().into_bytes();
    let mut unused = false;
    for (name, lines) in lines {
        let here = |line: &Range<usize>| words(&source[line.clone()]).filter(|word| *word == name);
        let in_lines: usize = lines.iter().map(|line| here(line).count()).sum();
        // One line to look at its type, one to take it, one to put it back.
        if lines.len() == 3 && named.get(name) == Some(&in_lines) {
            unused = true;
            for line in lines {
                kept[line].fill(b' ');
            }
        }
    }
    // Whole lines have been written over, so it is text as before.
    unused.then(|| String::from_utf8(kept).ok()).flatten()
}

/// The variable that a line of evcxr's is for.
fn variable(line: &str) -> Option<&str> {
    let rest = [CHECK[0], PUT[0]]
        .iter()
        .find_map(|start| line.strip_prefix(start))
        .or_else(|| {
            line.strip_prefix("let ")?
                .split_once(TAKE[0])
                .map(|(_, rest)| rest)
        })?;
    let (_, name) = rest.rsplit_once(">(stringify!(")?;
    let name = name.split_once(')')?.0;
    let ends = [CHECK[1], PUT[1]].map(|end| end.replace("{}", name));
    ends.iter()
        .any(|end| rest.ends_with(end.as_str()))
        .then_some(name)
}

/// What may be names, in code, comments and strings alike.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cell as evcxr makes it of this code, with two variables.
    fn cell(code: &str) -> String {
        let mut source = String::from("fn older() {}\n{let mut vars_ok = true;\n");
        let variables = [
            ("", "seats", "Vec<u8>"),
            ("mut ", "string", "std::string::String"),
        ];
        for (_, name, ty) in variables {
            source += &format!("{}{ty}{}\n", CHECK[0], CHECK[1].replace("{}", name));
        }
        source += "if !vars_ok {return evcxr_variable_store;}}\n";
        for (mutable, name, ty) in variables {
            source += &format!(
                "let {mutable}{name}{}{ty}{}\n",
                TAKE[0],
                TAKE[1].replace("{}", name)
            );
        }
        source += code;
        source += "\n";
        for (_, name, ty) in variables {
            source += &format!("{}{ty}{}\n", PUT[0], PUT[1].replace("{}", name));
        }
        source
    }

    /// The variables for which there are lines.
    fn taken(source: &str) -> Vec<&str> {
        source
            .lines()
            .filter(|line| line.starts_with("let "))
            .filter_map(variable)
            .collect()
    }

    #[test]
    fn a_variable_that_the_cell_does_not_name_stays_in_the_store() {
        for (code, left) in [
            ("seats.len();", vec!["seats"]),
            ("println!(\"{string}\");", vec!["string"]),
            ("let n = 1;", vec![]),
            ("my_seats(); substring!();", vec![]),
        ] {
            let source = cell(code);
            let changed = without_unused(&source).expect("one is not used");
            assert_eq!(taken(&changed), left, "{code}");
            assert_eq!(changed.len(), source.len());
            assert_eq!(changed.find(code), source.find(code));
            assert_eq!(
                changed.matches("_variable::<").count(),
                3 * left.len(),
                "{changed}"
            );
        }
    }

    #[test]
    fn where_all_are_named_or_may_be_nothing_changes() {
        for code in [
            "f(&seats, &string);",
            "// seats and string",
            "include!(\"more.rs\");",
        ] {
            assert_eq!(without_unused(&cell(code)), None, "{code}");
        }
        assert_eq!(without_unused("fn f() {}\n"), None);
    }

    #[test]
    fn lines_that_only_look_alike_are_left() {
        // A variable that is taken and not put back has been moved away.
        let moved = cell("let n = 1;").replace(PUT[0], "drop::<");
        assert_eq!(without_unused(&moved), None);
    }
}
