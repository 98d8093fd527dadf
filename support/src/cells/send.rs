//! `SyncSender::send`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SendError, SyncSender, TrySendError};
use std::time::Duration;

use super::patience::{Patience, must_be_stoppable};
use super::reach::{On, Reach};

/// Between two looks. A receiver that only tries (`try_recv`) meets the sender of a channel without
/// room only while that looks, see [`somebody_tries`].
pub(super) const LOOK_EVERY: Duration = Duration::from_micros(200);

impl<'a, 'm, X, T> On<'a, X>
where
    X: ?Sized + Reach<'a, Found = &'m SyncSender<T>>,
    T: 'm,
{
    /// As [`SyncSender::send`].
    ///
    /// # Errors
    /// As there: when the receiver is gone.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        let sender = self.reach();
        let mut value = value;
        let mut waiting = None;
        loop {
            value = match sender.try_send(value) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Disconnected(value)) => return Err(SendError(value)),
                Err(TrySendError::Full(value)) => value,
            };
            if !must_be_stoppable() {
                return sender.send(value);
            }
            let (_, patience) =
                waiting.get_or_insert_with(|| (Trying::new(), Patience::with_longest(LOOK_EVERY)));
            patience.pause();
        }
    }
}

static TRYING: AtomicUsize = AtomicUsize::new(0);

/// Whether some sender tries again and again.
pub(super) fn somebody_tries() -> bool {
    TRYING.load(Ordering::Relaxed) > 0
}

struct Trying(());

impl Trying {
    fn new() -> Self {
        TRYING.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for Trying {
    fn drop(&mut self) {
        TRYING.fetch_sub(1, Ordering::Relaxed);
    }
}
