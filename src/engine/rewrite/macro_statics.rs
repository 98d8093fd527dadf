//! Statics that macros define: `thread_local!` and `lazy_static!`.
//!
//! What these macros expand to cannot be exported, since the storage is hidden in code of theirs. So the
//! macro stays as it is, inside the initialiser of a static of ours that has the learner's name and
//! leads to what the macro made:
//!
//! ```text
//! static N: LocalKey<u32> = { thread_local! { static N: u32 = 1; } LocalKey::new(N) };
//! ```
//!
//! All cells share that static as they share any other, and so they share the storage behind it. Both
//! types dereference to what the macro gives.

use std::collections::BTreeSet;

use ra_ap_syntax::ast::{self, HasAttrs, HasModuleItem, HasName, HasVisibility};
use ra_ap_syntax::{AstNode, NodeOrToken, SourceFile, SyntaxKind, SyntaxNode, SyntaxToken, T};

use super::Insertion;
use super::items::names_in;
use crate::engine::syntax::EDITION;

/// A macro that defines statics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Maker {
    ThreadLocal,
    LazyStatic,
}

impl Maker {
    fn of(call: &ast::MacroCall) -> Option<Maker> {
        match call.path()?.segment()?.name_ref()?.text() {
            "thread_local" => Some(Self::ThreadLocal),
            "lazy_static" => Some(Self::LazyStatic),
            _ => None,
        }
    }

    fn wrapper(self) -> &'static str {
        match self {
            Self::ThreadLocal => "crate::lesson_statics::LocalKey",
            Self::LazyStatic => "crate::lesson_statics::Lazy",
        }
    }

    /// The wrapper's argument.
    fn made(self, name: &str) -> String {
        match self {
            Self::ThreadLocal => name.to_owned(),
            Self::LazyStatic => format!("|| &*{name}"),
        }
    }
}

/// A static inside the macro call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its name.
    pub name: String,
    /// The names that its type mentions.
    pub mentions: BTreeSet<String>,
    /// Where the item starts in the wrapped cell, with its comments and attributes.
    start: usize,
    /// Attributes that decide whether it is there at all, and its visibility.
    head: String,
    ty: String,
}

/// A macro call that defines statics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    maker: Maker,
    /// The statics, at least one.
    pub made: Vec<Made>,
    /// The path and the opening delimiter.
    opening: String,
    closing: char,
    start: usize,
    end: usize,
    semicolon: bool,
}

impl Call {
    /// Reads a call that stands where an item may stand; `None` for other macros, and for what is not
    /// complete.
    #[must_use]
    pub fn read(call: &ast::MacroCall) -> Option<Call> {
        let maker = Maker::of(call)?;
        if !stands_like_an_item(call.syntax()) {
            return None;
        }
        let tree = call.token_tree()?;
        let (opening, closing) = match tree.syntax().first_token()?.kind() {
            T!['{'] => ('{', '}'),
            T!['('] => ('(', ')'),
            T!['['] => ('[', ']'),
            _ => return None,
        };
        let path = call.path()?.syntax().clone();
        let semicolon = call.semicolon_token().is_some()
            || call
                .syntax()
                .ancestors()
                .take(3)
                .filter_map(ast::ExprStmt::cast)
                .any(|statement| statement.semicolon_token().is_some());
        let made = statics_inside(&tree)?;
        Some(Call {
            maker,
            made,
            opening: format!("{}! {opening}", one_line(&path)),
            closing,
            start: usize::from(path.text_range().start()),
            end: usize::from(tree.syntax().text_range().end()),
            semicolon,
        })
    }

    /// The insertions that make statics of it, at places of the wrapped cell; `attributes` has the
    /// attribute of each.
    #[must_use]
    pub fn insertions(&self, attributes: &[String]) -> Vec<Insertion> {
        let mut insertions = Vec::new();
        for (index, (made, attribute)) in self.made.iter().zip(attributes).enumerate() {
            let wrapper = self.maker.wrapper();
            let Made { name, head, ty, .. } = made;
            let head = format!("{attribute}{head}static {name}: {wrapper}<{ty}> = {{ ");
            insertions.push(match index {
                0 => Insertion {
                    at: self.start,
                    text: head,
                },
                // Each gets a call of its own, so that it is an item of its own.
                index => Insertion {
                    at: made.start,
                    text: format!(
                        "{}{}; {head}{} ",
                        self.closing,
                        self.tail(&self.made[index - 1]),
                        self.opening
                    ),
                },
            });
        }
        if let Some(last) = self.made.last() {
            let end = if self.semicolon { "" } else { ";" };
            insertions.push(Insertion {
                at: self.end,
                text: format!("{}{end}", self.tail(last)),
            });
        }
        insertions
    }

    /// From the call to the end of the initialiser.
    fn tail(&self, made: &Made) -> String {
        let semicolon = if self.closing == '}' { "" } else { ";" };
        let wrapper = self.maker.wrapper();
        format!(
            "{semicolon} {wrapper}::new({}) }}",
            self.maker.made(&made.name)
        )
    }
}

/// Whether a macro call is a statement, or an item of a module.
fn stands_like_an_item(call: &SyntaxNode) -> bool {
    call.parent().is_some_and(|parent| match parent.kind() {
        SyntaxKind::MACRO_EXPR => parent.parent().is_some_and(|above| {
            matches!(above.kind(), SyntaxKind::EXPR_STMT | SyntaxKind::STMT_LIST)
        }),
        kind => matches!(kind, SyntaxKind::STMT_LIST | SyntaxKind::ITEM_LIST),
    })
}

/// Reads the tokens between the delimiters as items.
fn statics_inside(tree: &ast::TokenTree) -> Option<Vec<Made>> {
    let mut text = String::new();
    let mut previous = None;
    for token in tokens(tree.syntax()) {
        // `static ref` is the one thing that is no Rust; blanked, so that places stay.
        if token.kind() == SyntaxKind::REF_KW && previous == Some(SyntaxKind::STATIC_KW) {
            text.push_str("   ");
        } else {
            text.push_str(token.text());
        }
        if !token.kind().is_trivia() {
            previous = Some(token.kind());
        }
    }
    let inside = text.get(1..text.len().checked_sub(1)?)?;
    // The last semicolon may be left out.
    let complete = format!("{inside};");
    let parsed = [inside, complete.as_str()]
        .into_iter()
        .map(|text| SourceFile::parse(text, EDITION))
        .find(|file| file.errors().is_empty())?;
    let offset = usize::from(tree.syntax().text_range().start()) + 1;
    let made: Vec<Made> = parsed
        .tree()
        .items()
        .map(|item| match item {
            ast::Item::Static(item) => read_static(&item, offset),
            _ => None,
        })
        .collect::<Option<_>>()?;
    (!made.is_empty()).then_some(made)
}

fn read_static(item: &ast::Static, offset: usize) -> Option<Made> {
    let mut head = String::new();
    for attribute in item.attrs() {
        let text = one_line(attribute.syntax());
        if text.contains("cfg") {
            head.push_str(&text);
            head.push(' ');
        }
    }
    if let Some(visibility) = item.visibility() {
        head.push_str(&one_line(visibility.syntax()));
        head.push(' ');
    }
    let ty = item.ty()?;
    Some(Made {
        name: item.name()?.text().to_string(),
        mentions: names_in(ty.syntax()).collect(),
        start: offset + usize::from(item.syntax().text_range().start()),
        head,
        ty: one_line(ty.syntax()),
    })
}

/// The text of a node without line breaks and comments.
fn one_line(node: &SyntaxNode) -> String {
    tokens(node)
        .map(|token| {
            if token.kind().is_trivia() {
                " ".to_owned()
            } else {
                token.text().to_owned()
            }
        })
        .collect()
}

fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> {
    node.descendants_with_tokens()
        .filter_map(NodeOrToken::into_token)
}
