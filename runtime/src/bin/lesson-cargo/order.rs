//! The same source, whatever order evcxr has given to its parts.
//!
//! evcxr keeps items and variables in hash maps, so that two kernels that run the same cells compile the
//! same items and statements in two orders. What is compared here is the source with items, attributes
//! and the lines for variables sorted. Items of one module mean the same in any order.

use rustc_lexer::{FrontmatterAllowed, TokenKind, tokenize};

/// Starts of the lines that evcxr writes for each variable.
const FOR_VARIABLES: [&str; 3] = [
    "vars_ok &= evcxr_variable_store.check_variable::<",
    "evcxr_variable_store.put_variable::<",
    "evcxr_variable_store.take_variable::<",
];

/// The items of a source, each as it stands there, sorted.
#[must_use]
pub fn sorted(source: &str) -> Vec<String> {
    let mut items: Vec<String> = items(source).into_iter().map(with_sorted_lines).collect();
    items.sort();
    items
}

/// Sorts neighbouring lines for variables.
fn with_sorted_lines(item: &str) -> String {
    let mut lines: Vec<&str> = item.trim().split('\n').collect();
    for same in lines.chunk_by_mut(|one, other| for_variable(one) == for_variable(other)) {
        if for_variable(same[0]).is_some() {
            same.sort_unstable();
        }
    }
    lines.join("\n")
}

/// Which kind of line for a variable this is.
fn for_variable(line: &str) -> Option<usize> {
    let statement = match line.split_once(" = ") {
        Some((binding, rest)) if binding.starts_with("let ") => rest,
        _ => line,
    };
    FOR_VARIABLES
        .iter()
        .position(|start| statement.starts_with(start))
}

/// Cuts a source into its items. Two that cannot be told apart for sure stay together; none is ever cut
/// in two.
fn items(source: &str) -> Vec<&str> {
    let mut ends = vec![0];
    let mut item = Item::default();
    let mut at = 0;
    for token in tokenize(source, FrontmatterAllowed::No) {
        at += token.len as usize;
        // `use a::{b, c};` has ended before, as far as brackets tell.
        if token.kind == TokenKind::Semi && item.is_empty() && ends.len() > 1 {
            ends.pop();
            ends.push(at);
        } else if item.ends_with(token.kind) {
            ends.push(at);
            item = Item::default();
        }
    }
    ends.push(source.len());
    ends.windows(2)
        .map(|pair| &source[pair[0]..pair[1]])
        .collect()
}

/// What has been seen of an item.
#[derive(Default)]
struct Item {
    /// Brackets of any kind that are open.
    depth: usize,
    /// `<` that are open outside of brackets.
    angles: usize,
    /// It has a value, so that it ends in a semicolon.
    has_value: bool,
    /// The tokens before, without spaces and comments.
    last: [Option<TokenKind>; 2],
    /// Whether the open bracket is the one of `#![…]`.
    inner_attribute: bool,
}

impl Item {
    fn is_empty(&self) -> bool {
        self.last[1].is_none()
    }

    /// Takes the next token, and tells whether the item ends with it.
    fn ends_with(&mut self, token: TokenKind) -> bool {
        use TokenKind as T;
        let [before, last] = self.last;
        let mut ends = false;
        match token {
            T::Whitespace | T::LineComment { .. } | T::BlockComment { .. } => return false,
            T::OpenBrace | T::OpenParen | T::OpenBracket => {
                if self.depth == 0 {
                    self.inner_attribute = token == T::OpenBracket
                        && before == Some(T::Pound)
                        && last == Some(T::Bang);
                }
                self.depth += 1;
            }
            T::CloseBrace | T::CloseParen | T::CloseBracket => {
                self.depth = self.depth.saturating_sub(1);
                let outside = self.depth == 0 && self.angles == 0;
                ends = outside
                    && (self.inner_attribute || (token == T::CloseBrace && !self.has_value));
            }
            T::Semi => ends = self.depth == 0,
            T::Lt if self.depth == 0 => self.angles += 1,
            // Not the one of `->`.
            T::Gt if self.depth == 0 && last != Some(T::Minus) => {
                self.angles = self.angles.saturating_sub(1);
            }
            T::Eq if self.depth == 0 && self.angles == 0 => self.has_value = true,
            _ => {}
        }
        self.last = [last, Some(token)];
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(source: &str) -> Vec<&str> {
        items(source)
            .into_iter()
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect()
    }

    #[test]
    fn a_source_is_cut_between_items() {
        let all = [
            "#![allow(unused)]",
            "use a::{b, c};",
            "#[derive(Debug)]\nstruct S<T: Iterator<Item = u8>> { a: T }",
            "struct Unit;",
            "static A: P = P { x: 1 };",
            "const B: bool = if 1 < 2 { true } else { false };",
            "/// Doc }\nfn f<const N: usize>(a: [u8; N]) -> Box<dyn Fn(u8) -> u8> { Box::new(|x| x) }",
            "impl<const N: usize> T<{ N + 1 }> for U { type X = u8; }",
            "macro_rules! m { ($a:tt) => { $a; } }",
            "m! { a }",
            "m!(a);",
            "fn g() where u8: Into<u16> { let s = \"} fn\"; let c = '}'; /* } */ }",
        ];
        assert_eq!(cut(&all.join("\n")), all);
    }

    #[test]
    fn nothing_is_left_out() {
        for source in [
            "",
            ";",
            "}}}",
            "fn f() {",
            "a = {}; b",
            "\"open",
            "use a::{b};;",
        ] {
            assert_eq!(items(source).concat(), source);
        }
    }

    #[test]
    fn the_order_of_items_and_of_lines_for_variables_does_not_count() {
        let take = |name: &str| {
            format!("let {name} = evcxr_variable_store.take_variable::<u8>(stringify!({name}));\n")
        };
        let one = format!(
            "fn a() {{ 1 }}\nfn b() {{ 2 }}\nfn run() {{\n{}{}x;\n}}",
            take("x"),
            take("mut y")
        );
        let other = format!(
            "fn b() {{ 2 }}\nfn a() {{ 1 }}\nfn run() {{\n{}{}x;\n}}",
            take("mut y"),
            take("x")
        );
        assert_eq!(sorted(&one), sorted(&other));
    }

    #[test]
    fn the_order_of_everything_else_counts() {
        for (one, other) in [
            ("fn a() {\n1;\n2;\n}", "fn a() {\n2;\n1;\n}"),
            (
                "const A: T = S {}.a();\nconst B: T = S {}.b();",
                "const A: T = S {}.b();\nconst B: T = S {}.a();",
            ),
            (
                "mod a { fn b() {} }\nfn c() {}",
                "mod a { fn c() {} }\nfn b() {}",
            ),
        ] {
            assert_ne!(sorted(one), sorted(other));
        }
    }
}
