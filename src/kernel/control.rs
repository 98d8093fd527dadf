//! The control channel: requests that must not wait behind a running cell.

use std::sync::Arc;

use anyhow::Result;
use jupyter_protocol::{
    InterruptReply, JupyterMessage, JupyterMessageContent as Content, ReplyStatus, ShutdownReply,
};
use jupyter_zmq_client::{KernelControlConnection, RouterSendConnection};
use tokio::sync::mpsc;

use super::kernel_info;
use super::session::{Session, message};
use super::shell::{read_all, refusal};

/// Serves until shutdown is asked for.
///
/// # Errors
/// When the socket is broken.
pub async fn serve(control: KernelControlConnection, session: Arc<Session>) -> Result<()> {
    let (mut send, receive) = control.split();
    let (requests_tx, mut requests_rx) = mpsc::unbounded_channel();
    let reader = tokio::spawn(read_all(receive, requests_tx));
    while let Some(request) = requests_rx.recv().await {
        if handle(&mut send, &session, &request).await {
            break;
        }
    }
    reader.abort();
    Ok(())
}

async fn handle(
    send: &mut RouterSendConnection,
    session: &Session,
    request: &JupyterMessage,
) -> bool {
    // Before anything that may have to wait for a slow front end.
    if matches!(request.content, Content::InterruptRequest(_)) {
        session.interrupt();
    }
    session.busy(request).await;
    let mut end = false;
    let reply: Option<Content> = match &request.content {
        Content::InterruptRequest(_) => Some(InterruptReply::new().into()),
        Content::KernelInfoRequest(_) => Some(kernel_info::reply(&session.rustc_version).into()),
        Content::ShutdownRequest(content) => {
            end = true;
            Some(
                ShutdownReply {
                    restart: content.restart,
                    status: ReplyStatus::Ok,
                    error: None,
                }
                .into(),
            )
        }
        other => refusal(other).map(Content::from),
    };
    if let Some(reply) = reply {
        let _ = send.send(message(reply, Some(request))).await;
    }
    session.idle(request).await;
    end
}
