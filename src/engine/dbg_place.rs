//! `dbg!` with the place in the cell.
//!
//! The macro writes file, line and column, and these are of the source that evcxr made. The compiler does
//! not know the cell's; the kernel does, and puts them in when the text comes by.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::source_book::SourceBook;

/// std's `dbg!`, but that its text is written in one piece: the kernel has to see the place as a whole.
pub const DEFINITION: &str = r#"macro_rules! dbg {
    () => {
        ::std::eprint!("{}", ::std::format!("[{}:{}:{}]\n", ::std::file!(), ::std::line!(), ::std::column!()))
    };
    ($val:expr $(,)?) => {
        match $val {
            tmp => {
                ::std::eprint!("{}", ::std::format!(
                    "[{}:{}:{}] {} = {:#?}\n",
                    ::std::file!(), ::std::line!(), ::std::column!(), ::std::stringify!($val),
                    &&tmp as &dyn ::std::fmt::Debug
                ));
                tmp
            }
        }
    };
    ($($val:expr),+ $(,)?) => {
        ($(dbg!($val)),+,)
    };
}"#;

/// The text with the places of cells. What only looks like a place of `dbg!` stays as it is.
#[must_use]
pub fn named_by_cells(text: String, book: &SourceBook) -> String {
    static PLACE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?m)^\[src/lib\.rs:(\d+):(\d+)\]").expect("a valid pattern"));
    if !text.contains("[src/lib.rs:") {
        return text;
    }
    let named = PLACE.replace_all(&text, |found: &Captures<'_>| {
        let number = |group: usize| found[group].parse().unwrap_or(0);
        let place = book.place_of_macro("dbg!", (number(1), number(2)));
        place.map_or_else(|| found[0].to_owned(), |place| format!("[{place}]"))
    });
    named.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rewrite::Edited;
    use crate::engine::source_map::CellSource;

    #[test]
    fn the_place_of_a_dbg_is_the_cells_and_other_text_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("lib.rs");
        let book = SourceBook::new(file.clone());
        book.add(CellSource {
            request: 1,
            count: 8,
            edited: Edited::unchanged("let a = 1;\nlet ö = dbg!(a);"),
        });
        std::fs::write(&file, "// made\nlet a = 1;\nlet ö = dbg!(a);").expect("a file");
        book.begin(1);
        // A later cell has something else there.
        std::fs::write(&file, "// made\nlet a = 1;\nlet b = a + 1;").expect("a file");
        book.begin(2);
        let named = |text: &str| named_by_cells(text.to_owned(), &book);
        assert_eq!(
            named("x\n[src/lib.rs:3:9] a = 1\n"),
            "x\n[cell 8:2:9] a = 1\n"
        );
        for other in [
            "[src/lib.rs:2:1] a\n",
            "see [src/lib.rs:3:9]\n",
            "[src/lib.rs:99999999999999999999:1]",
        ] {
            assert_eq!(named(other), other);
        }
    }
}
