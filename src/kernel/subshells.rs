//! The shell channel with its main shell and its subshells (JEP 91).
//!
//! Each shell is a task of its own with a queue of its own. A request names its shell in its header;
//! the reading task only sorts. There is one Rust context, so cells of all shells run one after the
//! other; everything else is answered on a subshell while a cell runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use jupyter_protocol::{JupyterMessage, UnknownMessage};
use jupyter_zmq_client::{RouterRecvConnection, RouterSendConnection};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::header::subshell_id;
use super::session::{Session, message};
use super::shell::{Replies, Shell, read_all, refusal_for};
use crate::engine::Patience;

/// All shells of a kernel.
pub struct Shells {
    session: Arc<Session>,
    replies: Replies,
    subshells: Mutex<BTreeMap<String, mpsc::UnboundedSender<JupyterMessage>>>,
    ended: watch::Sender<bool>,
}

impl Shells {
    /// No subshell yet. Replies go to this socket.
    #[must_use]
    pub fn new(session: Arc<Session>, socket: RouterSendConnection) -> Arc<Shells> {
        Arc::new(Shells {
            session,
            replies: Replies::new(socket),
            subshells: Mutex::default(),
            ended: watch::Sender::new(false),
        })
    }

    /// Serves the shell channel until shutdown is asked for.
    ///
    /// # Errors
    /// When the socket is broken.
    pub async fn serve(self: Arc<Self>, receive: RouterRecvConnection) -> Result<()> {
        let main = self.start_shell(Patience::Wait);
        let mut ended = self.ended.subscribe();
        let sort = |request: JupyterMessage| {
            match subshell_id(&request) {
                None => return main.send(request).is_ok(),
                Some(id) => {
                    let queue = self.lock().get(id).cloned();
                    match queue {
                        // Deleted just now, but still there: its task ends after this request.
                        Some(queue) => drop(queue.send(request)),
                        None => self.refuse(request),
                    }
                }
            }
            true
        };
        tokio::select! {
            () = read_all(receive, sort) => anyhow::bail!("the shell channel is broken"),
            _ = ended.wait_for(|ended| *ended) => Ok(()),
        }
    }

    /// Answers a request about subshells; `None` when it is none.
    ///
    /// `content` is the request's content as it came.
    #[must_use]
    pub fn answer(self: &Arc<Self>, msg_type: &str, content: &Value) -> Option<UnknownMessage> {
        let (reply, content) = match msg_type {
            "create_subshell_request" => (
                "create_subshell_reply",
                json!({"status": "ok", "subshell_id": self.create()}),
            ),
            "list_subshell_request" => {
                let ids: Vec<String> = self.lock().keys().cloned().collect();
                (
                    "list_subshell_reply",
                    json!({"status": "ok", "subshell_id": ids}),
                )
            }
            "delete_subshell_request" => {
                let id = content.get("subshell_id").and_then(Value::as_str);
                // Its task answers what it has already got, and ends.
                let known = id.is_some_and(|id| self.lock().remove(id).is_some());
                let content = if known {
                    json!({"status": "ok"})
                } else {
                    unknown_subshell(id.unwrap_or_default())
                };
                ("delete_subshell_reply", content)
            }
            _ => return None,
        };
        Some(UnknownMessage {
            msg_type: reply.to_owned(),
            content,
        })
    }

    fn create(self: &Arc<Self>) -> String {
        let id = uuid::Uuid::new_v4().to_string();
        let queue = self.start_shell(Patience::AtOnce);
        self.lock().insert(id.clone(), queue);
        id
    }

    fn start_shell(self: &Arc<Self>, patience: Patience) -> mpsc::UnboundedSender<JupyterMessage> {
        let (requests_tx, requests_rx) = mpsc::unbounded_channel();
        let shell = Shell::new(
            Arc::clone(&self.session),
            self.replies.clone(),
            patience,
            requests_rx,
        );
        let this = Arc::clone(self);
        tokio::spawn(async move {
            if shell.serve().await {
                this.ended.send_replace(true);
            }
        });
        requests_tx
    }

    /// The front end waits for the idle state of any request, also where there is no reply.
    fn refuse(self: &Arc<Self>, request: JupyterMessage) {
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let id = subshell_id(&request).unwrap_or_default();
            this.session.busy(&request).await;
            match refusal_for(&request.header.msg_type, unknown_subshell(id)) {
                Some(reply) => {
                    this.replies
                        .send(&this.session, message(reply, Some(&request)))
                        .await;
                }
                None => eprintln!("ignored a message for the subshell `{id}`: there is none"),
            }
            this.session.idle(&request).await;
        });
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, mpsc::UnboundedSender<JupyterMessage>>> {
        self.subshells
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn unknown_subshell(id: &str) -> Value {
    json!({
        "status": "error",
        "ename": "UnknownSubshell",
        "evalue": format!("there is no subshell `{id}`; it was deleted, or the kernel was restarted"),
        "traceback": [],
    })
}
