//! `.await`, which is no blocking call: the thread sits in an executor that knows no stop.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::wakes::TaskWakes;
use crate::interrupt;
use crate::thread_mark::ThreadMark;

/// Takes what is awaited and gives a future with the same output that a stop ends: it wakes the task,
/// and the next poll unwinds.
///
/// On threads that run no cells (those of a pool) it does nothing: there a task waits without holding up
/// the notebook.
pub fn awaited<F: IntoFuture>(future: F) -> Awaited<F::IntoFuture> {
    Awaited {
        future: Box::pin(future.into_future()),
        wakes: None,
    }
}

/// See [`awaited`].
pub struct Awaited<F> {
    future: Pin<Box<F>>,
    wakes: Option<(Waker, TaskWakes)>,
}

impl<F: Future> Future for Awaited<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        if interrupt::is_cell_thread() || !interrupt::has_runtime() {
            let known = self.wakes.take();
            // Before the look at the pending stops: one that comes later finds it.
            let wakes = known.filter(|(waker, _)| waker.will_wake(context.waker()));
            self.wakes = Some(wakes.unwrap_or_else(|| {
                let waker = context.waker().clone();
                let wakes = TaskWakes::new(&ThreadMark::current(), waker.clone());
                (waker, wakes)
            }));
            interrupt::checkpoint();
        } else {
            self.wakes = None;
        }
        self.future.as_mut().poll(context)
    }
}
