//! `execute_request`.

use std::sync::Arc;

use jupyter_protocol::{
    ErrorOutput, ExecuteInput, ExecuteReply, ExecuteRequest, ExecutionCount, JupyterMessage,
    ReplyError, ReplyStatus, UnknownMessage,
};
use serde_json::json;

use super::output::media;
use super::session::Session;
use crate::engine::{CellError, CellValue};

/// Runs a cell, publishes what it gives, and returns the reply.
pub async fn execute(
    session: &Session,
    request: &Arc<JupyterMessage>,
    content: &ExecuteRequest,
) -> ExecuteReply {
    let remembered = content.store_history && !content.silent;
    let count = session.with_history(|history| {
        if remembered {
            history.begin(&content.code)
        } else {
            history.count()
        }
    });
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
                    session.with_history(|history| history.set_output(text));
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
    ExecuteReply {
        status: if error.is_some() {
            ReplyStatus::Error
        } else {
            ReplyStatus::Ok
        },
        execution_count: ExecutionCount::new(count),
        payload: Vec::new(),
        user_expressions: error.is_none().then(Default::default),
        error,
    }
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
