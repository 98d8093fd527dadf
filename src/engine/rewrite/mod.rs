//! What is changed in a cell before it is compiled, unseen by the learner.

pub mod blocking;
pub mod checkpoints;
mod collect;
pub mod early;
pub mod edits;
mod extern_crates;
pub mod items;
mod macro_rules;
mod macro_statics;
mod main_function;
pub mod nameless;
pub mod statics;
pub mod value;

use std::collections::BTreeSet;

use ra_ap_syntax::{AstNode, SourceFile};

pub use blocking::Surroundings;
pub use edits::{Edited, Insertion};
pub use items::Item;
pub use nameless::Block;
pub use statics::{Static, Symbol};

use super::known::Known;
use super::syntax::{EDITION, in_cell, is_shebang, statements, wrap};
use collect::Collected;

/// How the names start that cells have from the kernel, and that are no concern of the learner's.
const HIDDEN: [&str; 6] = [
    "lesson_block_",
    "lesson_crate_",
    "lesson_early",
    "lesson_static",
    "lesson_stop",
    "lesson_value",
];

/// Whether a name is one that cells have from the kernel.
#[must_use]
pub fn is_hidden(name: &str) -> bool {
    HIDDEN.iter().any(|start| name.starts_with(start))
}

/// A cell ready to be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// A number that no two runs share; it is in the names of what the cell defines.
    pub generation: u64,
    /// The text, and the way back.
    pub edited: Edited,
    /// The statics that it defines.
    pub statics: Vec<Static>,
    /// The items that it defines.
    pub items: Vec<Item>,
    /// The macros that it defines.
    pub macros: BTreeSet<String>,
    /// The blocks that it defines.
    pub blocks: Vec<Block>,
    /// The modules of earlier blocks that it does away with.
    pub gone: Vec<String>,
    /// Blocking calls are wrapped, or the value is borrowed. Should it not compile, it may do so without.
    pub tentative: bool,
    /// The methods of the traits that it defines.
    pub trait_methods: BTreeSet<String>,
}

/// Rewrites a cell. Code that does not parse is left as it is: the compiler explains what is wrong.
///
/// No two runs have the same `generation`; `known` is what earlier cells have defined. What may keep a
/// cell from compiling is done only where its `surroundings` are given: blocking calls are wrapped, and
/// the value is borrowed.
#[must_use]
pub fn rewrite(
    code: &str,
    generation: u64,
    known: &Known,
    surroundings: Option<&Surroundings>,
) -> Rewritten {
    let file = SourceFile::parse(&wrap(code), EDITION);
    if !file.errors().is_empty() {
        return Rewritten {
            generation,
            edited: Edited::unchanged(code).no_command(),
            statics: Vec::new(),
            items: Vec::new(),
            macros: BTreeSet::new(),
            blocks: Vec::new(),
            gone: Vec::new(),
            tentative: false,
            trait_methods: BTreeSet::new(),
        };
    }
    let root = file.tree();
    let mut collected = Collected::from(&root, generation, &known.macros);
    let names: BTreeSet<&str> = collected
        .items
        .iter()
        .map(|item| item.name.as_str())
        .collect();
    let gone = known.replaced(&mut collected.blocks, &names);
    collected.name_blocks(&gone);
    let Collected {
        statics,
        items,
        macros,
        blocks,
        mut insertions,
        ..
    } = collected;
    // In this order where they share a place: what stands before an item comes first.
    let mut first: Vec<Insertion> = Vec::new();
    if let Some(statement) = statements(&root).next() {
        let at = usize::from(statement.syntax().text_range().start());
        let naming = known.statics.naming_macro_for(&items, &statics, generation);
        let modules = gone.iter().map(|module| nameless::empty_module(module));
        first.extend(
            naming
                .into_iter()
                .chain(modules)
                .map(|text| Insertion { at, text }),
        );
    }
    first.extend(blocks.iter().map(|block| Insertion {
        at: block.start,
        text: block.anchor(),
    }));
    let mut value = surroundings
        .into_iter()
        .flat_map(|_| value::borrow(&root))
        .peekable();
    let mut tentative = value.peek().is_some();
    first.extend(value.next());
    insertions.splice(0..0, first);
    if !code.contains(checkpoints::OFF) {
        if let Some(surroundings) = surroundings {
            let found = blocking::insertions(root.syntax(), surroundings);
            tentative |= !found.is_empty();
            insertions.extend(found.into_iter().map(|(at, text)| Insertion { at, text }));
        }
        insertions.extend(checkpoints::places(root.syntax()).map(|at| Insertion {
            at,
            text: checkpoints::CALL.to_owned(),
        }));
    }
    insertions.extend(early::returns(&root));
    insertions.extend(main_function::call(&root));
    // Behind all that ends at the same place.
    insertions.extend(value);
    insertions.extend(value::close_loop(&root));
    for insertion in &mut insertions {
        insertion.at = in_cell(code, insertion.at);
    }
    insertions.extend(shebang(code));
    Rewritten {
        generation,
        edited: Edited::new(code, insertions).no_command(),
        statics,
        items,
        macros,
        blocks,
        gone,
        tentative,
        trait_methods: blocking::trait_methods(root.syntax()),
    }
}

/// Turns a shebang into a comment: evcxr would take it for code.
fn shebang(code: &str) -> Option<Insertion> {
    code.lines()
        .next()
        .is_some_and(is_shebang)
        .then(|| Insertion {
            at: 0,
            text: "//".to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, expected: &str) {
        let marked = expected.replace('§', checkpoints::CALL);
        assert_eq!(
            rewrite(code, 7, &Known::default(), Some(&Surroundings::default()))
                .edited
                .code(),
            marked
        );
    }

    #[test]
    fn every_kind_of_loop_gets_a_checkpoint() {
        check("loop {};", "loop {§};");
        check("while a { b() };", "while a {§ b() };");
        check("while let Some(a) = b {};", "while let Some(a) = b {§};");
        check(
            "'l: for i in 0..3 {\n    f(i);\n};",
            "'l: for i in 0..3 {§\n    f(i);\n};",
        );
        check(
            "fn f() { loop { loop {} } }",
            "fn f() { loop {§ loop {§} } }",
        );
        check("let c = || loop {};", "let c = || loop {§};");
    }

    #[test]
    fn a_function_that_calls_itself_gets_a_checkpoint() {
        check(
            "fn fib(n: u64) -> u64 { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }",
            "fn fib(n: u64) -> u64 {§ if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }",
        );
        check(
            "fn walk(n: &Node) { for c in &n.children { c.walk(); } }",
            "fn walk(n: &Node) {§ for c in &n.children {§ c.walk(); } }",
        );
        check(
            "impl Clone for A { fn clone(&self) -> A { A(self.0.clone()) } }",
            "mod lesson_block_7_0 {} impl Clone for A { fn clone(&self) -> A { A(self.0.clone()) } }",
        );
        for code in [
            "fn twice(n: u64) -> u64 { once(n) + n.twice }",
            "const fn fib(n: u64) -> u64 { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }",
            "extern \"C\" fn down(n: u64) { if n > 0 { down(n - 1) } }",
            "fn down(n: u64) { #![allow(unused)] if n > 0 { down(n - 1) } }",
        ] {
            check(code, code);
        }
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
    fn a_loop_of_mere_arithmetic_that_ends_by_itself_gets_none() {
        for code in [
            "for x in &v { sum += x * 2; };",
            "for x in self.v.iter_mut() { *x = if *x > 3 { 0 } else { *x }; };",
            "for i in 0..1_000 { sum += v[i]; };",
        ] {
            check(code, code);
        }
        check("for x in v { sum += x; };", "for x in v {§ sum += x; };");
        check(
            "for x in 0.. { sum += x; };",
            "for x in 0.. {§ sum += x; };",
        );
        check(
            "for x in 0..n { sum += x; };",
            "for x in 0..n {§ sum += x; };",
        );
        check(
            "for x in 0..1_000_000 { sum += x; };",
            "for x in 0..1_000_000 {§ sum += x; };",
        );
        check("for x in &v { f(x); };", "for x in &v {§ f(x); };");
        check(
            "for x in &v { for y in &w { s += x * y; } };",
            "for x in &v {§ for y in &w { s += x * y; } };",
        );
    }

    #[test]
    fn loops_that_must_not_unwind_get_none() {
        for abi in ["extern", "extern \"C\"", "extern \"system\""] {
            let code = format!("unsafe {abi} fn f() {{ loop {{}} }}");
            check(&code, &code);
        }
        check(
            "extern \"C-unwind\" fn f() { loop {} }",
            "extern \"C-unwind\" fn f() { loop {§} }",
        );
    }

    #[test]
    fn macros_and_code_that_does_not_parse_are_left_alone() {
        check("m! { loop {} }", "m! { loop {} }");
        check("loop { let = 5; }", "loop { let = 5; }");
    }

    #[test]
    fn a_comment_turns_checkpoints_off() {
        let code = "// kernel: no checkpoints\nloop {};";
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
                ":dep x\n/// Doc.\n{first}pub static N: AtomicU32 = AtomicU32::new(0);\n&(N.load(Relaxed))"
            ),
        );
        check(
            "impl A { fn a() { static N: u8 = 0; fn b() { static N: u8 = 1; } } }",
            &format!(
                "mod lesson_block_7_0 {{}} impl A {{ fn a() {{ {first}static N: u8 = 0; fn b() {{ {second}static N: u8 = 1; }} }} }}"
            ),
        );
    }

    #[test]
    fn a_static_of_a_cells_own_block_is_left_alone() {
        check("{ static N: u8 = 0; };", "{ static N: u8 = 0; };");
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
            &Known::default(),
            None,
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
            let rewritten = rewrite(code, 7, &Known::default(), None);
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
    fn a_crate_of_the_toolchain_is_hidden_from_evcxr() {
        check(
            "extern crate alloc;",
            "mod lesson_crate_alloc { pub extern crate alloc; } use lesson_crate_alloc::alloc;",
        );
        check(
            "pub extern crate core as c;",
            "mod lesson_crate_c { pub extern crate core as c; } use lesson_crate_c::c;",
        );
        check("extern crate rand;", "extern crate rand;");
    }

    #[test]
    fn a_macro_has_a_path_and_modules_use_it() {
        check(
            "macro_rules! m { () => {} }\nfn f() { m!() }\nmod a { fn f() { m!(); n!() } }",
            "#[macro_export] macro_rules! m { () => {} }\nfn f() { m!() }\nmod a { fn f() { crate::m!(); n!() } }",
        );
        check(
            "macro_rules! m { () => {} }\nmod a { use crate::m; fn f() { m!() } }",
            "#[macro_export] macro_rules! m { () => {} }\nmod a { use crate::m; fn f() { m!() } }",
        );
        check(
            "#[macro_export]\nmacro_rules! m { () => {} }",
            "#[macro_export]\nmacro_rules! m { () => {} }",
        );
    }

    #[test]
    fn lines_that_are_no_rust_become_comments() {
        check(
            "#!/usr/bin/env cargo\nloop {};",
            "//#!/usr/bin/env cargo\nloop {§};",
        );
        check(
            "#![allow(unused)]\nloop {};",
            "#![allow(unused)]\nloop {§};",
        );
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
        check("fn main() {}\nmain()", "fn main() {}\n&(main())");
        check("fn main(n: u32) {}", "fn main(n: u32) {}");
        check("mod a { fn main() {} }", "mod a { fn main() {} }");
        check("async fn main() {}", "async fn main() {}");
        check(
            "fn main() -> Result<(), String> { Ok(()) }",
            "fn main() -> Result<(), String> { Ok(()) } crate::lesson_early::asked(15, main().map_err(|error| format!(\"{error:?}\")))?;",
        );
    }

    #[test]
    fn a_value_is_borrowed_for_its_display() {
        check("1 + 1 // two", "&(1 + 1) // two");
        check(
            "let a = 1;\nif a > 0 { a } else { 0 }",
            "let a = 1;\n&(if a > 0 { a } else { 0 })",
        );
        check("vec![1]", "&(vec![1])");
        check(":dep x\n a.b() ", ":dep x\n &(a.b()) ");
        check("loop { break 5 }", "&(loop {§ break 5 })");
        for code in [
            "a;",
            "m! { static N: u32 = 1; }",
            "#[allow(unused)] { 1 }",
            "fn f() {}",
            "",
        ] {
            check(code, code);
        }
    }

    #[test]
    fn a_loop_at_the_end_that_has_no_value_is_a_statement() {
        check("for _ in 0..3 {} // three", "for _ in 0..3 {}; // three");
        check("'a: while b {}", "'a: while b {§};");
        check("for _ in 0..3 {};", "for _ in 0..3 {};");
        check(
            "for _ in 0..3 {}\nlet a = 1;",
            "for _ in 0..3 {}\nlet a = 1;",
        );
        check(
            "#[allow(unused)] for _ in 0..3 {}",
            "#[allow(unused)] for _ in 0..3 {};",
        );
    }

    #[test]
    fn a_static_that_the_learner_exports_is_left_alone() {
        let code = "#[unsafe(no_mangle)]\nstatic N: u32 = 1;";
        check(code, code);
    }
}
