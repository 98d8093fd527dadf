"""Memory of a kernel and all its processes, after its start and after 60 cells.

Resident memory counts a page that two processes share twice; the proportional share (PSS) counts it once.
"""

from __future__ import annotations

from collections.abc import Iterator

import psutil

from .cells import KINDS, SET_UP
from .figure import Figure
from .kernel import START_S, Kernel
from .turns import Run, settle

FIGURES = (
    Figure("memory.start_rss", "resident memory after start", unit="MB"),
    Figure("memory.start_pss", "the same, shared pages once (PSS)", unit="MB"),
    Figure("memory.cells_rss", "resident memory after 60 cells", unit="MB", at_most=0.6),
    Figure("memory.cells_pss", "the same, shared pages once (PSS)", unit="MB"),
)
CELLS = 60


def measure(which: str, run: Run) -> Iterator[None]:
    """Starts a kernel, looks, runs cells of all kinds, and looks again."""
    with Kernel(which) as kernel:
        kernel.ready()
        _look(run, which, kernel, "start")
        kernel.ok(SET_UP, START_S)
        kinds = [kind for kind in KINDS if kind.live == KINDS[0].live]
        for number in range(6 if run.quick else CELLS - 1):
            kind = kinds[number % len(kinds)]
            code = "\n".join(part for part in (kind.before, kind.code) if part).replace("NN", str(1000 + number))
            kernel.run(code)
        _look(run, which, kernel, "cells")
    yield


def _look(run: Run, which: str, kernel: Kernel, when: str) -> None:
    # A kernel may answer long before it is ready; what it holds then is not what a learner's machine has to hold.
    settle(START_S)
    resident = shared = 0
    by_process: dict[str, float] = {}
    for process in kernel.processes():
        try:
            memory = process.memory_full_info()
            name = process.name()
        except psutil.NoSuchProcess:
            continue
        resident += memory.rss
        shared += memory.pss
        by_process[name] = by_process.get(name, 0.0) + memory.rss / 1e6
    run.add(f"memory.{when}_rss", which, resident / 1e6)
    run.add(f"memory.{when}_pss", which, shared / 1e6)
    run.details.setdefault(f"memory.{when}.by_process", {})[which] = by_process
