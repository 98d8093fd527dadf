//! Models of the locks, channels, condition variables and logs of this crate: its own files,
//! compiled over a `sync` of shuttle's, whose scheduler tries out what can happen in between. With
//! `faulty` ground below, each model has to fail: see [`sync::Fault`].
#![allow(
    dead_code,
    unused_imports,
    reason = "the models need only a part of the crate"
)]

#[path = "../../src/attention.rs"]
mod attention;
#[path = "../../src/barrier.rs"]
mod barrier;
mod cells;
#[path = "../../src/channel/mod.rs"]
mod channel;
mod clock;
#[path = "../../src/condvar.rs"]
mod condvar;
#[path = "../../src/event.rs"]
mod event;
#[path = "../../src/event_log.rs"]
mod event_log;
#[path = "../../src/explore_random.rs"]
mod explore_random;
mod forced;
#[path = "../../src/gate/mod.rs"]
mod gate;
#[path = "../../src/held.rs"]
mod held;
#[path = "../../src/interrupt.rs"]
mod interrupt;
#[path = "../../src/keyboard_interrupt.rs"]
mod keyboard_interrupt;
#[path = "../../src/line.rs"]
mod line;
#[path = "../../src/lock.rs"]
mod lock;
#[path = "../../src/mutex.rs"]
mod mutex;
#[path = "../../src/observed.rs"]
mod observed;
#[path = "../../src/roll.rs"]
mod roll;
#[path = "../../src/rw_lock.rs"]
mod rw_lock;
#[path = "../../src/semaphore.rs"]
mod semaphore;
#[path = "../../src/standing.rs"]
mod standing;
mod sync;
#[path = "../../src/thing.rs"]
mod thing;
#[path = "../../src/thread_mark.rs"]
mod thread_mark;
#[path = "../../src/timeline/mod.rs"]
mod timeline;
#[path = "../../src/waiter.rs"]
mod waiter;
#[path = "../../src/watched.rs"]
mod watched;

mod wait_graph;

mod channels;
mod condvars;
mod guards;
mod interrupts;
mod locks;
mod others;
mod random;
mod rings;
mod run;
mod switches;

pub use keyboard_interrupt::KeyboardInterrupt;
