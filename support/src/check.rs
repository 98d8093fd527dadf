//! Checks of the exercises: each runs a learner's function in a situation that shows the mistake
//! for certain, and says in a [`Report`] what it saw.
//!
//! A check never panics and always comes back: after ten seconds it gives up waiting, ends what it
//! can end, and says who was stuck. It judges not only the result, which may have been luck, but
//! how it came about. The stop button ends a check as it ends any other wait.
//!
//! The text of a report is the same in each run, so that it can stand in a notebook's stored
//! output.

mod box_office;
mod checked_add;
mod crew;
mod guards;
mod report;
mod transfer;
mod which_lock;

pub use box_office::{Printer, box_office};
pub use checked_add::checked_add;
pub use guards::guards;
pub use report::Report;
pub use transfer::{Account, transfer};
pub use which_lock::which_lock;
