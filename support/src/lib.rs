//! Helpers for lessons about concurrency: locks that tell who holds them, threads that can be
//! joined twice, counters that lose updates on purpose, and waits that the stop button ends.
//!
//! A lesson starts with
//!
//! ```
//! use lesson_support::prelude::*;
//!
//! let lock = Lock::new("studio");
//! let ada = lock_hogger("Ada", &lock, Duration::from_millis(50));
//! ada.start();
//! ada.join().unwrap();
//! println!("{}", lock.timeline());
//! ```
//!
//! - [`Lock`] is acquired and released by hand, [`Held`] is its guard, and a [`Timeline`] tells
//!   what happened to it.
//! - [`Mutex`], [`ReentrantMutex`], [`RwLock`], [`Semaphore`], [`Condvar`], [`Barrier`], [`Event`] and channels
//!   ([`unbounded`], [`bounded`], [`rendezvous`]) have the field's standard names, and are as
//!   talkative and as stoppable as the lock.
//! - [`record()`] tells and draws everything that happens while a closure runs, on all threads;
//!   [`wait_graph()`] tells and draws who waits for whom, and who does so in a ring.
//! - [`Thread`] is made first and started later; joining gives its value or how it [`Panicked`],
//!   and [`Thread::settle`] waits until it has done what it can do by itself.
//! - [`RacyCounter`], [`AtomicCounter`] and [`LockedCounter`] count in three ways, one of them
//!   wrong.
//! - [`lock_hogger`] and [`faulty_hogger`] make threads that keep a lock for a time; the faulty
//!   one never releases it.
//! - [`sleep()`] can be stopped, as every wait here: [`press_stop_after`] does it unattended,
//!   [`KeyboardInterrupt`] is what the thread unwinds with, [`checkpoint`] makes a loop of one's
//!   own stoppable.
//! - [`explore()`] goes through every schedule of a few [`Steps`], and [`Game`] makes the learner
//!   the scheduler.
//! - [`Inside`] counts the threads in a section at once, and [`check`] tells a learner how far an
//!   exercise has come.
//! - [`within()`] gives up waiting in time, and reports who waits for what.
//! - [`one_line_panics()`] keeps panic messages short, [`who()`] names the thread one is on,
//!   [`guess()`] keeps a guess, [`compare()`] sets it against the result, [`stopwatch()`] measures.
//!
//! # With and without the kernel
//!
//! In a notebook of the `rust-lessons` kernel, this crate is a dylib of which all cells share one
//! instance, and stops come from the kernel's runtime. It does not need either: in `cargo test`,
//! in a program, and under the stock `evcxr` kernel, everything works but the stop button itself.

mod atomic_counter;
mod attention;
mod barrier;
#[doc(hidden)]
pub mod cells;
mod channel;
pub mod check;
mod clock;
mod compare;
mod condvar;
mod display;
mod event;
mod event_log;
#[cfg(feature = "shuttle")]
mod explore_random;
mod explorer;
mod forced;
mod gap;
mod gate;
mod held;
mod hogger;
mod inside;
mod interrupt;
mod keyboard_interrupt;
mod line;
mod lock;
mod locked_counter;
mod mutex;
mod observed;
mod one_line_panics;
mod panicked;
mod picture;
pub mod prelude;
mod racy_counter;
mod recording;
mod reentrant_mutex;
mod roll;
mod rw_lock;
mod semaphore;
mod sleep;
mod standing;
mod stop_button;
mod stopwatch;
mod sync;
mod thing;
mod thread;
mod thread_mark;
mod timeline;
#[cfg(test)]
mod unit;
mod wait_graph;
mod waiter;
mod watched;
mod who;
mod within;

/// The crate whose `Mutex` and `RwLock` the lessons use beside the locks of `std`: without
/// poisoning, and with waits that have a limit. Re-exported, so that a notebook has it offline
/// and needs no second dependency.
///
/// ```
/// use lesson_support::parking_lot::Mutex;
/// use std::time::Duration;
///
/// let count = Mutex::new(0);
/// let guard = count.lock();
/// assert!(count.try_lock_for(Duration::from_millis(5)).is_none());
/// drop(guard);
/// assert_eq!(count.into_inner(), 0);
/// ```
pub use parking_lot;

/// The threads and locks for closures that [`explore_random`] runs: `shuttle::thread`,
/// `shuttle::sync`, with the names of `std`.
#[cfg(feature = "shuttle")]
pub use shuttle;

pub use atomic_counter::AtomicCounter;
pub use barrier::{Barrier, BarrierWaitResult};
pub use channel::{Iter, Receiver, SendTimeoutError, Sender, bounded, rendezvous, unbounded};
pub use compare::{compare, guess};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use display::{Display, clear_output};
pub use event::Event;
#[cfg(feature = "shuttle")]
pub use explore_random::{BadSchedule, explore_random};
pub use explorer::{
    Did, End, Game, Lane, Move, Outcome, Outcomes, Program, SEEN, Schedule, Schedules, Seen, State,
    Steps, Stuck, TooMany, Value, Verdict, explore,
};
pub use held::Held;
pub use hogger::{faulty_hogger, lock_hogger};
pub use inside::{Inside, Visit};
pub use interrupt::checkpoint;
pub use keyboard_interrupt::KeyboardInterrupt;
pub use lock::Lock;
pub use locked_counter::LockedCounter;
pub use mutex::{Mutex, MutexGuard, RawMutex};
pub use one_line_panics::one_line_panics;
pub use panicked::Panicked;
pub use racy_counter::RacyCounter;
pub use recording::{record, recording};
pub use reentrant_mutex::{ReentrantMutex, ReentrantMutexGuard, ThreadNumber};
pub use rw_lock::{RawRwLock, RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use semaphore::{Permit, Semaphore};
pub use sleep::sleep;
pub use stop_button::{StopPress, press_stop_after};
pub use stopwatch::stopwatch;
pub use thread::Thread;
pub use timeline::{Clock, EventKind, GiveUp, Timeline, TimelineEvent};
pub use wait_graph::{WaitGraph, WaitsFor, wait_graph};
pub use who::who;
pub use within::{TimedOut, within};
