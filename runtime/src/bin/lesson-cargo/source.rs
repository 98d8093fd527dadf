//! The part of a cell's source that is the same in each, taken from a compiled crate.
//!
//! evcxr keeps variables between cells in a store, whose source it writes into every cell that has
//! variables. The support crate has the same store, compiled once: a hash map of boxed values has some
//! hundred functions, which is more than most cells have.

use sha2::{Digest, Sha256};

use crate::key::hex;

/// The crate with the compiled store.
pub const STORE_CRATE: &str = "lesson_support";

/// What takes the store's place.
const USE: &str = "use ::lesson_support::cells::store as evcxr_internal_runtime;";
/// How the store starts.
const START: &str = "mod evcxr_internal_runtime {\n";
/// The store of evcxr 0.22, from `START` to its last brace: bytes, and hash.
const LENGTH: usize = 2_674;
const HASH: &str = "cfb72137e085a2550de65dade98bc536";

/// The source with the compiled store in the place of evcxr's, if it has that. All else keeps its line
/// and its byte, so the compiler's messages fit both.
#[must_use]
pub fn with_compiled_store(source: &str) -> Option<String> {
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
    fn another_store_stays_as_it_is() {
        let source = format!("{START}pub struct VariableStore;\n}}\nfn f() {{}}\n");
        assert_eq!(with_compiled_store(&source), None);
        assert_eq!(with_compiled_store("fn f() {}"), None);
    }
}
