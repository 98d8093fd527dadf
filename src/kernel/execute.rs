//! `execute_request`.

use std::collections::HashMap;
use std::sync::Arc;

use jupyter_protocol::{
    ErrorOutput, ExecuteInput, ExecuteReply, ExecuteRequest, ExecutionCount, ExpressionResult,
    JupyterMessage, ReplyError, ReplyStatus, UnknownMessage,
};
use serde_json::json;

use super::output::media;
use super::session::Session;
use crate::engine::interrupt::KEYBOARD_INTERRUPT;
use crate::engine::{CellError, CellValue};

/// Runs a cell, publishes what it gives, and returns the reply.
///
/// Waits for its turn first: the cells of all shells share one Rust context.
pub async fn execute(
    session: &Session,
    request: &Arc<JupyterMessage>,
    content: &ExecuteRequest,
) -> ExecuteReply {
    let _turn = session.running.lock().await;
    let remembered = content.store_history && !content.silent;
    let count = if remembered {
        session.history.begin(&content.code)
    } else {
        session.history.count()
    };
    if !content.silent {
        let input = ExecuteInput {
            code: content.code.clone(),
            execution_count: ExecutionCount::new(count),
        };
        session.publish(input, Some(request)).await;
    }
    session
        .output
        .belongs_to(request, content.allow_stdin)
        .await;
    let outcome = if content.code.trim().is_empty() {
        Ok(CellValue::new())
    } else {
        session.engine.execute(content.code.clone(), count).await
    };
    let error = match outcome {
        Ok(value) => {
            if !value.is_empty() && !content.silent {
                if remembered && let Some(text) = value.get("text/plain") {
                    session.history.set_output(count, text);
                }
                session
                    .publish(execute_result(count, value), Some(request))
                    .await;
            }
            None
        }
        Err(CellError {
            ename,
            evalue,
            traceback,
        }) => {
            let output = ErrorOutput {
                ename: ename.clone(),
                evalue: evalue.clone(),
                traceback: traceback.clone(),
            };
            session.publish(output, Some(request)).await;
            Some(Box::new(ReplyError {
                ename,
                evalue,
                traceback,
            }))
        }
    };
    let user_expressions = match (&error, &content.user_expressions) {
        (Some(_), _) => None,
        (None, expressions) => Some(evaluate(session, expressions.as_ref(), count).await),
    };
    ExecuteReply {
        status: if error.is_some() {
            ReplyStatus::Error
        } else {
            ReplyStatus::Ok
        },
        execution_count: ExecutionCount::new(count),
        payload: Vec::new(),
        user_expressions,
        error,
    }
}

/// Evaluates what the front end wants to know after the cell. What the expressions print goes where
/// the cell's output goes.
async fn evaluate(
    session: &Session,
    expressions: Option<&HashMap<String, String>>,
    count: usize,
) -> HashMap<String, ExpressionResult> {
    let mut results = HashMap::new();
    let mut stopped: Option<CellError> = None;
    for (name, expression) in expressions.into_iter().flatten() {
        let outcome = match &stopped {
            Some(stop) => Err(stop.clone()),
            None => session.engine.evaluate(expression.clone(), count).await,
        };
        let result = match outcome {
            Ok(value) => ExpressionResult::Ok {
                data: media(value),
                metadata: serde_json::Map::new(),
            },
            Err(error) => {
                // Stop means all of them, however many are left.
                if error.ename == KEYBOARD_INTERRUPT {
                    stopped = Some(error.clone());
                }
                ExpressionResult::Error {
                    ename: error.ename,
                    evalue: error.evalue,
                    traceback: error.traceback,
                }
            }
        };
        results.insert(name.clone(), result);
    }
    results
}

/// The library's own type sends `"transient": null`, which the message schema does not allow.
fn execute_result(count: usize, value: CellValue) -> UnknownMessage {
    UnknownMessage {
        msg_type: "execute_result".to_owned(),
        content: json!({
            "execution_count": count,
            "data": media(value),
            "metadata": {},
        }),
    }
}
