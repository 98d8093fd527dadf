//! The state of a lock that nobody waits for, in one word.

use crate::sync::{AtomicU64, Ordering};

/// One word of a lock: free or held, and by whom, as long as nobody has to wait; else *slow*,
/// which means that the truth is in the state behind the gate's mutex.
///
/// ```text
/// free --take--> held --release--> free       by one exchange each
/// free or held --enter--> slow                by who locks the gate's state, for as long as
/// slow --leave--> free                        somebody holds it or waits there
/// ```
pub(crate) struct Word(AtomicU64);

/// What the word said: bit 0 is *slow*, bit 1 a [detached](super::Need::DETACHED) hold, bits 2 to 23
/// number the holder, 0 being nobody; the rest is the ticket of the next attempt, so a word that comes
/// back is not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen(u64);

const SLOW: u64 = 1;
const DETACHED: u64 = 2;
const HOLDER_SHIFT: u32 = 2;
const HOLDER: u64 = (LAST_THREAD as u64) << HOLDER_SHIFT;
const TICKET_SHIFT: u32 = 24;
/// Threads beyond it always go the slow way.
pub(crate) const LAST_THREAD: u32 = (1 << (TICKET_SHIFT - HOLDER_SHIFT)) - 1;
/// Tickets are counted modulo this: at full speed, an hour's worth of them.
pub(crate) const TICKETS: u64 = 1 << (64 - TICKET_SHIFT);

impl Word {
    pub(crate) fn new(seen: Seen) -> Self {
        Self(AtomicU64::new(seen.0))
    }

    #[inline]
    pub(crate) fn look(&self) -> Seen {
        // Relaxed: whoever acts on it exchanges it, with the right order.
        Seen(self.0.load(Ordering::Relaxed))
    }

    /// Looks before the gate goes, perhaps: behind all that those did who have released it.
    #[inline]
    pub(crate) fn look_behind(&self) -> Seen {
        Seen(self.0.load(Ordering::Acquire))
    }

    /// Takes the lock: sees what was written under it before.
    #[inline]
    pub(crate) fn take(&self, free: Seen, held: Seen) -> bool {
        let (now, then) = (free.0, held.0);
        self.0
            .compare_exchange(now, then, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    /// Frees the lock, with all that was written under it.
    #[inline]
    pub(crate) fn release(&self, held: Seen, free: Seen) -> bool {
        let (now, then) = (held.0, free.0);
        self.0
            .compare_exchange(now, then, Ordering::Release, Ordering::Relaxed)
            .is_ok()
    }

    /// Makes it slow, and returns what it was; nothing if it is slow already. Only with the gate's
    /// state locked.
    pub(crate) fn slow_down(&self) -> Option<Seen> {
        self.slow_down_if(|seen| !seen.is_slow())
    }

    /// The same, but only if nobody holds it.
    pub(crate) fn slow_down_if_free(&self) -> Option<Seen> {
        self.slow_down_if(Seen::is_free)
    }

    fn slow_down_if(&self, is_meant: impl Fn(Seen) -> bool) -> Option<Seen> {
        let mut seen = self.look();
        while is_meant(seen) {
            let slow = seen.freed().0 | SLOW;
            // Acquire: what the last holder has written and recorded. Release: who becomes the
            // holder later may not have seen that itself.
            let order = (Ordering::AcqRel, Ordering::Relaxed);
            match self.0.compare_exchange(seen.0, slow, order.0, order.1) {
                Ok(_) => return Some(seen),
                Err(other) => seen = Seen(other),
            }
        }
        None
    }

    /// Makes it free. Only with the gate's state locked, which says that it is.
    pub(crate) fn speed_up(&self, next_ticket: u64) {
        self.0.store(Seen::free(next_ticket).0, Ordering::Release);
    }
}

impl Seen {
    pub(crate) const fn free(next_ticket: u64) -> Self {
        Self(next_ticket << TICKET_SHIFT)
    }

    pub(crate) const SLOW: Self = Self(SLOW);

    #[inline]
    pub(crate) fn is_slow(self) -> bool {
        self.0 & SLOW != 0
    }

    #[inline]
    pub(crate) fn is_free(self) -> bool {
        self.0 & (HOLDER | SLOW) == 0
    }

    /// The number of the thread that holds it.
    #[inline]
    pub(crate) fn holder(self) -> Option<u32> {
        let number = ((self.0 & HOLDER) >> HOLDER_SHIFT) as u32;
        (number != 0).then_some(number)
    }

    #[inline]
    pub(crate) fn is_held_by(self, thread: u32) -> bool {
        self.0 & (HOLDER | SLOW) == u64::from(thread) << HOLDER_SHIFT
    }

    /// The ticket of the next attempt.
    #[inline]
    pub(crate) fn next_ticket(self) -> u64 {
        self.0 >> TICKET_SHIFT
    }

    /// The ticket of the last attempt: of the holder, if there is one.
    #[inline]
    pub(crate) fn ticket(self) -> u64 {
        self.next_ticket().wrapping_sub(1) % TICKETS
    }

    /// Whether it is held, and the hold may outlive all handles.
    #[inline]
    pub(crate) fn is_detached(self) -> bool {
        self.0 & DETACHED != 0
    }

    /// A free one, taken by this thread.
    #[inline]
    pub(crate) fn taken_by(self, thread: u32, detached: bool) -> Self {
        let holder = u64::from(thread) << HOLDER_SHIFT | if detached { DETACHED } else { 0 };
        // The ticket is at the top: what it overflows by is gone.
        Self(self.0.wrapping_add(1 << TICKET_SHIFT) | holder)
    }

    /// A held one, freed.
    #[inline]
    pub(crate) fn freed(self) -> Self {
        Self(self.0 & !(HOLDER | DETACHED))
    }

    /// All of it, to tell one hold from another.
    #[inline]
    pub(crate) fn raw(self) -> u64 {
        self.0
    }

    pub(crate) fn of_raw(raw: u64) -> Self {
        Self(raw)
    }
}
