"""A room full of learners: kernels that start at once, and how long each waits for its first result."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from .figure import Figure
from .kernel import Kernel
from .start import start_to_result
from .turns import Run, settle

SIZES = (1, 2, 4, 8)
FIGURES = tuple(
    Figure(f"crowd.{size}", f"{size} kernel{'s' * (size > 1)} at once, first result of each") for size in SIZES
)


def measure(which: str, run: Run) -> Iterator[None]:
    """Starts crowds of each size."""
    for size in SIZES[:2] if run.quick else SIZES:
        settle()
        run.add(f"crowd.{size}", which, *_first_results(which, size))
        yield


def _first_results(which: str, size: int) -> list[float]:
    """Starts so many kernels at once; returns how long each took to its first result."""
    stopped = threading.Event()

    def first_result(_: int) -> float:
        with Kernel(which, stopped, kept=True) as kernel:
            return start_to_result(kernel)[1]

    with ThreadPoolExecutor(size) as crowd:
        try:
            return list(crowd.map(first_result, range(size)))
        except BaseException:
            # The others would be waited for until their own deadlines.
            stopped.set()
            raise
