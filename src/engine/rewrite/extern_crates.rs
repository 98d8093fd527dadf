//! `extern crate std;` and its like.
//!
//! evcxr takes every `extern crate` for one of the registry and asks the network for it. The crates of
//! the toolchain are hidden from it in a module, from which their names are imported.

use ra_ap_syntax::ast::{self, HasName};
use ra_ap_syntax::{AstNode, SyntaxKind};

use super::Insertion;

const OF_TOOLCHAIN: [&str; 5] = ["std", "core", "alloc", "proc_macro", "test"];

/// What is inserted around an `extern crate` of the toolchain, at places of the wrapped cell.
#[must_use]
pub fn insertions(item: &ast::ExternCrate) -> Vec<Insertion> {
    read(item).unwrap_or_default()
}

fn read(item: &ast::ExternCrate) -> Option<Vec<Insertion>> {
    let name = item.name_ref()?.text().to_string();
    if !OF_TOOLCHAIN.contains(&name.as_str()) {
        return None;
    }
    let called = match item.rename() {
        Some(rename) => rename.name()?.text().to_string(),
        None => name,
    };
    // The one keyword that may not stand in the module: the import has to see it.
    let public = if item
        .syntax()
        .children()
        .any(|c| c.kind() == SyntaxKind::VISIBILITY)
    {
        ""
    } else {
        "pub "
    };
    let range = item.syntax().text_range();
    Some(vec![
        Insertion {
            at: usize::from(range.start()),
            text: format!("mod lesson_crate_{called} {{ "),
        },
        Insertion {
            at: usize::from(item.extern_token()?.text_range().start()),
            text: public.to_owned(),
        },
        Insertion {
            at: usize::from(range.end()),
            text: format!(" }} use lesson_crate_{called}::{called};"),
        },
    ])
}
