//! Every schedule of a few steps: how they end, one of them step by step, and a game in which the
//! learner is the scheduler.
//!
//! The steps are those of a machine in which one thread at a time makes one step and every other
//! thread sees what it did at once. Memory orders other than that (`Relaxed` and friends) are
//! beyond it; `loom` is the tool for those.

mod counting;
mod did;
mod end;
mod game;
mod machine;
mod outcomes;
mod program;
mod schedule;
mod steps;
mod story;
mod too_many;

pub use did::Did;
pub use end::{End, Stuck, Verdict};
pub use game::{Game, Lane, State};
pub use outcomes::{Outcome, Outcomes};
pub use program::{Program, explore};
pub use schedule::{Move, Schedule, Schedules};
pub use steps::{SEEN, Seen, Steps, Value};
pub use too_many::TooMany;
pub(crate) use too_many::in_groups;
