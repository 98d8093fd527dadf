//! `return` and `?` at the top level of a cell, which end it early.
//!
//! A cell is no function. Its code runs in one all the same, and what a `return` jumps over is the code
//! that stores the new variables: the kernel has to know of it. Of a `?` it has to know the place. (A
//! `return` among the arguments of a macro is only a token here, and is not found.)

use std::ops::Range;

use ra_ap_syntax::ast;
use ra_ap_syntax::{AstNode, SourceFile, SyntaxKind, SyntaxNode};

use super::Insertion;
use crate::engine::syntax::{EDITION, in_cell, tail, wrap};

/// What the insertions call.
pub const DEFINITION: &str = r#"mod lesson_early {
    use std::fmt::{Debug, Display, Formatter, Result as Written};
    // Weak, as what a loop calls.
    std::arch::global_asm!(".weak lesson_runtime_returns, lesson_runtime_asked");
    unsafe extern "C" {
        safe fn lesson_runtime_returns(at: u64);
        fn lesson_runtime_asked(at: u64, text: *const u8, length: usize);
    }
    pub trait Nothing {
        fn nothing() -> Self;
    }
    impl Nothing for () {
        fn nothing() -> Self {}
    }
    impl<E> Nothing for Result<(), E> {
        fn nothing() -> Self {
            Ok(())
        }
    }
    pub fn returned<T: Nothing>(at: u64) -> T {
        lesson_runtime_returns(at);
        T::nothing()
    }
    pub struct Told<E> {
        at: u64,
        error: E,
    }
    impl<E> Told<E> {
        fn tell(&self, text: &str) -> Written {
            unsafe { lesson_runtime_asked(self.at, text.as_ptr(), text.len()) };
            Ok(())
        }
    }
    impl<E: Display> Display for Told<E> {
        fn fmt(&self, _: &mut Formatter<'_>) -> Written {
            // With all causes, where the error has them and tells them so, as `anyhow` does.
            self.tell(&format!("{:#}", self.error))
        }
    }
    impl<E: Debug> Debug for Told<E> {
        fn fmt(&self, out: &mut Formatter<'_>) -> Written {
            let error = &self.error;
            if out.alternate() {
                self.tell(&format!("{error:#?}"))
            } else {
                self.tell(&format!("{error:?}"))
            }
        }
    }
    pub fn asked<T, E>(at: u64, value: Result<T, E>) -> Result<T, Told<E>> {
        value.map_err(|error| Told { at, error })
    }
}"#;

/// What stands before the operand of a `?` at this byte of the wrapped cell; a `)` stands behind it.
#[must_use]
pub fn asked(at: usize) -> String {
    format!("crate::lesson_early::asked({at}, ")
}

/// Makes each `return` of the cell itself tell its place. Places are those of the wrapped cell.
#[must_use]
pub fn returns(root: &SourceFile) -> Vec<Insertion> {
    let mut insertions = Vec::new();
    let last = tail(root);
    for found in of_cell(root, ast::ReturnExpr::cast) {
        let Some(token) = found.return_token() else {
            continue;
        };
        let at = usize::from(found.syntax().text_range().start());
        let end = usize::from(found.syntax().text_range().end());
        let behind = usize::from(token.text_range().end());
        let mut insert = |at, text: String| insertions.push(Insertion { at, text });
        insert(behind, format!(" crate::lesson_early::returned({at})"));
        if found.expr().is_some() {
            insert(behind, "/*".to_owned());
            insert(end, "*/".to_owned());
        }
        // Else evcxr would show its value.
        if last
            .as_ref()
            .is_some_and(|last| last.syntax() == found.syntax())
        {
            insert(end, ";".to_owned());
        }
    }
    insertions
}

/// The first `return` of the cell itself that has a value to return, as bytes of the cell. (`()` is none,
/// nor is the `Ok(())` of a program that was copied.)
#[must_use]
pub fn with_value(code: &str) -> Option<Range<usize>> {
    let file = SourceFile::parse(&wrap(code), EDITION);
    if !file.errors().is_empty() {
        return None;
    }
    let found = of_cell(&file.tree(), ast::ReturnExpr::cast).find(|found| {
        let value = found.expr().map(|value| value.syntax().text().to_string());
        value.is_some_and(|value| {
            let bare: String = value.split_whitespace().collect();
            bare != "()" && bare != "Ok(())"
        })
    })?;
    let range = found.syntax().text_range();
    Some(in_cell(code, range.start().into())..in_cell(code, range.end().into()))
}

fn of_cell<N>(
    root: &SourceFile,
    cast: impl Fn(SyntaxNode) -> Option<N>,
) -> impl Iterator<Item = N> {
    root.syntax()
        .descendants()
        .filter(is_of_cell)
        .filter_map(cast)
}

/// Whether this is code of the wrapped cell itself, and of no closure, function or block of its own that
/// it would return from.
#[must_use]
pub fn is_of_cell(node: &SyntaxNode) -> bool {
    for ancestor in node.ancestors().skip(1) {
        let own = match ancestor.kind() {
            // The outermost one is the wrapping.
            SyntaxKind::FN => {
                return ancestor
                    .parent()
                    .is_some_and(|parent| parent.kind() == SyntaxKind::SOURCE_FILE);
            }
            SyntaxKind::CLOSURE_EXPR => true,
            SyntaxKind::BLOCK_EXPR => ast::BlockExpr::cast(ancestor).is_some_and(|block| {
                block.async_token().is_some()
                    || block.const_token().is_some()
                    || block.try_block_modifier().is_some()
            }),
            kind => ast::Item::can_cast(kind) && kind != SyntaxKind::MACRO_CALL,
        };
        if own {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::known::Known;
    use crate::engine::rewrite::{Surroundings, rewrite};

    #[track_caller]
    fn check(code: &str, expected: &str) {
        let rewritten = rewrite(code, 7, &Known::default(), Some(&Surroundings::default()));
        assert_eq!(
            rewritten
                .edited
                .code()
                .replace("crate::lesson_early::", "§"),
            expected
        );
    }

    #[test]
    fn a_return_of_the_cell_tells_its_place() {
        check("if a { return; }", "&(if a { return §returned(19); })");
        check("a();\nreturn", "a();\nreturn §returned(17);");
        check("return Ok(());", "return §returned(12)/* Ok(())*/;");
        check(
            "let Ok(r) = f() else { return };",
            "let Ok(r) = f() else { return §returned(35) };",
        );
    }

    #[test]
    fn a_return_of_something_else_is_left_alone() {
        for code in [
            "fn f() { return; }",
            "let f = || { return; };",
            "mod a { fn f() -> u8 { return 1; } }",
            "let f = async { return 1; };",
        ] {
            check(code, code);
            assert_eq!(with_value(code), None);
        }
    }

    #[test]
    fn a_question_tells_its_place_whatever_else_is_inserted() {
        check("f()?;", "§asked(15, f())?;");
        check(
            "a()?.b()??;",
            "§asked(21, §asked(20, §asked(15, a())?.b())?)?;",
        );
        check(
            "let g = m?.lock()?;",
            "let g = §asked(29, ::lesson_support::cells::on(&§asked(21, m)?).lock())?;",
        );
        check(
            "println!(\"{}\", f()?);",
            "println!(\"{}\", §asked(30, f())?);",
        );
        check("let c = || f()?;", "let c = || f()?;");
    }

    #[test]
    fn a_value_that_is_returned_has_a_place() {
        assert_eq!(with_value("return ();"), None);
        assert_eq!(with_value("a(); return Err(1);"), Some(5..18));
    }
}
