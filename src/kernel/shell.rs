//! One shell: requests in order, one at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use jupyter_protocol::{
    CommClose, ExecuteReply, JupyterMessage, JupyterMessageContent as Content, ReplyStatus,
    ShutdownReply, UnknownMessage,
};
use jupyter_zmq_client::{RouterRecvConnection, RouterSendConnection};
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc};
use tokio::time::Instant;

use super::session::{Session, message};
use super::wire::{self, WireError};
use super::{comm_info, complete, connect, execute, inspect, is_complete, kernel_info, send};
use crate::engine::Patience;

/// So many failures of the socket in a row mean that it is broken.
pub const GIVE_UP_AFTER: u32 = 1_000;
/// How long after an error a request can still arrive that was sent before it: the way through the
/// socket. Which ones those are is told by their own date.
const ON_THE_WAY: Duration = Duration::from_millis(200);

/// Reads messages until the socket is broken; `deliver` says whether it wants more.
pub async fn read_all(
    mut receive: RouterRecvConnection,
    mut deliver: impl FnMut(JupyterMessage) -> bool,
) {
    let mut failures = 0;
    while failures < GIVE_UP_AFTER {
        match wire::read(&mut receive).await {
            Ok(message) => {
                failures = 0;
                if !deliver(message) {
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
    if msg_type == "is_complete_request" {
        // Its reply has states of its own, and no error among them.
        return refusal_for(msg_type, json!({"status": "unknown"}));
    }
    refusal_for(
        msg_type,
        json!({
            "status": "error",
            "ename": "UnknownRequest",
            "evalue": reason,
            "traceback": [],
        }),
    )
}

/// The reply to a request of this type, with this content. `None` for what wants no answer.
#[must_use]
pub fn refusal_for(msg_type: &str, content: Value) -> Option<UnknownMessage> {
    let reply = msg_type.strip_suffix("_request")?;
    Some(UnknownMessage {
        msg_type: format!("{reply}_reply"),
        content,
    })
}

/// One shell: the main one or a subshell. It answers its requests in order.
pub struct Shell {
    replies: Replies,
    session: Arc<Session>,
    /// A subshell does not wait for the main shell's cell where it can answer without.
    patience: Patience,
    incoming: mpsc::UnboundedReceiver<JupyterMessage>,
    /// Taken from `incoming`; `true` for requests that an error has aborted.
    queue: VecDeque<(JupyterMessage, bool)>,
    /// The last error that aborts: when it was sent, and until when stragglers are expected.
    aborted: Option<(DateTime<Utc>, Instant)>,
}

impl Shell {
    /// A shell that gets its requests from `incoming`.
    #[must_use]
    pub fn new(
        session: Arc<Session>,
        replies: Replies,
        patience: Patience,
        incoming: mpsc::UnboundedReceiver<JupyterMessage>,
    ) -> Shell {
        Shell {
            replies,
            session,
            patience,
            incoming,
            queue: VecDeque::new(),
            aborted: None,
        }
    }

    /// Answers requests until shutdown is asked for (then it returns `true`), or until there are no
    /// more.
    pub async fn serve(mut self) -> bool {
        while let Some(request) = self.next().await {
            if self.handle(request).await {
                return true;
            }
        }
        false
    }

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
                    execution_count: session.history.count().into(),
                    payload: Vec::new(),
                    user_expressions: None,
                    error: None,
                };
                self.reply(reply, &request).await;
            }
            Content::ExecuteRequest(content) => {
                let request = Arc::new(request.clone());
                let started = Utc::now().trunc_subsecs(6);
                let reply = execute::execute(&session, &request, content).await;
                let failed = reply.status == ReplyStatus::Error;
                // What a front end asks silently stops nothing that the learner has queued.
                if failed && content.stop_on_error && !content.silent {
                    self.abort_queued();
                }
                let mut reply = message(reply, Some(&request));
                // What front ends compute the time of a cell from, as ipykernel sends it.
                reply.metadata["started"] = json!(started);
                self.replies.send(&session, reply).await;
            }
            Content::KernelInfoRequest(_) => {
                self.reply(kernel_info::reply(&session.rustc_version), &request)
                    .await;
            }
            Content::CompleteRequest(content) => {
                let reply = complete::complete(&session.engine, content, self.patience).await;
                self.reply(reply, &request).await;
            }
            Content::InspectRequest(content) => {
                let reply = inspect::inspect(&session.engine, content, self.patience).await;
                self.reply(reply, &request).await;
            }
            Content::IsCompleteRequest(content) => {
                self.reply(is_complete::is_complete(&content.code), &request)
                    .await;
            }
            Content::HistoryRequest(content) => {
                let reply = session.history.reply(content).await;
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
            Content::UnknownMessage(unknown) if unknown.msg_type == "connect_request" => {
                self.reply(connect::reply(&session.connection), &request)
                    .await;
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
        self.replies
            .send(&self.session, message(content, Some(request)))
            .await;
    }
}

/// The way for replies, which all shells share.
#[derive(Clone)]
pub struct Replies {
    socket: Arc<Mutex<RouterSendConnection>>,
}

impl Replies {
    /// On this socket.
    #[must_use]
    pub fn new(socket: RouterSendConnection) -> Replies {
        Replies {
            socket: Arc::new(Mutex::new(socket)),
        }
    }

    /// Sends a reply.
    pub async fn send(&self, session: &Session, reply: JupyterMessage) {
        // What the request has printed goes out before its reply: clients that stop listening at
        // the reply still get all of it.
        session.flush().await;
        // A requester that has gone away is no problem of ours.
        let _ = send::send(&mut *self.socket.lock().await, reply).await;
    }
}
