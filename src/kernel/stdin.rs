//! Questions of a cell, answered by the front end.

use std::sync::{Arc, Mutex, PoisonError};

use jupyter_protocol::{InputRequest, JupyterMessage, JupyterMessageContent};
use jupyter_zmq_client::KernelStdinConnection;
use tokio::sync::{mpsc, oneshot};

use super::send;
use super::session::message;
use super::wire::{self, WireError};

/// The cells' side. Cloning gives another handle of the same.
#[derive(Clone)]
pub struct Input {
    questions: mpsc::UnboundedSender<JupyterMessage>,
    answer: Arc<Mutex<Option<oneshot::Sender<String>>>>,
    queue: Arc<Mutex<Option<mpsc::UnboundedReceiver<JupyterMessage>>>>,
}

impl Default for Input {
    fn default() -> Self {
        Input::new()
    }
}

impl Input {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new() -> Input {
        let (questions, queue) = mpsc::unbounded_channel();
        Input {
            questions,
            answer: Arc::default(),
            queue: Arc::new(Mutex::new(Some(queue))),
        }
    }

    /// Asks and blocks until there is an answer; `None` when the question was cancelled.
    pub fn ask(&self, request: &JupyterMessage, prompt: &str, password: bool) -> Option<String> {
        let (answer_tx, answer_rx) = oneshot::channel();
        *lock(&self.answer) = Some(answer_tx);
        let question = InputRequest {
            prompt: prompt.to_owned(),
            password,
        };
        self.questions.send(message(question, Some(request))).ok()?;
        answer_rx.blocking_recv().ok()
    }

    /// Stops waiting for an answer.
    pub fn cancel(&self) {
        lock(&self.answer).take();
    }
}

/// Sends questions and hands over answers until the socket fails for good.
pub async fn serve(stdin: KernelStdinConnection, input: Input) {
    let (mut socket, mut receive) = stdin.split();
    let Some(mut queue) = lock(&input.queue).take() else {
        return;
    };
    let mut failures = 0;
    loop {
        tokio::select! {
            Some(question) = queue.recv() => {
                // A front end that is gone cannot answer: do not wait for it.
                if send::send(&mut socket, question).await.is_err() {
                    input.cancel();
                }
            }
            read = wire::read(&mut receive) => match read {
                Ok(message) => {
                    failures = 0;
                    if let JupyterMessageContent::InputReply(reply) = message.content
                        && let Some(answer) = lock(&input.answer).take()
                    {
                        let _ = answer.send(reply.value);
                    }
                }
                Err(WireError::Socket(_)) => {
                    failures += 1;
                    if failures > super::shell::GIVE_UP_AFTER {
                        return;
                    }
                }
                // One bad message.
                Err(_) => {}
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
