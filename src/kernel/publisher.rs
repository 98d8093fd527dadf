//! Decides what is sent on iopub, and when.
//!
//! What is printed, displayed and cleared goes out at once where it comes now and then. Under load
//! text is collected, so that no stream has more than 20 messages in a second; of the changes of a
//! display, and of an output that is cleared again and again, only the latest is sent. The order in a
//! stream is always exact. What was printed before something displayed stands above it, as long as
//! that does not take more messages than that.

use std::sync::Arc;

use jupyter_protocol::{
    ClearOutput, ExecutionState, JupyterMessage, JupyterMessageContent, Stdio, StreamContent,
};
use jupyter_zmq_client::KernelIoPubXPubConnection;
use tokio::time::Instant;

use super::iopub::Outgoing;
use super::output::display;
use super::pace::Pace;
use super::page::{Page, index};
use super::send::send;
use super::session::message;
use crate::engine::output_policy::OutputPolicy;
use crate::engine::{Shown, Stream};

/// With so much text waiting, in bytes, no more is taken until some has been sent.
const FULL: usize = 4 << 20;
/// Output of so many cells is kept apart.
const PAGES: usize = 1_000;
/// So many displays wait for the output before them to be cleared.
const HELD: usize = 64;
const STREAMS: [Stream; 2] = [Stream::Stdout, Stream::Stderr];

/// Everything that goes out on iopub goes through here.
pub struct Publisher {
    /// The channel.
    pub iopub: KernelIoPubXPubConnection,
    policy: OutputPolicy,
    /// By cell; the latest last.
    pages: Vec<Page>,
    /// By stream: stdout, stderr.
    paces: [Pace; 2],
    updates: Pace,
    clears: Pace,
}

impl Publisher {
    /// For this channel.
    #[must_use]
    pub fn new(iopub: KernelIoPubXPubConnection) -> Publisher {
        Publisher {
            iopub,
            policy: OutputPolicy::default(),
            pages: Vec::new(),
            paces: Default::default(),
            updates: Pace::default(),
            clears: Pace::default(),
        }
    }

    /// Takes something; sends it if its time has come.
    pub async fn take(&mut self, outgoing: Outgoing) {
        let now = Instant::now();
        match outgoing {
            Outgoing::Message(message) => {
                if is_idle(&message.content) {
                    self.end_of_cell(&message).await;
                }
                self.flush().await;
                self.send(*message).await;
            }
            Outgoing::Flush(done) => {
                self.flush().await;
                let _ = done.send(());
            }
            Outgoing::Policy(policy) => self.policy = policy,
            Outgoing::Text {
                parent,
                stream,
                text,
            } => {
                let page = self.page(parent);
                self.pages[page].print(stream, &text, now);
                self.send_due_text(stream, now).await;
            }
            Outgoing::Display { parent, shown } => {
                let page = self.page(parent);
                if shown.update && shown.id.is_some() {
                    self.update(page, shown, now).await;
                } else {
                    self.display(page, shown, now).await;
                }
            }
            Outgoing::Clear { parent, wait } => {
                let page = self.page(parent);
                self.clear(page, wait, now).await;
            }
        }
    }

    /// Whether so much waits that no more is to be taken.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.pages
            .iter()
            .any(|page| STREAMS.iter().any(|stream| page.waiting(*stream) >= FULL))
    }

    /// When something is to be sent that waits.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        let now = Instant::now();
        let texts = STREAMS.iter().filter_map(|stream| {
            self.longest_waiting(*stream)
                .map(|_| self.paces[index(*stream)].next().unwrap_or(now))
        });
        let updates = self
            .pages
            .iter()
            .any(|page| !page.updates.is_empty())
            .then(|| self.updates.next().unwrap_or(now));
        let clears = self
            .pages
            .iter()
            .any(|page| page.clear.is_some())
            .then(|| self.clears.next().unwrap_or(now));
        texts.chain(updates).chain(clears).min()
    }

    /// Sends what is due.
    pub async fn send_due(&mut self) {
        let now = Instant::now();
        if has_come(self.clears.next(), now) {
            for page in 0..self.pages.len() {
                self.send_clear(page).await;
            }
        }
        for stream in STREAMS {
            self.send_due_text(stream, now).await;
        }
        if has_come(self.updates.next(), now) {
            for page in 0..self.pages.len() {
                self.send_updates(page).await;
            }
        }
    }

    /// Sends everything that waits.
    pub async fn flush(&mut self) {
        let now = Instant::now();
        for page in 0..self.pages.len() {
            self.send_clear(page).await;
            for stream in STREAMS {
                self.send_text(page, stream, now).await;
            }
            self.send_updates(page).await;
        }
    }

    /// Sends a message as it is.
    pub async fn send(&mut self, message: JupyterMessage) {
        // A subscriber that has gone away is no reason to stop.
        let _ = send(&mut self.iopub, message).await;
    }

    /// The page of this request, as its number.
    fn page(&mut self, parent: Option<Arc<JupyterMessage>>) -> usize {
        let id = parent
            .as_ref()
            .map(|request| request.header.msg_id.as_str());
        let of_parent = |page: &Page| page.msg_id() == id;
        if let Some(found) = self.pages.iter().rposition(of_parent) {
            return found;
        }
        if self.pages.len() >= PAGES
            && let Some(quiet) = self.pages.iter().position(Page::is_quiet)
        {
            self.pages.remove(quiet);
        }
        self.pages.push(Page::new(parent));
        self.pages.len() - 1
    }

    /// The cell of this request has nothing more to say; now it can be said what was dropped.
    async fn end_of_cell(&mut self, idle: &JupyterMessage) {
        self.flush().await;
        let request = idle.parent_header.as_ref().map(|header| &header.msg_id);
        let now = Instant::now();
        for page in &mut self.pages {
            if page.msg_id() == request.map(String::as_str) {
                page.end(now);
            }
        }
    }

    async fn update(&mut self, page: usize, shown: Shown, now: Instant) {
        let waiting = &mut self.pages[page];
        let same = |other: &&mut Shown| other.id == shown.id;
        let held = waiting.clear.as_mut().map(|clear| &mut clear.displays);
        if let Some(held) = held.into_iter().flatten().find(same) {
            held.bundle = shown.bundle;
            return;
        }
        waiting.updates.retain(|other| other.id != shown.id);
        waiting.updates.push(shown);
        if has_come(self.updates.next(), now) {
            self.send_text_before(page, now).await;
            self.send_updates(page).await;
        }
    }

    async fn display(&mut self, page: usize, shown: Shown, now: Instant) {
        if !self.pages[page].admit(&shown, &self.policy, now) {
            return;
        }
        if let Some(clear) = &mut self.pages[page].clear {
            clear.displays.push(shown);
            if clear.displays.len() >= HELD {
                self.send_clear(page).await;
            }
            return;
        }
        self.send_text_before(page, now).await;
        self.send_display(page, shown).await;
    }

    async fn clear(&mut self, page: usize, wait: bool, now: Instant) {
        let at_once = has_come(self.clears.next_early(), now);
        if at_once && self.pages[page].clear.is_none() {
            self.send_text_before(page, now).await;
        }
        // What waits would not be seen; a clear that waits for nothing but the next output is as
        // good as two of them.
        self.pages[page].cleared(wait);
        if at_once {
            self.send_clear(page).await;
        }
    }

    async fn send_clear(&mut self, page: usize) {
        let Some(clear) = self.pages[page].clear.take() else {
            return;
        };
        let wait = clear.wait;
        let message = message(ClearOutput { wait }, self.pages[page].parent());
        self.clears.note(Instant::now());
        self.send(message).await;
        for shown in clear.displays {
            self.send_display(page, shown).await;
        }
    }

    async fn send_updates(&mut self, page: usize) {
        let updates = std::mem::take(&mut self.pages[page].updates);
        if !updates.is_empty() {
            self.updates.note(Instant::now());
        }
        for shown in updates {
            self.send_display(page, shown).await;
        }
    }

    async fn send_display(&mut self, page: usize, shown: Shown) {
        let message = message(display(shown), self.pages[page].parent());
        self.send(message).await;
    }

    /// Sends what was printed before something displayed.
    async fn send_text_before(&mut self, page: usize, now: Instant) {
        for stream in STREAMS {
            if has_come(self.paces[index(stream)].next_early(), now) {
                self.send_text(page, stream, now).await;
            }
        }
    }

    async fn send_due_text(&mut self, stream: Stream, now: Instant) {
        if has_come(self.paces[index(stream)].next(), now)
            && let Some(page) = self.longest_waiting(stream)
        {
            self.send_text(page, stream, now).await;
        }
    }

    async fn send_text(&mut self, page: usize, stream: Stream, now: Instant) {
        let text = self.pages[page].take(stream, &self.policy, now);
        if text.is_empty() {
            return;
        }
        let content = StreamContent {
            name: [Stdio::Stdout, Stdio::Stderr][index(stream)].clone(),
            text,
        };
        let message = message(content, self.pages[page].parent());
        // Not before the date in its header: that is what others measure.
        self.paces[index(stream)].note(Instant::now());
        self.send(message).await;
    }

    fn longest_waiting(&self, stream: Stream) -> Option<usize> {
        self.pages
            .iter()
            .enumerate()
            // Behind a clear that waits.
            .filter(|(_, page)| page.clear.is_none())
            .filter_map(|(number, page)| Some((page.waiting_since(stream)?, number)))
            .min()
            .map(|(_, number)| number)
    }
}

fn has_come(time: Option<Instant>, now: Instant) -> bool {
    time.is_none_or(|time| time <= now)
}

fn is_idle(content: &JupyterMessageContent) -> bool {
    matches!(content, JupyterMessageContent::Status(status)
        if status.execution_state == ExecutionState::Idle)
}
