//! What a cell defines, read from its syntax tree.

use std::collections::BTreeSet;

use ra_ap_syntax::{AstNode, SourceFile, SyntaxNode, ast};

use super::nameless::Block;
use super::statics::{Static, Symbol, attribute_place, name_and_mentions};
use super::{Insertion, Item, extern_crates, items, macro_rules, macro_statics};
use crate::engine::syntax::{statements, tail};

/// The definitions of a cell, and what is inserted for them; all places are of the wrapped cell.
pub struct Collected {
    generation: u64,
    pub statics: Vec<Static>,
    pub items: Vec<Item>,
    pub macros: BTreeSet<String>,
    pub blocks: Vec<Block>,
    pub insertions: Vec<Insertion>,
}

impl Collected {
    /// Reads a cell; `known_macros` are those of earlier cells.
    pub fn from(root: &SourceFile, generation: u64, known_macros: &BTreeSet<String>) -> Collected {
        let mut collected = Collected {
            generation,
            statics: Vec::new(),
            items: Vec::new(),
            macros: BTreeSet::new(),
            blocks: Vec::new(),
            insertions: Vec::new(),
        };
        let mut before = None;
        let mut modules = Vec::new();
        for statement in statements(root) {
            let ast::Stmt::Item(item) = &statement else {
                collected.macro_statement(statement.syntax());
                continue;
            };
            before = items::name(item).or(before);
            collected.item(item, before.as_deref());
            if let ast::Item::Module(module) = item {
                modules.push(module.clone());
            }
        }
        if let Some(tail) = tail(root) {
            collected.macro_statement(tail.syntax());
        }
        let macros = &collected.macros | known_macros;
        for module in modules {
            collected
                .insertions
                .extend(macro_rules::paths(module.syntax(), &macros));
        }
        collected
    }

    /// Makes known under which names evcxr will keep the blocks, once these are settled, and those that
    /// are `gone`.
    pub fn name_blocks(&mut self, gone: &[String]) {
        for found in &mut self.statics {
            if let Some(Some(block)) = found.block.map(|index| self.blocks.get(index)) {
                found.item = Some(block.module.clone());
            }
        }
        let modules = self.blocks.iter().map(|block| &block.module).chain(gone);
        self.items
            .extend(modules.map(|module| items::hidden(module)));
    }

    fn item(&mut self, item: &ast::Item, before: Option<&str>) {
        self.items.extend(items::items_of(item));
        match item {
            ast::Item::ExternCrate(item) => {
                self.insertions.extend(extern_crates::insertions(item));
            }
            ast::Item::MacroRules(item) => {
                if let Some((name, insertion)) = macro_rules::export(item) {
                    self.macros.insert(name);
                    self.insertions.extend(insertion);
                }
            }
            _ => {}
        }
        let module = format!("lesson_block_{}_{}", self.generation, self.blocks.len());
        let block = Block::read(item, before, module);
        let index = block.is_some().then_some(self.blocks.len());
        self.blocks.extend(block);
        for node in item.syntax().descendants() {
            if let Some(found) = ast::Static::cast(node.clone()) {
                self.plain_static(&found, before, index);
            } else if let Some(call) = ast::MacroCall::cast(node)
                && let Some(call) = macro_statics::Call::read(&call)
            {
                self.made_by_macro(&call, before, index);
            }
        }
    }

    /// A macro at the top level of the cell, of which we make items. (Statics inside a block of the cell
    /// are the cell's own, and gone with it.)
    fn macro_statement(&mut self, statement: &SyntaxNode) {
        let call = match ast::ExprStmt::cast(statement.clone()) {
            Some(statement) => statement.expr(),
            None => ast::Expr::cast(statement.clone()),
        };
        if let Some(ast::Expr::MacroExpr(expression)) = call
            && let Some(call) = expression.macro_call()
            && let Some(call) = macro_statics::Call::read(&call)
        {
            self.made_by_macro(&call, None, None);
        }
    }

    fn plain_static(&mut self, found: &ast::Static, item: Option<&str>, block: Option<usize>) {
        if let Some(at) = attribute_place(found)
            && let Some((name, mentions)) = name_and_mentions(found)
        {
            let item = item.map(str::to_owned);
            let text = self.add(name, mentions, item, block).attribute();
            self.insertions.push(Insertion { at, text });
        }
    }

    fn made_by_macro(
        &mut self,
        call: &macro_statics::Call,
        item: Option<&str>,
        block: Option<usize>,
    ) {
        let attributes: Vec<String> = call
            .made
            .iter()
            .map(|made| {
                let item = item.unwrap_or(&made.name).to_owned();
                self.add(made.name.clone(), made.mentions.clone(), Some(item), block)
                    .attribute()
            })
            .collect();
        self.insertions.extend(call.insertions(&attributes));
    }

    fn add(
        &mut self,
        name: String,
        mentions: BTreeSet<String>,
        item: Option<String>,
        block: Option<usize>,
    ) -> Symbol {
        let symbol = Symbol {
            generation: self.generation,
            number: self.statics.len(),
        };
        self.statics.push(Static {
            name,
            item,
            block,
            mentions,
            symbol,
        });
        symbol
    }
}
