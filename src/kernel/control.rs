//! The control channel: requests that must not wait behind a running cell.

use std::sync::Arc;

use anyhow::Result;
use jupyter_protocol::{
    InterruptReply, JupyterMessage, JupyterMessageContent as Content, ReplyStatus, ShutdownReply,
};
use jupyter_zmq_client::{KernelControlConnection, RouterSendConnection};
use tokio::sync::mpsc;

use super::session::{Session, message};
use super::shell::{read_all, refusal};
use super::subshells::Shells;
use super::usage::Usage;
use super::{connect, debug, kernel_info, send};

/// Serves until shutdown is asked for.
///
/// # Errors
/// When the socket is broken.
pub async fn serve(
    control: KernelControlConnection,
    session: Arc<Session>,
    shells: Arc<Shells>,
) -> Result<()> {
    let (send, receive) = control.split();
    let (requests_tx, mut requests_rx) = mpsc::unbounded_channel();
    let reader = tokio::spawn(read_all(receive, move |request| {
        requests_tx.send(request).is_ok()
    }));
    let mut control = Control {
        send,
        session,
        shells,
        usage: Usage::default(),
    };
    while let Some(request) = requests_rx.recv().await {
        if control.handle(&request).await {
            break;
        }
    }
    reader.abort();
    Ok(())
}

struct Control {
    send: RouterSendConnection,
    session: Arc<Session>,
    shells: Arc<Shells>,
    usage: Usage,
}

impl Control {
    /// Returns whether the kernel is to end.
    async fn handle(&mut self, request: &JupyterMessage) -> bool {
        // Before anything that may have to wait for a slow front end.
        if matches!(request.content, Content::InterruptRequest(_)) {
            self.session.interrupt();
        }
        self.session.busy(request).await;
        let end = matches!(request.content, Content::ShutdownRequest(_));
        if let Some(reply) = self.reply(&request.content).await {
            let _ = send::send(&mut self.send, message(reply, Some(request))).await;
        }
        self.session.idle(request).await;
        end
    }

    async fn reply(&mut self, content: &Content) -> Option<Content> {
        Some(match content {
            Content::InterruptRequest(_) => InterruptReply::new().into(),
            Content::KernelInfoRequest(_) => kernel_info::reply(&self.session.rustc_version).into(),
            Content::ShutdownRequest(content) => ShutdownReply {
                restart: content.restart,
                status: ReplyStatus::Ok,
                error: None,
            }
            .into(),
            Content::DebugRequest(request) => debug::refuse(&request.content).into(),
            Content::UnknownMessage(unknown) => match unknown.msg_type.as_str() {
                "usage_request" => self.usage.reply().await.into(),
                "connect_request" => connect::reply(&self.session.connection).into(),
                other => match self.shells.answer(other, &unknown.content) {
                    Some(reply) => reply.into(),
                    None => refusal(content)?.into(),
                },
            },
            other => refusal(other)?.into(),
        })
    }
}
