//! What is inserted into a cell must not be noticed: not by the compiler, not in any place it names.

use rust_lessons::engine::known::Known;
use rust_lessons::engine::rewrite::{Surroundings, rewrite};
use rust_lessons::engine::syntax::first_error;

/// Checks one cell.
pub fn check(code: &str) {
    let surroundings = Surroundings::default();
    let edited = rewrite(code, 7, &Known::default(), Some(&surroundings)).edited;
    assert_eq!(edited.original(), code);
    if first_error(code).is_none() {
        assert_eq!(first_error(edited.code()), None, "{:?}", edited.code());
    } else {
        assert_eq!(edited.code(), code, "what does not parse is left alone");
    }
    assert_eq!(
        edited.code().matches('\n').count(),
        code.matches('\n').count(),
        "lines keep their numbers"
    );
    assert_eq!(undone(edited.code(), |at| edited.original_offset(at)), code);
}

/// The text without what was inserted, found by the way back alone: along what the learner wrote,
/// place and way back go on together; along an insertion, the way back stands still.
fn undone(code: &str, original_offset: impl Fn(usize) -> usize) -> String {
    let mut text = String::new();
    for (at, letter) in code.char_indices() {
        let (here, next) = (original_offset(at), original_offset(at + letter.len_utf8()));
        match next - here {
            0 => {}
            length if length == letter.len_utf8() => text.push(letter),
            length => panic!("the way back jumps {length} bytes at {at} in {code:?}"),
        }
    }
    text
}
