//! What all channels share, and the messages that go out.

use std::sync::Arc;

use chrono::SubsecRound;
use jupyter_protocol::{ConnectionInfo, JupyterMessage, JupyterMessageContent, Status};
use tokio::sync::{Mutex, oneshot};

use super::header;
use super::history::History;
use super::iopub::{IoPubSender, Outgoing};
use super::output::Output;
use super::stdin::Input;
use crate::engine::Engine;

/// The name in the header of our messages.
const USERNAME: &str = "rust-lessons";

/// One kernel.
pub struct Session {
    /// Runs the cells.
    pub engine: Arc<Engine>,
    /// What cells print and display.
    pub output: Arc<Output>,
    /// Questions of cells.
    pub input: Input,
    /// The compiler's version.
    pub rustc_version: String,
    /// What has been run.
    pub history: History,
    /// Where the channels are.
    pub connection: ConnectionInfo,
    /// Held while a cell runs: there is one Rust context for the cells of all shells.
    pub running: Mutex<()>,
    iopub: IoPubSender,
}

impl Session {
    /// A session in which nothing has been run.
    #[must_use]
    pub fn new(
        engine: Arc<Engine>,
        output: Arc<Output>,
        input: Input,
        iopub: IoPubSender,
        rustc_version: String,
        history: History,
        connection: ConnectionInfo,
    ) -> Session {
        Session {
            engine,
            output,
            input,
            rustc_version,
            history,
            connection,
            running: Mutex::default(),
            iopub,
        }
    }

    /// Tells the front ends that the kernel is there.
    pub async fn starting(&self) {
        self.publish(Status::starting(), None).await;
    }

    /// The kernel works on this request.
    pub async fn busy(&self, request: &JupyterMessage) {
        self.publish(Status::busy(), Some(request)).await;
    }

    /// The kernel has done everything for this request.
    pub async fn idle(&self, request: &JupyterMessage) {
        self.publish(Status::idle(), Some(request)).await;
    }

    /// Sends a message to all front ends.
    pub async fn publish(
        &self,
        content: impl Into<JupyterMessageContent>,
        parent: Option<&JupyterMessage>,
    ) {
        // The receiver lives as long as the kernel.
        let _ = self
            .iopub
            .send(Outgoing::Message(Box::new(message(content, parent))))
            .await;
    }

    /// Returns when everything that was published before has been sent.
    pub async fn flush(&self) {
        let (done_tx, done_rx) = oneshot::channel();
        if self.iopub.send(Outgoing::Flush(done_tx)).await.is_ok() {
            let _ = done_rx.await;
        }
    }

    /// Stops the running cell, also while it waits for an answer.
    pub fn interrupt(&self) {
        self.engine.interrupter().press();
        self.input.cancel();
    }
}

/// A message of ours, the answer to `parent` where there is one.
#[must_use]
pub fn message(
    content: impl Into<JupyterMessageContent>,
    parent: Option<&JupyterMessage>,
) -> JupyterMessage {
    let mut message = JupyterMessage::new(content, parent);
    message.header.username = USERNAME.to_owned();
    // Clients in Python read no more than six digits, and leave a longer date a text.
    message.header.date = message.header.date.trunc_subsecs(6);
    if let Some(parent) = parent {
        header::inherit(&mut message, parent);
    }
    message
}
