//! `.await`, which is no blocking call: the thread sits in an executor that knows no stop.

use std::future::{IntoFuture, poll_fn};
use std::pin::pin;

use super::wakes::TaskWakes;
use crate::interrupt;

/// Awaits a future, and gives its output; a stop wakes the task, and the next poll unwinds.
///
/// On threads that run no cells (those of a pool) it only awaits: there a task waits without holding up
/// the notebook.
pub async fn awaited<F: IntoFuture>(future: F) -> F::Output {
    let mut future = pin!(future.into_future());
    let mut wakes: Option<TaskWakes> = None;
    poll_fn(|context| {
        if interrupt::has_runtime() && !interrupt::is_cell_thread() {
            wakes = None;
            return future.as_mut().poll(context);
        }
        interrupt::checkpoint();
        let polled = future.as_mut().poll(context);
        if polled.is_pending() {
            let is_same = |known: &TaskWakes| known.waker().will_wake(context.waker());
            if !wakes.as_ref().is_some_and(is_same) {
                wakes = Some(TaskWakes::new(context.waker().clone()));
            }
            // One that came before the entry was made has woken nobody.
            interrupt::checkpoint();
        }
        polled
    })
    .await
}
