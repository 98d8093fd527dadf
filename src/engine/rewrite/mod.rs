//! What is changed in a cell before it is compiled, unseen by the learner.

pub mod checkpoints;
pub mod edits;
pub mod statics;
pub mod value;

use ra_ap_syntax::{AstNode, SourceFile, ast};

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
}

/// Rewrites a cell. Code that does not parse is left as it is: the compiler explains what is wrong.
#[must_use]
pub fn rewrite(code: &str, generation: u64) -> Rewritten {
    let file = SourceFile::parse(&wrap(code), EDITION);
    if !file.errors().is_empty() {
        return Rewritten {
            edited: Edited::unchanged(code),
            statics: Vec::new(),
        };
    }
    let root = file.tree();
    let mut insertions = Vec::new();
    if !code.contains(checkpoints::OFF) {
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
    if let Some((start, end)) = value::place(&root) {
        for (at, text) in [(start, "&("), (end, ")")] {
            insertions.push(Insertion {
                at: in_cell(code, at),
                text: text.to_owned(),
            });
        }
    }
    Rewritten {
        edited: Edited::new(code, insertions),
        statics: found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, expected: &str) {
        let marked = expected.replace('§', checkpoints::CALL);
        assert_eq!(rewrite(code, 7).edited.code(), marked);
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
    fn a_static_is_exported_and_later_declared() {
        let rewritten = rewrite(
            ":dep x\n/// Doc.\npub static N: AtomicU32 = AtomicU32::new(0);\nN.load(Relaxed)",
            7,
        );
        assert_eq!(
            rewritten.edited.code(),
            ":dep x\n/// Doc.\n#[unsafe(export_name = \"lesson_static_7_N\")] pub static N: AtomicU32 = AtomicU32::new(0);\n&(N.load(Relaxed))"
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
    fn a_value_is_borrowed_for_its_display() {
        check("1 + 1 // two", "&(1 + 1) // two");
        check(
            "let a = 1;\nif a > 0 { a } else { 0 }",
            "let a = 1;\n&(if a > 0 { a } else { 0 })",
        );
        check("vec![1]", "&(vec![1])");
        check(":dep x\n a.b() ", ":dep x\n &(a.b()) ");
        for code in [
            "a;",
            "m! { static N: u32 = 1; }",
            "return",
            "#[allow(unused)] { 1 }",
            "fn f() {}",
            "",
        ] {
            check(code, code);
        }
    }

    #[test]
    fn a_static_that_the_learner_exports_is_left_alone() {
        let code = "#[unsafe(no_mangle)]\nstatic N: u32 = 1;";
        check(code, code);
    }
}
