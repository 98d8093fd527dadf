//! The shell channel: requests in order, one at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use jupyter_protocol::{
    CommClose, ExecuteReply, JupyterMessage, JupyterMessageContent as Content, ReplyStatus,
    ShutdownReply, UnknownMessage,
};
use jupyter_zmq_client::{KernelShellConnection, RouterRecvConnection, RouterSendConnection};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::session::{Session, message};
use super::wire::{self, WireError};
use super::{comm_info, complete, execute, history, inspect, is_complete, kernel_info};

/// So many failures of the socket in a row mean that it is broken.
pub const GIVE_UP_AFTER: u32 = 1_000;
/// How long after an error a request can still arrive that was sent before it: the way through the
/// socket. Which ones those are is told by their own date.
const ON_THE_WAY: Duration = Duration::from_millis(200);

/// Serves until shutdown is asked for.
///
/// # Errors
/// When the socket is broken.
pub async fn serve(shell: KernelShellConnection, session: Arc<Session>) -> Result<()> {
    let (send, receive) = shell.split();
    let (requests_tx, requests_rx) = mpsc::unbounded_channel();
    // Read on its own: after an error everything that has arrived is answered `aborted`.
    let reader = tokio::spawn(read_all(receive, requests_tx));
    let mut shell = Shell {
        send,
        session,
        incoming: requests_rx,
        queue: VecDeque::new(),
        aborted: None,
    };
    while let Some(request) = shell.next().await {
        if shell.handle(request).await {
            break;
        }
    }
    reader.abort();
    Ok(())
}

/// Reads messages until the socket is broken.
pub async fn read_all(
    mut receive: RouterRecvConnection,
    requests: mpsc::UnboundedSender<JupyterMessage>,
) {
    let mut failures = 0;
    while failures < GIVE_UP_AFTER {
        match wire::read(&mut receive).await {
            Ok(message) => {
                failures = 0;
                if requests.send(message).is_err() {
                    return;
                }
            }
            Err(error) => {
                // Anybody can send rubbish, as much as they like; only the socket itself gives up.
                failures = match error {
                    WireError::Socket(_) => failures + 1,
                    _ => 0,
                };
                eprintln!("ignored a message that cannot be read: {error}");
            }
        }
    }
}

/// The answer to a request that this kernel does not know or cannot read: an error, so that the
/// front end does not wait for ever. `None` for what wants no answer.
#[must_use]
pub fn refusal(content: &Content) -> Option<UnknownMessage> {
    let (msg_type, reason) = match content {
        Content::UnknownMessage(unknown) => (
            unknown.msg_type.as_str(),
            match &unknown.content {
                Value::String(reason) => format!("this request cannot be read: {reason}"),
                _ => "this kernel does not know this request".to_owned(),
            },
        ),
        other => (
            other.message_type(),
            "this kernel does not know this request here".to_owned(),
        ),
    };
    let reply = msg_type.strip_suffix("_request")?;
    Some(UnknownMessage {
        msg_type: format!("{reply}_reply"),
        content: json!({
            "status": "error",
            "ename": "UnknownRequest",
            "evalue": reason,
            "traceback": [],
        }),
    })
}

struct Shell {
    send: RouterSendConnection,
    session: Arc<Session>,
    incoming: mpsc::UnboundedReceiver<JupyterMessage>,
    /// Taken from `incoming`; `true` for requests that an error has aborted.
    queue: VecDeque<(JupyterMessage, bool)>,
    /// The last error that aborts: when it was sent, and until when stragglers are expected.
    aborted: Option<(DateTime<Utc>, Instant)>,
}

impl Shell {
    async fn next(&mut self) -> Option<(JupyterMessage, bool)> {
        if let Some(queued) = self.queue.pop_front() {
            return Some(queued);
        }
        let request = self.incoming.recv().await?;
        let abort = self
            .aborted
            .is_some_and(|(sent, until)| Instant::now() < until && request.header.date < sent);
        Some((request, abort))
    }

    fn abort_queued(&mut self) {
        while let Ok(request) = self.incoming.try_recv() {
            self.queue.push_back((request, false));
        }
        for (_, abort) in &mut self.queue {
            *abort = true;
        }
        self.aborted = Some((Utc::now(), Instant::now() + ON_THE_WAY));
    }

    /// Returns whether the kernel is to end.
    async fn handle(&mut self, (request, abort): (JupyterMessage, bool)) -> bool {
        let session = Arc::clone(&self.session);
        session.busy(&request).await;
        let mut end = false;
        match &request.content {
            Content::ExecuteRequest(_) if abort => {
                let reply = ExecuteReply {
                    status: ReplyStatus::Aborted,
                    execution_count: session.with_history(|history| history.count()).into(),
                    payload: Vec::new(),
                    user_expressions: None,
                    error: None,
                };
                self.reply(reply, &request).await;
            }
            Content::ExecuteRequest(content) => {
                let request = Arc::new(request.clone());
                let reply = execute::execute(&session, &request, content).await;
                if reply.status == ReplyStatus::Error && content.stop_on_error {
                    self.abort_queued();
                }
                self.reply(reply, &request).await;
            }
            Content::KernelInfoRequest(_) => {
                self.reply(kernel_info::reply(&session.rustc_version), &request)
                    .await;
            }
            Content::CompleteRequest(content) => {
                let reply = complete::complete(&session.engine, content).await;
                self.reply(reply, &request).await;
            }
            Content::InspectRequest(content) => {
                let reply = inspect::inspect(&session.engine, content).await;
                self.reply(reply, &request).await;
            }
            Content::IsCompleteRequest(content) => {
                self.reply(is_complete::is_complete(&content.code), &request)
                    .await;
            }
            Content::HistoryRequest(content) => {
                let reply = session.with_history(|history| history::reply(history, content));
                self.reply(reply, &request).await;
            }
            Content::CommInfoRequest(_) => {
                self.reply(comm_info::reply(), &request).await;
            }
            Content::CommOpen(open) => {
                // We have no target, so nobody would ever answer on this comm.
                let close = CommClose {
                    comm_id: open.comm_id.clone(),
                    data: serde_json::Map::new(),
                };
                session.publish(close, Some(&request)).await;
            }
            Content::ShutdownRequest(content) => {
                let reply = ShutdownReply {
                    restart: content.restart,
                    status: ReplyStatus::Ok,
                    error: None,
                };
                self.reply(reply, &request).await;
                end = true;
            }
            other => match refusal(other) {
                Some(reply) => self.reply(reply, &request).await,
                None => eprintln!("no answer to a `{}`", request.header.msg_type),
            },
        }
        session.idle(&request).await;
        end
    }

    async fn reply(&mut self, content: impl Into<Content>, request: &JupyterMessage) {
        // What the request has printed goes out before its reply: clients that stop listening at
        // the reply still get all of it.
        self.session.flush().await;
        let _ = self.send.send(message(content, Some(request))).await;
    }
}
