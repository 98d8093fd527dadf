//! Writes messages to a socket: the library's own `send` drops header fields that it does not know.

use bytes::Bytes;
use jupyter_protocol::JupyterMessage;
use jupyter_zmq_client::Connection;
use ring::hmac;
use zeromq::{SocketSend, ZmqMessage};

use super::header;

/// Stands between the identities and the signed part of a message.
const DELIMITER: &[u8] = b"<IDS|MSG>";

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The content cannot be written as JSON.
    #[error("cannot write a message: {0}")]
    Json(#[from] serde_json::Error),
    /// The message has no frames.
    #[error("cannot write a message: {0}")]
    Empty(&'static str),
    /// The socket failed, or nobody is there.
    #[error("the socket failed: {0}")]
    Socket(#[from] zeromq::ZmqError),
}

/// Signs a message and sends it.
///
/// # Errors
/// When the message cannot be written as JSON, or the socket does not take it.
pub async fn send<S: SocketSend>(
    connection: &mut Connection<S>,
    mut message: JupyterMessage,
) -> Result<(), SendError> {
    message.header.session.clone_from(&connection.session_id);
    let frames = frames(message, connection.mac.as_ref())?;
    let multipart = ZmqMessage::try_from(frames)
        .map_err(|_| SendError::Empty("a multipart message has at least one frame"))?;
    Ok(connection.socket.send(multipart).await?)
}

fn frames(mut message: JupyterMessage, key: Option<&hmac::Key>) -> serde_json::Result<Vec<Bytes>> {
    let parent = header::parent(&mut message)?;
    let parts = [
        serde_json::to_vec(&message.header)?,
        serde_json::to_vec(&parent)?,
        serde_json::to_vec(&message.metadata)?,
        serde_json::to_vec(&message.content)?,
    ];
    // Buffers are not signed, says the specification.
    let signature = key.map_or_else(String::new, |key| {
        let mut context = hmac::Context::with_key(key);
        for part in &parts {
            context.update(part);
        }
        hex(context.sign().as_ref())
    });
    let mut frames = message.zmq_identities;
    frames.push(Bytes::from_static(DELIMITER));
    frames.push(Bytes::from(signature));
    frames.extend(parts.map(Bytes::from));
    frames.extend(message.buffers);
    Ok(frames)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::session::message;
    use jupyter_protocol::{KernelInfoRequest, Status};
    use jupyter_zmq_client::RawMessage;
    use serde_json::{Value, json};

    fn key() -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, b"a key")
    }

    #[test]
    fn the_library_accepts_our_signature() {
        let sent = frames(message(Status::busy(), None), Some(&key())).expect("JSON");
        let multipart = ZmqMessage::try_from(sent).expect("frames");
        let read = RawMessage::from_multipart(multipart, &Some(key())).expect("a good signature");
        assert_eq!(read.jparts.len(), 4);
    }

    #[test]
    fn an_answer_repeats_every_field_of_its_requests_header() {
        let mut request = message(KernelInfoRequest {}, None);
        header::keep(
            &mut request.metadata,
            &json!({"msg_id": "1", "subshell_id": "s", "later": [1]}),
        );
        assert_eq!(header::subshell_id(&request), Some("s"));
        let sent = frames(message(Status::busy(), Some(&request)), None).expect("JSON");
        let part =
            |index: usize| serde_json::from_slice::<Value>(&sent[index]).expect("a JSON part");
        assert_eq!(part(3)["subshell_id"], "s");
        assert_eq!(part(3)["later"], json!([1]));
        assert_eq!(part(3)["msg_id"], Value::from(request.header.msg_id));
        assert_eq!(part(4), json!({}), "nothing of it is left in the metadata");
    }
}
