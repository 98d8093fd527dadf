//! Statics that keep their value from cell to cell.
//!
//! evcxr compiles all items into every cell again, so a static would be a fresh one in each. Here the
//! cell that defines it exports it under a name of its own ([`Static::symbol`]), and for all later
//! cells the definition is replaced by a declaration of that symbol ([`Static::declaration`]). Type
//! and uses stay exactly what the learner wrote. Running the defining cell again makes a new symbol,
//! and so a fresh static.

use ra_ap_syntax::ast::{self, HasAttrs, HasName};
use ra_ap_syntax::{AstNode, SyntaxKind};

/// A static at the top level of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Static {
    /// Its name.
    pub name: String,
    /// Its type, as written.
    pub ty: String,
    /// Whether it is a `static mut`.
    pub mutable: bool,
    /// The whole item, as written.
    pub source: String,
    /// Where the item starts in the cell, behind its attributes and comments.
    pub start: usize,
    /// The run that defines it: no two have the same number.
    pub generation: u64,
}

impl Static {
    /// Reads a static item; `None` where it is one that the compiler exports already, or is not
    /// complete.
    #[must_use]
    pub fn read(item: &ast::Static, generation: u64) -> Option<Static> {
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
        Some(Static {
            name: item.name()?.text().to_string(),
            ty: item.ty()?.syntax().text().to_string(),
            mutable: item.mut_token().is_some(),
            source: item.syntax().text().to_string(),
            start: usize::from(start),
            generation,
        })
    }

    /// The symbol under which the defining cell exports it.
    #[must_use]
    pub fn symbol(&self) -> String {
        format!("lesson_static_{}_{}", self.generation, self.name)
    }

    /// Inserted before the item in the defining cell.
    #[must_use]
    pub fn attribute(&self) -> String {
        format!("#[unsafe(export_name = \"{}\")] ", self.symbol())
    }

    /// What takes the item's place in later cells: an import under the same name, which replaces the
    /// item in evcxr's list of names.
    #[must_use]
    pub fn declaration(&self) -> String {
        let Static { name, ty, .. } = self;
        let symbol = self.symbol();
        let kind = if self.mutable {
            "static mut"
        } else {
            "safe static"
        };
        format!(
            "mod {symbol} {{ use super::*; unsafe extern \"Rust\" {{ \
             #[link_name = \"{symbol}\"] pub {kind} {name}: {ty}; }} }}\n\
             use {symbol}::{name};"
        )
    }
}
