"""Two kernels that take turns.

What is measured is written for one kernel, as a generator that yields where the other may take its turn: after each
cell of a long list, or nowhere, and then one kernel is measured after the other. Who is first changes with each turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from .kernel import KernelFailed
from .places import OURS, STOCK

#: Nothing has happened in such a time: the clock of `/proc` has a tick of 10 ms.
QUIET_S = 0.06
#: A kernel that never rests is not waited for any longer.
RESTLESS_S = 20.0


@dataclass
class Run:
    """One run of one group, for both kernels."""

    #: From 0.
    number: int
    #: Fewer repetitions, smaller sizes: to try the tool, not to measure.
    quick: bool
    #: Samples of this run: figure, kernel, values.
    samples: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    #: What failed.
    failures: list[str] = field(default_factory=list)
    #: What a reader of the samples should know.
    notes: list[str] = field(default_factory=list)
    #: Raw values that belong to no row of the table, by name and kernel.
    details: dict[str, dict[str, object]] = field(default_factory=dict)

    def add(self, figure: str, kernel: str, *values: float) -> None:
        """Adds samples."""
        self.samples.setdefault(figure, {}).setdefault(kernel, []).extend(values)

    def note(self, text: str) -> None:
        """Adds a note, once."""
        if text not in self.notes:
            self.notes.append(text)


#: Measures one group with one kernel; yields where the other may take its turn.
Measure = Callable[[str, Run], Iterator[None]]


def take_turns(measure: Measure, run: Run, kernels: Sequence[str] = (STOCK, OURS)) -> None:
    """Runs a measure for both kernels; one that fails is left behind, and the other goes on."""
    order = list(kernels)
    if run.number % 2:
        order.reverse()
    under_way = {kernel: measure(kernel, run) for kernel in order}
    try:
        while under_way:
            for kernel in [kernel for kernel in order if kernel in under_way]:
                try:
                    next(under_way[kernel])
                except StopIteration:
                    del under_way[kernel]
                except KernelFailed as failure:
                    del under_way[kernel]
                    run.failures.append(f"{kernel}: {failure}")
            order.reverse()
    finally:
        for measured in under_way.values():
            measured.close()  # type: ignore[attr-defined]  # a generator: its `with` blocks end


def settle(limit_s: float = RESTLESS_S) -> None:
    """Waits until no process that this one has started is at work, so that a kernel is not measured beside another.

    Returns after `limit_s` in any case.
    """
    deadline = time.monotonic() + limit_s
    before = None
    while time.monotonic() < deadline:
        now = _work()
        # On a busy machine a thread that wants to work may get no time for it: then it is runnable all the same.
        if now is not None and now == before:
            return
        before = now
        time.sleep(QUIET_S)


def _work() -> dict[int, float] | None:
    """Returns the seconds of work of each process below this one, or `None` if one is at work right now."""
    work = {}
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        if _runs(process.pid):
            return None
        work[process.pid] = times.user + times.system
    return work


def _runs(pid: int) -> bool:
    """Says whether a thread of a process is running, runnable, or waits for a disk."""
    for status in Path(f"/proc/{pid}/task").glob("*/stat"):
        try:
            # The state follows the name, which is in brackets and may have any character in it.
            state = status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state in "RD":
            return True
    return False
