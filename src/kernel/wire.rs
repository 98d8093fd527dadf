//! Reads messages, more tolerantly than the library's own `read`.
//!
//! The library drops a message whose content is not complete, although the specification makes many
//! fields optional; a front end would wait for the reply for ever. Here missing optional fields are
//! filled in, and a request that cannot be read all the same comes as an [`UnknownMessage`], so that
//! it can be answered with an error.

use bytes::Bytes;
use jupyter_protocol::{Header, JupyterMessage, JupyterMessageContent, UnknownMessage};
use jupyter_zmq_client::{RawMessage, RouterRecvConnection};
use serde::Deserialize as _;
use serde_json::{Map, Value, json};
use zeromq::SocketRecv;

use super::header;

/// How many cells the tail of the history has when the front end does not say, as in IPython.
const TAIL: i32 = 10;

/// Why a message cannot even be answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The socket failed.
    #[error("the socket failed: {0}")]
    Socket(#[from] zeromq::ZmqError),
    /// Frames are missing, or the signature is not ours.
    #[error("not a signed message: {0}")]
    Frames(#[from] jupyter_zmq_client::RuntimeError),
    /// The header cannot be read, so nobody knows what is asked, or by whom.
    #[error("bad header: {0}")]
    Header(#[source] serde_json::Error),
}

/// Waits for the next message.
///
/// # Errors
/// When it cannot be answered; the channel itself may still be good.
pub async fn read(receive: &mut RouterRecvConnection) -> Result<JupyterMessage, WireError> {
    let frames = receive.socket.recv().await?;
    let raw = RawMessage::from_multipart(frames, &receive.mac)?;
    decode(raw.zmq_identities, &raw.jparts)
}

/// Decodes the parts behind the signature: header, parent header, metadata, content, buffers.
///
/// # Errors
/// [`WireError::Header`], when nobody can tell what is asked, or by whom.
pub fn decode(identities: Vec<Bytes>, parts: &[Bytes]) -> Result<JupyterMessage, WireError> {
    let part = |index: usize| parts.get(index).map_or(&[][..], |part| &part[..]);
    let whole: Value = serde_json::from_slice(part(0)).map_err(WireError::Header)?;
    let header = Header::deserialize(&whole).map_err(WireError::Header)?;
    let content = content(&header.msg_type, part(3));
    let mut metadata = serde_json::from_slice(part(2)).unwrap_or(json!({}));
    header::keep(&mut metadata, &whole);
    Ok(JupyterMessage {
        zmq_identities: identities,
        header,
        // `{}` where there is none.
        parent_header: serde_json::from_slice(part(1)).ok(),
        metadata,
        content,
        buffers: parts.iter().skip(4).cloned().collect(),
        channel: None,
    })
}

fn content(msg_type: &str, bytes: &[u8]) -> JupyterMessageContent {
    let read = || -> serde_json::Result<JupyterMessageContent> {
        let mut content: Map<String, Value> = serde_json::from_slice(bytes)?;
        // `null` is what some clients send for what they leave out.
        content.retain(|_, value| !value.is_null());
        for (field, value) in optional_fields(msg_type, &content) {
            content.entry(field).or_insert(value);
        }
        JupyterMessageContent::from_type_and_content(msg_type, Value::Object(content))
    };
    read().unwrap_or_else(|error| {
        UnknownMessage {
            msg_type: msg_type.to_owned(),
            content: Value::String(error.to_string()),
        }
        .into()
    })
}

/// The fields that a front end may leave out, with what leaving them out means.
fn optional_fields(msg_type: &str, content: &Map<String, Value>) -> Vec<(&'static str, Value)> {
    let code_length = || {
        let code = content.get("code").and_then(Value::as_str);
        json!(code.unwrap_or_default().chars().count())
    };
    let tail = content
        .get("hist_access_type")
        .is_some_and(|kind| kind == "tail");
    match msg_type {
        "execute_request" => vec![
            ("silent", json!(false)),
            ("store_history", json!(true)),
            ("user_expressions", json!({})),
        ],
        "complete_request" | "inspect_request" => vec![("cursor_pos", code_length())],
        "history_request" => vec![
            ("output", json!(false)),
            ("raw", json!(true)),
            ("session", json!(0)),
            ("start", json!(0)),
            ("stop", json!(0)),
            ("n", json!(if tail { TAIL } else { 0 })),
            ("pattern", json!("*")),
            ("unique", json!(false)),
        ],
        "shutdown_request" => vec![("restart", json!(false))],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(msg_type: &str, content: &str) -> Vec<Bytes> {
        let header = json!({
            "msg_id": "1", "username": "u", "session": "s",
            "date": "2026-01-01T00:00:00Z", "msg_type": msg_type, "version": "5.3",
        });
        [&header.to_string(), "{}", "{}", content]
            .map(|part| Bytes::from(part.to_owned()))
            .to_vec()
    }

    fn kind(msg_type: &str, content: &str) -> String {
        let message = decode(Vec::new(), &parts(msg_type, content)).expect("an answerable message");
        match message.content {
            JupyterMessageContent::UnknownMessage(_) => "unknown".to_owned(),
            known => known.message_type().to_owned(),
        }
    }

    #[test]
    fn optional_fields_may_be_missing() {
        let search = "{\"hist_access_type\": \"search\", \"pattern\": \"a*\"}";
        assert_eq!(kind("history_request", search), "history_request");
        assert_eq!(
            kind("execute_request", "{\"code\": \"1\"}"),
            "execute_request"
        );
        assert_eq!(
            kind("complete_request", "{\"code\": \"v.\"}"),
            "complete_request"
        );
    }

    #[test]
    fn a_request_without_its_code_can_still_be_answered() {
        assert_eq!(kind("execute_request", "{}"), "unknown");
        assert_eq!(kind("execute_request", "[1"), "unknown");
        assert_eq!(kind("no_such_request", "{}"), "unknown");
    }

    #[test]
    fn a_message_without_a_header_is_an_error() {
        let mut parts = parts("execute_request", "{}");
        parts[0] = Bytes::from_static(b"{}");
        assert!(matches!(
            decode(Vec::new(), &parts),
            Err(WireError::Header(_))
        ));
    }
}
