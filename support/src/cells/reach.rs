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

/// The end of the way: the types of `std` with a blocking call.
macro_rules! found {
    ($([$($generic:tt)*] $found:ty),+ $(,)?) => {$(
        impl<'a, $($generic)*> Reach<'a> for $found {
            type Found = &'a Self;

            fn reach(&'a self) -> &'a Self {
                self
            }
        }
    )+};
}

found!(
    [T: ?Sized + 'a] Mutex<T>,
    [T: ?Sized + 'a] RwLock<T>,
    [T: 'a] Receiver<T>,
    [T: 'a] SyncSender<T>,
    [] Condvar,
);

/// A step on the way: pointers of `std`. A receiver that several threads share is locked first, so
/// a guard is one, too.
macro_rules! pointers {
    ($($pointer:ty),+ $(,)?) => {$(
        impl<'a, X: ?Sized + Reach<'a>> Reach<'a> for $pointer {
            type Found = X::Found;

            fn reach(&'a self) -> X::Found {
                (**self).reach()
            }
        }
    )+};
}

pointers!(Arc<X>, Rc<X>, Box<X>, MutexGuard<'_, X>);

impl<'a, 'long: 'a, X: ?Sized + Reach<'long>> Reach<'a> for &'long X {
    type Found = X::Found;

    // Not for `'a`: a guard may outlive the variable that holds the reference.
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

/// Where a lock is: its identity as long as it is waited for.
pub(super) fn address<T: ?Sized>(of: &T) -> usize {
    std::ptr::from_ref(of).cast::<()>().addr()
}
