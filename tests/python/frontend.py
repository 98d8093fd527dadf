"""A small front end: speaks to a kernel as JupyterLab does, and holds every message to the protocol.

Each message received on any channel is checked against the message schemas of `jupyter_kernel_test`, its signature by
jupyter_client, its parent against the request that it answers. Every wait has a deadline; one that passes tells what
was awaited, what came instead, and what the kernel wrote to its log.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from types import TracebackType
from typing import Any, NoReturn, Self

import psutil
import zmq
from jupyter_client.manager import KernelManager

from lesson_check.errors import strip_ansi
from places import KERNEL
from schemas import Message, checked

#: Environment variable of the kernel: the history file, or `off`.
HISTORY = "RUST_LESSONS_HISTORY"
#: Environment variable of the kernel: `off`, and no compiled cell is kept or taken from an earlier kernel.
CELLS = "RUST_LESSONS_CELLS"

#: A loaded machine compiles a cell in a second or two; this is when a test gives up.
CELL_S = 60
#: Loading rust-analyzer's workspace and the first inference over std take several seconds, more on a loaded machine.
START_S = 180
#: What needs no compiler: replies that the kernel gives from memory.
QUICK_S = 20
#: How often a wait looks whether the kernel is still alive; what it sent before its end is read in any case.
LOOK_S = 1.0

@dataclass
class Ran:
    """What one `execute_request` came to."""

    request_id: str
    reply: Message
    messages: list[Message]

    @property
    def content(self) -> dict[str, Any]:
        """The reply's content."""
        return self.reply["content"]

    @property
    def status(self) -> str:
        """`ok`, `error` or `aborted`."""
        return self.content["status"]

    @property
    def stdout(self) -> str:
        """All that was printed while the cell ran."""
        return printed(self.messages, "stdout")

    @property
    def stderr(self) -> str:
        """All that was printed to the error stream while the cell ran."""
        return printed(self.messages, "stderr")

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The contents of all `error` messages."""
        return [message["content"] for message in self.messages if message["msg_type"] == "error"]

    @property
    def error(self) -> dict[str, Any]:
        """The content of the one `error` message; fails the test if there are none or several."""
        assert len(self.errors) == 1, f"expected one error message, got {self.errors}; reply {self.content}"
        return self.errors[0]

    @property
    def report(self) -> str:
        """The error's traceback as plain text."""
        return strip_ansi("\n".join(self.error["traceback"]))

    @property
    def result(self) -> str | None:
        """The plain text of the cell's value."""
        for message in self.messages:
            if message["msg_type"] == "execute_result":
                return message["content"]["data"].get("text/plain")
        return None


class FrontEnd:
    """A kernel and a client of it, to be used in a `with` block."""

    def __init__(
        self,
        kernel: str = KERNEL,
        *,
        cwd: Path | str | None = None,
        env: Mapping[str, str] | None = None,
        wait: bool = True,
    ) -> None:
        # Lives as long as the kernel, which `close` ends.
        self._log = tempfile.NamedTemporaryFile("w+", prefix="kernel-", suffix=".log")  # noqa: SIM115
        # Of our own, so that `close` can end it at once, whatever is still unsent.
        self._context = zmq.Context()
        self.manager = KernelManager(kernel_name=kernel, context=self._context)
        #: Environment variable by which every process of this kernel can be found.
        self.mark = f"LESSON_TEST_MARK={os.getpid()}-{id(self)}-{time.monotonic_ns()}"
        name, value = self.mark.split("=")
        self.started = time.monotonic()
        self.manager.start_kernel(
            cwd=str(cwd) if cwd else None,
            # Without history, unless a test names a file: the user's own is never written. And each cell is
            # compiled, also where it was compiled in the last run of the tests.
            env={**os.environ, HISTORY: "off", CELLS: "off", **(env or {}), name: value},
            stderr=self._log,
            stdout=self._log,
        )
        self.client = self.manager.blocking_client()
        self.client.start_channels(hb=False)
        self._requests: dict[str, Message] = {}
        self._replies: dict[str, Message] = {}
        self._iopub: dict[str, list[Message]] = defaultdict(list)
        if wait:
            try:
                self.wait_until_ready()
            except BaseException:
                self.close()
                raise

    # -- life

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        left = [reply["header"]["msg_type"] for reply in self._replies.values()]
        self.close()
        if kind is None:
            assert not left, f"replies were left unread: {left}"

    def close(self) -> None:
        """Ends the kernel, whatever state it is in."""
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=True)
        self._context.destroy(linger=0)
        self._log.close()

    @property
    def pid(self) -> int:
        """The kernel's process id."""
        return self.manager.provisioner.pid

    def processes(self) -> list[psutil.Process]:
        """Returns every process that was started for this kernel and is still there, however it was started."""
        name, value = self.mark.split("=")
        found = []
        for process in psutil.process_iter():
            try:
                marked = process.environ().get(name) == value
                if marked and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def log(self) -> str:
        """Returns the end of what the kernel wrote to its own stdout and stderr."""
        text = Path(self._log.name).read_text(encoding="utf-8", errors="replace")
        return text[-4000:]

    def wait_until_ready(self, timeout: float = START_S) -> Message:
        """Waits until the kernel answers and its iopub reaches us; returns its `kernel_info_reply`."""
        deadline = time.monotonic() + timeout
        while True:
            request = self.send("kernel_info_request", {})
            reply = self.reply(request, deadline - time.monotonic())
            # A subscription takes effect a moment after the connection: messages before that are lost.
            if self._await(lambda asked=request: self._is_idle(asked), time.monotonic() + 2):
                return reply
            if time.monotonic() > deadline:
                self._fail("the kernel's iopub")

    # -- requests

    def send(self, kind: str, content: dict[str, Any], channel: str = "shell", subshell: str | None = None) -> str:
        """Sends a request, to a subshell if one is named, and returns its id."""
        message = self.client.session.msg(kind, content)
        if subshell:
            message["header"]["subshell_id"] = subshell
        self._requests[message["header"]["msg_id"]] = message["header"]
        getattr(self.client, f"{channel}_channel").send(message)
        return message["header"]["msg_id"]

    def sent_elsewhere(self, header: dict[str, Any]) -> None:
        """Takes note of a request that another client sends to this kernel: all see what comes of it."""
        self._requests[header["msg_id"]] = header

    def reply(self, request: str, timeout: float = QUICK_S, channel: str = "shell") -> Message:
        """Waits for the reply to a request, and checks that it is the right kind of reply."""
        self.reply_is_there(request, timeout, channel)
        reply = self._replies.pop(request)
        asked = self._requests[request]["msg_type"]
        assert reply["header"]["msg_type"] == asked.replace("_request", "_reply")
        return reply

    def reply_is_there(self, request: str, timeout: float = QUICK_S, channel: str = "shell") -> None:
        """Waits until the reply to a request has come, and leaves it for `reply` or `finish`."""
        deadline = time.monotonic() + timeout
        while request not in self._replies:
            alive = self.manager.is_alive()
            left = max(0.01, min(LOOK_S, deadline - time.monotonic()))
            try:
                message = checked(getattr(self.client, f"get_{channel}_msg")(timeout=left))
            except Empty:
                if time.monotonic() >= deadline or not alive:
                    self._fail(f"the reply to {self._requests[request]['msg_type']}")
                continue
            self._replies[self._parent(message)] = message

    def ask(
        self,
        kind: str,
        content: dict[str, Any] | None = None,
        timeout: float = QUICK_S,
        channel: str = "shell",
        subshell: str | None = None,
    ) -> dict[str, Any]:
        """Sends a request that runs no cell; returns the reply's content, after a busy and an idle."""
        request = self.send(kind, content or {}, channel, subshell)
        reply = self.reply(request, timeout, channel)
        self.until_idle(request, timeout)
        return reply["content"]

    def execute(
        self,
        code: str,
        *,
        stop_on_error: bool = True,
        silent: bool = False,
        history: bool = True,
        stdin: bool = False,
        expressions: Mapping[str, str] | None = None,
        subshell: str | None = None,
    ) -> str:
        """Sends a cell to be run, and returns the id of the request at once; with `stdin` it may ask for input."""
        return self.send(
            "execute_request",
            {
                "code": code,
                "silent": silent,
                "store_history": history and not silent,
                "user_expressions": dict(expressions or {}),
                "allow_stdin": stdin,
                "stop_on_error": stop_on_error,
            },
            subshell=subshell,
        )

    def run(self, code: str, timeout: float = CELL_S, **options: Any) -> Ran:
        """Runs a cell, and returns what came of it."""
        return self.finish(self.execute(code, **options), timeout)

    def ok(self, code: str, timeout: float = CELL_S, **options: Any) -> Ran:
        """Runs a cell that must not fail, and returns what came of it."""
        ran = self.run(code, timeout, **options)
        assert ran.status == "ok", f"{code}\n{ran.content}\n{ran.stderr}"
        return ran

    def finish(self, request: str, timeout: float = CELL_S) -> Ran:
        """Waits for the end of a cell that has been sent, and checks the order of its messages."""
        started = time.monotonic()
        reply = self.reply(request, timeout)
        messages = self.until_idle(request, max(QUICK_S, timeout - (time.monotonic() - started)))
        ran = Ran(request, reply, messages)
        if ran.status == "aborted":
            assert [message["msg_type"] for message in messages] == ["status", "status"], messages
            return ran
        inputs = [message["content"] for message in messages if message["msg_type"] == "execute_input"]
        for shown in inputs:
            assert shown["execution_count"] == ran.content["execution_count"]
        if inputs:
            assert messages[1]["msg_type"] == "execute_input", "the input is shown before any output"
        if ran.status == "error":
            [error] = ran.errors
            assert {key: ran.content[key] for key in ("ename", "evalue", "traceback")} == error
        else:
            assert ran.errors == []
        return ran

    def interrupt(self, timeout: float = QUICK_S) -> float:
        """Interrupts the running cell as the stop button does; returns when the request was sent (monotonic)."""
        sent = time.monotonic()
        request = self.send("interrupt_request", {}, "control")
        assert self.reply(request, timeout, "control")["content"]["status"] == "ok"
        return sent

    def answer(self, request: str, line: str, timeout: float = CELL_S) -> dict[str, Any]:
        """Waits until the cell of `request` asks for input, types a line, and returns what was asked."""
        try:
            asked = checked(self.client.get_stdin_msg(timeout=timeout))
        except Empty:
            self._fail("a request for input", self.messages(request))
        assert asked["header"]["msg_type"] == "input_request"
        assert self._parent(asked) == request
        reply = self.client.session.msg("input_reply", {"status": "ok", "value": line}, parent=asked)
        self.client.stdin_channel.send(reply)
        return asked["content"]

    # -- iopub

    def until_idle(self, request: str, timeout: float = QUICK_S) -> list[Message]:
        """Waits until a request is done; returns its messages, which must stand between one busy and one idle."""
        if not self._await(lambda: self._is_idle(request), time.monotonic() + timeout):
            self._fail(f"idle after {self._requests[request]['msg_type']}", self._iopub[request])
        messages = self._iopub[request]
        states = [message["content"]["execution_state"] for message in messages if message["msg_type"] == "status"]
        assert states == ["busy", "idle"], f"states around {self._requests[request]['msg_type']}: {states}"
        assert messages[0]["msg_type"] == "status", "busy comes before anything else"
        return messages

    def until_printed(
        self, request: str, text: str | Callable[[str], bool], timeout: float = CELL_S, stream: str = "stdout"
    ) -> str:
        """Waits until the cell of `request`, or a thread that it left behind, has printed `text`.

        Returns all that it has printed.
        """
        done = text if callable(text) else (lambda all_of_it: text in all_of_it)
        if not self._await(lambda: done(printed(self._iopub[request], stream)), time.monotonic() + timeout):
            self._fail(f"{text!r} on {stream}", self._iopub[request])
        return printed(self._iopub[request], stream)

    def messages(self, request: str) -> list[Message]:
        """Returns the iopub messages of a request that have come so far."""
        self._await(lambda: False, time.monotonic() + 0.05)
        return self._iopub[request]

    def is_idle(self, request: str) -> bool:
        """Says whether a request is known to be done."""
        self._await(lambda: False, time.monotonic() + 0.01)
        return self._is_idle(request)

    def _is_idle(self, request: str) -> bool:
        return any(
            message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
            for message in self._iopub[request]
        )

    def _await(self, done: Callable[[], bool], deadline: float) -> bool:
        """Reads iopub until `done()` holds or the deadline has passed; says which."""
        while not done():
            alive = self.manager.is_alive()
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            try:
                message = checked(self.client.get_iopub_msg(timeout=min(LOOK_S, left)))
            except Empty:
                if not alive:
                    return False
                continue
            self._iopub[self._parent(message)].append(message)
        return True

    def _parent(self, message: Message) -> str:
        """Returns the id of the request that a message belongs to, after comparing the whole header."""
        parent = message["parent_header"]
        if not parent:
            kind = message["header"]["msg_type"]
            assert kind in ("status", "iopub_welcome", "stream"), f"{kind} without a parent"
            return ""
        asked = self._requests.get(parent["msg_id"])
        if asked is None and parent["msg_type"] in ("interrupt_request", "shutdown_request"):
            return ""  # sent by jupyter_client's manager on its own account
        assert asked is not None, f"{message['header']['msg_type']} answers a request that was never sent: {parent}"
        for key in ("msg_id", "session", "username", "msg_type", "version"):
            assert parent[key] == asked[key], f"parent's {key} is {parent[key]!r}, the request's {asked[key]!r}"
        assert parent.get("subshell_id") == asked.get("subshell_id"), parent
        return parent["msg_id"]

    def _fail(self, awaited: str, came: Sequence[Message] = ()) -> NoReturn:
        shown = [(message["msg_type"], str(message["content"])[:300]) for message in came]
        alive = "alive" if self.manager.is_alive() else "DEAD"
        raise AssertionError(
            f"waited in vain for {awaited}; came: {shown}; the kernel is {alive}; its log:\n{self.log()}"
        )


def printed(messages: Sequence[Message], stream: str = "stdout") -> str:
    """Returns what the `stream` messages among `messages` print, one after the other."""
    return "".join(
        message["content"]["text"]
        for message in messages
        if message["msg_type"] == "stream" and message["content"]["name"] == stream
    )


def eventually(holds: Callable[[], bool], timeout: float, what: str) -> None:
    """Waits until something holds that no message tells of, looking ten times a second."""
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, f"not within {timeout:g} s: {what}"
        time.sleep(0.1)
