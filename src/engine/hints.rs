//! Remarks to errors of the compiler that have their reason in cells.

use super::diagnostic::Diagnostic;
use super::help;
use super::lost::Lost;
use super::not_kept::one_line;
use super::source_map::{CellSource, Sources};
use super::syntax::{Let, lets};

/// Remarks of our own to an error of the compiler.
#[must_use]
pub fn remarks(
    error: &Diagnostic,
    sources: &Sources<'_>,
    cell: &CellSource,
    lost: &Lost,
) -> Vec<String> {
    match error.code() {
        // A name that is also one of an attribute, such as `path`, is told as E0423.
        Some("E0425" | "E0423") => lost_name(&error.message)
            .and_then(|name| lost.explain(name))
            .into_iter()
            .collect(),
        Some("E0384" | "E0594" | "E0596") => not_mutable(&error.message)
            .and_then(|name| Some((name, lost.defined_by(name)?)))
            .filter(|(_, count)| *count != cell.count)
            .map(|(name, count)| {
                format!("cell {count} defines `{name}` without `mut`; the line `let mut {name} = {name};` makes it mutable from here on")
            })
            .into_iter()
            .collect(),
        Some("E0658") if error.message.contains("`!` type") => vec![
            "a variable gets its type from something that never returns, such as a closure that only panics; write the type, for instance `|| -> () { … }`".to_owned(),
        ],
        Some("E0282" | "E0283" | "E0284") => type_known_later(error, sources, cell)
            .into_iter()
            .collect(),
        Some("E0277") if is_future(&error.message) => vec![
            "a future does nothing until it is awaited, and has no value to show before that: `.await` behind it, in the last line of the cell, runs it and gives its value".to_owned(),
        ],
        Some("E0277") if error.message.ends_with("doesn't implement `Debug`") => {
            let shown = error
                .spans
                .iter()
                .all(|span| span.place(sources).is_none());
            if shown {
                vec!["a cell shows the value of its last line; end the line with `;` where it is not to be shown".to_owned()]
            } else {
                Vec::new()
            }
        }
        None if error.message.starts_with("Unrecognised command") => {
            let word = error.message.split_whitespace().last().unwrap_or_default();
            let meant = help::near(word).map(|command| format!("perhaps `{command}` is meant"));
            let list = "`:help` lists the commands".to_owned();
            meant.into_iter().chain([list]).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether the message says of a future that it cannot be shown.
fn is_future(message: &str) -> bool {
    let of_future = [
        "async block",
        "async fn",
        "impl Future",
        "impl std::future::Future",
    ];
    message.ends_with("doesn't implement `Debug`")
        && of_future.iter().any(|ty| message.contains(ty))
}

fn lost_name(message: &str) -> Option<&str> {
    let quoted = message.strip_prefix("cannot find value `").or_else(|| {
        message
            .strip_prefix("expected value, found ")?
            .split_once('`')
            .map(|(_, rest)| rest)
    })?;
    quoted.split('`').next()
}

/// The variable of `cannot assign twice to immutable variable `x`` and its like.
fn not_mutable(message: &str) -> Option<&str> {
    let name = message.split('`').nth(1)?;
    name.split(['.', '['])
        .next()?
        .strip_prefix('*')
        .or(Some(name))
}

fn type_known_later(
    error: &Diagnostic,
    sources: &Sources<'_>,
    cell: &CellSource,
) -> Option<String> {
    let span = error.spans.iter().find(|span| span.is_primary)?;
    let place = span.place(sources)?;
    if place.cell.request != cell.request {
        return None;
    }
    let binding = lets(cell.edited.original())
        .into_iter()
        .find(|binding| binding.range.contains(&place.range.start))?;
    let example = example(&binding);
    Some(format!(
        "a cell is compiled by itself: what a later cell does with {} does not count, so the type has to be known here, for instance by {example}",
        binding
            .names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(" and "),
    ))
}

fn example(binding: &Let) -> String {
    const WITH_TYPE: [(&str, &str); 12] = [
        ("sync_channel(", "sync_channel::<i32>("),
        ("channel()", "channel::<i32>()"),
        ("Vec::new()", "Vec::<i32>::new()"),
        ("Vec::with_capacity(", "Vec::<i32>::with_capacity("),
        ("VecDeque::new()", "VecDeque::<i32>::new()"),
        ("HashMap::new()", "HashMap::<String, i32>::new()"),
        ("HashSet::new()", "HashSet::<i32>::new()"),
        (".parse()", ".parse::<i32>()"),
        (".collect()", ".collect::<Vec<_>>()"),
        (".sum()", ".sum::<i32>()"),
        (".product()", ".product::<i32>()"),
        ("vec![]", "Vec::<i32>::new()"),
    ];
    let value = one_line(&binding.value);
    if binding.closure.is_some() {
        return "the types of its parameters: `|x: i32| …`".to_owned();
    }
    if value == "None" {
        return "`None::<i32>`".to_owned();
    }
    match WITH_TYPE.iter().find(|(from, _)| value.contains(from)) {
        Some((from, to)) => format!("`{}`", value.replacen(from, to, 1)),
        None => format!(
            "`let {}: i32 = …`",
            binding.names.first().map_or("x", String::as_str)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_the_learners_own_line_with_a_type() {
        let of = |code: &str| example(&lets(code)[0]);
        assert_eq!(
            of("let (tx, rx) = mpsc::channel();"),
            "`mpsc::channel::<i32>()`"
        );
        assert_eq!(of("let v = Vec::new();"), "`Vec::<i32>::new()`");
        assert_eq!(
            of("let n = \"5\".parse().unwrap();"),
            "`\"5\".parse::<i32>().unwrap()`"
        );
        assert_eq!(of("let d = Default::default();"), "`let d: i32 = …`");
    }
}
