//! The items of a piece of code, as a reader would look them up: name, signature, documentation.

use ra_ap_syntax::ast::{HasDocComments, HasModuleItem, HasName, HasVisibility};
use ra_ap_syntax::{AstNode, NodeOrToken, SourceFile, SyntaxKind, SyntaxNode, ast};

use super::syntax::{EDITION, statements, wrap};

/// A signature that is longer is cut.
const SIGNATURE_LINES: usize = 20;

/// An item, or a member of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The type or trait that it is a member of.
    pub owner: Option<String>,
    /// Whether a member is used with a dot: a field, or a method with `self`.
    pub dotted: bool,
    /// Its name.
    pub name: String,
    /// Everything up to its body.
    pub signature: String,
    /// The text of its doc comments, empty without.
    pub doc: String,
}

/// The items that a cell defines.
#[must_use]
pub fn of_cell(code: &str) -> Vec<Item> {
    let file = SourceFile::parse(&wrap(code), EDITION).tree();
    let mut found = Vec::new();
    for statement in statements(&file) {
        if let ast::Stmt::Item(item) = statement {
            add(&item, false, &mut found);
        }
    }
    found
}

/// The public items of a source file.
#[must_use]
pub fn of_file(source: &str) -> Vec<Item> {
    let file = SourceFile::parse(source, EDITION).tree();
    let mut found = Vec::new();
    for item in file.items() {
        add(&item, true, &mut found);
    }
    found
}

fn add(item: &ast::Item, only_public: bool, found: &mut Vec<Item>) {
    let shown = |visible: bool| visible || !only_public;
    match item {
        ast::Item::Fn(it) if shown(is_public(it)) => found.extend(describe(it, None, false)),
        ast::Item::Struct(it) if shown(is_public(it)) => {
            found.extend(describe(it, None, false));
            if let (Some(name), Some(ast::FieldList::RecordFieldList(fields))) =
                (it.name(), it.field_list())
            {
                for field in fields.fields().filter(|field| shown(is_public(field))) {
                    found.extend(describe(&field, Some(name.text()), true));
                }
            }
        }
        ast::Item::Enum(it) if shown(is_public(it)) => {
            found.extend(describe(it, None, false));
            if let (Some(name), Some(variants)) = (it.name(), it.variant_list()) {
                for variant in variants.variants() {
                    found.extend(describe(&variant, Some(name.text()), false));
                }
            }
        }
        ast::Item::Trait(it) if shown(is_public(it)) => {
            found.extend(describe(it, None, false));
            if let (Some(name), Some(items)) = (it.name(), it.assoc_item_list()) {
                add_members(&items, name.text(), false, found);
            }
        }
        ast::Item::Impl(it) => {
            // The methods of a trait are public with it.
            let only_public = only_public && it.trait_().is_none();
            if let (Some(owner), Some(items)) = (it.self_ty(), it.assoc_item_list()) {
                let owner = base_name(&owner.syntax().text().to_string());
                add_members(&items, &owner, only_public, found);
            }
        }
        ast::Item::Const(it) if shown(is_public(it)) => found.extend(describe(it, None, false)),
        ast::Item::Static(it) if shown(is_public(it)) => found.extend(describe(it, None, false)),
        ast::Item::TypeAlias(it) if shown(is_public(it)) => {
            found.extend(describe(it, None, false));
        }
        ast::Item::Union(it) if shown(is_public(it)) => found.extend(describe(it, None, false)),
        ast::Item::MacroRules(it) => found.extend(describe(it, None, false)),
        ast::Item::Module(it) if shown(is_public(it)) => found.extend(describe(it, None, false)),
        _ => {}
    }
}

fn add_members(items: &ast::AssocItemList, owner: &str, only_public: bool, found: &mut Vec<Item>) {
    for item in items.assoc_items() {
        match item {
            ast::AssocItem::Fn(it) if !only_public || is_public(&it) => {
                let dotted = it
                    .param_list()
                    .is_some_and(|params| params.self_param().is_some());
                found.extend(describe(&it, Some(owner), dotted));
            }
            ast::AssocItem::Const(it) if !only_public || is_public(&it) => {
                found.extend(describe(&it, Some(owner), false));
            }
            _ => {}
        }
    }
}

fn describe(
    item: &(impl HasName + HasDocComments),
    owner: Option<&str>,
    dotted: bool,
) -> Option<Item> {
    let lines: Vec<String> = item
        .doc_comments()
        .filter_map(|comment| comment.doc_comment().map(|(text, _)| text.to_owned()))
        .collect();
    Some(Item {
        owner: owner.map(str::to_owned),
        dotted,
        name: item.name()?.text().to_string(),
        signature: signature(item.syntax()),
        doc: lines
            .iter()
            .flat_map(|text| text.lines())
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect::<Vec<_>>()
            .join("\n"),
    })
}

fn is_public(item: &impl HasVisibility) -> bool {
    item.visibility()
        .is_some_and(|visibility| visibility.syntax().text() == "pub")
}

/// The text of an item without what stands before it and without its body.
fn signature(item: &SyntaxNode) -> String {
    let mut text = String::new();
    for part in item.children_with_tokens() {
        match part {
            NodeOrToken::Token(token) => {
                let kind = token.kind();
                let leading = text.is_empty() && kind == SyntaxKind::WHITESPACE;
                if kind != SyntaxKind::COMMENT && !leading {
                    text.push_str(token.text());
                }
            }
            NodeOrToken::Node(node) => match node.kind() {
                SyntaxKind::ATTR => {}
                SyntaxKind::BLOCK_EXPR
                | SyntaxKind::ASSOC_ITEM_LIST
                | SyntaxKind::ITEM_LIST
                | SyntaxKind::TOKEN_TREE => break,
                _ => text.push_str(&node.text().to_string()),
            },
        }
    }
    let mut lines: Vec<&str> = text.trim_end().lines().collect();
    if lines.len() > SIGNATURE_LINES {
        lines.truncate(SIGNATURE_LINES);
        lines.push("…");
    }
    lines.join("\n")
}

/// The name of a type without references, path and generics: `Held` for `&mut held::Held<'_, T>`.
#[must_use]
pub fn base_name(text: &str) -> String {
    let text = text.trim_start_matches(['&', ' ']);
    let text = text.strip_prefix('\'').map_or(text, |lifetime| {
        lifetime.split_once(' ').map_or("", |(_, rest)| rest)
    });
    let text = text.trim_start().trim_start_matches("mut ").trim_start();
    let path = text.split(['<', ' ', '(', '[']).next().unwrap_or(text);
    path.rsplit("::").next().unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELL: &str = "
/// Counts
/// things.
#[derive(Debug)]
pub struct Counter { /// how many
    pub count: u32, secret: u8 }
impl Counter {
    /// Starts at zero.
    pub fn new() -> Counter { Counter }
    fn add(&mut self, n: u32) -> u32 { n }
}
enum Light { Red, Green(u8) }
fn twice<T: Copy>(value: T) -> (T, T) where T: Send { (value, value) }
const LIMIT: u32 = 5;
macro_rules! shout { ($e:expr) => { $e } }
let local = 1;
";

    fn named(items: &[Item], name: &str) -> Item {
        let found = items.iter().find(|item| item.name == name);
        found.unwrap_or_else(|| panic!("no {name}")).clone()
    }

    #[test]
    fn items_have_signature_and_documentation() {
        let items = of_cell(CELL);
        let twice = named(&items, "twice");
        assert_eq!(
            twice.signature,
            "fn twice<T: Copy>(value: T) -> (T, T) where T: Send"
        );
        assert_eq!(named(&items, "Counter").doc, "Counts\nthings.");
        assert!(
            named(&items, "Counter")
                .signature
                .starts_with("pub struct Counter {")
        );
        assert_eq!(named(&items, "LIMIT").signature, "const LIMIT: u32 = 5;");
        assert_eq!(named(&items, "shout").signature, "macro_rules! shout");
        assert!(items.iter().all(|item| item.name != "local"));
    }

    #[test]
    fn members_know_their_owner_and_whether_they_are_used_with_a_dot() {
        let items = of_cell(CELL);
        let member = |name: &str| {
            let item = named(&items, name);
            (item.owner.unwrap_or_default(), item.dotted)
        };
        assert_eq!(member("new"), ("Counter".to_owned(), false));
        assert_eq!(member("add"), ("Counter".to_owned(), true));
        assert_eq!(member("count"), ("Counter".to_owned(), true));
        assert_eq!(member("Red"), ("Light".to_owned(), false));
        assert_eq!(named(&items, "new").doc, "Starts at zero.");
    }

    #[test]
    fn of_a_file_only_what_is_public() {
        let items = of_file(CELL.trim_end().trim_end_matches("let local = 1;"));
        let names: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(names, ["Counter", "count", "new", "shout"]);
    }

    #[test]
    fn a_type_has_a_base_name() {
        for (text, name) in [
            ("Vec<u8>", "Vec"),
            ("&'static mut held::Held<'_, T>", "Held"),
            ("std::sync::Arc<lesson_support::Lock>", "Arc"),
            ("&str", "str"),
            ("(u8, u8)", ""),
        ] {
            assert_eq!(base_name(text), name, "{text}");
        }
    }
}
