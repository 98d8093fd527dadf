//! A look at the stop button at the head of each loop.

use ra_ap_syntax::ast::{self, HasLoopBody};
use ra_ap_syntax::{AstNode, AstToken, SyntaxKind, SyntaxNode};

/// The name of the module that [`DEFINITION`] defines.
pub const MODULE: &str = "lesson_stop";

/// What a loop calls. One load and one branch as long as nobody presses stop.
pub const DEFINITION: &str = r#"mod lesson_stop {
    unsafe extern "C" {
        safe static lesson_runtime_stage: std::sync::atomic::AtomicU32;
    }
    unsafe extern "C-unwind" {
        safe fn lesson_runtime_checkpoint();
    }
    #[inline(always)]
    pub fn point() {
        if lesson_runtime_stage.load(std::sync::atomic::Ordering::Relaxed) != 0 {
            lesson_runtime_checkpoint();
        }
    }
}"#;

/// Inserted behind the opening brace of a loop.
pub const CALL: &str = " crate::lesson_stop::point();";

/// A cell with this comment is left as it is.
pub const OFF: &str = "// kernel: no checkpoints";

/// The places, in `root`, behind the opening braces of loops that may call a function.
///
/// Loops inside macro calls are only tokens to us, loops that run while compiling (`const fn`,
/// initialisers of constants) cannot call anything, and out of an `extern "C" fn` nothing may unwind;
/// all of them are left alone.
pub fn places(root: &SyntaxNode) -> impl Iterator<Item = usize> {
    root.descendants().filter_map(|node| {
        let body = match node.kind() {
            SyntaxKind::LOOP_EXPR => ast::LoopExpr::cast(node.clone())?.loop_body(),
            SyntaxKind::WHILE_EXPR => ast::WhileExpr::cast(node.clone())?.loop_body(),
            SyntaxKind::FOR_EXPR => ast::ForExpr::cast(node.clone())?.loop_body(),
            _ => None,
        }?;
        let brace = body.stmt_list()?.l_curly_token()?;
        (!must_not_call(&node)).then(|| usize::from(brace.text_range().end()))
    })
}

/// Whether the code at `node` must not call what may unwind: it runs while compiling, or a stop
/// would end the process because it cannot leave a function of C's kind.
pub(super) fn must_not_call(node: &SyntaxNode) -> bool {
    for ancestor in node.ancestors() {
        match ancestor.kind() {
            // A function decides: what stands around it does not matter to its body.
            SyntaxKind::FN => {
                return ast::Fn::cast(ancestor)
                    .is_some_and(|f| f.const_token().is_some() || cannot_unwind(&f));
            }
            SyntaxKind::CONST
            | SyntaxKind::STATIC
            | SyntaxKind::CONST_ARG
            | SyntaxKind::CONST_BLOCK_PAT
            | SyntaxKind::ARRAY_TYPE
            | SyntaxKind::VARIANT => return true,
            SyntaxKind::BLOCK_EXPR
                if ast::BlockExpr::cast(ancestor.clone())
                    .is_some_and(|block| block.const_token().is_some()) =>
            {
                return true;
            }
            // The length of `[0; { … }]`.
            SyntaxKind::ARRAY_EXPR
                if ast::ArrayExpr::cast(ancestor.clone())
                    .is_some_and(|array| array.semicolon_token().is_some()) =>
            {
                return true;
            }
            _ => {}
        }
    }
    false
}

fn cannot_unwind(function: &ast::Fn) -> bool {
    function.abi().is_some_and(|abi| {
        let name = abi.abi_string().map(|name| name.text().to_owned());
        // `extern fn` alone is `extern "C" fn`.
        let name = name
            .as_deref()
            .unwrap_or("\"C\"")
            .trim_matches('"')
            .to_owned();
        name != "Rust" && !name.ends_with("-unwind")
    })
}
