//! What cells print, display and ask, on its way to the front end.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use jupyter_protocol::{
    DisplayData, JupyterMessage, JupyterMessageContent, Media, Status, Transient, UpdateDisplayData,
};
use serde_json::{Map, Value};

use super::iopub::{IoPubSender, Outgoing};
use super::stdin::Input;
use crate::engine::output_policy::OutputPolicy;
use crate::engine::{Interrupter, Shown, Sink, Stream, ThreadOutput};

/// The cells whose threads can print under them.
const KEPT_CELLS: usize = 1_000;

/// The engine's [`Sink`]: output belongs to the cell that runs or ran last, or to the one that
/// started the thread.
pub struct Output {
    iopub: IoPubSender,
    input: Input,
    cell: Mutex<Cell>,
    interrupter: OnceLock<Weak<Interrupter>>,
}

#[derive(Default)]
struct Cell {
    request: Option<Arc<JupyterMessage>>,
    allow_stdin: bool,
    /// The cell has been told that it may not.
    told_no_stdin: bool,
    /// Printed before the first cell: shown under it, so that it is not lost.
    early: Vec<(Stream, String)>,
    /// The requests of the engine's runs, by number.
    runs: VecDeque<(u64, Arc<JupyterMessage>)>,
}

impl Output {
    /// For this channel.
    #[must_use]
    pub fn new(iopub: IoPubSender, input: Input) -> Output {
        Output {
            iopub,
            input,
            cell: Mutex::default(),
            interrupter: OnceLock::new(),
        }
    }

    /// Where a cell's own stop goes.
    pub fn set_interrupter(&self, interrupter: &Arc<Interrupter>) {
        let _ = self.interrupter.set(Arc::downgrade(interrupter));
    }

    /// From here on output belongs to this request.
    pub async fn belongs_to(&self, request: &Arc<JupyterMessage>, allow_stdin: bool) {
        let early = {
            let mut cell = self.cell.lock().unwrap_or_else(PoisonError::into_inner);
            cell.request = Some(Arc::clone(request));
            cell.allow_stdin = allow_stdin;
            cell.told_no_stdin = false;
            std::mem::take(&mut cell.early)
        };
        for (stream, text) in early {
            let _ = self
                .iopub
                .send(Outgoing::Text {
                    parent: Some(Arc::clone(request)),
                    stream,
                    text,
                })
                .await;
        }
    }

    /// Hands something on. The channel is open as long as the kernel lives.
    fn send(&self, outgoing: Outgoing) {
        let _ = self.iopub.blocking_send(outgoing);
    }

    fn request(&self) -> Option<Arc<JupyterMessage>> {
        let cell = self.cell.lock().unwrap_or_else(PoisonError::into_inner);
        cell.request.clone()
    }
}

impl Sink for Output {
    fn text(&self, stream: Stream, text: String) {
        let parent = {
            let mut cell = self.cell.lock().unwrap_or_else(PoisonError::into_inner);
            if cell.request.is_none() {
                cell.early.push((stream, text));
                return;
            }
            cell.request.clone()
        };
        self.send(Outgoing::Text {
            parent,
            stream,
            text,
        });
    }

    fn display(&self, shown: Shown) {
        let parent = self.request();
        self.send(Outgoing::Display { parent, shown });
    }

    fn clear(&self, wait: bool) {
        let parent = self.request();
        self.send(Outgoing::Clear { parent, wait });
    }

    fn begins(&self, run: u64) {
        let mut cell = self.cell.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(request) = &cell.request else {
            return;
        };
        let known = cell.runs.back().map(|(_, last)| last);
        let request = match known {
            Some(known) if known.header.msg_id == request.header.msg_id => Arc::clone(known),
            // An answer needs the header, not the code.
            _ => Arc::new(JupyterMessage {
                content: Status::busy().into(),
                ..JupyterMessage::clone(request)
            }),
        };
        if cell.runs.len() == KEPT_CELLS {
            cell.runs.pop_front();
        }
        cell.runs.push_back((run, request));
    }

    fn thread_output(&self, run: u64, output: ThreadOutput) {
        let found = {
            let cell = self.cell.lock().unwrap_or_else(PoisonError::into_inner);
            let mut runs = cell.runs.iter().rev();
            runs.find(|(number, _)| *number == run)
                .map(|(_, request)| Arc::clone(request))
        };
        // Of the folder's prelude, or of a cell of long ago: as if nothing were known of the thread.
        let parent = found.or_else(|| self.request());
        match output {
            ThreadOutput::Text(stream, text) if parent.is_none() => self.text(stream, text),
            ThreadOutput::Text(stream, text) => self.send(Outgoing::Text {
                parent,
                stream,
                text,
            }),
            ThreadOutput::Display(shown) => self.send(Outgoing::Display { parent, shown }),
            ThreadOutput::Clear(wait) => self.send(Outgoing::Clear { parent, wait }),
        }
    }

    fn obey(&self, policy: &OutputPolicy) {
        self.send(Outgoing::Policy(policy.clone()));
    }

    fn press_stop(&self) {
        if let Some(interrupter) = self.interrupter.get().and_then(Weak::upgrade) {
            interrupter.press();
        }
    }

    fn input(&self, prompt: &str, password: bool) -> Option<String> {
        let (request, allowed, told) = {
            let mut cell = self.cell.lock().unwrap_or_else(PoisonError::into_inner);
            let told = cell.told_no_stdin;
            cell.told_no_stdin = !cell.allow_stdin;
            (cell.request.clone()?, cell.allow_stdin, told)
        };
        if !allowed {
            if !told {
                self.text(
                    Stream::Stderr,
                    "this front end cannot answer a question of a cell; it gets empty lines\n"
                        .to_owned(),
                );
            }
            return None;
        }
        self.input.ask(&request, prompt, password)
    }
}

/// The message for something displayed, or changed in what is displayed.
#[must_use]
pub fn display(shown: Shown) -> JupyterMessageContent {
    let data = media(shown.bundle);
    match shown.id {
        Some(id) if shown.update => UpdateDisplayData::new(data, &id).into(),
        id => {
            let mut content = DisplayData::new(data);
            content.transient = id.map(|id| Transient {
                display_id: Some(id),
            });
            content.into()
        }
    }
}

/// MIME types with their data, as Jupyter wants them.
#[must_use]
pub fn media(bundle: impl IntoIterator<Item = (String, String)>) -> Media {
    let data: Map<String, Value> = bundle
        .into_iter()
        .map(|(mime, text)| {
            let value = if is_json(&mime) {
                serde_json::from_str(&text).unwrap_or(Value::String(text))
            } else {
                Value::String(text)
            };
            (mime, value)
        })
        .collect();
    // Every MIME type is allowed, so a map of them always is a bundle.
    serde_json::from_value(Value::Object(data)).unwrap_or_default()
}

fn is_json(mime: &str) -> bool {
    mime == "application/json" || mime.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_types_carry_values_and_text_types_carry_text() {
        let bundle = [
            (
                "application/vnd.vega.v5+json".to_owned(),
                "{\"a\": 1}".to_owned(),
            ),
            ("text/plain".to_owned(), "{\"a\": 1}".to_owned()),
            ("application/x-own".to_owned(), "own".to_owned()),
        ];
        let value = serde_json::to_value(media(bundle)).expect("JSON");
        assert_eq!(value["application/vnd.vega.v5+json"]["a"], 1);
        assert_eq!(value["text/plain"], "{\"a\": 1}");
        assert_eq!(value["application/x-own"], "own");
    }
}
