//! Whether a thread works, sits in a blocking call, or has ended.

use std::mem;
use std::sync::Arc;
use std::time::Instant;

use crate::sync::Mutex;
use crate::waiter::Waiter;

/// How a [`Thread`](crate::Thread) stands, and who waits for it to settle.
///
/// Made with the thread, before there is a [`ThreadMark`](crate::thread_mark::ThreadMark), so
/// that one can watch it from the moment it is started.
///
/// Lock order: a waiter's flags before a standing, and nothing while a standing is locked.
#[derive(Default)]
pub(crate) struct Standing {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    stage: Stage,
    watching: Vec<Arc<Waiter>>,
}

/// Works ⇄ Blocked, and from either to Ended for good.
#[derive(Clone, Copy, Default)]
enum Stage {
    /// Runs, or is about to: a wait that has been rung counts from the ring, not from when the
    /// operating system comes round to the thread.
    #[default]
    Works,
    /// Sits in a blocking call, until this time at most.
    Blocked {
        until: Option<Instant>,
    },
    Ended,
}

impl Standing {
    /// The thread is about to sleep in a blocking call. Whoever is returned watches it and has
    /// to be rung, with no locks held.
    #[must_use]
    pub(crate) fn block(&self, until: Option<Instant>) -> Vec<Arc<Waiter>> {
        self.change(Stage::Blocked { until })
    }

    /// The thread's wait is over, whether the thread knows it yet or not.
    pub(crate) fn go_on(&self) {
        self.state.lock().enter(Stage::Works);
    }

    /// The thread has ended. Whoever is returned has to be rung.
    #[must_use]
    pub(crate) fn end(&self) -> Vec<Arc<Waiter>> {
        self.change(Stage::Ended)
    }

    fn change(&self, stage: Stage) -> Vec<Arc<Waiter>> {
        let mut state = self.state.lock();
        state.enter(stage);
        mem::take(&mut state.watching)
    }

    /// Whether the thread has settled. If not, `watcher` is rung at the next chance that it has.
    pub(crate) fn is_settled_else_watch(&self, watcher: &Arc<Waiter>) -> bool {
        let mut state = self.state.lock();
        let is_settled = match state.stage {
            Stage::Works => false,
            // A sleep whose time is over only has not been woken yet.
            Stage::Blocked { until } => until.is_none_or(|until| until > Instant::now()),
            Stage::Ended => true,
        };
        if !is_settled {
            state.watching.push(Arc::clone(watcher));
        }
        is_settled
    }

    pub(crate) fn forget(&self, watcher: &Arc<Waiter>) {
        let watching = &mut self.state.lock().watching;
        watching.retain(|other| !Arc::ptr_eq(other, watcher));
    }
}

impl State {
    fn enter(&mut self, stage: Stage) {
        // Destructors of thread-locals run behind the end, and may block.
        if !matches!(self.stage, Stage::Ended) {
            self.stage = stage;
        }
    }
}
