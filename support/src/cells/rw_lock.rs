//! `RwLock::read` and `RwLock::write`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LockResult, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

use parking_lot::Mutex;

use super::patience::{Patience, must_be_stoppable};
use super::reach::{On, Reach, address};
use super::turns::give_way;

impl<'a, 'm, X, T> On<'a, X>
where
    X: ?Sized + Reach<'a, Found = &'m RwLock<T>>,
    T: ?Sized + 'm,
{
    /// As [`RwLock::read`].
    ///
    /// # Errors
    /// As there: when the lock is poisoned.
    pub fn read(&self) -> LockResult<RwLockReadGuard<'m, T>> {
        let lock = self.reach();
        let mut patience = None;
        give_way(address(lock));
        loop {
            if !a_writer_waits_for(lock) {
                match lock.try_read() {
                    Ok(guard) => return Ok(guard),
                    Err(TryLockError::Poisoned(poisoned)) => return Err(poisoned),
                    Err(TryLockError::WouldBlock) if !must_be_stoppable() => return lock.read(),
                    Err(TryLockError::WouldBlock) => {}
                }
            }
            patience
                .get_or_insert_with(|| Patience::for_lock(address(lock)))
                .pause();
        }
    }

    /// As [`RwLock::write`].
    ///
    /// # Errors
    /// As there: when the lock is poisoned.
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'m, T>> {
        let lock = self.reach();
        let mut waiting = None;
        give_way(address(lock));
        loop {
            match lock.try_write() {
                Ok(guard) => return Ok(guard),
                Err(TryLockError::Poisoned(poisoned)) => return Err(poisoned),
                Err(TryLockError::WouldBlock) if !must_be_stoppable() => return lock.write(),
                Err(TryLockError::WouldBlock) => {
                    let (_, patience) = waiting.get_or_insert_with(|| {
                        (Writer::new(lock), Patience::for_lock(address(lock)))
                    });
                    patience.pause();
                }
            }
        }
    }
}

/// A writer that looks again and again for its turn.
///
/// `std` lets no new reader in while a writer waits; without that, readers that take turns would
/// keep it out for ever. A writer that only looks is unknown to `std`, so readers are told here.
struct Writer(usize);

static WRITERS: Mutex<Vec<usize>> = Mutex::new(Vec::new());
/// Their number, so that readers need no lock as long as there is none.
static COUNT: AtomicUsize = AtomicUsize::new(0);

impl Writer {
    fn new<T: ?Sized>(lock: &RwLock<T>) -> Self {
        let address = address(lock);
        let mut writers = WRITERS.lock();
        writers.push(address);
        COUNT.store(writers.len(), Ordering::Relaxed);
        Self(address)
    }
}

pub(super) fn a_writer_waits_for<T: ?Sized>(lock: &RwLock<T>) -> bool {
    COUNT.load(Ordering::Relaxed) > 0 && WRITERS.lock().contains(&address(lock))
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut writers = WRITERS.lock();
        if let Some(place) = writers.iter().position(|other| *other == self.0) {
            writers.swap_remove(place);
        }
        COUNT.store(writers.len(), Ordering::Relaxed);
    }
}
