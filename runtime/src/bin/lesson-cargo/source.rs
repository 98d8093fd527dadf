//! The parts of a cell's source that are the same in each: taken from a compiled crate, or left out.
//!
//! evcxr keeps variables between cells in a store, whose source it writes into every cell that has
//! variables. The support crate has the same store, compiled once: a hash map of boxed values has some
//! hundred functions, which is more than most cells have. And of what the kernel defines for its insertions, most
//! cells need nothing.

use lesson_runtime::tools::VALUE;
use sha2::{Digest, Sha256};

use crate::key::hex;

/// What takes the store's place.
const USE: &str = "use ::lesson_support::cells::store as evcxr_internal_runtime;";
/// How the store starts.
const START: &str = "mod evcxr_internal_runtime {\n";
/// The store of evcxr 0.22, from `START` to its last brace: bytes, and hash.
const LENGTH: usize = 2_674;
const HASH: &str = "cfb72137e085a2550de65dade98bc536";

/// What takes the place of [`VALUE`].
const USE_VALUE: &str = "mod lesson_value { pub use ::lesson_support::cells::value::Value; }";

/// How evcxr's code ends that runs a cell, where it keeps variables and where it does not, and what takes
/// its place.
const ENDS: [(&str, &str); 2] = [
    (
        "  Err(_) => {\n    println!(\"EVCXR_PANIC_NOTIFICATION\");\n}}",
        "  Err(e) => {\n    ::lesson_support::cells::unwound(e); \n}}",
    ),
    (
        "}).is_err() {\n    println!(\"EVCXR_PANIC_NOTIFICATION\");\n}",
        "}).is_err() {\n    ::lesson_support::cells::rethrown(); \n}",
    ),
];

/// What the kernel defines for its insertions. Nothing of such a module can be reached but by its name, and nobody but
/// the kernel may use that.
const MODULES: [&str; 3] = ["lesson_stop", "lesson_early", "lesson_statics"];

/// The source without the kernel's modules that it does not name; `None` if it needs all that it has. All else keeps
/// its line and its byte.
#[must_use]
pub fn without_unused_parts(source: &str) -> Option<String> {
    let mut kept = source.to_owned();
    for module in MODULES {
        let mut named = kept.match_indices(module);
        let (Some((at, _)), None) = (named.next(), named.next()) else {
            continue;
        };
        let head = "mod ";
        let start = at.checked_sub(head.len()).filter(|start| {
            let before = &kept[..*start];
            kept[*start..at] == *head && (before.is_empty() || before.ends_with('\n'))
        });
        let end = kept[at..]
            .find("\n}\n")
            .map(|length| at + length + "\n}".len());
        if let (Some(start), Some(end)) = (start, end) {
            let blank: String = kept[start..end]
                .bytes()
                .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
                .collect();
            kept.replace_range(start..end, &blank);
        }
    }
    (kept != source).then_some(kept)
}

/// The source with what is compiled already, in the place of what it has of that; `None` if it has
/// nothing. All else keeps its line and its byte, so the compiler's messages fit both.
#[must_use]
pub fn with_compiled_parts(source: &str) -> Option<String> {
    let with_store = with_compiled_store(source);
    let with_value = with_compiled_value(with_store.as_deref().unwrap_or(source)).or(with_store);
    let with_end = with_compiled_end(with_value.as_deref().unwrap_or(source));
    with_end.or(with_value)
}

fn with_compiled_end(source: &str) -> Option<String> {
    // The last one: what the learner has written stands before it.
    let found = ENDS
        .iter()
        .filter_map(|(evcxrs, ours)| Some((source.rfind(evcxrs)?, evcxrs, ours)));
    let (start, evcxrs, ours) = found.max_by_key(|(start, ..)| *start)?;
    let at_line_start = source[..start].ends_with('\n');
    at_line_start.then(|| {
        let mut changed = source.to_owned();
        changed.replace_range(start..start + evcxrs.len(), ours);
        changed
    })
}

fn with_compiled_value(source: &str) -> Option<String> {
    let start = source.find(VALUE)?;
    let at_line_start = start == 0 || source[..start].ends_with('\n');
    let padded = format!("{USE_VALUE:width$}", width = VALUE.len());
    at_line_start.then(|| source.replacen(VALUE, &padded, 1))
}

fn with_compiled_store(source: &str) -> Option<String> {
    let (start, _) = source
        .match_indices(START)
        .find(|(start, _)| source.get(*start..start + LENGTH).is_some_and(is_the_store))?;
    let (before, rest) = source.split_at(start);
    let (store, after) = rest.split_at(LENGTH);
    // On a line that is long enough, and spaces for all the rest.
    let mut blank: Vec<u8> = store
        .bytes()
        .map(|byte| if byte == b'\n' { byte } else { b' ' })
        .collect();
    let mut line = 0;
    while blank.get(line..line + USE.len())?.contains(&b'\n') {
        line += blank[line..].iter().position(|byte| *byte == b'\n')? + 1;
    }
    blank[line..line + USE.len()].copy_from_slice(USE.as_bytes());
    let mut replaced = String::with_capacity(source.len());
    replaced.push_str(before);
    replaced.push_str(&String::from_utf8(blank).ok()?);
    replaced.push_str(after);
    Some(replaced)
}

fn is_the_store(text: &str) -> bool {
    let mut hash = Sha256::new();
    hash.update(text);
    hex(hash) == HASH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_value_takes_no_other_place() {
        let source = format!("use a;\n{VALUE}\nfn f() {{}}\n");
        let changed = with_compiled_parts(&source).expect("changed");
        assert!(changed.contains(USE_VALUE));
        assert_eq!(changed.len(), source.len());
        assert_eq!(changed.find("fn f"), source.find("fn f"));
        let quoted = format!("const A: &str = r#{VALUE:?}#;");
        assert_eq!(with_compiled_parts(&quoted), None);
    }

    #[test]
    fn the_last_end_of_a_cell_is_replaced_and_nothing_moves() {
        for (evcxrs, ours) in ENDS {
            assert_eq!(evcxrs.len(), ours.len());
            let source = format!("fn f() {{\n{evcxrs}\n}}\nrun(||{{\n{evcxrs}\nstore\n}}");
            let changed = with_compiled_end(&source).expect("changed");
            let expected = format!("fn f() {{\n{evcxrs}\n}}\nrun(||{{\n{ours}\nstore\n}}");
            assert_eq!(changed, expected);
        }
        assert_eq!(with_compiled_end("fn f() {}"), None);
    }

    #[test]
    fn a_module_that_nobody_names_is_left_out_and_nothing_moves() {
        let early = "mod lesson_early {\n    pub fn a() {\n    }\n}\n";
        let statics = "mod lesson_statics {\n    pub struct B;\n}\n";
        let unused = format!("fn f() {{}}\n{early}{statics}fn g() {{}}\n");
        let changed = without_unused_parts(&unused).expect("changed");
        assert_eq!(
            changed.split_whitespace().collect::<Vec<_>>(),
            ["fn", "f()", "{}", "fn", "g()", "{}"]
        );
        assert_eq!(changed.len(), unused.len());
        assert_eq!(changed.lines().count(), unused.lines().count());
        assert_eq!(changed.find("fn g"), unused.find("fn g"));
        let used = format!("{early}{statics}fn g() {{ crate::lesson_early::a(); }}\n");
        let changed = without_unused_parts(&used).expect("changed");
        assert!(changed.contains(early) && !changed.contains("lesson_statics"));
        let named_in_text = format!("{early}const A: &str = \"lesson_early\";");
        assert_eq!(without_unused_parts(&named_in_text), None);
        assert_eq!(without_unused_parts("fn f() {}"), None);
    }

    #[test]
    fn another_store_stays_as_it_is() {
        let source = format!("{START}pub struct VariableStore;\n}}\nfn f() {{}}\n");
        assert_eq!(with_compiled_store(&source), None);
        assert_eq!(with_compiled_parts("fn f() {}"), None);
    }
}
