//! `#![feature(…)]` on a stable compiler.
//!
//! evcxr writes down types that the learner never wrote, and for some of them the crate of the cells is
//! allowed unstable features (see `setup::warm`). That must not let a learner use them unknowingly: the
//! same lines would not compile in a file.

use std::ops::Range;

use annotate_snippets::Level;
use ra_ap_syntax::{AstNode, SourceFile, TextSize, ast};

use super::outcome::CellError;
use super::own_error;
use super::syntax::{EDITION, in_cell, wrap};

/// The compiler's code of this error.
const CODE: &str = "E0554";

/// Whether the compiler of this release takes `#![feature]`.
#[must_use]
pub fn takes_features(release: &str) -> bool {
    ["nightly", "dev"].iter().any(|kind| release.contains(kind))
}

/// The error of a cell that asks for an unstable feature, if it does.
#[must_use]
pub fn refuse(code: &str, count: usize) -> Option<CellError> {
    let place = place(code)?;
    let message = "`#![feature]` may not be used on the stable release channel";
    let help = "unstable features need a nightly toolchain; leave the attribute out to go on with this one";
    let remark = (Level::HELP, help.to_owned());
    let error = own_error::render(message, Some((place, "")), code, count, &[remark]);
    Some(CellError {
        ename: CODE.to_owned(),
        ..error
    })
}

fn place(code: &str) -> Option<Range<usize>> {
    if !code.contains("feature") {
        return None;
    }
    let root = SourceFile::parse(&wrap(code), EDITION).tree();
    let attribute = root
        .syntax()
        .descendants()
        .filter_map(ast::Attr::cast)
        .find(|attribute| {
            let text = attribute.syntax().text().to_string();
            let words: String = text.split_whitespace().collect();
            words.starts_with("#![feature(")
        })?;
    let range = attribute.syntax().text_range();
    let place = |offset: TextSize| in_cell(code, usize::from(offset));
    Some(place(range.start())..place(range.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attribute_is_found_with_its_place() {
        let code = "// on top\n#![feature(never_type)]\nlet a = 1;";
        assert_eq!(place(code), Some(10..33));
        let error = refuse(code, 3).expect("an error");
        assert_eq!(error.ename, CODE);
        assert!(error.traceback[0].contains("cell 3"));
    }

    #[test]
    fn words_that_look_like_it_are_none() {
        for code in [
            "let s = \"#![feature(x)]\";",
            "// #![feature(x)]",
            "#![allow(unused)]",
            "#[cfg(feature = \"x\")] fn f() {}",
        ] {
            assert_eq!(place(code), None, "{code}");
        }
    }

    #[test]
    fn a_nightly_compiler_takes_it() {
        assert!(takes_features("1.97.0-nightly"));
        assert!(!takes_features("1.95.0"));
        assert!(!takes_features("1.96.0-beta.2"));
    }
}
