"""One kernel and its client. Messages are read as they come, and decoded only as far as it takes to tell them apart.

The client is the same for both kernels, and as light as it can be: with 100,000 messages, decoding would be most of
what is measured.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

import psutil
import zmq
from jupyter_client.manager import KernelManager

from .places import KERNELSPECS, NOTEBOOKS

#: When a start is given up; eight stock kernels at once on two cores take most of a minute.
START_S = 240.0
#: When a cell is given up.
CELL_S = 120.0
#: How long after its reply a cell's last messages may come.
LATE_S = 10.0
#: How often a wait looks whether the kernel is still alive.
LOOK_S = 0.5
#: The environment variable by which all processes of a kernel are found.
MARK = "LESSONS_COMPARE_MARK"


class KernelFailed(Exception):
    """A kernel did not do what was asked of it, or not in time; the message says what."""


@dataclass(frozen=True)
class Message:
    """A message, and when it was there (`time.perf_counter`)."""

    at: float
    channel: str
    kind: str
    parent: str
    raw: bytes

    @cached_property
    def content(self) -> dict[str, Any]:
        """The content, decoded at the first look."""
        return json.loads(self.raw)


@dataclass
class Ran:
    """What one cell came to."""

    sent: float
    done: float = 0.0
    status: str = ""
    messages: list[Message] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """From the request until both the reply and `idle` were there."""
        return self.done - self.sent

    def first(self, kind: str) -> Message | None:
        """Returns the first message of a kind."""
        return next((message for message in self.messages if message.kind == kind), None)

    @property
    def streams(self) -> list[Message]:
        """The messages by which text was printed."""
        return [message for message in self.messages if message.kind == "stream"]

    @property
    def text(self) -> str:
        """All that was printed to stdout."""
        return "".join(m.content["text"] for m in self.streams if m.content["name"] == "stdout")

    @property
    def result(self) -> str:
        """The plain text of the cell's value, or nothing."""
        message = self.first("execute_result")
        return message.content["data"].get("text/plain", "") if message else ""

    @property
    def failed(self) -> bool:
        """Whether the kernel says that there was an error; the stock kernel does not of a panic."""
        return self.status != "ok"

    @property
    def refused(self) -> bool:
        """Whether there was an error that is one on both kernels: the cell does not compile."""
        error = self.first("error")
        return self.failed and (error is None or error.content["ename"] != "panic")


class Kernel:
    """A kernel that has just been started, in the lessons' folder; to be used in a `with` block.

    Every wait ends, and fails, when `stopped` is set. With `kept`, our kernel takes cells that an earlier one has
    compiled, as it does by default; without, each is compiled, whatever was measured before.
    """

    def __init__(self, which: str, stopped: threading.Event | None = None, *, kept: bool = False) -> None:
        self.which = which
        self._stopped = stopped or threading.Event()
        # Leftovers go with the folder: a kernel that is killed cannot remove its own.
        self._folder = tempfile.TemporaryDirectory(prefix="compare-", ignore_cleanup_errors=True)
        # Lives as long as the kernel, which `close` ends.
        self._log = Path(self._folder.name, "kernel.log").open("w+", encoding="utf-8")  # noqa: SIM115
        self._mark = uuid.uuid4().hex
        self._context = zmq.Context()
        # The client connects before the kernel listens, and would try again every 100 ms only.
        self._context.setsockopt(zmq.RECONNECT_IVL, 2)
        # Nothing is dropped on our side, however much comes at once.
        self._context.setsockopt(zmq.RCVHWM, 0)
        self._manager = KernelManager(kernel_name=KERNELSPECS[which], context=self._context)
        environment = {
            **os.environ,
            "TMPDIR": self._folder.name,
            # No `init.evcxr` of the user's own.
            "EVCXR_CONFIG_DIR": self._folder.name,
            "RUST_LESSONS_HISTORY": "off",
            "RUST_LESSONS_CELLS": "on" if kept else "off",
            MARK: self._mark,
        }
        #: When the process was started.
        self.started = time.perf_counter()
        try:
            self._manager.start_kernel(cwd=str(NOTEBOOKS), env=environment, stdout=self._log, stderr=self._log)
            # In our context: with one of its own it would wait, when it goes, for what could not be sent.
            self._client = client = self._manager.client(context=self._context)
            self._session = client.session
            self._sockets = {
                "shell": client.connect_shell(identity=self._session.bsession),
                "control": client.connect_control(identity=self._session.bsession),
                "iopub": client.connect_iopub(),
            }
        except BaseException:
            self.close()
            raise
        self._poller = zmq.Poller()
        self._names = {}
        for name, socket in self._sockets.items():
            self._poller.register(socket, zmq.POLLIN)
            self._names[socket] = name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the kernel and every process that was started for it."""
        if self._manager.has_kernel:
            self._manager.shutdown_kernel(now=True)
        for process in self.processes():
            try:
                process.kill()
                process.wait(5)
            except (psutil.NoSuchProcess, psutil.TimeoutExpired):
                continue
        self._context.destroy(linger=0)
        self._log.close()
        self._folder.cleanup()

    def work(self) -> tuple[float, float]:
        """Returns the seconds of processor time of the kernel's own process, and of those that it started which ended.

        What runs the cells is not in it: it does not end.
        """
        times = psutil.Process(self._manager.provisioner.pid).cpu_times()
        return times.user + times.system, times.children_user + times.children_system

    def processes(self) -> list[psutil.Process]:
        """Returns the kernel's process and all that were started for it, however they were started."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == self._mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def ready(self) -> float:
        """Waits for the answer to a first `kernel_info_request`; returns the seconds since the start.

        Asks again until it hears of a request on iopub too: what is published before that is lost.
        """
        first = self.send("kernel_info_request", {})
        requests = {first}
        seconds, heard = 0.0, False
        deadline = time.perf_counter() + START_S
        while not (seconds and heard):
            message = self.next(deadline, "kernel_info_reply")
            if message.parent not in requests:
                continue
            heard = heard or message.channel == "iopub"
            if message.parent == first and message.kind == "kernel_info_reply":
                seconds = message.at - self.started
            if message.kind == "kernel_info_reply" and not heard:
                requests.add(self.send("kernel_info_request", {}))
        return seconds

    def send(self, kind: str, content: dict[str, Any], channel: str = "shell") -> str:
        """Sends a request, and returns its id."""
        message = self._session.msg(kind, content)
        self._session.send(self._sockets[channel], message)
        return message["header"]["msg_id"]

    def execute(self, code: str) -> tuple[str, Ran]:
        """Sends a cell; returns the request's id, and what is to be filled by `finish`."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        ran = Ran(time.perf_counter())
        return self.send("execute_request", content), ran

    def finish(self, request: str, ran: Ran, code: str, timeout: float = CELL_S) -> Ran:
        """Reads until the cell is done."""
        deadline = ran.sent + timeout
        idle = any(_is_idle(message) for message in ran.messages)
        while not (idle and ran.status):
            message = self.next(deadline, f"the end of {_short(code)}")
            if message.parent != request:
                continue
            if message.kind == "execute_reply":
                ran.status = message.content["status"]
                # A kernel that drops its last messages is not waited for until the cell's own deadline.
                deadline = min(deadline, message.at + LATE_S)
            else:
                ran.messages.append(message)
                idle = idle or _is_idle(message)
            ran.done = message.at
        return ran

    def run(self, code: str, timeout: float = CELL_S) -> Ran:
        """Runs a cell, and returns what came of it."""
        request, ran = self.execute(code)
        return self.finish(request, ran, code, timeout)

    def ok(self, code: str, timeout: float = CELL_S) -> Ran:
        """Runs a cell that must not fail."""
        ran = self.run(code, timeout)
        if ran.failed:
            error = ran.first("error")
            self.fail(f"{_short(code)} failed: {error.content['evalue'][:300] if error else ran.status}")
        return ran

    def next(self, deadline: float, awaited: str) -> Message:
        """Returns the next message of any channel; fails at the deadline, or when the kernel is gone."""
        while True:
            left = deadline - time.perf_counter()
            if left <= 0:
                self.fail(f"waited in vain for {awaited}")
            if self._stopped.is_set():
                self.fail(f"was stopped while it was to give {awaited}")
            ready = self._poller.poll(min(left, LOOK_S) * 1000)
            for socket, _ in ready:
                frames = socket.recv_multipart()
                at = time.perf_counter()
                _, parts = self._session.feed_identities(frames)
                header, parent = json.loads(parts[1]), json.loads(parts[2])
                return Message(at, self._names[socket], header["msg_type"], parent.get("msg_id", ""), parts[4])
            if not ready and not self._manager.is_alive():
                self.fail(f"the kernel died while it was to give {awaited}")

    def fail(self, what: str) -> NoReturn:
        """Fails, and quotes the end of what the kernel wrote to its own stdout and stderr."""
        self._log.flush()
        log = Path(self._log.name).read_text(encoding="utf-8", errors="replace").strip()
        last = log.splitlines()[-1] if log else ""
        raise KernelFailed(f"{what}; its last words: {last[:200]}" if last else what)


def _is_idle(message: Message) -> bool:
    return message.kind == "status" and message.content["execution_state"] == "idle"


def _short(code: str) -> str:
    line = code.strip().splitlines()[0] if code.strip() else ""
    return f"`{line[:60]}…`" if len(line) > 60 or "\n" in code.strip() else f"`{line}`"
