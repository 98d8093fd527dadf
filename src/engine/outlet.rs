//! Where the reading thread hands on what it has read.

use std::sync::Arc;

use super::aside::OfRun;
use super::link::Link;
use super::report::Shown;
use super::sink::{Stream, ThreadOutput};

/// The way to the sink.
pub(super) struct Outlet {
    pub(super) link: Arc<Link>,
    /// The run whose output the streams carry; `None` when that is not told apart.
    pub(super) straight: Option<u64>,
}

impl Outlet {
    /// Text from one of the streams.
    pub(super) fn print(&self, stream: Stream, text: String) {
        match self.straight {
            Some(run) => self.hand_on([(run, ThreadOutput::Text(stream, text))]),
            None => self.link.sink.text(stream, text),
        }
    }

    /// Something displayed.
    pub(super) fn show(&self, shown: Shown) {
        match self.straight {
            Some(run) => self.hand_on([(run, ThreadOutput::Display(shown))]),
            None => self.link.sink.display(shown),
        }
    }

    /// Shows what was displayed before what comes now.
    pub(super) fn show_pending(&self) {
        let above = self.link.lock().report.last_display.take();
        if let Some(shown) = above {
            self.show(shown);
        }
    }

    /// The output is to be cleared.
    pub(super) fn clear(&self, wait: bool) {
        match self.straight {
            Some(run) => self.hand_on([(run, ThreadOutput::Clear(wait))]),
            None => self.link.sink.clear(wait),
        }
    }

    /// Output that came apart from the others.
    pub(super) fn hand_on(&self, complete: impl IntoIterator<Item = OfRun>) {
        for (run, output) in complete {
            self.link.sink.thread_output(run, output);
        }
    }
}
