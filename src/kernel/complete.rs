//! `complete_request`.

use jupyter_protocol::{CompleteReply, CompleteRequest, ReplyStatus};

use super::offsets::{to_bytes, to_characters};
use crate::engine::{Engine, Patience};

/// The reply.
pub async fn complete(
    engine: &Engine,
    request: &CompleteRequest,
    patience: Patience,
) -> CompleteReply {
    let offset = to_bytes(&request.code, request.cursor_pos);
    let mut found = engine
        .complete(request.code.clone(), offset, patience)
        .await;
    found.matches.sort();
    found.matches.dedup();
    CompleteReply {
        cursor_start: to_characters(&request.code, found.start),
        cursor_end: to_characters(&request.code, found.end),
        matches: found.matches,
        metadata: Default::default(),
        status: ReplyStatus::Ok,
        error: None,
    }
}
