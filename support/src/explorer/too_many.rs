//! More schedules than can be gone through.

use std::error::Error;
use std::fmt;

use crate::explorer::counting::MOST_SITUATIONS;
use crate::explorer::machine::Machine;

/// A [`Program`](crate::Program) has too many schedules to look at all of them.
///
/// ```
/// use lesson_support::{Program, SEEN, Steps};
///
/// let names = ["Ada", "Bea", "Cy", "Dee", "Eve", "Fay", "Gus", "Hal", "Ida", "Jo"];
/// let add_ten = |name| Steps::of(name).load("n").store("n", SEEN + 1).times(10);
/// let refused = Program::of(names.map(add_ten)).try_explore().unwrap_err();
/// assert!(refused.to_string().starts_with("too many schedules: 200 steps of 10 threads"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct TooMany {
    threads: usize,
    steps: usize,
    /// The number of schedules if nobody ever waited; `None` beyond 128 bits.
    at_most: Option<u128>,
}

impl TooMany {
    pub(crate) fn of(machine: &Machine) -> Self {
        let lengths = machine.threads().iter().map(|thread| thread.list().len());
        Self {
            threads: machine.threads().len(),
            steps: lengths.clone().sum(),
            at_most: interleavings(lengths),
        }
    }
}

/// In how many ways lists of these lengths can be merged into one.
fn interleavings(lengths: impl Iterator<Item = usize>) -> Option<u128> {
    let (mut ways, mut all) = (1_u128, 0_u128);
    for length in lengths {
        for place in 1..=length as u128 {
            all += 1;
            // Exact at each turn: a binomial coefficient times `ways` of before.
            ways = ways.checked_mul(all)? / place;
        }
    }
    Some(ways)
}

/// `1234567` as `1,234,567`.
pub(crate) fn in_groups(number: impl fmt::Display) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { threads, steps, .. } = self;
        write!(
            f,
            "too many schedules: {steps} steps of {threads} thread{} can be interleaved in ",
            if *threads == 1 { "" } else { "s" }
        )?;
        match self.at_most {
            Some(1) => write!(f, "one way")?,
            Some(ways) => write!(f, "up to {} ways", in_groups(ways))?,
            None => write!(f, "more than 10^38 ways")?,
        }
        write!(
            f,
            ", and {} different situations were not all; take fewer steps or threads \
             (a dozen steps in all is a good size)",
            in_groups(MOST_SITUATIONS)
        )
    }
}

/// The same as the text, for those who `unwrap`.
impl fmt::Debug for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for TooMany {}

#[cfg(test)]
mod tests {
    use super::{in_groups, interleavings};

    #[test]
    fn lists_can_be_merged_in_as_many_ways_as_on_paper() {
        assert_eq!(interleavings([2, 2].into_iter()), Some(6));
        assert_eq!(interleavings([2, 2, 2].into_iter()), Some(90));
        assert_eq!(interleavings([4, 2].into_iter()), Some(15));
        assert_eq!(interleavings([4, 4].into_iter()), Some(70));
        assert_eq!(interleavings([0, 3].into_iter()), Some(1));
        assert_eq!(interleavings([200; 3].into_iter()), None);
    }

    #[test]
    fn one_long_thread_is_refused_in_whole_words() {
        let long = crate::Steps::of("Ada").add("visitors", 1).times(100_000);
        let refused = crate::Program::of([long])
            .try_explore()
            .expect_err("so many situations");
        let start =
            "too many schedules: 100000 steps of 1 thread can be interleaved in one way, and ";
        assert!(refused.to_string().starts_with(start), "{refused}");
    }

    #[test]
    fn long_numbers_are_written_in_groups_of_three() {
        assert_eq!(in_groups(90), "90");
        assert_eq!(in_groups(100_000), "100,000");
        assert_eq!(in_groups(1_234_567), "1,234,567");
    }
}
