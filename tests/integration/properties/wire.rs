//! Anybody can send frames with anything in them.

use bytes::Bytes;
use jupyter_protocol::JupyterMessageContent as Content;
use rust_lessons::kernel::wire;

/// A header that the library accepts, for a request of this kind.
pub fn header(msg_type: &str) -> Bytes {
    let header = serde_json::json!({
        "msg_id": "1", "username": "u", "session": "s",
        "date": "2026-01-01T00:00:00Z", "msg_type": msg_type, "version": "5.3",
    });
    Bytes::from(header.to_string())
}

/// Checks the parts of one message.
pub fn check(parts: &[Bytes]) {
    let Ok(message) = wire::decode(Vec::new(), parts) else {
        return;
    };
    assert_eq!(message.buffers.len(), parts.len().saturating_sub(4));
    // What is refused is refused by the name under which it was asked for.
    let named = match &message.content {
        Content::UnknownMessage(unknown) => unknown.msg_type.as_str(),
        known => known.message_type(),
    };
    assert_eq!(named, message.header.msg_type);
}
