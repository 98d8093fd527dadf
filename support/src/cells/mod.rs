//! What the kernel puts around the blocking calls of `std` that a cell makes, so that stop ends them.
//!
//! Nobody calls this by hand. Before it compiles a cell, the kernel turns `studio.lock()` into
//! `cells::on(&studio).lock()`, and so on for each call in the list below. The types stay those of
//! `std`. A wrapper has a method of its own only where it stands before the `std` type in question;
//! to everything else it dereferences, so that a `lock` of another crate or of the learner's own is
//! called as if the wrapper were not there.
//!
//! - [`on`]: `Mutex::lock`, `RwLock::read`, `RwLock::write`, `Receiver::recv`, `Receiver::try_recv`,
//!   `Receiver::iter`, `SyncSender::send`, `Condvar::wait` and its three relatives;
//! - [`before`] and [`owned`]: `join` of a thread's handle;
//! - [`each`]: `for message in receiver`;
//! - `call` and `call_bare`: `thread::sleep`, `thread::park`, `thread::park_timeout`;
//! - [`scope`]: `thread::scope`, whose end waits for its threads;
//! - [`awaited`]: `.await`.
//!
//! Beside them stands what each cell needs and none has to compile: [`store`], [`value`], [`unwound`].
//!
//! Guards that a call holds are dropped before it unwinds, so that the call itself poisons nothing.

mod awaited;
mod call;
mod condvar;
mod join;
mod lock;
mod patience;
mod reach;
mod receive;
mod rw_lock;
mod send;
pub mod store;
mod turns;
mod unwound;
pub mod value;
pub(crate) mod wakes;

pub use awaited::awaited;
pub use call::{call, call_bare};
pub use join::{Before, Owned, before, owned};
pub use patience::{Scope, scope};
pub use reach::{On, Reach, on};
pub use receive::{Each, Iter, Otherwise, each};
pub use unwound::{rethrown, unwound};

#[cfg(test)]
mod tests;
