//! The heartbeat: whatever arrives goes back unchanged.

use jupyter_zmq_client::KernelHeartbeatConnection;
use zeromq::{SocketRecv, SocketSend};

/// Echoes until the socket fails for good.
pub async fn serve(mut heartbeat: KernelHeartbeatConnection) {
    // The library's own `single_heartbeat` answers `pong`, whatever was asked.
    while let Ok(message) = heartbeat.socket.recv().await {
        if heartbeat.socket.send(message).await.is_err() {
            return;
        }
    }
}
