//! Statics that keep their value from cell to cell.
//!
//! evcxr compiles all items into every cell again, so a static would be a fresh one in each. Here every
//! static of an item, however deep inside, is exported under a name of its own ([`Static::symbol`]).
//! That name goes with the item into the later cells, and the dynamic linker lets all of them use the
//! copy that was loaded first. Type, initialiser and uses stay exactly what the learner wrote, so what
//! is valid in a file is valid here. A cell that is run again gets new names, and so fresh statics.
//!
//! What macros of the standard library and of `lazy_static` make is reached through a static of ours
//! (see `macro_statics.rs`).

use std::collections::BTreeSet;

use ra_ap_syntax::ast::{self, HasAttrs, HasName};
use ra_ap_syntax::{AstNode, SyntaxKind};

use super::items::names_in;

/// What all cells need: the name of a static's symbol, and the statics that stand for macros.
///
/// The symbols are made by a macro, so that a static can be given a new one without its item being
/// defined again; see [`naming_macro`].
pub const DEFINITION: &str = r#"mod lesson_statics {
    use std::cell::UnsafeCell;
    use std::ops::Deref;
    // The cells make the compiler take the content for changeable: it must not replace a look at it
    // by what its own cell has there.
    pub struct LocalKey<T: 'static>(UnsafeCell<std::thread::LocalKey<T>>);
    unsafe impl<T> Sync for LocalKey<T> {}
    impl<T> LocalKey<T> {
        pub const fn new(key: std::thread::LocalKey<T>) -> Self { Self(UnsafeCell::new(key)) }
    }
    impl<T> Deref for LocalKey<T> {
        type Target = std::thread::LocalKey<T>;
        fn deref(&self) -> &Self::Target { unsafe { &*self.0.get() } }
    }
    pub struct Lazy<T: 'static>(UnsafeCell<fn() -> &'static T>);
    unsafe impl<T: Sync> Sync for Lazy<T> {}
    impl<T> Lazy<T> {
        pub const fn new(get: fn() -> &'static T) -> Self { Self(UnsafeCell::new(get)) }
    }
    impl<T> Deref for Lazy<T> {
        type Target = T;
        fn deref(&self) -> &T { (unsafe { *self.0.get() })() }
    }
}"#;

/// The symbol of a static: no two have the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Symbol {
    /// The run that defines it.
    pub generation: u64,
    /// Its place among the statics of that run.
    pub number: usize,
}

impl Symbol {
    /// Inserted before the static.
    #[must_use]
    pub fn attribute(self) -> String {
        let Symbol { generation, number } = self;
        format!("#[unsafe(export_name = crate::lesson_static!({generation} {number}))] ")
    }

    /// An arm of the macro that names symbols: this one is called differently from the run `since` on.
    fn renamed(self, since: u64) -> String {
        let Symbol { generation, number } = self;
        format!(
            "({generation} {number}) => {{ \"lesson_static_{generation}_{number}_{since}\" }}; "
        )
    }
}

/// The macro that names symbols, as an item on one line. Each of `renamed` starts afresh, from the run
/// given with it on.
#[must_use]
pub fn naming_macro(renamed: impl Iterator<Item = (Symbol, u64)>) -> String {
    let arms: String = renamed
        .map(|(symbol, since)| symbol.renamed(since))
        .collect();
    format!(
        "#[macro_export] macro_rules! lesson_static {{ {arms}\
         ($generation:literal $number:literal) => \
         {{ concat!(\"lesson_static_\", $generation, \"_\", $number) }} }}"
    )
}

/// A static of a cell's item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Static {
    /// Its name, as the learner knows it.
    pub name: String,
    /// The name under which evcxr keeps the item that it is part of: a redefinition replaces both.
    pub item: Option<String>,
    /// The nameless block that it is part of, by its place in the cell.
    pub block: Option<usize>,
    /// The names that its type mentions.
    pub mentions: BTreeSet<String>,
    /// Where its value is.
    pub symbol: Symbol,
}

/// Where a static's attribute has to stand: behind its own attributes and comments. `None` for one
/// that the learner exports, and for a declaration of one that is elsewhere.
#[must_use]
pub fn attribute_place(item: &ast::Static) -> Option<usize> {
    let exported = item.attrs().any(|attribute| {
        let text = attribute.syntax().text().to_string();
        ["no_mangle", "export_name", "link_section"]
            .iter()
            .any(|name| text.contains(name))
    });
    if exported || item.body().is_none() {
        return None;
    }
    let start = item
        .syntax()
        .children_with_tokens()
        .find(|element| {
            !matches!(
                element.kind(),
                SyntaxKind::ATTR | SyntaxKind::WHITESPACE | SyntaxKind::COMMENT
            )
        })?
        .text_range()
        .start();
    Some(usize::from(start))
}

/// The name of a static, and the names that its type mentions.
#[must_use]
pub fn name_and_mentions(item: &ast::Static) -> Option<(String, BTreeSet<String>)> {
    Some((
        item.name()?.text().to_string(),
        names_in(item.ty()?.syntax()).collect(),
    ))
}
