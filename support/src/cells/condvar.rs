//! `Condvar::wait` and its relatives: the wait of `std`, which a stop ends as a wake-up without a
//! reason would.

use std::sync::{Arc, Condvar, LockResult, MutexGuard, WaitTimeoutResult};
use std::time::Duration;

use super::reach::{On, Reach};
use super::wakes::notified_by_stop;
use crate::interrupt;
use crate::thread_mark::ThreadMark;

impl<'a, 'm, X> On<'a, X>
where
    X: ?Sized + Reach<'a, Found = &'m Condvar>,
{
    /// As [`Condvar::wait`].
    ///
    /// # Errors
    /// As there: when the mutex is poisoned.
    pub fn wait<'g, T>(&self, guard: MutexGuard<'g, T>) -> LockResult<MutexGuard<'g, T>> {
        let condvar = self.reach();
        stoppable(condvar, guard, |_, guard| condvar.wait(guard))
    }

    /// As [`Condvar::wait_while`].
    ///
    /// # Errors
    /// As there: when the mutex is poisoned.
    pub fn wait_while<'g, T, F>(
        &self,
        guard: MutexGuard<'g, T>,
        mut condition: F,
    ) -> LockResult<MutexGuard<'g, T>>
    where
        F: FnMut(&mut T) -> bool,
    {
        let condvar = self.reach();
        stoppable(condvar, guard, |stop, guard| {
            condvar.wait_while(guard, |value| !stop.claimed() && condition(value))
        })
    }

    /// As [`Condvar::wait_timeout`].
    ///
    /// # Errors
    /// As there: when the mutex is poisoned.
    pub fn wait_timeout<'g, T>(
        &self,
        guard: MutexGuard<'g, T>,
        duration: Duration,
    ) -> LockResult<(MutexGuard<'g, T>, WaitTimeoutResult)> {
        let condvar = self.reach();
        stoppable(condvar, guard, |_, guard| {
            condvar.wait_timeout(guard, duration)
        })
    }

    /// As [`Condvar::wait_timeout_while`].
    ///
    /// # Errors
    /// As there: when the mutex is poisoned.
    pub fn wait_timeout_while<'g, T, F>(
        &self,
        guard: MutexGuard<'g, T>,
        duration: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'g, T>, WaitTimeoutResult)>
    where
        F: FnMut(&mut T) -> bool,
    {
        let condvar = self.reach();
        stoppable(condvar, guard, |stop, guard| {
            condvar.wait_timeout_while(guard, duration, |value| !stop.claimed() && condition(value))
        })
    }
}

/// A stop of the calling thread, claimed at most once.
struct Stop {
    mark: Arc<ThreadMark>,
    claimed: bool,
}

impl Stop {
    fn claimed(&mut self) -> bool {
        self.claimed = self.claimed || interrupt::claim_pending(&self.mark);
        self.claimed
    }
}

fn stoppable<G, R>(condvar: &Condvar, guard: G, wait: impl FnOnce(&mut Stop, G) -> R) -> R {
    let mut stop = Stop {
        mark: ThreadMark::current(),
        claimed: false,
    };
    let mark = Arc::clone(&stop.mark);
    let result = notified_by_stop(&mark, condvar, || {
        if stop.claimed() {
            drop(guard);
            return None;
        }
        let result = wait(&mut stop, guard);
        // What holds the mutex must be dropped before the unwinding: that would poison it.
        (!stop.claimed()).then_some(result)
    });
    result.unwrap_or_else(|| interrupt::unwind(&mark))
}
