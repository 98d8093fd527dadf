"""After the set-up no network is needed, in any number of kernels at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from frontend import START_S, FrontEnd
from places import PYTHON

KERNELS = 4
DEADLINE_S = 600
# Nobody listens there: whatever asks the network through a proxy is refused at once.
NOWHERE = "http://127.0.0.1:9"
NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), NOWHERE)

# Opens the loopback device of a network namespace of its own: the kernels' sockets are there.
LOOPBACK_UP = """
import fcntl, socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    request = struct.pack("16sh", b"lo", 0)
    flags = struct.unpack("16sh", fcntl.ioctl(s, 0x8913, request))[1]
    fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", flags | 1))
"""


def four_kernels() -> None:
    """Starts four kernels, runs a cell with the support crate in each, and compares what they say."""
    kernels = [FrontEnd(env=NO_NETWORK, wait=False) for _ in range(KERNELS)]
    try:
        for kernel in kernels:
            kernel.wait_until_ready()
        cells = [
            kernel.execute(
                "use lesson_support::prelude::*;\n"
                f'let studio = Lock::new("studio {number}");\nlet got = studio.acquire();\nprintln!("{{studio:?}}");'
            )
            for number, kernel in enumerate(kernels)
        ]
        for number, (kernel, cell) in enumerate(zip(kernels, cells, strict=True)):
            ran = kernel.finish(cell, START_S)
            assert ran.status == "ok", ran.content
            assert ran.stdout == f"<lock studio {number}: held by notebook>\n"
            assert "Compiling" not in ran.stderr
        assert len({kernel.pid for kernel in kernels}) == KERNELS
    finally:
        for kernel in kernels:
            kernel.close()


def test_four_kernels_start_at_once_without_a_network() -> None:
    here = Path(__file__)
    code = f"{LOOPBACK_UP}\nimport sys; sys.path[:0] = {sys.path!r}; import {here.stem}; {here.stem}.four_kernels()"
    command = [PYTHON, "-c", code]
    unshare = shutil.which("unshare")
    # A network namespace of its own has no way out at all. Where it may not be made, dead proxies have to do.
    cut_off = unshare and subprocess.run([unshare, "-rn", "true"], capture_output=True, check=False, timeout=60)
    if cut_off and cut_off.returncode == 0:
        command = [unshare, "-rn", *command]
    else:
        command[2] = code.removeprefix(LOOPBACK_UP)
        print("no network namespace may be made here: only proxies are cut off")
    ran = subprocess.run(
        command, env={**os.environ, **NO_NETWORK}, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    assert ran.returncode == 0, ran.stderr[-6000:]
