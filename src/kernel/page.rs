//! The output of one cell: what waits to be sent, and how much the cell may still show.

use std::sync::Arc;

use jupyter_protocol::JupyterMessage;
use tokio::time::Instant;

use super::stream_text::StreamText;
use crate::engine::output_policy::{OutputPolicy, size};
use crate::engine::{Shown, Stream};

/// The output of one cell.
#[derive(Default)]
pub struct Page {
    parent: Option<Arc<JupyterMessage>>,
    texts: [StreamText; 2],
    /// Since when text of the stream has been waiting.
    since: [Option<Instant>; 2],
    /// Changes of displays that wait: the latest of each.
    pub updates: Vec<Shown>,
    /// Output is to be cleared before what waits here is shown.
    pub clear: Option<Clear>,
    text: Budget,
    displays: Budget,
    display_bytes: u64,
}

/// A `clear_output` that waits, and what has been displayed since.
#[derive(Default)]
pub struct Clear {
    /// Clear only when the next output comes.
    pub wait: bool,
    /// Displayed since.
    pub displays: Vec<Shown>,
}

#[derive(Default)]
struct Budget {
    spent: u64,
    dropped: u64,
    told: bool,
}

impl Page {
    /// Of the cell that this request runs.
    #[must_use]
    pub fn new(parent: Option<Arc<JupyterMessage>>) -> Page {
        Page {
            parent,
            ..Page::default()
        }
    }

    /// The request.
    #[must_use]
    pub fn parent(&self) -> Option<&JupyterMessage> {
        self.parent.as_deref()
    }

    /// The identity of the request.
    #[must_use]
    pub fn msg_id(&self) -> Option<&str> {
        self.parent().map(|request| request.header.msg_id.as_str())
    }

    /// Whether nothing of it waits.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.since == [None; 2] && self.updates.is_empty() && self.clear.is_none()
    }

    /// Takes what was printed; past the limit it is dropped, and counted.
    pub fn print(&mut self, stream: Stream, text: &str, now: Instant) {
        if self.text.told {
            self.text.dropped += text.len() as u64;
            return;
        }
        let index = index(stream);
        self.texts[index].push(text);
        if self.texts[index].is_waiting() {
            self.since[index].get_or_insert(now);
        }
    }

    /// Since when text of the stream has been waiting.
    #[must_use]
    pub fn waiting_since(&self, stream: Stream) -> Option<Instant> {
        self.since[index(stream)]
    }

    /// How much waits, in bytes, about.
    #[must_use]
    pub fn waiting(&self, stream: Stream) -> usize {
        self.texts[index(stream)].waiting_bytes()
    }

    /// Takes the text that is to be sent now, possibly none. When it reaches the limit, a note waits
    /// on stderr from then on.
    pub fn take(&mut self, stream: Stream, policy: &OutputPolicy, now: Instant) -> String {
        let index = index(stream);
        let Some(since) = self.since[index].take() else {
            return String::new();
        };
        let mut text = self.texts[index].take(since < now);
        let left = match policy.text_limit {
            Some(limit) if !self.text.told => limit.saturating_sub(self.text.spent),
            // After the limit only notes come.
            _ => u64::MAX,
        };
        let cut = text.floor_char_boundary(usize::try_from(left).unwrap_or(usize::MAX));
        self.text.spent += cut as u64;
        if cut < text.len() {
            self.text.dropped += (text.len() - cut) as u64;
            text.truncate(cut);
            self.text.told = true;
            let limit = policy.text_limit.unwrap_or_default();
            let inside = stream == Stream::Stderr && !text.is_empty() && !text.ends_with('\n');
            self.note(
                inside,
                &format!(
                    "this cell has printed {}. What else it prints is not shown. To see more, begin \
                     the cell with `:output text_limit {}` or `:output text_limit off`",
                    size(limit),
                    size(limit.saturating_mul(5)),
                ),
                now,
            );
        }
        text
    }

    /// Whether something can still be displayed. What cannot is counted, and the first time a note
    /// waits on stderr.
    pub fn admit(&mut self, shown: &Shown, policy: &OutputPolicy, now: Instant) -> bool {
        let bytes: u64 = shown.bundle.values().map(|data| data.len() as u64).sum();
        let (Some(limit), Some(byte_limit)) = (policy.display_limit, policy.display_bytes()) else {
            return true;
        };
        if self.displays.spent < limit && self.display_bytes + bytes <= byte_limit {
            self.displays.spent += 1;
            self.display_bytes += bytes;
            return true;
        }
        self.displays.dropped += 1;
        if !std::mem::replace(&mut self.displays.told, true) {
            let inside = self.texts[1].is_inside_line();
            self.note(
                inside,
                &format!(
                    "this cell has displayed {} things ({}). What else it displays is not shown. To \
                     see more, begin the cell with `:output display_limit {}` or `:output \
                     display_limit off`",
                    self.displays.spent,
                    size(self.display_bytes),
                    limit.saturating_mul(5).max(1),
                ),
                now,
            );
        }
        false
    }

    /// Everything shown so far is to be cleared: it fills the notebook no longer. What waits would not
    /// be seen.
    pub fn cleared(&mut self, wait: bool) {
        self.texts = Default::default();
        self.since = [None; 2];
        for budget in [&mut self.text, &mut self.displays] {
            budget.spent = 0;
            budget.told = false;
        }
        self.display_bytes = 0;
        self.clear = Some(Clear {
            wait,
            displays: Vec::new(),
        });
    }

    /// The cell has ended: nothing is drawn over any more. A note about what was dropped waits on
    /// stderr from now on.
    pub fn end(&mut self, now: Instant) {
        for (text, since) in self.texts.iter_mut().zip(&mut self.since) {
            text.settle();
            if text.is_waiting() {
                since.get_or_insert(now);
            }
        }
        let mut dropped = Vec::new();
        match std::mem::take(&mut self.text.dropped) {
            0 => {}
            bytes => dropped.push(format!("{} of text", size(bytes))),
        }
        match std::mem::take(&mut self.displays.dropped) {
            0 => {}
            1 => dropped.push("1 display".to_owned()),
            many => dropped.push(format!("{many} displays")),
        }
        if !dropped.is_empty() {
            let inside = self.texts[1].is_inside_line();
            self.note(inside, &format!("{} not shown", dropped.join(" and ")), now);
        }
    }

    /// Puts a line of ours on stderr.
    fn note(&mut self, inside_line: bool, text: &str, now: Instant) {
        let before = if inside_line { "\n" } else { "" };
        self.texts[1].push(&format!("{before}[output limit: {text}]\n"));
        self.since[1].get_or_insert(now);
    }
}

/// The place of a stream in an array of both.
#[must_use]
pub fn index(stream: Stream) -> usize {
    match stream {
        Stream::Stdout => 0,
        Stream::Stderr => 1,
    }
}
