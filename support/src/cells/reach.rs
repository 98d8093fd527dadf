//! From what stands before the dot of a call to the `std` type behind it.

use std::ops::Deref;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, RwLock};

/// What stands before the dot.
///
/// Has the methods of this module where a type of `std` is behind it, and is a reference to it
/// everywhere else. Implements no traits, not even `Debug`: a learner's trait for all types that have
/// it would then be called on the wrapper.
pub struct On<'a, X: ?Sized>(&'a X);

/// Wraps what stands before the dot.
pub fn on<X: ?Sized>(receiver: &X) -> On<'_, X> {
    On(receiver)
}

impl<'a, X: ?Sized + Reach<'a>> On<'a, X> {
    pub(super) fn reach(&self) -> X::Found {
        self.0.reach()
    }
}

impl<'a, X: ?Sized> Deref for On<'a, X> {
    type Target = &'a X;

    fn deref(&self) -> &&'a X {
        &self.0
    }
}

/// A type of `std` with a blocking call, or a pointer to one.
///
/// Only pointers of `std` are looked through: a type of one's own that dereferences to a `Mutex`
/// may have a `lock` of its own, which must win.
pub trait Reach<'a> {
    /// A reference to the type of `std`, as long-lived as the call itself would have it.
    type Found;

    #[doc(hidden)]
    fn reach(&'a self) -> Self::Found;
}

impl<'a, T: ?Sized + 'a> Reach<'a> for Mutex<T> {
    type Found = &'a Self;

    fn reach(&'a self) -> &'a Self {
        self
    }
}

impl<'a, T: ?Sized + 'a> Reach<'a> for RwLock<T> {
    type Found = &'a Self;

    fn reach(&'a self) -> &'a Self {
        self
    }
}

impl<'a, T: 'a> Reach<'a> for Receiver<T> {
    type Found = &'a Self;

    fn reach(&'a self) -> &'a Self {
        self
    }
}

impl<'a, T: 'a> Reach<'a> for SyncSender<T> {
    type Found = &'a Self;

    fn reach(&'a self) -> &'a Self {
        self
    }
}

impl<'a> Reach<'a> for Condvar {
    type Found = &'a Self;

    fn reach(&'a self) -> &'a Self {
        self
    }
}

impl<'a, 'long: 'a, X: ?Sized + Reach<'long>> Reach<'a> for &'long X {
    type Found = X::Found;

    // Not for `'a`: a guard may outlive the variable that holds the reference.
    fn reach(&'a self) -> X::Found {
        (**self).reach()
    }
}

impl<'a, X: ?Sized + Reach<'a>> Reach<'a> for Arc<X> {
    type Found = X::Found;

    fn reach(&'a self) -> X::Found {
        (**self).reach()
    }
}

impl<'a, X: ?Sized + Reach<'a>> Reach<'a> for Rc<X> {
    type Found = X::Found;

    fn reach(&'a self) -> X::Found {
        (**self).reach()
    }
}

impl<'a, X: ?Sized + Reach<'a>> Reach<'a> for Box<X> {
    type Found = X::Found;

    fn reach(&'a self) -> X::Found {
        (**self).reach()
    }
}

impl<'a, X: Reach<'a>, F: FnOnce() -> X> Reach<'a> for LazyLock<X, F> {
    type Found = X::Found;

    fn reach(&'a self) -> X::Found {
        (**self).reach()
    }
}

/// A receiver that several threads share is locked first.
impl<'a, X: ?Sized + Reach<'a>> Reach<'a> for MutexGuard<'_, X> {
    type Found = X::Found;

    fn reach(&'a self) -> X::Found {
        (**self).reach()
    }
}

/// Where a lock is: its identity as long as it is waited for.
pub(super) fn address<T: ?Sized>(of: &T) -> usize {
    std::ptr::from_ref(of).cast::<()>().addr()
}
