//! A variable that cannot be kept for later cells, in the learner's terms.
//!
//! The variables of a cell are kept for later ones. So the type of each must be known at the end of the
//! cell, must have a name, and must not borrow: three rules that no book on Rust mentions.

use annotate_snippets::Level;

use super::outcome::CellError;
use super::own_error;
use super::source_map::CellSource;
use super::syntax::lets;

/// A variable that cannot be kept for later cells, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// It borrows.
    Borrows(String),
    /// It is a closure that captures variables.
    Closure(String),
    /// Its type, which is given, has no name.
    Nameless(String, String),
    /// Its type is not known at the end of the cell.
    Unknown(String),
    /// Its type, which is given, is private to a crate.
    Private(String, String),
}

impl NotKept {
    /// Reads what evcxr says of a variable that it cannot keep.
    #[must_use]
    pub fn read(message: &str) -> Option<NotKept> {
        let mut quoted = message.split('`').skip(1).step_by(2).map(str::to_owned);
        let name = quoted.next()?;
        let says = |words: &str| message.contains(words);
        Some(if says("contains a reference with a non-static lifetime") {
            NotKept::Borrows(name)
        } else if says("is a closure, which cannot be persisted") {
            NotKept::Closure(name)
        } else if says("which cannot be persisted") {
            NotKept::Nameless(name, quoted.next()?)
        } else if says("Couldn't automatically determine type of variable") {
            NotKept::Unknown(name)
        } else if says("Failed to determine type of variable") {
            let (_, rest) = message.split_once("suggested type ")?;
            let (ty, _) = rest.split_once(", but")?;
            NotKept::Private(name, ty.to_owned())
        } else {
            return None;
        })
    }

    /// The variable's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            NotKept::Borrows(name)
            | NotKept::Closure(name)
            | NotKept::Nameless(name, _)
            | NotKept::Unknown(name)
            | NotKept::Private(name, _) => name,
        }
    }

    /// The error that the learner sees.
    #[must_use]
    pub fn render(&self, cell: &CellSource) -> CellError {
        let code = cell.edited.original();
        let name = self.name();
        let found = lets(code)
            .into_iter()
            .rev()
            .find(|binding| binding.names.iter().any(|bound| bound == name));
        let value = found
            .as_ref()
            .map_or("…", |binding| one_line(&binding.value));
        let (why, remarks) = match self {
            NotKept::Borrows(_) => (
                "it borrows from another variable",
                borrowing(name, value),
            ),
            NotKept::Closure(_) => (
                "it is a closure that uses other variables, and the type of a closure has no name",
                vec![
                    help(format!("a function is there in all later cells: `fn {name}(…) {{ … }}`, with what it uses as parameters")),
                    help(format!("or put it into a box, with its types: `let {name}: Box<dyn Fn(i32) -> i32> = Box::new({value});`")),
                    braces(),
                ],
            ),
            NotKept::Nameless(_, ty) => ("its type has no name", nameless(name, ty, value)),
            NotKept::Unknown(_) => (
                "its type is not known at the end of the cell",
                vec![
                    note("a cell is compiled by itself, so what a later cell does with it does not count".to_owned()),
                    help(format!("write the type: `let {name}: … = {value};`")),
                ],
            ),
            NotKept::Private(_, ty) => (
                "its type is private to a crate",
                vec![
                    note(format!("the type is `{ty}`")),
                    braces(),
                ],
            ),
        };
        let headline = format!("`{name}` cannot be kept for later cells: {why}");
        let place = found.map(|binding| {
            let end = binding.pattern_end;
            let start = code[binding.range.start..end]
                .rfind(name)
                .map_or(binding.range.start, |at| binding.range.start + at);
            (start..(start + name.len()).min(end).max(start), "")
        });
        own_error::render(&headline, place, code, cell.count, &remarks)
    }
}

type Remark = (Level<'static>, String);

fn note(text: String) -> Remark {
    (Level::NOTE, text)
}

fn help(text: String) -> Remark {
    (Level::HELP, text)
}

fn braces() -> Remark {
    help("or use it up in this cell, and keep it out of later ones by braces around the lines: `{ … }`".to_owned())
}

pub(super) fn one_line(value: &str) -> &str {
    if value.is_empty() || value.contains('\n') {
        "…"
    } else {
        value
    }
}

fn borrowing(name: &str, value: &str) -> Vec<Remark> {
    let called = |methods: &[&str]| {
        methods
            .iter()
            .any(|method| value.contains(&format!(".{method}(")))
    };
    let why = note(
        "the variables of a cell move to a store at its end, and nothing may move while it is borrowed; apart from that the cell is correct".to_owned(),
    );
    let in_braces = format!("use it up in this cell, in braces: `{{ let {name} = {value}; … }}`");
    if called(&["lock", "try_lock", "read", "write"]) {
        vec![
            why,
            help(format!("{in_braces}; the closing brace releases the lock")),
            help("a lock that is to stay held from cell to cell: `Lock` of `lesson_support`, with `acquire` and `release`, or `hold` for a guard that can be kept".to_owned()),
        ]
    } else if called(&[
        "iter", "iter_mut", "chars", "bytes", "lines", "drain", "keys", "values", "windows",
        "chunks", "split",
    ]) {
        vec![
            why,
            help(format!(
                "make the iterator in the cell that uses it, or keep what it gives: `let {name}: Vec<_> = {value}.collect();`, with `.cloned()` before `collect` if that borrows too"
            )),
        ]
    } else if called(&["borrow", "borrow_mut", "peek_mut", "entry"]) {
        vec![why, help(in_braces)]
    } else {
        vec![
            why,
            help(format!("{in_braces}, and borrow anew in the next cell")),
            help("or keep a value of its own (`.clone()`, `.to_owned()`), or share the owner by `Arc`".to_owned()),
        ]
    }
}

/// The compiler takes no `dyn AsyncFn…`, so the future goes into a box of its own. `bound` is the bound
/// without `Async`.
fn boxed_async(name: &str, bound: &str, value: &str) -> Remark {
    let (takes, gives) = bound.split_once(" -> ").unwrap_or((bound, "()"));
    let (parameters, body) = value
        .split_once('|')
        .and_then(|(_, rest)| rest.split_once('|'))
        .map_or(("…", "…"), |(parameters, body)| {
            (parameters, body.trim())
        });
    help(format!(
        "put it into a box, and what it gives as well: `let {name}: Box<dyn {takes} -> \
         std::pin::Pin<Box<dyn Future<Output = {gives}>>>> = \
         Box::new(|{parameters}| Box::pin(async move {{ {body} }}));`"
    ))
}

fn nameless(name: &str, ty: &str, value: &str) -> Vec<Remark> {
    let why = note(format!("the type is `{ty}`"));
    if ty.contains("Future") {
        return vec![
            why,
            help(format!(
                "wait for it in this cell: `let {name} = {value}.await;`"
            )),
            braces(),
        ];
    }
    if let Some(bound) = ty.strip_prefix("impl Async") {
        return vec![why, boxed_async(name, bound, value), braces()];
    }
    let item = ty
        .split_once("Item = ")
        .and_then(|(_, rest)| rest.split_once('>'))
        .map_or("_", |(item, _)| item);
    if ty.contains("iter::") || ty.contains("Iterator") {
        return vec![
            why,
            help(format!(
                "keep what it gives: `let {name}: Vec<_> = {value}.collect();`"
            )),
            help(format!(
                "or put it into a box: `let {name}: Box<dyn Iterator<Item = {item}>> = Box::new({value});`"
            )),
            braces(),
        ];
    }
    let boxed = ty.strip_prefix("impl ").map_or_else(
        || "Box<dyn …>".to_owned(),
        |bound| format!("Box<dyn {bound}>"),
    );
    vec![
        why,
        help(format!(
            "put it into a box: `let {name}: {boxed} = Box::new({value});`"
        )),
        braces(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rewrite::Edited;

    fn shown(why: &NotKept, code: &str) -> String {
        let cell = CellSource {
            request: 1,
            count: 1,
            edited: Edited::unchanged(code),
        };
        let error = why.render(&cell);
        let ansi = regex::Regex::new("\u{1b}\\[[0-9;]*m").expect("a valid pattern");
        ansi.replace_all(&error.traceback.join("\n"), "")
            .into_owned()
    }

    #[test]
    fn evcxrs_messages_are_understood() {
        let read = NotKept::read;
        assert_eq!(
            read("The variable `a` contains a reference with a non-static lifetime so\ncan't be"),
            Some(NotKept::Borrows("a".to_owned()))
        );
        assert_eq!(
            read("The variable `f` is a closure, which cannot be persisted.\nYou can"),
            Some(NotKept::Closure("f".to_owned()))
        );
        assert_eq!(
            read("The variable `e` has type `impl Fn()` which cannot be persisted.\n"),
            Some(NotKept::Nameless("e".to_owned(), "impl Fn()".to_owned()))
        );
        assert_eq!(
            read("Couldn't automatically determine type of variable `x`.\nPlease"),
            Some(NotKept::Unknown("x".to_owned()))
        );
        assert_eq!(
            read(
                "Failed to determine type of variable `p`. rustc suggested type a::B, but that's private."
            ),
            Some(NotKept::Private("p".to_owned(), "a::B".to_owned()))
        );
        assert_eq!(read("mismatched types"), None);
    }

    #[test]
    fn each_kind_of_borrow_gets_its_own_way_out() {
        let of = |code: &str| shown(&NotKept::Borrows("g".to_owned()), code);
        let guard = of("let g = m.lock().unwrap();");
        assert!(guard.contains("`Lock` of `lesson_support`"), "{guard}");
        assert!(guard.contains("cell 1:1:5"), "{guard}");
        let iterator = of("let g = v.iter();");
        assert!(iterator.contains("v.iter().collect();"), "{iterator}");
        let reference = of("let g = &v[0];");
        assert!(reference.contains(".clone()"), "{reference}");
    }

    #[test]
    fn an_async_closure_is_boxed_with_its_future() {
        let why = NotKept::Nameless("c".to_owned(), "impl AsyncFn(i32) -> i32".to_owned());
        let told = shown(&why, "let c = async |x: i32| x + 1;");
        let way = "let c: Box<dyn Fn(i32) -> std::pin::Pin<Box<dyn Future<Output = i32>>>> = \
                   Box::new(|x: i32| Box::pin(async move { x + 1 }));";
        assert!(told.contains(way), "{told}");
    }

    #[test]
    fn an_iterator_without_a_name_is_boxed_with_its_item() {
        let why = NotKept::Nameless("e".to_owned(), "impl Iterator<Item = u32>".to_owned());
        let told = shown(&why, "let e = evens();");
        let way = "let e: Box<dyn Iterator<Item = u32>> = Box::new(evens());";
        assert!(told.contains(way), "{told}");
    }
}
