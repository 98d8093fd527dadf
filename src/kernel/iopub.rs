//! The iopub channel: one task sends everything, so that everything has one order.
//!
//! The queue is bounded: a cell that prints faster than the front end reads is slowed down, it does
//! not fill the memory.

use std::sync::Arc;

use jupyter_protocol::{IoPubWelcome, JupyterMessage, Status};
use jupyter_zmq_client::{KernelIoPubXPubConnection, SubscriptionEvent};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::publisher::Publisher;
use super::session::message;
use crate::engine::output_policy::OutputPolicy;
use crate::engine::{Shown, Stream};

/// How many pieces may wait. A piece of text has at most 64 KiB, and three times that where each byte
/// of it is no text.
const QUEUE: usize = 64;

/// What can be sent.
pub enum Outgoing {
    /// A message as it is.
    Message(Box<JupyterMessage>),
    /// Printed text.
    Text {
        /// The request that it belongs to.
        parent: Option<Arc<JupyterMessage>>,
        /// Which stream.
        stream: Stream,
        /// The text.
        text: String,
    },
    /// Something displayed, or changed in what is displayed.
    Display {
        /// The request that it belongs to.
        parent: Option<Arc<JupyterMessage>>,
        /// What.
        shown: Shown,
    },
    /// The output of a request is to be cleared, at once or with its next output.
    Clear {
        /// The request.
        parent: Option<Arc<JupyterMessage>>,
        /// With its next output.
        wait: bool,
    },
    /// From here on these limits are in force.
    Policy(OutputPolicy),
    /// Answered when everything before it has been sent.
    Flush(oneshot::Sender<()>),
}

/// The sending end.
pub type IoPubSender = mpsc::Sender<Outgoing>;

/// A new queue.
#[must_use]
pub fn queue() -> (IoPubSender, mpsc::Receiver<Outgoing>) {
    mpsc::channel(QUEUE)
}

/// Sends until the queue is closed.
pub async fn serve(iopub: KernelIoPubXPubConnection, mut queue: mpsc::Receiver<Outgoing>) {
    let mut publisher = Publisher::new(iopub);
    loop {
        let due = publisher.due();
        tokio::select! {
            next = queue.recv(), if !publisher.is_full() => match next {
                Some(outgoing) => publisher.take(outgoing).await,
                None => return publisher.flush().await,
            },
            event = publisher.iopub.recv_subscription() => {
                if let Ok(SubscriptionEvent::Subscribe(topic)) = event {
                    publisher.send(message(IoPubWelcome::new(topic), None)).await;
                    // Whoever subscribes late learns that the kernel is up.
                    publisher.send(message(Status::idle(), None)).await;
                }
            },
            () = sleep_until(due) => publisher.send_due().await,
        }
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
