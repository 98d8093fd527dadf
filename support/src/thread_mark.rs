//! Who a thread is, remembered beyond its end.

use std::cell::Cell;
use std::sync::{Arc, OnceLock};
use std::thread;

use crate::attention;
use crate::clock::Tick;
use crate::interrupt;
use crate::roll;
use crate::standing::Standing;
use crate::sync::{AtomicBool, AtomicU64, Ordering, thread_local};

/// The name under which the thread that runs the cells appears in every text.
pub(crate) const NOTEBOOK: &str = "notebook";

/// What locks and timelines know of one thread.
///
/// A lock can outlive its holder, so this is shared: the thread owns one end through a
/// thread-local, whatever the thread touched keeps another.
pub(crate) struct ThreadMark {
    name: String,
    /// Names it where there is room for a number only; 0 if it has none.
    number: u32,
    panicked: OnceLock<Tick>,
    ended: OnceLock<Tick>,
    /// A stop that waits to be claimed; used only where no runtime keeps track of stops.
    stop_pending: AtomicBool,
    /// The thread unwinds because it was stopped, which is no panic.
    stopping: AtomicBool,
    /// How often it was stopped.
    stops: AtomicU64,
    /// How it stands, if it is a thread of which one can ask that.
    standing: OnceLock<Arc<Standing>>,
}

impl ThreadMark {
    /// The mark of the calling thread.
    pub(crate) fn current() -> Arc<Self> {
        MARK.try_with(|marker| Arc::clone(&marker.0))
            .unwrap_or_else(|_| {
                // A destructor of another thread-local uses a lock, after ours has run.
                let mark = Self::named(name_of_calling_thread(), 0);
                mark.end();
                Arc::new(mark)
            })
    }

    /// The number of the calling thread's mark; 0 if it has none, or [`current`](Self::current)
    /// was never called there.
    #[inline]
    pub(crate) fn current_number() -> u32 {
        NUMBER.with(Cell::get)
    }

    pub(crate) fn named(name: String, number: u32) -> Self {
        Self {
            name,
            number,
            panicked: OnceLock::new(),
            ended: OnceLock::new(),
            stop_pending: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            stops: AtomicU64::new(0),
            standing: OnceLock::new(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// The name, with a remark when the thread is gone: `Ada (thread has ended)`.
    pub(crate) fn describe(&self) -> String {
        match self.ended() {
            Some(_) => format!("{} (thread has ended)", self.name),
            None => self.name.clone(),
        }
    }

    /// Notes the end of the thread. Only the first call counts.
    pub(crate) fn end(&self) {
        self.ended.get_or_init(Tick::now);
    }

    pub(crate) fn ended(&self) -> Option<Tick> {
        self.ended.get().copied()
    }

    /// Notes that the thread panicked. Only the first call counts.
    pub(crate) fn panic(&self) {
        self.panicked.get_or_init(Tick::now);
    }

    pub(crate) fn panicked(&self) -> Option<Tick> {
        self.panicked.get().copied()
    }

    /// From now on, the thread's blocking calls are told to `standing`. Only the first call counts.
    pub(crate) fn report_to(&self, standing: &Arc<Standing>) {
        self.standing.get_or_init(|| Arc::clone(standing));
    }

    pub(crate) fn standing(&self) -> Option<&Standing> {
        self.standing.get().map(Arc::as_ref)
    }

    pub(crate) fn leave_stop(&self) {
        if !self.stop_pending.swap(true, Ordering::AcqRel) {
            attention::add_thread();
        }
    }

    pub(crate) fn has_stop(&self) -> bool {
        self.stop_pending.load(Ordering::Acquire)
    }

    pub(crate) fn take_stop(&self) -> bool {
        let taken = self.stop_pending.swap(false, Ordering::Acquire);
        if taken {
            attention::remove_thread();
        }
        taken
    }

    /// Notes that the thread begins to unwind because it was stopped.
    pub(crate) fn begin_stopping(&self) {
        if !self.stopping.swap(true, Ordering::Relaxed) {
            attention::add_thread();
        }
        self.stops.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end_stopping(&self) {
        if self.is_stopping() && self.stopping.swap(false, Ordering::Relaxed) {
            attention::remove_thread();
        }
    }

    pub(crate) fn stops(&self) -> u64 {
        self.stops.load(Ordering::Relaxed)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

/// Ends the mark when the thread's locals are destroyed. Must not wait for anything there: the
/// thread could not end.
struct Marker(Arc<ThreadMark>);

impl Marker {
    fn new() -> Self {
        let mark = roll::enter(name_of_calling_thread());
        NUMBER.with(|number| number.set(mark.number));
        Self(mark)
    }
}

impl Drop for Marker {
    fn drop(&mut self) {
        self.0.end();
        // No stop will be claimed any more.
        self.0.take_stop();
        self.0.end_stopping();
        roll::leave(&self.0);
    }
}

thread_local! {
    static MARK: Marker = Marker::new();
    /// Beside the mark, since looking at it is much cheaper.
    static NUMBER: Cell<u32> = const { Cell::new(0) };
}

fn name_of_calling_thread() -> String {
    static UNNAMED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    if interrupt::is_cell_thread() {
        return NOTEBOOK.to_owned();
    }
    match thread::current().name() {
        Some(name) => name.to_owned(),
        None => format!("unnamed {}", UNNAMED.fetch_add(1, Ordering::Relaxed)),
    }
}
