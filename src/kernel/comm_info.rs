//! `comm_info_request`.

use jupyter_protocol::{CommInfoReply, ReplyStatus};

/// The reply: this kernel has no comms.
#[must_use]
pub fn reply() -> CommInfoReply {
    CommInfoReply {
        status: ReplyStatus::Ok,
        comms: Default::default(),
        error: None,
    }
}
