//! Macros of the learner, for later cells.
//!
//! A macro can be used only behind its definition, and evcxr puts the items of all cells in an order of
//! its own. With `#[macro_export]` a macro has a path, `crate::name`, and so no place.

use std::collections::BTreeSet;

use ra_ap_syntax::ast::{self, HasAttrs, HasName};
use ra_ap_syntax::{AstNode, SyntaxNode};

use super::Insertion;

/// The name of a macro, and what is inserted in its definition, at places of the wrapped cell.
#[must_use]
pub fn export(item: &ast::MacroRules) -> Option<(String, Option<Insertion>)> {
    let name = item.name()?.text().to_string();
    let exported = item.attrs().any(|attribute| {
        attribute
            .syntax()
            .text()
            .to_string()
            .contains("macro_export")
    });
    let at = usize::from(item.macro_rules_token()?.text_range().start());
    let insertion = (!exported).then(|| Insertion {
        at,
        text: "#[macro_export] ".to_owned(),
    });
    Some((name, insertion))
}

/// The whole path for calls of the learner's macros inside a module, where the short name means nothing.
#[must_use]
pub fn paths(module: &SyntaxNode, macros: &BTreeSet<String>) -> Vec<Insertion> {
    let mut own: BTreeSet<String> = BTreeSet::new();
    for node in module.descendants() {
        if let Some(item) = ast::MacroRules::cast(node.clone()) {
            own.extend(item.name().map(|name| name.text().to_string()));
        } else if let Some(item) = ast::Use::cast(node) {
            own.extend(
                super::items::items_of(&ast::Item::Use(item))
                    .into_iter()
                    .map(|item| item.name),
            );
        }
    }
    module
        .descendants()
        .filter_map(ast::MacroCall::cast)
        .filter_map(|call| {
            let path = call.path()?;
            let name = path.syntax().text().to_string();
            (macros.contains(&name) && !own.contains(&name)).then(|| Insertion {
                at: usize::from(path.syntax().text_range().start()),
                text: "crate::".to_owned(),
            })
        })
        .collect()
}
