"""Bad input on every channel: it is logged and ignored, or answered with an error; the kernel goes on."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
import zmq
from jupyter_kernel_test import msgspec_v5

from frontend import FrontEnd

HEADER = {
    "msg_id": "raw",
    "session": "raw",
    "username": "raw",
    "date": "2026-01-01T00:00:00Z",
    "msg_type": "kernel_info_request",
    "version": "5.3",
}
PARTS = ("header", "parent_header", "metadata", "content")
RUBBISH = {
    "empty": b"",
    "no json": b"{",
    "no utf-8": b"\xff\xfe",
    "null": b"null",
    "a number": b"3",
    "a list": b"[1, 2]",
    "a text": b'"text"',
    "deep": b"[" * 5_000,
    "large": b'{"a": "' + b"x" * 2_000_000 + b'"}',
}


class Raw:
    """A client that signs whatever it is given."""

    def __init__(self, kernel: FrontEnd, channel: str, context: zmq.Context[Any]) -> None:
        connection = kernel.manager.get_connection_info()
        self.key = connection["key"]
        kernel.sent_elsewhere(HEADER)
        self.socket = context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(f"{connection['transport']}://{connection['ip']}:{connection[channel + '_port']}")

    def send(self, parts: list[bytes], signature: bytes | None = None) -> None:
        """Sends a message of these parts, rightly signed unless a signature is given."""
        right = hmac.new(self.key, b"".join(parts[:4]), hashlib.sha256).hexdigest().encode()
        self.socket.send_multipart([b"<IDS|MSG>", right if signature is None else signature, *parts])

    def reply(self, timeout_s: float = 20) -> dict[str, Any] | None:
        """Returns the content of the next reply; none within the time is none."""
        if not self.socket.poll(timeout_s * 1000):
            return None
        frames = self.socket.recv_multipart()
        return json.loads(frames[frames.index(b"<IDS|MSG>") + 5])


def parts(**changed: bytes) -> list[bytes]:
    """Returns the four parts of a good request, some of them changed."""
    good = {"header": json.dumps(HEADER).encode(), "parent_header": b"{}", "metadata": b"{}", "content": b"{}"}
    return list({**good, **changed}.values())


@pytest.fixture(params=["shell", "control"])
def raw(kernel: FrontEnd, request: pytest.FixtureRequest) -> Iterator[Raw]:
    """A raw client on each channel that takes requests."""
    with zmq.Context() as context:
        client = Raw(kernel, request.param, context)
        yield client
        client.send(parts())
        assert client.reply()["status"] == "ok", "the channel works after it"
        client.socket.close()


def test_the_raw_client_itself_is_understood(raw: Raw) -> None:
    raw.send(parts())
    assert raw.reply()["status"] == "ok"


@pytest.mark.parametrize("what", RUBBISH)
@pytest.mark.parametrize("part", PARTS)
def test_rubbish_in_any_part_costs_nothing(kernel: FrontEnd, raw: Raw, part: str, what: str) -> None:
    raw.send(parts(**{part: RUBBISH[what]}))
    reply = raw.reply(0.5 if part == "header" else 20)
    if part == "header":
        assert reply is None, "nobody is named whom a reply could reach"
        assert "ignored a message that cannot be read: bad header" in kernel.log()
    elif part == "content" and what != "large":
        assert (reply["status"], reply["ename"]) == ("error", "UnknownRequest")
    else:
        assert reply["status"] == "ok"


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_too_few_parts_are_ignored(raw: Raw, number: int) -> None:
    raw.send(parts()[:number])
    assert raw.reply(0.3) is None


@pytest.mark.parametrize("signature", [b"", b"0" * 64, b"zz", b"\xff" * 64, b"0" * 63], ids=str)
def test_a_wrong_signature_is_dropped(kernel: FrontEnd, raw: Raw, signature: bytes) -> None:
    raw.send(parts(), signature)
    assert raw.reply(0.3) is None
    assert "ignored a message that cannot be read: not a signed message" in kernel.log()


@pytest.mark.parametrize("changed", PARTS)
def test_a_part_that_was_changed_after_signing_is_dropped(raw: Raw, changed: str) -> None:
    good = hmac.new(raw.key, b"".join(parts()), hashlib.sha256).hexdigest().encode()
    raw.send(parts(**{changed: b'{"msg_id": "changed"}'}), good)
    assert raw.reply(0.3) is None


def test_identities_and_buffers_are_no_trouble(raw: Raw) -> None:
    raw.socket.send_multipart([b"", b"\x00", b"<IDS|MSG>"])
    raw.socket.send_multipart([b"<IDS|MSG>"] * 3)
    assert raw.reply(0.3) is None
    raw.send([*parts(), b"a buffer", b""])
    assert raw.reply()["status"] == "ok"


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("execute_request", {}),
        ("execute_request", {"code": 3}),
        ("complete_request", {"cursor_pos": 1}),
        ("complete_request", {"code": "a", "cursor_pos": -1}),
        ("inspect_request", {"code": ["a"], "cursor_pos": 0}),
        ("history_request", {"hist_access_type": "nothing"}),
    ],
)
def test_a_request_with_a_wrong_content_is_answered_with_an_error(
    kernel: FrontEnd, kind: str, content: dict[str, Any]
) -> None:
    request = kernel.send(kind, content)
    kernel.reply_is_there(request)
    reply = kernel.ask("kernel_info_request")
    assert reply["status"] == "ok"
    answer = kernel.reply(request)["content"]
    assert (answer["status"], answer["ename"]) == ("error", "UnknownRequest")
    kernel.until_idle(request)


def test_code_that_cannot_be_read_is_of_unknown_completeness(kernel: FrontEnd) -> None:
    assert kernel.ask("is_complete_request", {}) == {"status": "unknown"}


def test_a_request_that_no_kernel_knows_is_answered_with_an_error(
    kernel: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = {"properties": {"status": {"const": "error"}, "ename": {}, "evalue": {}, "traceback": {}}}
    monkeypatch.setitem(msgspec_v5.schema_fragments, "no_such_reply", error)
    for channel in ("shell", "control"):
        assert kernel.ask("no_such_request", {"a": 1}, channel=channel)["ename"] == "UnknownRequest"


def test_rubbish_on_stdin_and_heartbeat_costs_nothing(kernel: FrontEnd) -> None:
    connection = kernel.manager.get_connection_info()
    with zmq.Context() as context:
        stdin = Raw(kernel, "stdin", context)
        stdin.send(parts(content=b"rubbish"))
        stdin.send(parts(header=b"rubbish"))
        stdin.socket.send_multipart([b"x"])
        stdin.socket.close()
        with context.socket(zmq.DEALER) as iopub:
            iopub.linger = 0
            iopub.connect(f"{connection['transport']}://{connection['ip']}:{connection['iopub_port']}")
            iopub.send(b"\x01" + b"x" * 100_000)
    request = kernel.execute(
        "let mut line = String::new();\nstd::io::stdin().read_line(&mut line).unwrap();\n"
        'println!("got {}", line.trim());',
        stdin=True,
    )
    kernel.answer(request, "Ada")
    assert kernel.finish(request).stdout == "got Ada\n"
