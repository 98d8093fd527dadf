//! Whether anything goes on that a fast path has to give way to.

use crate::sync::{AtomicU32, Ordering, global};

global! {
    /// One word for all, so that the fast path of a lock looks only once: bit 0 says that events
    /// are recorded, bit 1 that the runtime has stopped something, and the rest counts the threads
    /// that are to be stopped or unwind because of it.
    static ATTENTION: AtomicU32 = AtomicU32::new(RECORDING);
}

const RECORDING: u32 = 1;
const RUNTIME: u32 = 2;
const ONE_THREAD: u32 = 4;

/// What a fast path does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attention(u32);

impl Attention {
    #[inline]
    pub(crate) fn now() -> Self {
        // Relaxed: who has not seen a stop yet could as well have been a moment earlier.
        Self(ATTENTION.load(Ordering::Relaxed))
    }

    /// Nothing is recorded and nobody is stopped.
    #[inline]
    pub(crate) fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Nobody is stopped.
    #[inline]
    pub(crate) fn is_quiet(self) -> bool {
        self.0 | RECORDING == RECORDING
    }
}

pub(crate) fn set_recording(on: bool) {
    if on {
        ATTENTION.fetch_or(RECORDING, Ordering::Relaxed);
    } else {
        ATTENTION.fetch_and(!RECORDING, Ordering::Relaxed);
    }
}

/// One thread more that is to be stopped, or unwinds because of it.
pub(crate) fn add_thread() {
    ATTENTION.fetch_add(ONE_THREAD, Ordering::Relaxed);
}

pub(crate) fn remove_thread() {
    ATTENTION.fetch_sub(ONE_THREAD, Ordering::Relaxed);
}

/// The runtime has raised a stage.
pub(crate) fn runtime_raised() {
    // Release, for `runtime_settled`.
    ATTENTION.fetch_or(RUNTIME, Ordering::Release);
}

/// Takes the runtime's mark back, if `is_over` says that its stop is over.
pub(crate) fn runtime_settled(is_over: impl Fn() -> bool) {
    if ATTENTION.load(Ordering::Relaxed) & RUNTIME == 0 || !is_over() {
        return;
    }
    // Acquire: a mark that is taken back here was set behind its stage, so that is seen below.
    ATTENTION.fetch_and(!RUNTIME, Ordering::AcqRel);
    if !is_over() {
        runtime_raised();
    }
}
