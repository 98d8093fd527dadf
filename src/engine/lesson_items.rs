//! What the support crate brings into a cell, as its source tells.

use std::sync::LazyLock;

use ra_ap_syntax::ast::{HasModuleItem, HasName};
use ra_ap_syntax::{AstNode, SourceFile, ast};

use super::items::{self, Item};
use super::syntax::EDITION;
use crate::setup::sources::Sources;

/// The path whose import brings the prelude's names into scope.
pub const PRELUDE: &str = "lesson_support::prelude";

/// The support crate, read once, when it is first asked for.
pub static SUPPORT: LazyLock<Support> = LazyLock::new(|| Support::read(&Sources::support()));

/// What is known of the support crate.
#[derive(Debug)]
pub struct Support {
    /// Its public items and their members.
    pub items: Vec<Item>,
    /// The names in its prelude, those of the standard library too.
    pub prelude: Vec<String>,
}

impl Support {
    fn read(sources: &Sources) -> Support {
        let mut support = Support {
            items: Vec::new(),
            prelude: Vec::new(),
        };
        for (path, text) in sources.rust_files("src") {
            // Called by what the kernel writes into cells; a learner never sees it.
            if path.starts_with("src/cells") {
                continue;
            }
            if path.ends_with("prelude.rs") {
                support.prelude = exported(text);
            } else {
                support.items.extend(items::of_file(text));
            }
        }
        support
    }
}

/// The names that the `use` items of a file bring in.
fn exported(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    for item in SourceFile::parse(source, EDITION).tree().items() {
        if let ast::Item::Use(item) = item
            && let Some(tree) = item.use_tree()
        {
            add(&tree, None, &mut names);
        }
    }
    names.sort();
    names.dedup();
    names
}

fn add(tree: &ast::UseTree, parent: Option<&str>, names: &mut Vec<String>) {
    let last = tree
        .path()
        .and_then(|path| path.segment())
        .map(|segment| segment.syntax().text().to_string());
    if let Some(list) = tree.use_tree_list() {
        for inner in list.use_trees() {
            add(&inner, last.as_deref().or(parent), names);
        }
        return;
    }
    let renamed = tree.rename().and_then(|rename| rename.name());
    let name = match (renamed, last.as_deref()) {
        (Some(name), _) => Some(name.text().to_string()),
        (None, Some("self")) => parent.map(str::to_owned),
        (None, other) => other.map(str::to_owned),
    };
    if tree.star_token().is_none() {
        names.extend(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_renamed_and_self_imports_are_names() {
        let source = "pub use a::b::{self, C, d::{E as F, *}};\npub use x::Y;\nfn f() {}";
        assert_eq!(exported(source), ["C", "F", "Y", "b"]);
    }

    #[test]
    fn the_prelude_and_its_documentation_are_known() {
        for name in ["Lock", "Duration", "Relaxed", "sleep"] {
            assert!(SUPPORT.prelude.iter().any(|known| known == name), "{name}");
        }
        let acquire = SUPPORT
            .items
            .iter()
            .find(|item| item.owner.as_deref() == Some("Lock") && item.name == "acquire")
            .expect("Lock::acquire");
        assert!(acquire.dotted && !acquire.doc.is_empty(), "{acquire:?}");
    }
}
