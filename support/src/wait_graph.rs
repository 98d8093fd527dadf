//! Who waits for whom.

mod drawing;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::display::show_picture;
use crate::thread_mark::{NOTEBOOK, ThreadMark};
use crate::watched::{self, Seen};

/// Who waits for what at this moment, who holds that, and who waits for whom in a ring.
///
/// It knows of every wait at a lock or other thing of this crate and every
/// [`Thread::join`](crate::Thread::join), timed ones too, and costs nothing as long as nobody asks.
///
/// ```
/// use lesson_support::{Lock, Thread, wait_graph};
///
/// let lock = Lock::new("studio");
/// let _held = lock.hold();
/// let handle = lock.clone();
/// let ada = Thread::new("Ada", move || handle.acquire());
/// ada.start();
/// ada.settle();
/// let graph = wait_graph();
/// assert!(graph.to_string().starts_with("Ada waits for studio, held by "));
/// assert!(graph.deadlocks().is_empty());
/// ```
pub fn wait_graph() -> WaitGraph {
    WaitGraph::new(&Ties::look_twice())
}

/// The waits of one moment.
pub(crate) struct Earlier {
    waits: HashSet<Id>,
    /// Kept, so that no later thing can have the place of one of these.
    _things: Vec<Seen>,
}

/// The waits of this moment, to be left out [later](WaitGraph::since).
pub(crate) fn waits_now() -> Earlier {
    let looks = watched::look_at_all();
    Earlier {
        waits: ids_of_waits(&looks),
        _things: looks,
    }
}

/// What [`wait_graph`] has seen.
///
/// Shows itself in words, both with `{}` and with `{:?}`, deadlocks first:
///
/// ```text
/// deadlock: notebook waits for b, held by Ada; Ada waits for a, held by notebook
/// Bea waits for a, held by notebook
/// ```
///
/// As the last expression of a cell it draws the graph, with the words as alternative.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WaitGraph {
    /// Everybody who waits, the notebook first.
    pub waits: Vec<WaitsFor>,
    /// The rings: each a list of indices into [`waits`](Self::waits), in which each one waits for
    /// the next one, and the last one for the first.
    pub rings: Vec<Vec<usize>>,
}

/// One thread that waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WaitsFor {
    /// Who waits.
    pub thread: String,
    /// The name of the lock or other thing; of a thread that is joined, the thread's name.
    pub thing: String,
    /// `lock`, `mutex`, `condvar` and so on; `thread` for a join.
    pub kind: String,
    /// Who holds it, with a remark if that thread has ended. Nobody for things that are not held.
    pub held_by: Vec<String>,
    /// Whether it gives up by itself when its time is over.
    pub has_limit: bool,
}

impl WaitGraph {
    /// Each ring in a sentence.
    ///
    /// Nobody in a ring goes on before another one of it does. A wait that has a limit gives up
    /// some time, so a ring with one of those is not for ever; its sentence says so. Semaphores
    /// make no rings, for any thread may release one.
    pub fn deadlocks(&self) -> Vec<String> {
        let sentence = |ring: &Vec<usize>| {
            let waits = ring.iter().filter_map(|index| self.waits.get(*index));
            let waits: Vec<String> = waits.map(WaitsFor::to_string).collect();
            waits.join("; ")
        };
        self.rings.iter().map(sentence).collect()
    }

    /// The graph as a picture, of type `image/svg+xml`: the threads on the left, what they wait
    /// for on the right. A dashed arrow leads from who waits to the thing, a solid one from the
    /// thing to who holds it. The arrows of a ring are thick.
    pub fn svg(&self) -> String {
        drawing::draw(self)
    }

    /// Shows the picture under a notebook's cell, and the words for those who do not see it. The
    /// kernel calls this for the last expression of a cell.
    pub fn evcxr_display(&self) {
        show_picture(&self.svg(), self);
    }

    /// What is to be seen now, without the waits that were there earlier.
    pub(crate) fn since(earlier: &Earlier) -> Self {
        Self::new(&Ties::look_twice_but(&earlier.waits))
    }

    fn new(ties: &Ties) -> Self {
        let tie_of = |tie: &Tie| WaitsFor {
            thread: tie.who.name().to_owned(),
            thing: tie.thing.clone(),
            kind: tie.kind.to_owned(),
            held_by: match tie.kind {
                JOIN => Vec::new(),
                _ => tie.holders.iter().map(|holder| fate(holder)).collect(),
            },
            has_limit: tie.has_limit,
        };
        Self {
            waits: ties.0.iter().map(tie_of).collect(),
            rings: ties.rings(),
        }
    }
}

impl fmt::Display for WaitGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.waits.is_empty() {
            return write!(f, "(nobody waits)");
        }
        let rings = self.deadlocks().into_iter();
        let mut lines: Vec<String> = rings.map(|ring| format!("deadlock: {ring}")).collect();
        let in_ring: HashSet<usize> = self.rings.iter().flatten().copied().collect();
        let others = self.waits.iter().enumerate();
        let others = others.filter(|(index, _)| !in_ring.contains(index));
        lines.extend(others.map(|(_, wait)| wait.to_string()));
        write!(f, "{}", lines.join("\n"))
    }
}

impl fmt::Debug for WaitGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `notebook waits for b, held by Ada`.
impl fmt::Display for WaitsFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { thread, thing, .. } = self;
        if self.kind == JOIN {
            write!(f, "{thread} waits for the end of {thing}")?;
        } else {
            write!(f, "{thread} waits for {thing}")?;
        }
        // Who has several permits is named once.
        let mut holders: Vec<&str> = Vec::new();
        for holder in &self.held_by {
            if !holders.contains(&holder.as_str()) {
                holders.push(holder);
            }
        }
        match &holders[..] {
            [] => {}
            [only] if *only == thread.as_str() => write!(f, ", held by itself")?,
            holders => write!(f, ", held by {}", holders.join(" and "))?,
        }
        if self.has_limit {
            write!(f, " (for a limited time)")?;
        }
        Ok(())
    }
}

/// The name, and what became of the thread.
fn fate(mark: &ThreadMark) -> String {
    match (mark.ended(), mark.panicked()) {
        (Some(_), Some(_)) => format!("{} (thread has panicked)", mark.name()),
        _ => mark.describe(),
    }
}

/// Says on the standard error what ring the thread waits in, if it does. To be called while the
/// wait still counts, and with no locks held.
pub(crate) fn tell_deadlock_of(thread: &Arc<ThreadMark>) {
    let ties = Ties::look_twice();
    let Some(own) = ties.of(thread) else { return };
    let graph = WaitGraph::new(&ties);
    for (ring, sentence) in graph.rings.iter().zip(graph.deadlocks()) {
        if ring.contains(&own) {
            eprintln!("deadlock: {sentence}");
        }
    }
}

/// The kind of a wait for the end of a thread.
pub(crate) const JOIN: &str = "thread";
/// Anybody may release it, so whoever holds it need not be who is waited for.
const SEMAPHORE: &str = "semaphore";

/// One thread that waits, and for whom.
struct Tie {
    who: Arc<ThreadMark>,
    thing: String,
    kind: &'static str,
    holders: Vec<Arc<ThreadMark>>,
    has_limit: bool,
}

/// All of them, the notebook first.
struct Ties(Vec<Tie>);

/// Names a wait or a hold beyond the look that showed it: the thing, and the ticket there.
type Id = (usize, u64);

fn id(seen: &Seen, ticket: u64) -> Id {
    (Arc::as_ptr(&seen.thing) as usize, ticket)
}

fn ids_of_waits(looks: &[Seen]) -> HashSet<Id> {
    looks
        .iter()
        .flat_map(|seen| seen.waits.iter().map(|wait| id(seen, wait.ticket)))
        .collect()
}

impl Ties {
    /// Things are looked at one after the other, so one look may show a ring that never was: by
    /// the time the last thing is seen, the first wait may be over. What is there in a second look
    /// and was in the first, under the same tickets, was there at the moment between the two, all
    /// of it at once.
    fn look_twice() -> Self {
        Self::look_twice_but(&HashSet::new())
    }

    fn look_twice_but(left_out: &HashSet<Id>) -> Self {
        let first = watched::look_at_all();
        let waits = ids_of_waits(&first);
        let holds: HashSet<Id> = first
            .iter()
            .flat_map(|seen| seen.holds.iter().map(|hold| id(seen, hold.ticket)))
            .collect();
        let mut ties = Vec::new();
        // The things of the first look live on in it, so no other one can have their place.
        for seen in watched::look_at_all() {
            let holders: Vec<Arc<ThreadMark>> = seen
                .holds
                .iter()
                .filter(|hold| holds.contains(&id(&seen, hold.ticket)))
                .map(|hold| Arc::clone(&hold.who))
                .collect();
            let still = seen.waits.iter();
            let still = still.filter(|wait| {
                let id = id(&seen, wait.ticket);
                waits.contains(&id) && !left_out.contains(&id)
            });
            ties.extend(still.map(|wait| Tie {
                who: Arc::clone(&wait.who),
                thing: seen.thing.name().to_owned(),
                kind: seen.kind,
                holders: holders.clone(),
                has_limit: wait.until.is_some(),
            }));
        }
        ties.sort_by_key(|tie| tie.who.name() != NOTEBOOK);
        Self(ties)
    }

    /// The wait of this thread: a thread waits for one thing at a time.
    fn of(&self, thread: &Arc<ThreadMark>) -> Option<usize> {
        let mut ties = self.0.iter();
        ties.position(|tie| Arc::ptr_eq(&tie.who, thread))
    }

    /// Each ring once, beginning with its first wait.
    fn rings(&self) -> Vec<Vec<usize>> {
        let mut rings = Vec::new();
        for start in 0..self.0.len() {
            self.follow(start, &mut vec![start], &mut HashSet::new(), &mut rings);
        }
        rings
    }

    /// Finds a way from the end of `path` back to `start`, over later waits only: a ring is found
    /// from its first one. `dead_ends` keeps many holders of many things from being tried in every
    /// order.
    fn follow(
        &self,
        start: usize,
        path: &mut Vec<usize>,
        dead_ends: &mut HashSet<usize>,
        rings: &mut Vec<Vec<usize>>,
    ) -> bool {
        let Some(tie) = path.last().and_then(|last| self.0.get(*last)) else {
            return false;
        };
        if tie.kind == SEMAPHORE {
            return false;
        }
        for holder in &tie.holders {
            let Some(next) = self.of(holder) else {
                continue;
            };
            if next == start {
                rings.push(path.clone());
                return true;
            }
            if next > start && !path.contains(&next) && !dead_ends.contains(&next) {
                path.push(next);
                if self.follow(start, path, dead_ends, rings) {
                    return true;
                }
                path.pop();
                dead_ends.insert(next);
            }
        }
        false
    }
}
