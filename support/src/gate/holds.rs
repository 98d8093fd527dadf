//! What a lock remembers of the holds for which nobody had to wait.

use std::sync::OnceLock;

use crate::clock::Tick;
use crate::gate::word::Seen;
use crate::sync::{AtomicU64, Ordering};

/// A ring of holds, each in the place of its ticket: written by whoever holds the lock, with
/// nothing but stores, and published by the very exchange that releases it. Read by whoever has
/// made the lock slow. So writers and readers exclude each other by the lock itself.
///
/// The one exception is a holder that releases while somebody else has released for it: its late
/// entry falls into the place of its own ticket, which is somebody else's only [`LIMIT`] holds
/// later.
pub(crate) struct Holds {
    /// When the last thing happened to the lock.
    last: AtomicU64,
    /// Made when they are first needed, each as large as all before it together: a lock that is
    /// taken a few times costs a few hundred bytes.
    pages: [OnceLock<Box<[Slot]>>; PAGES],
}

#[derive(Default)]
struct Slot {
    /// The held word: ticket and thread.
    word: AtomicU64,
    got: AtomicU64,
    released: AtomicU64,
}

/// One hold, from its beginning to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) ticket: u64,
    pub(crate) thread: u32,
    pub(crate) got: Tick,
    pub(crate) released: Tick,
}

const FIRST_PAGE: usize = 16;
const PAGES: usize = 10;

/// How many holds are kept: together at least as many events as are kept of all things.
pub(crate) const LIMIT: u64 = (FIRST_PAGE << (PAGES - 1)) as u64;

impl Holds {
    pub(crate) fn new() -> Self {
        Self {
            last: AtomicU64::new(0),
            pages: [const { OnceLock::new() }; PAGES],
        }
    }

    #[inline]
    fn slot(&self, ticket: u64) -> &Slot {
        let (page, place) = place_of(ticket);
        &self.pages[page].get_or_init(|| new_page(page))[place]
    }

    /// A moment of now, behind everything that happened to the lock before. For who holds it, or
    /// has made it slow.
    pub(crate) fn stamp(&self) -> Tick {
        let now = Tick::now().behind(self.last());
        self.last.store(now.raw(), Ordering::Relaxed);
        now
    }

    #[inline]
    fn last(&self) -> Tick {
        Tick::from_raw(self.last.load(Ordering::Relaxed))
    }

    /// The caller has the lock from now on.
    #[inline]
    pub(crate) fn begin(&self, held: Seen) {
        let now = Tick::now().behind(self.last());
        let slot = self.slot(held.ticket());
        slot.got.store(now.raw(), Ordering::Relaxed);
        // Release: who finds the word, in `begun`, finds the time.
        slot.word.store(held.raw(), Ordering::Release);
    }

    /// The caller is about to release the lock. `false` if the hold has no beginning here.
    #[inline]
    pub(crate) fn end(&self, held: Seen) -> bool {
        let slot = self.slot(held.ticket());
        if slot.word.load(Ordering::Relaxed) != held.raw() {
            return false;
        }
        let got = Tick::from_raw(slot.got.load(Ordering::Relaxed));
        let now = Tick::now().behind(got);
        self.last.store(now.raw(), Ordering::Relaxed);
        slot.released.store(now.raw(), Ordering::Relaxed);
        true
    }

    /// Forgets a hold that goes on, for the caller keeps its end, and returns when it began. Now, if
    /// the holder has not come to write that down yet.
    pub(crate) fn take_over(&self, held: Seen) -> Tick {
        let slot = self.slot(held.ticket());
        if slot.word.load(Ordering::Acquire) != held.raw() {
            return self.stamp();
        }
        // The holder may still add an end, which then is nobody's.
        slot.word.store(0, Ordering::Relaxed);
        let got = slot.got.load(Ordering::Relaxed);
        self.last.fetch_max(got, Ordering::Relaxed);
        Tick::from_raw(got)
    }

    /// The hold of this ticket, if it is there and was not taken over on the way.
    pub(crate) fn completed(&self, ticket: u64) -> Option<Hold> {
        let (page, place) = place_of(ticket);
        let slot = &self.pages[page].get()?[place];
        let word = Seen::of_raw(slot.word.load(Ordering::Acquire));
        let got = Tick::from_raw(slot.got.load(Ordering::Relaxed));
        let released = Tick::from_raw(slot.released.load(Ordering::Relaxed));
        let thread = word.holder()?;
        (word.ticket() == ticket && got < released).then_some(Hold {
            ticket,
            thread,
            got,
            released,
        })
    }
}

/// The page of a ticket, and the place there.
#[inline]
fn place_of(ticket: u64) -> (usize, usize) {
    let place = (ticket % LIMIT) as usize;
    match (place / FIRST_PAGE).checked_ilog2() {
        None => (0, place),
        Some(doublings) => (doublings as usize + 1, place - (FIRST_PAGE << doublings)),
    }
}

#[cold]
fn new_page(page: usize) -> Box<[Slot]> {
    let slots = FIRST_PAGE << page.saturating_sub(1);
    (0..slots).map(|_| Slot::default()).collect()
}
