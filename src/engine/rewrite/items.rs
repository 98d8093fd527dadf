//! The items of a cell, by the names under which evcxr keeps them.

use std::collections::BTreeSet;

use ra_ap_syntax::ast::{self, HasName};
use ra_ap_syntax::{AstNode, NodeOrToken, SourceFile, SyntaxKind, SyntaxNode};

use crate::engine::syntax::EDITION;

/// The name of an import of all names.
pub const GLOB: &str = "*";

/// A named item at the top level of a cell, or a name that a `use` brings in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name, or [`GLOB`].
    pub name: String,
    /// What it is: what it says about how its values lie in memory, or the path that a `use` names.
    pub text: String,
    /// The names that it mentions.
    pub mentions: BTreeSet<String>,
    /// It is a name that a `use` brings in.
    pub imported: bool,
}

/// The names that a type mentions.
#[must_use]
pub fn names_in_type(ty: &str) -> BTreeSet<String> {
    let file = SourceFile::parse(&format!("type T = {ty};"), EDITION);
    names_in(file.tree().syntax()).collect()
}

/// The items of one statement.
#[must_use]
pub fn items_of(item: &ast::Item) -> Vec<Item> {
    if let ast::Item::Use(import) = item {
        let mut found = Vec::new();
        if let Some(tree) = import.use_tree() {
            imports(&tree, "", &mut found);
        }
        return found;
    }
    let named = name(item).map(|name| {
        let mut shape = Shape::default();
        shape.add(item.syntax());
        Item {
            name,
            text: shape.text,
            mentions: shape.mentions,
            imported: false,
        }
    });
    named.into_iter().collect()
}

/// An item of ours, which has a name and nothing else.
#[must_use]
pub fn hidden(name: &str) -> Item {
    Item {
        name: name.to_owned(),
        text: "hidden".to_owned(),
        mentions: BTreeSet::new(),
        imported: false,
    }
}

/// The name under which evcxr keeps an item; what has none is kept with the named item before it.
#[must_use]
pub fn name(item: &ast::Item) -> Option<String> {
    let name = match item {
        ast::Item::Const(item) => item.name(),
        ast::Item::Enum(item) => item.name(),
        ast::Item::Fn(item) => item.name(),
        ast::Item::Module(item) => item.name(),
        ast::Item::Static(item) => item.name(),
        ast::Item::Struct(item) => item.name(),
        ast::Item::Trait(item) => item.name(),
        ast::Item::TypeAlias(item) => item.name(),
        ast::Item::Union(item) => item.name(),
        _ => None,
    };
    name.map(|name| name.text().to_string())
}

/// What an item says about how values lie in memory: without comments, without what functions do (unless
/// the compiler runs them) and without most attributes.
#[derive(Default)]
struct Shape {
    text: String,
    mentions: BTreeSet<String>,
}

impl Shape {
    fn add(&mut self, node: &SyntaxNode) {
        if let Some(path) = ast::Path::cast(node.clone()) {
            self.mentions.extend(first_name(&path));
        }
        for part in node.children_with_tokens() {
            match part {
                NodeOrToken::Token(token) if token.kind().is_trivia() => {}
                NodeOrToken::Token(token) => {
                    self.text.push_str(token.text());
                    self.text.push(' ');
                }
                NodeOrToken::Node(part) if is_about_behaviour(&part) => {}
                NodeOrToken::Node(part) => self.add(&part),
            }
        }
    }
}

fn is_about_behaviour(node: &SyntaxNode) -> bool {
    match node.kind() {
        SyntaxKind::IMPL => true,
        SyntaxKind::ATTR => {
            let text = node.text().to_string();
            !["repr", "cfg"].iter().any(|word| text.contains(word))
        }
        SyntaxKind::BLOCK_EXPR => node
            .parent()
            .and_then(ast::Fn::cast)
            .is_some_and(|function| function.const_token().is_none()),
        _ => false,
    }
}

/// The names that decide what the paths in a piece of code mean: of each path the first.
pub fn names_in(node: &SyntaxNode) -> impl Iterator<Item = String> {
    node.descendants()
        .filter_map(ast::Path::cast)
        .filter_map(|path| first_name(&path))
}

/// The first name of a path, where this is its first part.
fn first_name(path: &ast::Path) -> Option<String> {
    let name = path.segment()?.name_ref()?.text().to_string();
    let before = match path.qualifier() {
        None => None,
        Some(before) if before.qualifier().is_some() => return None,
        Some(before) => Some(before.syntax().text().to_string()),
    };
    // `crate::Name` and `self::Name` are names of the cell too.
    matches!(before.as_deref(), None | Some("crate" | "self")).then_some(name)
}

fn imports(tree: &ast::UseTree, before: &str, found: &mut Vec<Item>) {
    let path = tree
        .path()
        .map_or_else(String::new, |path| path.syntax().text().to_string());
    let whole = match (before, path.as_str()) {
        (before, "" | "self") => before.to_owned(),
        ("", path) => path.to_owned(),
        (before, path) => format!("{before}::{path}"),
    };
    if let Some(list) = tree.use_tree_list() {
        for inner in list.use_trees() {
            imports(&inner, &whole, found);
        }
        return;
    }
    let name = match tree.rename() {
        Some(rename) => rename.name().map(|name| name.text().to_string()),
        None if tree.star_token().is_some() => Some(GLOB.to_owned()),
        None => whole.rsplit("::").next().map(str::to_owned),
    };
    // `use a as _;` brings in no name.
    let Some(name) = name else { return };
    let root = whole
        .split("::")
        .find(|part| !["", "crate", "self"].contains(part));
    found.push(Item {
        name,
        mentions: root.into_iter().map(str::to_owned).collect(),
        text: whole,
        imported: true,
    });
}

#[cfg(test)]
mod tests {
    use ra_ap_syntax::ast::HasModuleItem;

    use super::*;

    #[track_caller]
    fn items(code: &str) -> Vec<Item> {
        let file = SourceFile::parse(code, EDITION).tree();
        file.items().flat_map(|item| items_of(&item)).collect()
    }

    fn names(code: &str) -> Vec<(String, String)> {
        let items = items(code).into_iter();
        items.map(|item| (item.name, item.text)).collect()
    }

    fn pair(name: &str, text: &str) -> (String, String) {
        (name.to_owned(), text.to_owned())
    }

    #[test]
    fn each_name_of_a_use_has_its_whole_path() {
        assert_eq!(
            names("use std::{fmt::{self, Display as Show}, sync::*, io::Write as _};"),
            [
                pair("fmt", "std::fmt"),
                pair("Show", "std::fmt::Display"),
                pair("*", "std::sync"),
            ]
        );
        assert_eq!(names("use a;"), [pair("a", "a")]);
    }

    #[test]
    fn only_what_decides_how_values_lie_in_memory_counts() {
        let same = |left: &str, right: &str| items(left) == items(right);
        assert!(same(
            "struct A { a: u8 }",
            "/// Doc.\n#[derive(Debug)]\nstruct A {\n    a: u8 // one\n}"
        ));
        assert!(same("fn f() { a() }", "fn f() { b() }"));
        assert!(same(
            "trait T { fn f() { a() } }",
            "trait T { fn f() { b() } }"
        ));
        assert!(same("mod m { struct A; impl A {} }", "mod m { struct A; }"));
        assert!(!same("struct A { a: u8 }", "struct A { a: u16 }"));
        assert!(!same(
            "struct A { a: u8 }",
            "#[repr(C)]\nstruct A { a: u8 }"
        ));
        assert!(!same(
            "trait T { fn f() {} }",
            "trait T { fn f() {} fn g() {} }"
        ));
        assert!(!same(
            "const fn f() -> usize { 1 }",
            "const fn f() -> usize { 2 }"
        ));
        assert!(!same("mod m { struct A(u8); }", "mod m { struct A(u16); }"));
    }

    #[test]
    fn an_item_mentions_the_first_name_of_each_path() {
        let found = items("struct Room { doors: Vec<door::Door>, area: crate::Area }");
        let mentions: Vec<&str> = found[0].mentions.iter().map(String::as_str).collect();
        assert!(
            mentions.contains(&"door") && mentions.contains(&"Area"),
            "{mentions:?}"
        );
        assert!(!mentions.contains(&"Door"), "{mentions:?}");
    }
}
