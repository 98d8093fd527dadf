//! Header fields that the library's type does not have, such as the `subshell_id` of JEP 91.
//!
//! A reply carries the whole header of its request as its parent, so these fields must not be lost
//! on the way. They travel in the metadata of the request and of what answers it, under a key that no
//! front end uses, and leave it when the answer is sent.

use jupyter_protocol::JupyterMessage;
use serde_json::{Map, Value, json};

/// The key in the metadata.
const KEY: &str = "\0other header fields";
/// What the library's type knows.
const KNOWN: [&str; 6] = [
    "msg_id", "username", "session", "date", "msg_type", "version",
];

/// Takes from a received header what the library's type would drop, into the message's metadata.
pub fn keep(metadata: &mut Value, header: &Value) {
    let Some(header) = header.as_object() else {
        return;
    };
    let other: Map<String, Value> = header
        .iter()
        .filter(|(name, _)| !KNOWN.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if other.is_empty() {
        return;
    }
    if !metadata.is_object() {
        *metadata = json!({});
    }
    metadata[KEY] = Value::Object(other);
}

/// Hands the fields of a request over to its answer.
pub fn inherit(answer: &mut JupyterMessage, request: &JupyterMessage) {
    if let Some(other) = request.metadata.get(KEY) {
        answer.metadata[KEY] = other.clone();
    }
}

/// The parent header of an answer as it is sent, with every field of the request's header.
///
/// # Errors
/// When a header cannot be written as JSON.
pub fn parent(answer: &mut JupyterMessage) -> serde_json::Result<Value> {
    let mut parent = match &answer.parent_header {
        Some(parent) => serde_json::to_value(parent)?,
        None => json!({}),
    };
    let other = answer
        .metadata
        .as_object_mut()
        .and_then(|metadata| metadata.shift_remove(KEY));
    if let (Some(Value::Object(other)), Some(parent)) = (other, parent.as_object_mut()) {
        parent.extend(other);
    }
    Ok(parent)
}

/// The subshell that a request is for; `None` is the main shell.
#[must_use]
pub fn subshell_id(request: &JupyterMessage) -> Option<&str> {
    request.metadata.get(KEY)?.get("subshell_id")?.as_str()
}
