"""What every message is held to: the schemas of `jupyter_kernel_test`, with what the protocol has got since."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jupyter_kernel_test import msgspec_v5

Message = dict[str, Any]

# The schemas are of protocol 5.1; these came later.
msgspec_v5.schema_fragments.setdefault("iopub_welcome", {"properties": {"subscription": {"type": "string"}}})
msgspec_v5.schema_fragments.setdefault(
    "create_subshell_reply", {"properties": {"status": {}, "subshell_id": {"type": "string"}}}
)
msgspec_v5.schema_fragments.setdefault("delete_subshell_reply", {"properties": {"status": {}}})
msgspec_v5.schema_fragments.setdefault(
    "list_subshell_reply",
    {"properties": {"status": {}, "subshell_id": {"type": "array", "items": {"type": "string"}}}},
)
msgspec_v5.reply_msgs_using_status |= {"create_subshell_reply", "delete_subshell_reply", "list_subshell_reply"}
msgspec_v5.schema_fragments.setdefault(
    "comm_close", {"properties": {"comm_id": {"type": "string"}, "data": {"type": "object"}}}
)
# A response of the Debug Adapter Protocol, without a status.
msgspec_v5.schema_fragments.setdefault(
    "debug_reply",
    {
        "properties": {
            "type": {"const": "response"},
            "seq": {"type": "integer"},
            "request_seq": {"type": "integer"},
            "command": {"type": "string"},
            "success": {"type": "boolean"},
        }
    },
)
msgspec_v5.schema_fragments.setdefault(
    "usage_reply",
    {
        "properties": {
            "hostname": {"type": "string"},
            "pid": {"type": "integer"},
            "kernel_cpu": {"type": "number"},
            "kernel_memory": {"type": "integer"},
            "cpu_count": {"type": "integer"},
            "host_cpu_percent": {"type": "number"},
            "host_virtual_memory": {"type": "object"},
        }
    },
)
# The specification has a boolean here, and so do all kernels.
msgspec_v5.schema_fragments["input_request"]["properties"]["password"] = {"type": "boolean"}
# "aborted" is what the specification and every kernel call the status; the schemas know an older name.
_ABORTED = {"status", "execution_count", "payload", "user_expressions", "ename", "evalue", "traceback"}


def checked(message: Message) -> Message:
    """Returns a message that is as the protocol wants it; any other fails the test."""
    assert isinstance(message["header"]["date"], datetime), "jupyter_client could not read the date"
    kind = message["header"]["msg_type"]
    content = message["content"]
    if content.get("status") == "aborted":
        msgspec_v5.msg_structure_validator.validate(message)
        assert set(content) <= _ABORTED, content
        return message
    msgspec_v5.validate_message(message, kind)
    return message
