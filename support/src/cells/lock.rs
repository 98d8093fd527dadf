//! `Mutex::lock`.

use std::sync::{LockResult, Mutex, MutexGuard, TryLockError};

use super::patience::{Patience, must_be_stoppable};
use super::reach::{On, Reach, address};
use super::turns::give_way;

impl<'a, 'm, X, T> On<'a, X>
where
    X: ?Sized + Reach<'a, Found = &'m Mutex<T>>,
    T: ?Sized + 'm,
{
    /// As [`Mutex::lock`].
    ///
    /// # Errors
    /// As there: when the mutex is poisoned.
    pub fn lock(&self) -> LockResult<MutexGuard<'m, T>> {
        let mutex = self.reach();
        let mut patience = None;
        give_way(address(mutex));
        loop {
            match mutex.try_lock() {
                Ok(guard) => return Ok(guard),
                Err(TryLockError::Poisoned(poisoned)) => return Err(poisoned),
                Err(TryLockError::WouldBlock) if !must_be_stoppable() => return mutex.lock(),
                Err(TryLockError::WouldBlock) => patience
                    .get_or_insert_with(|| Patience::for_lock(address(mutex)))
                    .pause(),
            }
        }
    }
}
