//! Who a thread is, remembered beyond its end.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Instant;

use crate::interrupt;
use crate::standing::Standing;

/// The name under which the thread that runs the cells appears in every text.
pub(crate) const NOTEBOOK: &str = "notebook";

/// What locks and timelines know of one thread.
///
/// A lock can outlive its holder, so this is shared: the thread owns one end through a
/// thread-local, whatever the thread touched keeps another.
pub(crate) struct ThreadMark {
    name: String,
    panicked: OnceLock<Instant>,
    ended: OnceLock<Instant>,
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
                let mark = Self::of_calling_thread();
                mark.end();
                Arc::new(mark)
            })
    }

    fn of_calling_thread() -> Self {
        Self {
            name: name_of_calling_thread(),
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

    /// The name, with a remark when the thread is gone: `Ada (thread has ended)`.
    pub(crate) fn describe(&self) -> String {
        match self.ended() {
            Some(_) => format!("{} (thread has ended)", self.name),
            None => self.name.clone(),
        }
    }

    /// Notes the end of the thread. Only the first call counts.
    pub(crate) fn end(&self) {
        self.ended.get_or_init(Instant::now);
    }

    pub(crate) fn ended(&self) -> Option<Instant> {
        self.ended.get().copied()
    }

    /// Notes that the thread panicked. Only the first call counts.
    pub(crate) fn panic(&self) {
        self.panicked.get_or_init(Instant::now);
    }

    pub(crate) fn panicked(&self) -> Option<Instant> {
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
        self.stop_pending.store(true, Ordering::Release);
    }

    pub(crate) fn has_stop(&self) -> bool {
        self.stop_pending.load(Ordering::Acquire)
    }

    pub(crate) fn take_stop(&self) -> bool {
        self.stop_pending.swap(false, Ordering::Acquire)
    }

    /// Notes that the thread begins to unwind because it was stopped.
    pub(crate) fn begin_stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.stops.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end_stopping(&self) {
        self.stopping.store(false, Ordering::Relaxed);
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

impl Drop for Marker {
    fn drop(&mut self) {
        self.0.end();
    }
}

thread_local! {
    static MARK: Marker = Marker(Arc::new(ThreadMark::of_calling_thread()));
}

fn name_of_calling_thread() -> String {
    static UNNAMED: AtomicU64 = AtomicU64::new(1);
    if interrupt::is_cell_thread() {
        return NOTEBOOK.to_owned();
    }
    match thread::current().name() {
        Some(name) => name.to_owned(),
        None => format!("unnamed {}", UNNAMED.fetch_add(1, Ordering::Relaxed)),
    }
}
