//! What cells print, display and ask, on its way to the front end.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use jupyter_protocol::{
    ClearOutput, DisplayData, JupyterMessage, JupyterMessageContent, Media, Transient,
    UpdateDisplayData,
};
use serde_json::{Map, Value};

use super::iopub::{IoPubSender, Outgoing};
use super::session::message;
use super::stdin::Input;
use crate::engine::{Interrupter, Shown, Sink, Stream};

/// The engine's [`Sink`]: output belongs to the cell that runs, or that ran last.
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
    /// Printed before the first cell: shown under it, so that it is not lost.
    early: Vec<(Stream, String)>,
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

    fn publish(&self, content: JupyterMessageContent) {
        let message = message(content, self.request().as_deref());
        // The channel is open as long as the kernel lives.
        let _ = self
            .iopub
            .blocking_send(Outgoing::Message(Box::new(message)));
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
        let _ = self.iopub.blocking_send(Outgoing::Text {
            parent,
            stream,
            text,
        });
    }

    fn display(&self, shown: Shown) {
        let data = media(shown.bundle);
        self.publish(match shown.id {
            Some(id) if shown.update => UpdateDisplayData::new(data, &id).into(),
            id => {
                let mut content = DisplayData::new(data);
                content.transient = id.map(|id| Transient {
                    display_id: Some(id),
                });
                content.into()
            }
        });
    }

    fn clear(&self, wait: bool) {
        self.publish(ClearOutput { wait }.into());
    }

    fn press_stop(&self) {
        if let Some(interrupter) = self.interrupter.get().and_then(Weak::upgrade) {
            interrupter.press();
        }
    }

    fn input(&self, prompt: &str, password: bool) -> Option<String> {
        let (request, allowed) = {
            let cell = self.cell.lock().unwrap_or_else(PoisonError::into_inner);
            (cell.request.clone()?, cell.allow_stdin)
        };
        if !allowed {
            self.text(
                Stream::Stderr,
                "this front end cannot answer a question of a cell; it gets an empty line\n"
                    .to_owned(),
            );
            return None;
        }
        self.input.ask(&request, prompt, password)
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
