//! What is changed in a cell before it is compiled, unseen by the learner.

pub mod blocking;
pub mod checkpoints;
pub mod edits;
pub mod statics;

use std::collections::BTreeSet;

use ra_ap_syntax::{AstNode, SourceFile, ast};

pub use blocking::Known;
pub use edits::{Edited, Insertion};
pub use statics::Static;

use super::syntax::{EDITION, in_cell, statements, wrap};

/// A cell ready to be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// The text, and the way back.
    pub edited: Edited,
    /// The statics that it defines.
    pub statics: Vec<Static>,
    /// Blocking calls are wrapped. Should it not compile, it may do so without.
    pub waits: bool,
    /// The methods of the traits that it defines.
    pub trait_methods: BTreeSet<String>,
}

/// Rewrites a cell; its blocking calls only with what is known of the notebook. Code that does not
/// parse is left as it is: the compiler explains what is wrong.
#[must_use]
pub fn rewrite(code: &str, generation: u64, known: Option<&Known>) -> Rewritten {
    let file = SourceFile::parse(&wrap(code), EDITION);
    if !file.errors().is_empty() {
        return Rewritten {
            edited: Edited::unchanged(code),
            statics: Vec::new(),
            waits: false,
            trait_methods: BTreeSet::new(),
        };
    }
    let root = file.tree();
    let mut insertions = Vec::new();
    let mut waits = false;
    if !code.contains(checkpoints::OFF) {
        if let Some(known) = known {
            let found = blocking::insertions(root.syntax(), known);
            waits = !found.is_empty();
            insertions.extend(found.into_iter().map(|(at, text)| Insertion {
                at: in_cell(code, at),
                text,
            }));
        }
        insertions.extend(checkpoints::places(root.syntax()).map(|at| Insertion {
            at: in_cell(code, at),
            text: checkpoints::CALL.to_owned(),
        }));
    }
    let mut found = Vec::new();
    for statement in statements(&root) {
        if let ast::Stmt::Item(ast::Item::Static(item)) = statement
            && let Some(item) = Static::read(&item, generation)
        {
            insertions.push(Insertion {
                at: in_cell(code, item.start),
                text: item.attribute(),
            });
            found.push(item);
        }
    }
    Rewritten {
        edited: Edited::new(code, insertions),
        statics: found,
        waits,
        trait_methods: blocking::trait_methods(root.syntax()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, expected: &str) {
        let marked = expected.replace('§', checkpoints::CALL);
        assert_eq!(rewrite(code, 7, None).edited.code(), marked);
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
    fn a_loop_of_mere_arithmetic_that_ends_by_itself_gets_none() {
        for code in [
            "for x in &v { sum += x * 2; }",
            "for x in self.v.iter_mut() { *x = if *x > 3 { 0 } else { *x }; }",
            "for i in 0..1_000 { sum += v[i]; }",
        ] {
            check(code, code);
        }
        check("for x in v { sum += x; }", "for x in v {§ sum += x; }");
        check("for x in 0.. { sum += x; }", "for x in 0.. {§ sum += x; }");
        check(
            "for x in 0..n { sum += x; }",
            "for x in 0..n {§ sum += x; }",
        );
        check(
            "for x in 0..1_000_000 { sum += x; }",
            "for x in 0..1_000_000 {§ sum += x; }",
        );
        check("for x in &v { f(x); }", "for x in &v {§ f(x); }");
        check(
            "for x in &v { for y in &w { s += x * y; } }",
            "for x in &v {§ for y in &w { s += x * y; } }",
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
        let code = "// kernel: no checkpoints\nloop {}";
        check(code, code);
    }

    #[test]
    fn a_static_is_exported_and_later_declared() {
        let rewritten = rewrite(
            ":dep x\n/// Doc.\npub static N: AtomicU32 = AtomicU32::new(0);\nN.load(Relaxed)",
            7,
            None,
        );
        assert_eq!(
            rewritten.edited.code(),
            ":dep x\n/// Doc.\n#[unsafe(export_name = \"lesson_static_7_N\")] pub static N: AtomicU32 = AtomicU32::new(0);\nN.load(Relaxed)"
        );
        let declaration = rewritten.statics[0].declaration();
        assert!(
            declaration.contains("pub safe static N: AtomicU32;"),
            "{declaration}"
        );
        assert!(
            declaration.ends_with("use lesson_static_7_N::N;"),
            "{declaration}"
        );
    }

    #[test]
    fn a_static_that_the_learner_exports_is_left_alone() {
        let code = "#[unsafe(no_mangle)]\nstatic N: u32 = 1;";
        check(code, code);
    }
}
