//! One blocked call, and the list of all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use crate::interrupt;
use crate::sync::{Condvar, Mutex, global, spin};
use crate::thread_mark::ThreadMark;
use crate::wait_graph;

/// How a wait came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// What was waited for has happened.
    Rung,
    /// It may be had, but by whoever comes first: the caller tries, and waits again if it failed.
    Called,
    /// The deadline passed first.
    TimedOut,
    /// A stop was claimed for this wait: the caller tidies up and calls [`interrupt::unwind`].
    Stopped,
    /// A stop came, but the thread is unwinding already and must not do so twice. Only of waits
    /// that said [`WhileUnwinding::GiveUp`].
    StoppedWhileUnwinding,
}

/// What a stop does to a wait that is made while its thread unwinds, in a destructor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhileUnwinding {
    /// It ends the wait: the caller has a way to say so.
    GiveUp,
    /// Nothing: the caller has nothing to go on with.
    WaitOn,
}

/// One blocked call of one thread. Whoever ends the wait calls [`Waiter::ring`].
///
/// A stop never gets lost between the look at the pending stops and the sleep: the wait is
/// entered into [`WAITING`] *before* it looks. A stop raised earlier is seen by that look, for
/// [`stop_all`] and the entry take the same mutex; a stop raised later finds the entry.
///
/// Lock order: `WAITING` before a waiter's flags, a lock's state before a waiter's flags, and
/// never `WAITING` together with a lock's state.
pub(crate) struct Waiter {
    /// No other wait of this process has it.
    id: u64,
    owner: Arc<ThreadMark>,
    on_cell_thread: bool,
    pub(crate) flags: Mutex<Flags>,
    bell: Condvar,
}

#[derive(Default)]
pub(crate) struct Flags {
    rung: bool,
    called: bool,
    stopped: bool,
    /// The owner's [`Standing`](crate::standing::Standing) says that it sits in this very wait.
    /// One that is over must not speak for the next.
    told: bool,
}

impl Flags {
    fn is_woken(&self) -> bool {
        self.rung || self.called || self.stopped
    }
}

global! {
    /// Every call that waits at this moment, for stops to find.
    static WAITING: Mutex<Vec<Arc<Waiter>>> = Mutex::new(Vec::new());
}

impl Waiter {
    /// A wait of the calling thread.
    pub(crate) fn new(owner: Arc<ThreadMark>) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Arc::new(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            owner,
            on_cell_thread: interrupt::is_cell_thread(),
            flags: Mutex::default(),
            bell: Condvar::new(),
        })
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn owner(&self) -> &Arc<ThreadMark> {
        &self.owner
    }

    pub(crate) fn on_cell_thread(&self) -> bool {
        self.on_cell_thread
    }

    /// Ends the wait.
    pub(crate) fn ring(&self) {
        self.wake(|flags| flags.rung = true);
    }

    /// Wakes the thread for a try of its own.
    pub(crate) fn call(&self) {
        self.wake(|flags| flags.called = true);
    }

    fn stop(&self) {
        self.wake(|flags| flags.stopped = true);
    }

    fn wake(&self, why: impl FnOnce(&mut Flags)) {
        let mut flags = self.flags.lock();
        why(&mut flags);
        // Here and not by the owner itself once it wakes: who has released a lock and then asks
        // how its next holder stands is not to be told that it waits.
        self.tell_going_on(&mut flags);
        drop(flags);
        self.bell.notify_one();
    }

    /// Looks some moments long whether the wait is over already, before [`wait`](Self::wait) is
    /// called.
    pub(crate) fn look_out(&self) {
        for rounds in 0.. {
            if self.flags.lock().is_woken() || !spin(rounds) {
                break;
            }
        }
    }

    /// Blocks the calling thread, which has to be the owner, until [`ring`](Self::ring), a stop,
    /// or `deadline`; `None` waits for ever.
    pub(crate) fn wait(
        self: &Arc<Self>,
        deadline: Option<Instant>,
        while_unwinding: WhileUnwinding,
    ) -> Outcome {
        let gives_up = while_unwinding == WhileUnwinding::GiveUp;
        let _entered = Entered::new(self);
        if interrupt::claim_pending(&self.owner) {
            return Outcome::Stopped;
        }
        if gives_up && thread::panicking() && interrupt::is_pending(&self.owner) {
            return Outcome::StoppedWhileUnwinding;
        }
        let mut flags = self.flags.lock();
        loop {
            if flags.rung {
                return Outcome::Rung;
            }
            if std::mem::take(&mut flags.called) {
                return Outcome::Called;
            }
            if std::mem::take(&mut flags.stopped) {
                if thread::panicking() {
                    if gives_up {
                        return Outcome::StoppedWhileUnwinding;
                    }
                    continue;
                }
                // Not under `flags`: the runtime may hold a lock of its own while it calls us.
                drop(flags);
                if interrupt::claim(self) {
                    // Whoever stops a cell that hangs wants to know why it did.
                    wait_graph::tell_deadlock_of(&self.owner);
                    return Outcome::Stopped;
                }
                flags = self.flags.lock();
                continue;
            }
            let watching = self.tell_blocking(&mut flags, deadline);
            if !watching.is_empty() {
                // Not under `flags`: two threads may watch each other.
                drop(flags);
                watching.iter().for_each(|watcher| watcher.ring());
                flags = self.flags.lock();
                continue;
            }
            match deadline {
                None => self.bell.wait(&mut flags),
                Some(deadline) => {
                    let timed_out = self.bell.wait_until(&mut flags, deadline).timed_out();
                    if timed_out && !flags.is_woken() {
                        self.tell_going_on(&mut flags);
                        return Outcome::TimedOut;
                    }
                }
            }
        }
    }

    /// Who is returned watches the owner and has to be rung.
    fn tell_blocking(&self, flags: &mut Flags, until: Option<Instant>) -> Vec<Arc<Waiter>> {
        let Some(standing) = self.owner.standing() else {
            return Vec::new();
        };
        flags.told = true;
        standing.block(until)
    }

    fn tell_going_on(&self, flags: &mut Flags) {
        if let Some(standing) = self.owner.standing().filter(|_| flags.told) {
            flags.told = false;
            standing.go_on();
        }
    }
}

/// Marks every waiting call that `is_meant` as stopped and wakes it.
pub(crate) fn stop_all(is_meant: impl Fn(&Waiter) -> bool) {
    for waiter in WAITING.lock().iter().filter(|waiter| is_meant(waiter)) {
        waiter.stop();
    }
}

/// The entry in [`WAITING`], taken out again on drop.
struct Entered<'a>(&'a Arc<Waiter>);

impl<'a> Entered<'a> {
    fn new(waiter: &'a Arc<Waiter>) -> Self {
        WAITING.lock().push(Arc::clone(waiter));
        Self(waiter)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let mut waiting = WAITING.lock();
        if let Some(place) = waiting.iter().position(|other| Arc::ptr_eq(other, self.0)) {
            waiting.swap_remove(place);
        }
    }
}
