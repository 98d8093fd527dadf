//! `connect_request`, which is deprecated and still in use.

use jupyter_protocol::{ConnectionInfo, UnknownMessage};
use serde_json::json;

/// The reply: the ports of all channels.
#[must_use]
pub fn reply(connection: &ConnectionInfo) -> UnknownMessage {
    UnknownMessage {
        msg_type: "connect_reply".to_owned(),
        content: json!({
            "status": "ok",
            "shell_port": connection.shell_port,
            "iopub_port": connection.iopub_port,
            "stdin_port": connection.stdin_port,
            "control_port": connection.control_port,
            "hb_port": connection.hb_port,
        }),
    }
}
