//! A look at the stop button at the head of each loop, and of each function that calls itself.

use ra_ap_syntax::ast::{self, HasLoopBody, HasName, RangeItem};
use ra_ap_syntax::{AstNode, AstToken, SyntaxKind, SyntaxNode};

/// The name of the module that [`definition`] defines.
pub const MODULE: &str = "lesson_stop";

/// What a loop calls, for cells that are compiled with this optimisation level.
///
/// One load and one branch as long as nobody presses stop. Without optimisation each of them would be
/// a call of its own, and one call of a function that is compiled already costs half as much.
#[must_use]
pub fn definition(opt_level: &str) -> String {
    let look = if opt_level == "0" {
        "lesson_runtime_poll();"
    } else {
        "if lesson_runtime_stage.load(std::sync::atomic::Ordering::Relaxed) != 0 {
            lesson_runtime_checkpoint();
        }"
    };
    // Weak: the linker need not find them, and asks that of everything else that a cell names. The process has them.
    format!(
        r#"mod lesson_stop {{
    std::arch::global_asm!(".weak lesson_runtime_stage, lesson_runtime_checkpoint, lesson_runtime_poll");
    unsafe extern "C" {{
        safe static lesson_runtime_stage: std::sync::atomic::AtomicU32;
    }}
    unsafe extern "C-unwind" {{
        safe fn lesson_runtime_checkpoint();
        safe fn lesson_runtime_poll();
    }}
    #[inline(always)]
    pub fn point() {{
        {look}
    }}
}}"#
    )
}

/// Inserted behind the opening brace of a loop.
pub const CALL: &str = " crate::lesson_stop::point();";

/// A cell with this comment is left as it is.
pub const OFF: &str = "// kernel: no checkpoints";

/// The places, in `root`, behind the opening braces of loops, and of functions that call themselves, where
/// a function may be called.
///
/// Loops inside macro calls are only tokens to us, loops that run while compiling (`const fn`,
/// initialisers of constants) cannot call anything, and out of an `extern "C" fn` nothing may unwind;
/// all of them are left alone.
pub fn places(root: &SyntaxNode) -> impl Iterator<Item = usize> {
    root.descendants().filter_map(|node| {
        let body = match node.kind() {
            SyntaxKind::LOOP_EXPR => ast::LoopExpr::cast(node.clone())?.loop_body(),
            SyntaxKind::WHILE_EXPR => ast::WhileExpr::cast(node.clone())?.loop_body(),
            SyntaxKind::FOR_EXPR => {
                let for_loop = ast::ForExpr::cast(node.clone())?;
                (!ends_by_itself(&for_loop)).then(|| for_loop.loop_body())?
            }
            SyntaxKind::FN => {
                let function = ast::Fn::cast(node.clone())?;
                calls_itself(&function).then(|| function.body())?
            }
            _ => None,
        }?;
        let brace = body.stmt_list()?.l_curly_token()?;
        (!must_not_call(&node)).then(|| usize::from(brace.text_range().end()))
    })
}

/// Whether a function or method of this name is called in there: most likely the function itself. (Two that
/// call each other are not found. What implements a trait hands on to the fields, as `clone` and `fmt` do.)
fn calls_itself(function: &ast::Fn) -> bool {
    let (Some(name), Some(body)) = (function.name(), function.body()) else {
        return false;
    };
    // Nothing may stand before `#![…]`.
    let attributed = body.stmt_list().is_some_and(|list| {
        list.syntax()
            .children()
            .any(|child| child.kind() == SyntaxKind::ATTR)
    });
    let name = name.text();
    let of_trait = function
        .syntax()
        .ancestors()
        .find_map(ast::Impl::cast)
        .is_some_and(|block| block.trait_().is_some());
    !attributed
        && !of_trait
        && body.syntax().descendants().any(|node| {
            let called = match node.kind() {
                SyntaxKind::CALL_EXPR => {
                    match ast::CallExpr::cast(node).and_then(|call| call.expr()) {
                        Some(ast::Expr::PathExpr(callee)) => callee
                            .path()
                            .and_then(|path| path.segment())
                            .and_then(|segment| segment.name_ref()),
                        _ => None,
                    }
                }
                SyntaxKind::METHOD_CALL_EXPR => {
                    ast::MethodCallExpr::cast(node).and_then(|call| call.name_ref())
                }
                _ => None,
            };
            called.is_some_and(|called| called.text() == name)
        })
}

/// Whether the loop does nothing but arithmetic, on each element of a collection or for a small number
/// of times: such a loop is over before a reader can press stop, and a look would cost as much as all
/// the rest of a turn.
fn ends_by_itself(for_loop: &ast::ForExpr) -> bool {
    let bounded = match for_loop.iterable() {
        Some(ast::Expr::RefExpr(items)) => items.expr().is_some_and(|items| is_place(&items)),
        Some(ast::Expr::MethodCallExpr(call)) => {
            let name = call.name_ref().map(|name| name.text().to_string());
            matches!(name.as_deref(), Some("iter" | "iter_mut"))
                && call.receiver().is_some_and(|items| is_place(&items))
        }
        Some(ast::Expr::RangeExpr(range)) => range
            .end()
            .and_then(|end| {
                end.syntax()
                    .text()
                    .to_string()
                    .replace('_', "")
                    .parse()
                    .ok()
            })
            .is_some_and(|end: u32| range.start().is_some() && end <= FEW_TURNS),
        _ => false,
    };
    bounded
        && for_loop
            .loop_body()
            .is_some_and(|body| is_arithmetic(body.syntax()))
}

/// Turns of mere arithmetic that take well under a millisecond.
const FEW_TURNS: u32 = 10_000;

fn is_place(expression: &ast::Expr) -> bool {
    match expression {
        ast::Expr::PathExpr(_) => true,
        ast::Expr::FieldExpr(field) => field.expr().is_some_and(|of| is_place(&of)),
        _ => false,
    }
}

/// Whether nothing in there is called, and nothing loops.
fn is_arithmetic(node: &SyntaxNode) -> bool {
    !node.descendants().any(|inside| {
        matches!(
            inside.kind(),
            SyntaxKind::CALL_EXPR
                | SyntaxKind::METHOD_CALL_EXPR
                | SyntaxKind::MACRO_CALL
                | SyntaxKind::LOOP_EXPR
                | SyntaxKind::WHILE_EXPR
                | SyntaxKind::FOR_EXPR
                | SyntaxKind::AWAIT_EXPR
                | SyntaxKind::CLOSURE_EXPR
                | SyntaxKind::FN
        )
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
