//! Items without a name: `impl` and `extern` blocks.
//!
//! A cell that is run again replaces the items that it defined before. evcxr finds them by their names;
//! it keeps a nameless one with the named item before it in the cell, or else for ever, and a second run
//! of the cell defines it twice. Here each gets a name of its own: an empty module before it. A block
//! takes the place of an earlier one that it would be in conflict with.

use std::collections::BTreeSet;

use ra_ap_syntax::{AstNode, SyntaxNode, ast};

use super::items::names_in;

/// A block of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is about: the type, or trait and type.
    pub subject: String,
    /// The names that it defines. An `impl` of a trait has none: there can be only one.
    pub names: BTreeSet<String>,
    /// The named item before it in the cell, if it is about that: redefining this one drops the block.
    pub with: Option<String>,
    /// Where it starts in the wrapped cell.
    pub start: usize,
    /// The name of the module before it.
    pub module: String,
}

impl Block {
    /// Reads an item; `None` where it has a name. `before` is the named item before it.
    #[must_use]
    pub fn read(item: &ast::Item, before: Option<&str>, module: String) -> Option<Block> {
        let (subject, names) = match item {
            ast::Item::Impl(block) => read_impl(block)?,
            ast::Item::ExternBlock(block) => {
                let items = block.extern_item_list()?;
                ("extern".to_owned(), names_of(items.syntax()))
            }
            _ => return None,
        };
        let about: BTreeSet<String> = match item {
            ast::Item::Impl(block) => names_in(block.self_ty()?.syntax()).collect(),
            _ => BTreeSet::new(),
        };
        Some(Block {
            subject,
            names,
            with: before
                .filter(|name| about.contains(*name))
                .map(str::to_owned),
            start: usize::from(item.syntax().text_range().start()),
            module,
        })
    }

    /// Whether both cannot be there.
    #[must_use]
    pub fn replaces(&self, earlier: &Block) -> bool {
        let both_empty = self.names.is_empty() && earlier.names.is_empty();
        self.subject == earlier.subject && (both_empty || !self.names.is_disjoint(&earlier.names))
    }

    /// Inserted before it.
    #[must_use]
    pub fn anchor(&self) -> String {
        empty_module(&self.module)
    }
}

/// An item that takes the place of a block that is gone.
#[must_use]
pub fn empty_module(name: &str) -> String {
    format!("mod {name} {{}} ")
}

fn read_impl(block: &ast::Impl) -> Option<(String, BTreeSet<String>)> {
    let ty = spaceless(block.self_ty()?.syntax());
    match block.trait_() {
        Some(of) => Some((
            format!("{} for {ty}", spaceless(of.syntax())),
            BTreeSet::new(),
        )),
        None => {
            let names = block.assoc_item_list().map(|list| names_of(list.syntax()));
            Some((ty, names.unwrap_or_default()))
        }
    }
}

fn names_of(list: &SyntaxNode) -> BTreeSet<String> {
    list.children()
        .filter_map(|item| item.children().find_map(ast::Name::cast))
        .map(|name| name.text().to_string())
        .collect()
}

fn spaceless(node: &SyntaxNode) -> String {
    node.text().to_string().split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use crate::engine::known::Known;
    use crate::engine::rewrite::rewrite;

    /// Runs cells; returns the last one as it is compiled, with short names for the modules.
    fn last(cells: &[&str]) -> String {
        let mut known = Known::default();
        let mut code = String::new();
        for (cell, generation) in cells.iter().zip(1..) {
            let rewritten = rewrite(cell, generation, &known, None);
            known.keep(&rewritten, true);
            rewritten.edited.code().clone_into(&mut code);
        }
        code.replace("mod lesson_block_", "mod ")
    }

    #[test]
    fn a_block_takes_the_place_of_the_one_that_it_replaces() {
        let first = "impl Area for Door { fn area(&self) {} }";
        assert_eq!(last(&[first]), format!("mod 1_0 {{}} {first}"));
        assert_eq!(last(&[first, first]), format!("mod 1_0 {{}} {first}"));
        let more = "impl Door { fn open() {} fn close() {} }";
        assert_eq!(
            last(&["impl Door { fn open() {} }", more]),
            format!("mod 1_0 {{}} {more}")
        );
        let declared = "unsafe extern \"C\" { fn abs(n: i32) -> i32; }";
        assert_eq!(
            last(&[declared, declared]),
            format!("mod 1_0 {{}} {declared}")
        );
    }

    #[test]
    fn blocks_that_get_along_are_both_kept() {
        let other = "impl Door { fn close() {} }";
        assert_eq!(
            last(&["impl Door { fn open() {} }", other]),
            format!("mod 2_0 {{}} {other}")
        );
        let other = "impl Door<u8> { fn open() {} }";
        assert_eq!(
            last(&["impl Door<u16> { fn open() {} }", other]),
            format!("mod 2_0 {{}} {other}")
        );
        let other = "impl Area for Wall {}";
        assert_eq!(
            last(&["impl Area for Door {}", other]),
            format!("mod 2_0 {{}} {other}")
        );
    }

    #[test]
    fn two_earlier_blocks_can_be_replaced_by_one() {
        let both = "impl Door { fn open() {} fn close() {} }";
        assert_eq!(
            last(&[
                "impl Door { fn open() {} }",
                "impl Door { fn close() {} }",
                both
            ]),
            format!("mod 2_0 {{}} mod 1_0 {{}} {both}")
        );
    }

    #[test]
    fn a_block_goes_with_the_type_of_its_cell() {
        assert_eq!(
            last(&["struct Door;\nimpl Drop for Door {}", "struct Door;"]),
            "mod 1_0 {} struct Door;"
        );
        assert_eq!(
            last(&[
                "struct Door;",
                "fn other() {}\nimpl Drop for Door {}",
                "struct Door;\nfn other() {}"
            ]),
            "struct Door;\nfn other() {}"
        );
    }
}
