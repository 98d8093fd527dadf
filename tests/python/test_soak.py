"""The short form of the soak: what a cell leaves behind is bounded. See `soak.py` for the long one."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from frontend import FrontEnd
from soak import FOLDER_KB_PER_CELL, Sample, Soak, growth


def test_a_session_does_not_grow_past_its_bounds() -> None:
    with tempfile.TemporaryDirectory(prefix="soak-") as made, FrontEnd(env={"TMPDIR": made}) as front_end:
        samples = Soak(front_end, Path(made)).run(60, 12, looks=5)
    # The first two rounds of all kinds of cells fill the compiler's incremental cache, which a session has once.
    assert growth(samples[1:]) == [], "\n".join(map(str, samples))


def test_a_leak_is_found() -> None:
    start = Sample(0, 500.0, 20.0, 30, 10, 12, 4, 100, 20.0, 200.0)
    later = replace(start, cells=100)
    assert growth([start, start, later]) == []
    assert "kernel_fds" in growth([start, start, replace(later, kernel_fds=31)])[0]
    assert "runtime_threads" in growth([start, start, replace(later, runtime_threads=5)])[0]
    too_much = 20.0 + 100 * (FOLDER_KB_PER_CELL + 1) / 1000
    assert "folder_mb" in growth([start, start, replace(later, folder_mb=too_much)])[0]
