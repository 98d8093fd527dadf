//! A guess, and the guess next to what came out.

use std::fmt::Debug;

/// A learner's guess, written down before the cell that answers it runs: the value itself, or `None`
/// as long as there is none. The variable needs its type, since nothing else tells that of a `None`.
///
/// ```
/// use lesson_support::{compare, guess};
///
/// let blank: Option<u32> = guess(None);
/// let written: Option<u32> = guess(6);
/// compare(blank, 6); // no guess written down; it is 6
/// compare(written, 6); // your guess 6 is right
/// # assert_eq!((blank, written), (None, Some(6)));
/// ```
#[must_use = "a guess is kept in a variable, for `compare`"]
pub fn guess<T>(value: impl Into<Option<T>>) -> Option<T> {
    value.into()
}

/// Prints one line that sets a learner's guess against what came out. A wrong guess is no error:
/// nothing fails, and a cell without a guess runs, too.
///
/// ```
/// use lesson_support::compare;
///
/// compare(None, 6); // no guess written down; it is 6
/// compare(Some(6), 6); // your guess 6 is right
/// compare(Some(4), 6); // you guessed 4; it is 6
/// ```
pub fn compare<T: PartialEq + Debug>(guess: Option<T>, actual: T) {
    println!("{}", verdict(guess, &actual));
}

fn verdict<T: PartialEq + Debug>(guess: Option<T>, actual: &T) -> String {
    match guess {
        None => format!("no guess written down; it is {actual:?}"),
        Some(guess) if guess == *actual => format!("your guess {guess:?} is right"),
        Some(guess) => format!("you guessed {guess:?}; it is {actual:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{guess, verdict};

    #[test]
    fn a_guess_is_written_down_with_or_without_some() {
        let blank: Option<u64> = guess(None);
        let plain: Option<u64> = guess(6);
        let wrapped: Option<u64> = guess(Some(6));
        assert_eq!((blank, plain, wrapped), (None, Some(6), Some(6)));
        let heads: Option<[bool; 2]> = guess([true, false]);
        assert_eq!(heads, Some([true, false]));
        let name: Option<&str> = guess("Ada");
        assert_eq!(name, Some("Ada"));
    }

    #[test]
    fn without_a_guess_the_result_is_told() {
        assert_eq!(verdict(None, &6), "no guess written down; it is 6");
    }

    #[test]
    fn a_right_guess_is_confirmed() {
        assert_eq!(verdict(Some(6), &6), "your guess 6 is right");
        assert_eq!(verdict(Some("Ada"), &"Ada"), r#"your guess "Ada" is right"#);
    }

    #[test]
    fn a_wrong_guess_stands_beside_the_result() {
        assert_eq!(verdict(Some(4), &6), "you guessed 4; it is 6");
    }

    #[test]
    fn what_equals_nothing_not_even_itself_is_no_right_guess() {
        assert_eq!(
            verdict(Some(f64::NAN), &f64::NAN),
            "you guessed NaN; it is NaN"
        );
    }
}
