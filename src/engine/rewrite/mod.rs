//! What is changed in a cell before it is compiled, unseen by the learner.

pub mod checkpoints;
pub mod edits;
pub mod items;
pub mod macro_statics;
pub mod main_function;
pub mod statics;

use ra_ap_syntax::{AstNode, SourceFile, SyntaxNode, ast};

pub use edits::{Edited, Insertion};
pub use items::Item;
pub use statics::{Static, Symbol};

use super::static_store::Statics;
use super::syntax::{EDITION, in_cell, statements, wrap};

/// A cell ready to be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// The text, and the way back.
    pub edited: Edited,
    /// The statics that it defines.
    pub statics: Vec<Static>,
    /// The items that it defines.
    pub items: Vec<Item>,
}

/// Rewrites a cell. Code that does not parse is left as it is: the compiler explains what is wrong.
///
/// `generation` is the number of the run; `known` has the statics of earlier cells.
#[must_use]
pub fn rewrite(code: &str, generation: u64, known: &Statics) -> Rewritten {
    let file = SourceFile::parse(&wrap(code), EDITION);
    if !file.errors().is_empty() {
        return Rewritten {
            edited: Edited::unchanged(code),
            statics: Vec::new(),
            items: Vec::new(),
        };
    }
    let root = file.tree();
    let mut insertions = Vec::new();
    if !code.contains(checkpoints::OFF) {
        insertions.extend(checkpoints::places(root.syntax()).map(|at| Insertion {
            at,
            text: checkpoints::CALL.to_owned(),
        }));
    }
    insertions.extend(main_function::call(&root));
    let mut found = Found {
        generation,
        statics: Vec::new(),
        insertions,
    };
    let mut items: Vec<Item> = Vec::new();
    let mut kept_with = None;
    for statement in statements(&root) {
        if let ast::Stmt::Item(item) = &statement {
            kept_with = items::name(item).or(kept_with);
            items.extend(items::items_of(item));
            found.inside(item.syntax(), kept_with.as_deref());
        } else {
            found.macro_statement(statement.syntax());
        }
    }
    if let Some(tail) = super::syntax::tail(&root) {
        found.macro_statement(tail.syntax());
    }
    let Found {
        statics,
        mut insertions,
        ..
    } = found;
    let first = statements(&root).next();
    let macro_place = first.map(|statement| usize::from(statement.syntax().text_range().start()));
    let naming = known.naming_macro_for(&items, &statics, generation);
    if let (Some(at), Some(text)) = (macro_place, naming) {
        insertions.insert(0, Insertion { at, text });
    }
    for insertion in &mut insertions {
        insertion.at = in_cell(code, insertion.at);
    }
    Rewritten {
        edited: Edited::new(code, insertions),
        statics,
        items,
    }
}

/// The statics of a cell, and what is inserted for them, at places of the wrapped cell.
struct Found {
    generation: u64,
    statics: Vec<Static>,
    insertions: Vec<Insertion>,
}

impl Found {
    /// All statics inside an item, which evcxr keeps under the name `item`.
    fn inside(&mut self, node: &SyntaxNode, item: Option<&str>) {
        for node in node.descendants() {
            if let Some(found) = ast::Static::cast(node.clone()) {
                self.item(&found, item);
            } else if let Some(call) = ast::MacroCall::cast(node)
                && let Some(call) = macro_statics::Call::read(&call)
            {
                self.call(&call, item);
            }
        }
    }

    /// A macro at the top level of the cell, of which we make items.
    fn macro_statement(&mut self, statement: &SyntaxNode) {
        // Statics inside a block of the cell are the cell's own, and gone with it.
        let calls = statement.descendants().filter_map(ast::MacroCall::cast);
        for call in calls.filter(|call| {
            call.syntax()
                .ancestors()
                .take(3)
                .any(|node| node == *statement)
        }) {
            if let Some(call) = macro_statics::Call::read(&call) {
                self.call(&call, None);
            }
        }
    }

    fn item(&mut self, found: &ast::Static, item: Option<&str>) {
        if let Some(at) = statics::attribute_place(found)
            && let Some((name, mentions)) = statics::name_and_mentions(found)
        {
            let item = item.map(str::to_owned);
            let text = self.add(name, mentions, item).attribute();
            self.insertions.push(Insertion { at, text });
        }
    }

    fn call(&mut self, call: &macro_statics::Call, item: Option<&str>) {
        let attributes: Vec<String> = call
            .made
            .iter()
            .map(|made| {
                let item = item.unwrap_or(&made.name).to_owned();
                self.add(made.name.clone(), made.mentions.clone(), Some(item))
                    .attribute()
            })
            .collect();
        self.insertions.extend(call.insertions(&attributes));
    }

    fn add(
        &mut self,
        name: String,
        mentions: std::collections::BTreeSet<String>,
        item: Option<String>,
    ) -> Symbol {
        let symbol = Symbol {
            generation: self.generation,
            number: self.statics.len(),
        };
        self.statics.push(Static {
            name,
            item,
            mentions,
            symbol,
        });
        symbol
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, expected: &str) {
        let marked = expected.replace('§', checkpoints::CALL);
        assert_eq!(rewrite(code, 7, &Statics::default()).edited.code(), marked);
    }

    #[test]
    fn every_kind_of_loop_gets_a_checkpoint() {
        check("loop {}", "loop {§}");
        check("while a { b() }", "while a {§ b() }");
        check("while let Some(a) = b {}", "while let Some(a) = b {§}");
        check(
            "'l: for i in 0..3 {\n    f(i);\n}",
            "'l: for i in 0..3 {§\n    f(i);\n}",
        );
        check(
            "fn f() { loop { loop {} } }",
            "fn f() { loop {§ loop {§} } }",
        );
        check("let c = || loop {};", "let c = || loop {§};");
    }

    #[test]
    fn loops_that_run_while_compiling_get_none() {
        for code in [
            "const fn f() -> u32 { let mut i = 0; while i < 3 { i += 1; } i }",
            "const N: u32 = { let mut i = 0; while i < 3 { i += 1; } i };",
            "let a = [0; { let mut i = 0; while i < 3 { i += 1; } i }];",
            "let a = const { let mut i = 0; while i < 3 { i += 1; } i };",
        ] {
            check(code, code);
        }
        check(
            "const F: fn() = { fn f() { loop {} } f };",
            "const F: fn() = { fn f() { loop {§} } f };",
        );
    }

    #[test]
    fn macros_and_code_that_does_not_parse_are_left_alone() {
        check("m! { loop {} }", "m! { loop {} }");
        check("loop { let = 5; }", "loop { let = 5; }");
    }

    #[test]
    fn a_comment_turns_checkpoints_off() {
        let code = "// kernel: no checkpoints\nloop {}";
        check(code, code);
    }

    #[test]
    fn a_static_is_exported_under_a_name_of_its_own() {
        let export = |number| {
            let generation = 7;
            Symbol { generation, number }.attribute()
        };
        let (first, second) = (export(0), export(1));
        check(
            ":dep x\n/// Doc.\npub static N: AtomicU32 = AtomicU32::new(0);\nN.load(Relaxed)",
            &format!(
                ":dep x\n/// Doc.\n{first}pub static N: AtomicU32 = AtomicU32::new(0);\nN.load(Relaxed)"
            ),
        );
        check(
            "impl A { fn a() { static N: u8 = 0; fn b() { static N: u8 = 1; } } }",
            &format!(
                "impl A {{ fn a() {{ {first}static N: u8 = 0; fn b() {{ {second}static N: u8 = 1; }} }} }}"
            ),
        );
    }

    #[test]
    fn a_static_of_a_cells_own_block_is_left_alone() {
        check("{ static N: u8 = 0; }", "{ static N: u8 = 0; }");
        check(
            "let f = || { static N: u8 = 0; };",
            "let f = || { static N: u8 = 0; };",
        );
    }

    #[test]
    fn a_thread_local_becomes_a_static_of_its_name() {
        let rewritten = rewrite(
            "thread_local! { pub static N: Cell<u8> = Cell::new(1); }",
            7,
            &Statics::default(),
        );
        assert_eq!(
            rewritten.edited.code(),
            "#[unsafe(export_name = crate::lesson_static!(7 0))] pub static N: crate::lesson_statics::LocalKey<Cell<u8>> = { \
             thread_local! { pub static N: Cell<u8> = Cell::new(1); } crate::lesson_statics::LocalKey::new(N) };"
        );
    }

    #[test]
    fn every_form_of_the_macros_is_code_that_parses() {
        for code in [
            "thread_local! { static A: u8 = 1 }",
            "thread_local!(static A: u8 = 1);",
            "std::thread_local![static A: u8 = const { 1 }; static B: u8 = 2;];",
            "thread_local! {\n    /// Doc.\n    #[cfg(all())]\n    static A: Cell<\n        u8, // why\n    > = 1;\n    pub(crate) static B: u8 = 2;\n};",
            "fn f() { thread_local! { static A: u8 = 1; } A.set(2) }",
            "fn f() { thread_local!(static A: u8 = 1); A.set(2) }",
            "mod m { thread_local! { static A: u8 = 1; } }",
            "lazy_static! { static ref A: u8 = 1; pub static ref B: Vec<&'static str> = vec![ref_to()]; }",
            "lazy_static::lazy_static! { static ref A: u8 = 1; }\nA.len()",
        ] {
            let rewritten = rewrite(code, 7, &Statics::default());
            assert!(!rewritten.statics.is_empty(), "{code}");
            assert_eq!(
                crate::engine::syntax::first_error(rewritten.edited.code()),
                None,
                "{}",
                rewritten.edited.code()
            );
        }
    }

    #[test]
    fn other_macros_are_no_statics() {
        check(
            "println!(\"static A: u8 = 1;\");",
            "println!(\"static A: u8 = 1;\");",
        );
        check(
            "let a = thread_local!(static A: u8 = 1);",
            "let a = thread_local!(static A: u8 = 1);",
        );
    }

    #[test]
    fn main_is_called_where_nobody_else_does() {
        check("fn main() { a() }", "fn main() { a() } main();");
        check("fn main() {}\nmain();", "fn main() {}\nmain();");
        check("fn main() {}\nmain()", "fn main() {}\nmain()");
        check("fn main(n: u32) {}", "fn main(n: u32) {}");
        check("mod a { fn main() {} }", "mod a { fn main() {} }");
        check("async fn main() {}", "async fn main() {}");
        check(
            "fn main() -> Result<(), String> { Ok(()) }",
            "fn main() -> Result<(), String> { Ok(()) } main().map_err(|error| format!(\"Error: {error:?}\"))?;",
        );
    }

    #[test]
    fn a_static_that_the_learner_exports_is_left_alone() {
        let code = "#[unsafe(no_mangle)]\nstatic N: u32 = 1;";
        check(code, code);
    }
}
