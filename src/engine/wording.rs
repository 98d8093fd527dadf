//! The compiler's words without names that only the generated source has.

use std::sync::LazyLock;

use regex::Regex;

/// A text as the learner may read it.
#[must_use]
pub fn readable(text: &str) -> String {
    static CHANGES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        [
            (r"^this file contains", "this cell contains"),
            (
                r"^`--crate-name` and `#\[crate_name\]` are required to match.*",
                "a cell cannot have a `#![crate_name]`: it is part of the notebook's crate",
            ),
            // A closure is named by its place in a file that the reader cannot look up.
            (r"\{([a-z ]+)@src/lib\.rs:[^}]*\}", "{$1}"),
            (r"`?\bevcxr_variable_store\b`?", "the end of the cell"),
            (
                r" in an async (?:function|block) that returns `Result(?:<\(\), EvcxrUserCodeError>)?`",
                " in a cell, which passes on errors of a `Result`",
            ),
            (r"\bEvcxrUserCodeError\b", "_"),
            (
                r"use `cargo add ([\w-]+)` to add it to your `Cargo\.toml`",
                "add it by the line `:dep $1`",
            ),
            // The crate of a cell, and the home of a static.
            (r"\bctx::", ""),
            (r"\blesson_static_\d+_\w+::", ""),
            (r" \(in the root of the crate\)", ""),
        ]
        .into_iter()
        .map(|(from, to)| (Regex::new(from).expect("a valid pattern"), to))
        .collect()
    });
    CHANGES.iter().fold(text.to_owned(), |text, (from, to)| {
        from.replace_all(&text, *to).into_owned()
    })
}

/// The words of rust-analyzer's parser, which names some tokens by names of its own.
#[must_use]
pub fn parsers(text: &str) -> String {
    const TOKENS: [(&str, &str); 10] = [
        ("L_CURLY", "`{`"),
        ("R_CURLY", "`}`"),
        ("L_PAREN", "`(`"),
        ("R_PAREN", "`)`"),
        ("L_BRACK", "`[`"),
        ("R_BRACK", "`]`"),
        ("SEMICOLON", "`;`"),
        ("COMMA", "`,`"),
        ("FAT_ARROW", "`=>`"),
        ("IDENT", "a name"),
    ];
    TOKENS
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Whether a text speaks of what only the generated source has, or of a file of ours: then it is no
/// help to the learner.
#[must_use]
pub fn about_generated_code(text: &str) -> bool {
    const NAMES: [&str; 12] = [
        "evcxr_",
        "EvcxrUserCode",
        "user_code",
        "lesson_stop",
        "lesson_runtime",
        "lesson_static",
        "src/lib.rs",
        "put_variable",
        "has been written to",
        "verbose type name",
        // Of places in our own lines.
        "` to `&dyn Debug`",
        "requirement that the value outlives `'static` introduced here",
    ];
    NAMES.iter().any(|name| text.contains(name))
}

/// Whether a text offers a name because it looks like the one that was not found.
#[must_use]
pub fn about_similar(text: &str) -> bool {
    text.contains("similar name") || text.contains("similarly named")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closure_is_named_without_its_place_in_the_generated_source() {
        assert_eq!(
            readable("within this `{closure@src/lib.rs:116:20: 116:27}`"),
            "within this `{closure}`"
        );
    }

    #[test]
    fn names_of_ours_are_replaced_by_what_they_mean() {
        assert_eq!(
            readable("expected `;`, found `evcxr_variable_store`"),
            "expected `;`, found the end of the cell"
        );
        assert_eq!(readable("expected `ctx::Door`"), "expected `Door`");
        assert_eq!(
            readable("use `cargo add rand` to add it to your `Cargo.toml`"),
            "add it by the line `:dep rand`"
        );
        assert_eq!(
            readable("compatible with `Result<(), EvcxrUserCodeError>`"),
            "compatible with `Result<(), _>`"
        );
    }

    #[test]
    fn tokens_are_written_as_the_learner_writes_them() {
        assert_eq!(parsers("expected R_CURLY"), "expected `}`");
    }

    #[test]
    fn nothing_of_the_generated_source_is_shown() {
        assert!(about_generated_code("borrowed by `evcxr_variable_store`"));
        assert!(!about_generated_code("consider cloning the value"));
    }
}
