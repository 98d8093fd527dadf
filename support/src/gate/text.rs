//! A gate in words.

use std::fmt;

use crate::gate::Gate;

/// Whether a text says since when a thing is held. It differs from run to run then.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    Shown,
    Hidden,
}

impl Gate {
    /// `free`, or who holds it and, if asked for, since when; and who waits.
    pub(crate) fn write_state(&self, f: &mut fmt::Formatter<'_>, times: Times) -> fmt::Result {
        let (_, holders, waiters) = self.who(times);
        if holders.is_empty() {
            write!(f, "free")?;
        } else {
            write!(f, "held by {}", holders.join(" and "))?;
        }
        write_waiters(f, &waiters)
    }

    /// How many permits are free, who holds the others and since when; and who waits.
    pub(crate) fn write_permits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (free, holders, waiters) = self.who(Times::Shown);
        write!(f, "{free} free")?;
        if !holders.is_empty() {
            write!(f, ", held by {}", holders.join(" and "))?;
        }
        write_waiters(f, &waiters)
    }

    /// All from one look, else a lock that is handed over right now would show neither.
    fn who(&self, times: Times) -> (usize, Vec<String>, Vec<String>) {
        let state = self.enter();
        let holders = state.holders.iter();
        let holders = holders.map(|holder| match (times, holder.since) {
            (Times::Shown, Some(since)) => {
                let seconds = since.elapsed().as_secs_f64();
                format!("{} for {seconds:.2} s", holder.who.describe())
            }
            _ => holder.who.describe(),
        });
        (state.free, holders.collect(), state.waiters())
    }
}

fn write_waiters(f: &mut fmt::Formatter<'_>, waiters: &[String]) -> fmt::Result {
    if waiters.is_empty() {
        return Ok(());
    }
    write!(f, ", waiting: {}", waiters.join(", "))
}
