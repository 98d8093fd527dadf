//! `inspect_request`.

use jupyter_protocol::{InspectReply, InspectRequest, ReplyStatus};

use super::offsets::{to_bytes, word_end};
use super::output::media;
use crate::engine::{Engine, Patience};

/// The reply.
pub async fn inspect(
    engine: &Engine,
    request: &InspectRequest,
    patience: Patience,
) -> InspectReply {
    // The engine looks at what ends at the place; a front end asks with the cursor anywhere in it.
    let offset = word_end(&request.code, to_bytes(&request.code, request.cursor_pos));
    let found = engine.inspect(request.code.clone(), offset, patience).await;
    let data = found.map(|found| {
        media([
            ("text/plain".to_owned(), found.text),
            ("text/html".to_owned(), found.html),
        ])
    });
    InspectReply {
        found: data.is_some(),
        data: data.unwrap_or_default(),
        metadata: Default::default(),
        status: ReplyStatus::Ok,
        error: None,
    }
}
