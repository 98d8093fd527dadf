//! `join` of a thread's handle: waited for here, then done by `std`.

use std::ops::{Deref, DerefMut};
use std::thread::{self, JoinHandle, ScopedJoinHandle};

use super::patience::Patience;

fn wait(is_finished: impl Fn() -> bool) {
    let mut patience = None;
    while !is_finished() {
        patience.get_or_insert_with(Patience::new).pause();
    }
}

/// What a variable holds that is about to be joined.
pub struct Before<'a, H: ?Sized>(&'a H);

/// Wraps the variable.
pub fn before<H: ?Sized>(handle: &H) -> Before<'_, H> {
    Before(handle)
}

impl<T> Before<'_, JoinHandle<T>> {
    /// Waits until `join` will not.
    pub fn join(&self) {
        wait(|| self.0.is_finished());
    }
}

impl<T> Before<'_, ScopedJoinHandle<'_, T>> {
    /// Waits until `join` will not.
    pub fn join(&self) {
        wait(|| self.0.is_finished());
    }
}

/// No handle of a thread: nothing to wait for.
#[derive(Debug)]
pub struct Nothing(());

impl Nothing {
    /// Does nothing.
    pub fn join(&self) {}
}

impl<H: ?Sized> Deref for Before<'_, H> {
    type Target = Nothing;

    fn deref(&self) -> &Nothing {
        &Nothing(())
    }
}

/// A value, not a variable, that is joined.
pub struct Owned<H>(H);

/// Wraps the value.
pub fn owned<H>(handle: H) -> Owned<H> {
    Owned(handle)
}

impl<T> Owned<JoinHandle<T>> {
    /// As [`JoinHandle::join`].
    ///
    /// # Errors
    /// As there: when the thread panicked.
    pub fn join(self) -> thread::Result<T> {
        wait(|| self.0.is_finished());
        self.0.join()
    }
}

impl<T> Owned<ScopedJoinHandle<'_, T>> {
    /// As [`ScopedJoinHandle::join`].
    ///
    /// # Errors
    /// As there: when the thread panicked.
    pub fn join(self) -> thread::Result<T> {
        wait(|| self.0.is_finished());
        self.0.join()
    }
}

impl<H> Deref for Owned<H> {
    type Target = H;

    fn deref(&self) -> &H {
        &self.0
    }
}

impl<H> DerefMut for Owned<H> {
    fn deref_mut(&mut self) -> &mut H {
        &mut self.0
    }
}
