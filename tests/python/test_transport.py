"""Where the channels are: files (`ipc`), ports of this machine, ports that others reach."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

from frontend import HISTORY, START_S, eventually
from places import KERNEL


@contextmanager
def managed(**settings: Any) -> Iterator[KernelManager]:
    """Starts a kernel with settings of the manager, and ends it."""
    manager = KernelManager(kernel_name=KERNEL, **settings)
    manager.start_kernel(stderr=subprocess.DEVNULL)
    try:
        yield manager
    finally:
        manager.shutdown_kernel(now=True)


def answer_of(manager: KernelManager, code: str) -> str:
    """Runs a cell with a client of its own, and returns its value."""
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=START_S)
        values: list[str] = []
        client.execute_interactive(
            code,
            timeout=START_S,
            output_hook=lambda message: values.append(message["content"].get("data", {}).get("text/plain", "")),
        )
        return "".join(values)
    finally:
        client.stop_channels()


def test_the_channels_can_be_files(tmp_path: Path) -> None:
    prefix = tmp_path / "channels"
    with managed(transport="ipc", ip=str(prefix)) as manager:
        assert answer_of(manager, "6 * 7") == "42"
        files = sorted(tmp_path.glob("channels-*"))
        assert len(files) == 5
        # The old kernel is killed, and leaves its files to the new one.
        manager.restart_kernel(now=True)
        assert answer_of(manager, "6 * 8") == "48"
        client = manager.blocking_client()
        client.start_channels()
        client.shutdown()
        eventually(lambda: not any(file.exists() for file in files), 20, "the kernel removes its channels")
        client.stop_channels()


def kernel_with(tmp_path: Path, **changed: Any) -> subprocess.CompletedProcess[str]:
    """Starts a kernel with a changed connection file; returns what came of it when it has ended."""
    manager = KernelManager(kernel_name=KERNEL)
    file = tmp_path / "connection.json"
    ports = {f"{name}_port": 1 for name in ("shell", "iopub", "stdin", "control", "hb")}
    usual = {"transport": "tcp", "ip": "127.0.0.1", "key": "k", "signature_scheme": "hmac-sha256"}
    file.write_text(json.dumps({**usual, **ports, **changed}), encoding="utf-8")
    command = [part.format(connection_file=file) for part in manager.kernel_spec.argv]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env={HISTORY: "off"})


def test_what_the_kernel_cannot_do_is_said(tmp_path: Path) -> None:
    for changed, said in (
        ({"curve_publickey": "p", "curve_secretkey": "s"}, "CurveZMQ"),
        ({"signature_scheme": "hmac-md5"}, "hmac-md5"),
        ({"transport": "udp"}, "not valid"),
        ({"shell_port": "many"}, "not valid"),
    ):
        ended = kernel_with(tmp_path, **changed)
        assert ended.returncode != 0
        assert said in ended.stderr, ended.stderr


def test_a_port_that_is_not_free_is_named(tmp_path: Path) -> None:
    # An address of another machine cannot be bound here.
    ended = kernel_with(tmp_path, ip="192.0.2.1")
    assert ended.returncode != 0
    assert "warning: the channels are open on 192.0.2.1 without encryption" in ended.stderr
    assert "cannot bind the iopub channel" in ended.stderr


def test_jupyter_run_starts_it_with_the_file_to_run(tmp_path: Path) -> None:
    # Jupyter passes its own arguments on to the kernel, and runs the file by it.
    file = tmp_path / "lesson.rs"
    file.write_text('let n = 41;\nprintln!("{}", n + 1);\n', encoding="utf-8")
    command = [sys.executable, "-m", "jupyter_client.runapp", f"--kernel={KERNEL}", str(file)]
    environment = os.environ | {HISTORY: "off"}
    ended = subprocess.run(command, capture_output=True, text=True, timeout=START_S, check=False, env=environment)
    assert (ended.returncode, ended.stdout) == (0, "42\n"), ended.stderr
