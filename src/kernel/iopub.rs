//! The iopub channel: one task sends everything, so that everything has one order.
//!
//! Printed text is collected for a short while under load, so that a loop that prints does not send a
//! message a line; a single line goes out at once. The queue is bounded: a cell that prints faster
//! than the front end reads is slowed down, it does not fill the memory.

use std::sync::Arc;
use std::time::Duration;

use jupyter_protocol::{IoPubWelcome, JupyterMessage, Status, Stdio, StreamContent};
use jupyter_zmq_client::{KernelIoPubXPubConnection, SubscriptionEvent};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::send::send;
use super::session::message;
use crate::engine::Stream;

/// The least time between two messages of one stream: at most 20 a second.
const SEND_EVERY: Duration = Duration::from_millis(50);
/// Collected text is sent early when it grows past this many bytes.
const SEND_AT: usize = 1 << 20;
/// How many pieces may wait. A piece of text has at most 64 KiB.
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
    let mut publisher = Publisher {
        iopub,
        waiting: [Waiting::default(), Waiting::default()],
    };
    loop {
        let due = publisher.due();
        tokio::select! {
            next = queue.recv() => match next {
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

#[derive(Default)]
struct Waiting {
    parent: Option<Arc<JupyterMessage>>,
    text: String,
    last_sent: Option<Instant>,
}

struct Publisher {
    iopub: KernelIoPubXPubConnection,
    /// By stream: stdout, stderr.
    waiting: [Waiting; 2],
}

impl Publisher {
    async fn take(&mut self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Message(message) => {
                self.flush().await;
                self.send(*message).await;
            }
            Outgoing::Flush(done) => {
                self.flush().await;
                let _ = done.send(());
            }
            Outgoing::Text {
                parent,
                stream,
                text,
            } => {
                let index = index(stream);
                if !same(self.waiting[index].parent.as_ref(), parent.as_ref()) {
                    self.send_text(index).await;
                }
                let waiting = &mut self.waiting[index];
                waiting.parent = parent;
                waiting.text.push_str(&text);
                let recently = waiting
                    .last_sent
                    .is_some_and(|sent| sent.elapsed() < SEND_EVERY);
                if !recently || waiting.text.len() >= SEND_AT {
                    self.send_text(index).await;
                }
            }
        }
    }

    fn due(&self) -> Option<Instant> {
        self.waiting
            .iter()
            .filter(|waiting| !waiting.text.is_empty())
            .filter_map(|waiting| waiting.last_sent.map(|sent| sent + SEND_EVERY))
            .min()
    }

    async fn send_due(&mut self) {
        let now = Instant::now();
        for index in 0..self.waiting.len() {
            let sent = self.waiting[index].last_sent;
            if sent.is_none_or(|sent| sent + SEND_EVERY <= now) {
                self.send_text(index).await;
            }
        }
    }

    async fn flush(&mut self) {
        for index in 0..self.waiting.len() {
            self.send_text(index).await;
        }
    }

    async fn send_text(&mut self, index: usize) {
        let waiting = &mut self.waiting[index];
        if waiting.text.is_empty() {
            return;
        }
        waiting.last_sent = Some(Instant::now());
        let content = StreamContent {
            name: [Stdio::Stdout, Stdio::Stderr][index].clone(),
            text: std::mem::take(&mut waiting.text),
        };
        let message = message(content, waiting.parent.as_deref());
        self.send(message).await;
    }

    async fn send(&mut self, message: JupyterMessage) {
        // A subscriber that has gone away is no reason to stop.
        let _ = send(&mut self.iopub, message).await;
    }
}

fn index(stream: Stream) -> usize {
    match stream {
        Stream::Stdout => 0,
        Stream::Stderr => 1,
    }
}

fn same(left: Option<&Arc<JupyterMessage>>, right: Option<&Arc<JupyterMessage>>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => left.header.msg_id == right.header.msg_id,
        (None, None) => true,
        _ => false,
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
