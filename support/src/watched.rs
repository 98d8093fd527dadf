//! Everything that can be waited for, for the wait-for graph to look at.

use std::sync::{Arc, Weak};
use std::time::Instant;

use crate::observed::Tale;
use crate::sync::{Mutex, global};
use crate::thing::Thing;
use crate::thread_mark::ThreadMark;

/// Something that threads hold or wait for.
pub(crate) trait Watched: Send + Sync {
    /// Who holds it and who waits for it, all from one look.
    fn look(&self) -> Seen;

    /// What it keeps to itself of what has happened, if there is any.
    fn tell(&self) -> Option<Tale> {
        None
    }

    /// Recording is about to be switched on or off: what goes on is to be written down as it is.
    fn settle_accounts(&self) {}

    /// Recording has been switched on again: what was recorded before is of no use any more.
    fn begin_era(&self, _era: u64) {}
}

/// What one look at one thing shows.
pub(crate) struct Seen {
    pub(crate) thing: Arc<Thing>,
    pub(crate) kind: &'static str,
    pub(crate) holds: Vec<Hold>,
    pub(crate) waits: Vec<Wait>,
}

impl Seen {
    /// Of a thing that can only be waited for.
    pub(crate) fn awaited(
        thing: &Arc<Thing>,
        kind: &'static str,
        waits: impl Iterator<Item = Wait>,
    ) -> Self {
        Self {
            thing: Arc::clone(thing),
            kind,
            holds: Vec::new(),
            waits: waits.collect(),
        }
    }
}

/// Somebody holds the thing. The ticket names this one hold of it.
pub(crate) struct Hold {
    pub(crate) who: Arc<ThreadMark>,
    pub(crate) ticket: u64,
}

/// Somebody waits for the thing. The ticket names this one wait for it.
pub(crate) struct Wait {
    pub(crate) who: Arc<ThreadMark>,
    pub(crate) ticket: u64,
    /// When it gives up by itself.
    pub(crate) until: Option<Instant>,
}

global! {
    /// Everything that was made. Entered when a thing is made, so that using it costs nothing.
    static THINGS: Mutex<Things> = Mutex::new(Things {
        all: Vec::new(),
        tidy_at: 64,
    });
}

struct Things {
    all: Vec<Weak<dyn Watched>>,
    /// So many entries are worth a search for those that are gone.
    tidy_at: usize,
}

pub(crate) fn register<W: Watched + 'static>(thing: &Arc<W>) {
    let thing: Weak<W> = Arc::downgrade(thing);
    let mut things = THINGS.lock();
    if things.all.len() >= things.tidy_at {
        things.all.retain(|thing| thing.strong_count() > 0);
        things.tidy_at = 64.max(2 * things.all.len());
    }
    things.all.push(thing);
}

/// Everything that is still there.
pub(crate) fn all() -> Vec<Arc<dyn Watched>> {
    THINGS.lock().all.iter().filter_map(Weak::upgrade).collect()
}

/// Looks at everything that is still there, one after the other.
pub(crate) fn look_at_all() -> Vec<Seen> {
    // Upgraded first: dropping the last handle of a thing may run somebody's destructor.
    all().iter().map(|thing| thing.look()).collect()
}
