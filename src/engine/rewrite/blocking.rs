//! The blocking calls of `std` that a cell makes, wrapped so that stop ends them.
//!
//! `studio.lock()` becomes `::lesson_support::cells::on(&studio).lock()`. Which `lock` that is, only
//! the compiler knows; the wrapper is one that lets it choose the learner's own or another crate's as
//! it would without. Where even so the cell does not compile, it is compiled as it was written.

use std::collections::{BTreeMap, BTreeSet};

use ra_ap_syntax::ast::{self, HasArgList, HasGenericArgs, HasName};
use ra_ap_syntax::{AstNode, SourceFile, SyntaxKind, SyntaxNode, TextRange, WalkEvent};

use super::super::syntax::EDITION;
use super::checkpoints::must_not_call;
use super::early;

/// Where the wrappers are.
const WRAPPERS: &str = "::lesson_support::cells::";

/// What is known of the notebook so far.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The learner's variables and their types, as evcxr wrote them down.
    pub variables: BTreeMap<String, String>,
    /// Methods of traits that the learner has defined. Calls of that name are left alone: should the
    /// trait be implemented for all types, a wrapper would be one of them.
    pub own_methods: BTreeSet<String>,
}

/// The methods of the traits that `root` defines.
#[must_use]
pub fn trait_methods(root: &SyntaxNode) -> BTreeSet<String> {
    root.descendants()
        .filter_map(ast::Trait::cast)
        .filter_map(|item| item.assoc_item_list())
        .flat_map(|list| list.assoc_items())
        .filter_map(|item| match item {
            ast::AssocItem::Fn(method) => Some(method.name()?.text().to_string()),
            _ => None,
        })
        .collect()
}

/// Texts to insert into the source of `root`, in their order where places are equal.
#[must_use]
pub fn insertions(root: &SyntaxNode, surroundings: &Surroundings) -> Vec<(usize, String)> {
    let text = root.text().to_string();
    let search = Search {
        channels: text.contains("channel") || text.contains("Receiver"),
        bounded: text.contains("sync_channel") || text.contains("SyncSender"),
        own_methods: trait_methods(root),
        surroundings,
    };
    let mut found = Vec::new();
    search.walk(root, true, &|at| at, &mut found);
    found
}

struct Search<'a> {
    /// The cell speaks of channels, so what it iterates over may be a receiver.
    channels: bool,
    /// It speaks of bounded ones, whose senders block.
    bounded: bool,
    own_methods: BTreeSet<String>,
    surroundings: &'a Surroundings,
}

type Found = Vec<(usize, String)>;

impl Search<'_> {
    /// `place` leads from an offset in the source of `root` to the one that is asked for.
    /// `of_cell` says that it is not the source of something that the cell would not return from.
    fn walk(
        &self,
        root: &SyntaxNode,
        of_cell: bool,
        place: &dyn Fn(usize) -> usize,
        found: &mut Found,
    ) {
        let mut closing = Vec::new();
        for event in root.preorder() {
            match event {
                WalkEvent::Enter(node) => {
                    if let Some(macro_call) = ast::MacroCall::cast(node.clone()) {
                        self.walk_arguments(&macro_call, of_cell, place, found);
                    }
                    let wrapping = match node.kind() {
                        SyntaxKind::TRY_EXPR if of_cell => question(&node, place),
                        _ => self.wrapping(&node),
                    };
                    let wrapping = wrapping.unwrap_or_default();
                    let open = wrapping.open.into_iter();
                    found.extend(open.map(|(at, text)| (place(at), text)));
                    closing.push(wrapping.close);
                }
                // Behind what was found inside, which has to be closed first.
                WalkEvent::Leave(_) => {
                    let close = closing.pop().flatten();
                    found.extend(close.map(|(at, text)| (place(at), text.to_owned())));
                }
            }
        }
    }

    /// To the parser the arguments of a macro are mere tokens. Those of some macros of `std` are
    /// expressions, and do not appear as text in what the macro makes.
    fn walk_arguments(
        &self,
        call: &ast::MacroCall,
        of_cell: bool,
        place: &dyn Fn(usize) -> usize,
        found: &mut Found,
    ) -> Option<()> {
        let name = call.path()?.segment()?.name_ref()?.text().to_string();
        let (head, tail) = match name.as_str() {
            "print" | "println" | "eprint" | "eprintln" | "format" | "write" | "writeln"
            | "panic" | "assert_eq" | "assert_ne" => ("fn f() { f(", ") }"),
            "vec" => ("fn f() { [", "] }"),
            _ => return None,
        };
        if must_not_call(call.syntax()) {
            return None;
        }
        let tree = call.token_tree()?.syntax().clone();
        let text = tree.text().to_string();
        // Without the brackets, which are one byte each.
        let inside = text.get(1..text.len().checked_sub(1)?)?;
        let parsed = SourceFile::parse(&format!("{head}{inside}{tail}"), EDITION);
        if !parsed.errors().is_empty() {
            return None;
        }
        let start = usize::from(tree.text_range().start()) + 1;
        let place = |at: usize| place(at - head.len() + start);
        let of_cell = of_cell && early::is_of_cell(call.syntax());
        self.walk(parsed.tree().syntax(), of_cell, &place, found);
        Some(())
    }

    fn wrapping(&self, node: &SyntaxNode) -> Option<Wrapping> {
        let wrapping = match node.kind() {
            SyntaxKind::METHOD_CALL_EXPR => self.method(&ast::MethodCallExpr::cast(node.clone())?),
            SyntaxKind::CALL_EXPR => function(&ast::CallExpr::cast(node.clone())?),
            SyntaxKind::FOR_EXPR => self.for_loop(&ast::ForExpr::cast(node.clone())?),
            SyntaxKind::AWAIT_EXPR => awaited(&ast::AwaitExpr::cast(node.clone())?),
            _ => None,
        }?;
        // What is awaited does not block.
        let awaited = node
            .parent()
            .is_some_and(|parent| parent.kind() == SyntaxKind::AWAIT_EXPR);
        (!awaited && !must_not_call(node)).then_some(wrapping)
    }

    fn method(&self, call: &ast::MethodCallExpr) -> Option<Wrapping> {
        let receiver = call.receiver()?;
        let name = call.name_ref()?.text().to_string();
        if self.own_methods.contains(&name) || self.surroundings.own_methods.contains(&name) {
            return None;
        }
        let arguments = call.arg_list()?.args().count();
        let blocks = match (name.as_str(), arguments) {
            ("lock" | "read" | "write" | "recv" | "try_recv", 0) => true,
            ("iter", 0) => self.channels || self.has_type(&receiver, "Receiver"),
            ("send", 1) => self.bounded || self.has_type(&receiver, "SyncSender"),
            ("wait", 1) | ("wait_while" | "wait_timeout", 2) | ("wait_timeout_while", 3) => true,
            ("join", 0) => return Some(join(call, &receiver)),
            _ => false,
        };
        let range = receiver.syntax().text_range();
        blocks.then(|| Wrapping::around(range, format!("{WRAPPERS}on(&"), ")"))
    }

    /// `for` goes through the messages of a receiver as through anything else.
    fn for_loop(&self, for_loop: &ast::ForExpr) -> Option<Wrapping> {
        let items = for_loop.iterable()?;
        let place = match &items {
            ast::Expr::RefExpr(reference) if reference.mut_token().is_none() => reference.expr()?,
            other => other.clone(),
        };
        let may_be_receiver = self.channels || self.has_type(&place, "Receiver");
        (may_be_receiver && is_variable(&place)).then(|| {
            Wrapping::around(
                items.syntax().text_range(),
                format!("{{ use {WRAPPERS}Otherwise as _; {WRAPPERS}each("),
                ").lesson_each() }",
            )
        })
    }

    /// Whether a variable of an earlier cell, of a type like this, occurs in the expression.
    fn has_type(&self, expression: &ast::Expr, ty: &str) -> bool {
        expression
            .syntax()
            .descendants()
            .filter_map(ast::NameRef::cast)
            .filter_map(|name| self.surroundings.variables.get(name.text()))
            .any(|found| found.contains(ty))
    }
}

#[derive(Default)]
struct Wrapping {
    open: Vec<(usize, String)>,
    close: Option<(usize, &'static str)>,
}

impl Wrapping {
    fn around(range: TextRange, before: String, behind: &'static str) -> Wrapping {
        Wrapping {
            open: vec![(range.start().into(), before)],
            close: Some((range.end().into(), behind)),
        }
    }
}

/// The operand of a `?` that ends the cell.
fn question(node: &SyntaxNode, place: &dyn Fn(usize) -> usize) -> Option<Wrapping> {
    let question = ast::TryExpr::cast(node.clone())?;
    if !early::is_of_cell(node) {
        return None;
    }
    let at = place(question.question_mark_token()?.text_range().start().into());
    let operand = question.expr()?.syntax().text_range();
    Some(Wrapping::around(operand, early::asked(at), ")"))
}

/// A join takes its handle by value. A variable is looked at first, and then joined as it is; a value
/// goes through the wrapper's hands.
fn join(call: &ast::MethodCallExpr, receiver: &ast::Expr) -> Wrapping {
    if is_variable(receiver) {
        let handle = receiver.syntax().text();
        Wrapping::around(
            call.syntax().text_range(),
            format!("({WRAPPERS}before(&{handle}).join(), "),
            ").1",
        )
    } else {
        Wrapping::around(
            receiver.syntax().text_range(),
            format!("{WRAPPERS}owned("),
            ")",
        )
    }
}

/// What is awaited. The executor of an `.await` knows no stop.
fn awaited(expression: &ast::AwaitExpr) -> Option<Wrapping> {
    let range = expression.expr()?.syntax().text_range();
    Some(Wrapping::around(range, format!("{WRAPPERS}awaited("), ")"))
}

/// A name, or fields of one: can be named twice, and without newlines.
fn is_variable(expression: &ast::Expr) -> bool {
    let plain = match expression {
        ast::Expr::PathExpr(_) => true,
        ast::Expr::FieldExpr(field) => field.expr().is_some_and(|of| is_variable(&of)),
        _ => false,
    };
    plain && !expression.syntax().text().contains_char('\n')
}

fn function(call: &ast::CallExpr) -> Option<Wrapping> {
    let ast::Expr::PathExpr(callee) = call.expr()? else {
        return None;
    };
    let path = callee.path()?;
    let segment = path.segment()?;
    if segment.generic_arg_list().is_some() {
        return None;
    }
    let list = call.arg_list()?;
    let arguments = list.args().count();
    let range = call.syntax().text_range();
    let wrapper = match (segment.name_ref()?.text(), arguments) {
        ("sleep" | "park_timeout", 1) => "call",
        ("park", 0) => "call_bare",
        ("scope", 1) => {
            let scope = format!("({{ let _lesson_scope = {WRAPPERS}scope(); ");
            return Some(Wrapping::around(range, scope, " })"));
        }
        _ => return None,
    };
    // `(a,)` as an argument would be a tuple.
    let comma = list
        .syntax()
        .children_with_tokens()
        .any(|element| element.kind() == SyntaxKind::COMMA);
    if comma {
        return None;
    }
    let mut wrapping = Wrapping::around(range, format!("{WRAPPERS}{wrapper}("), ")");
    let list_start = list.syntax().text_range().start().into();
    wrapping.open.push((list_start, ", ".to_owned()));
    Some(wrapping)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::known::Known;
    use crate::engine::rewrite::{Edited, rewrite};

    /// In `expected`, `§` stands for the path of the wrappers.
    #[track_caller]
    fn check_with(variables: &[(&str, &str)], code: &str, expected: &str) {
        let owned = |(name, ty): &(&str, &str)| ((*name).to_owned(), (*ty).to_owned());
        let surroundings = Surroundings {
            variables: variables.iter().map(owned).collect(),
            own_methods: BTreeSet::from(["read".to_owned()]),
        };
        // A statement: how a value is shown is not looked at here.
        let cell = format!("{code};");
        let rewritten = rewrite(&cell, 1, &Known::default(), Some(&surroundings));
        let expected_cell = Edited::unchanged(&format!("{};", expected.replace('§', WRAPPERS)));
        assert_eq!(rewritten.edited.code(), expected_cell.no_command().code());
        assert_eq!(rewritten.tentative, code != expected);
    }

    #[track_caller]
    fn check(code: &str, expected: &str) {
        check_with(&[], code, expected);
    }

    #[test]
    fn what_stands_before_a_blocking_method_is_wrapped() {
        check("m.lock()", "§on(&m).lock()");
        check(
            "*self.m[0].lock().unwrap() += 1;",
            "*§on(&self.m[0]).lock().unwrap() += 1;",
        );
        check(
            "let job = rx.lock().unwrap().recv();",
            "let job = §on(&§on(&rx).lock().unwrap()).recv();",
        );
        check(
            "g = cv.wait(g).unwrap();\nchild.wait();",
            "g = §on(&cv).wait(g).unwrap();\nchild.wait();",
        );
        check("f.read(&mut b)", "f.read(&mut b)");
    }

    #[test]
    fn a_handle_is_waited_for_and_then_joined() {
        check(
            "h.join().unwrap();",
            "(§before(&h).join(), h.join()).1.unwrap();",
        );
        check(
            "for h in hs { self.h.join(); }",
            "for h in hs { crate::lesson_stop::point(); (§before(&self.h).join(), self.h.join()).1; }",
        );
        check(
            "spawn(f).join().unwrap()",
            "§owned(spawn(f)).join().unwrap()",
        );
        check(r#"words.join(",")"#, r#"words.join(",")"#);
    }

    #[test]
    fn functions_are_called_by_the_wrapper() {
        check(
            "thread::sleep(Duration::from_secs(1));",
            "§call(thread::sleep, (Duration::from_secs(1)));",
        );
        check("std::thread::park();", "§call_bare(std::thread::park, ());");
        check("sleep(1,); sleep(1, 2)", "sleep(1,); sleep(1, 2)");
        check(
            "thread::scope(|s| { m.lock(); })",
            "({ let _lesson_scope = §scope(); thread::scope(|s| { §on(&m).lock(); }) })",
        );
    }

    #[test]
    fn only_what_may_be_a_channel_is_iterated_in_another_way() {
        check("v.iter().sum()", "v.iter().sum()");
        check("tx.send(1)", "tx.send(1)");
        check_with(&[("v", "Vec<u8>")], "v.iter()", "v.iter()");
        check_with(
            &[("rx", "mpsc::Receiver<u8>")],
            "rx.iter().sum()",
            "§on(&rx).iter().sum()",
        );
        check_with(
            &[("rx", "mpsc::Receiver<u8>")],
            "for m in &rx {}",
            "for m in { use §Otherwise as _; §each(&rx).lesson_each() } {}",
        );
        check(
            "let (tx, rx) = sync_channel(1); tx.send(1)",
            "let (tx, rx) = sync_channel(1); §on(&tx).send(1)",
        );
    }

    #[test]
    fn arguments_of_printing_macros_are_looked_at_and_others_are_not() {
        check(
            ":dep x\nprintln!(\"{}\",\n rx.recv().unwrap());",
            ":dep x\nprintln!(\"{}\",\n §on(&rx).recv().unwrap());",
        );
        check(
            "vec![m.lock(), n]; dbg!(m.lock());",
            "vec![§on(&m).lock(), n]; dbg!(m.lock());",
        );
        check("m! { a.lock() }", "m! { a.lock() }");
        check(
            "println!(\"{}\", format!(\"{}\", a.write()))",
            "println!(\"{}\", format!(\"{}\", §on(&a).write()))",
        );
    }

    #[test]
    fn what_is_awaited_is_wrapped_and_not_the_call_that_makes_it() {
        check(
            "let a = rx.recv().await;",
            "let a = §awaited(rx.recv()).await;",
        );
        check(
            "async { f(a.await).await; tokio::join!(b, c) }",
            "async { §awaited(f(§awaited(a).await)).await; tokio::join!(b, c) }",
        );
        check(
            "println!(\"{}\", a.await)",
            "println!(\"{}\", §awaited(a).await)",
        );
    }

    #[test]
    fn what_must_not_call_or_unwind_or_does_not_block_is_left_alone() {
        for code in [
            "const fn f(m: &M) { m.lock() }",
            "extern \"C\" fn f(m: &M) { m.lock() }",
            "extern \"C\" fn f() { let c = || h.join(); }",
            "a.read();",
            "trait Ask { fn recv(&self); } a.recv();",
            "// kernel: no checkpoints\nm.lock();",
            "m.lock(;",
        ] {
            check(code, code);
        }
        check(
            "extern \"C-unwind\" fn f(m: &M) { m.lock() }",
            "extern \"C-unwind\" fn f(m: &M) { §on(&m).lock() }",
        );
    }
}
