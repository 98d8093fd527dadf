//! How often something may be sent.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// At most so many messages in any second.
const A_SECOND: usize = 20;
const SECOND: Duration = Duration::from_secs(1);
/// The time between two messages under load.
const EVERY: Duration = Duration::from_millis(50);

/// The times of the latest messages of one kind.
#[derive(Debug, Default)]
pub struct Pace {
    sent: VecDeque<Instant>,
}

impl Pace {
    /// Notes that a message goes out now.
    pub fn note(&mut self, now: Instant) {
        if self.sent.len() == A_SECOND {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
    }

    /// When the next message may go out that is one of many.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        self.sent
            .back()
            .map(|last| *last + EVERY)
            .max(self.next_early())
    }

    /// When the next message may go out that has a reason not to wait for the others.
    #[must_use]
    pub fn next_early(&self) -> Option<Instant> {
        (self.sent.len() == A_SECOND).then(|| self.sent[0] + SECOND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_second_has_more_than_twenty_messages() {
        let start = Instant::now();
        let mut pace = Pace::default();
        let mut times = Vec::new();
        let mut now = start;
        for n in 0..200 {
            // By turns, as when displays come between what is printed.
            let next = if n % 3 == 0 {
                pace.next()
            } else {
                pace.next_early()
            };
            now = next.unwrap_or(now).max(now);
            pace.note(now);
            times.push(now);
        }
        assert!(times.windows(21).all(|w| w[20] - w[0] >= SECOND));
        assert_eq!(
            times[1] - start,
            Duration::ZERO,
            "the second one did not have to wait"
        );
    }
}
