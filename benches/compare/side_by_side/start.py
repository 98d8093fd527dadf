"""Start: until the kernel answers, and until it has run a cell that a lesson could begin with."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from .figure import Figure
from .kernel import START_S, Kernel
from .turns import Run, settle

#: A std type, a type of the support crate, two variables, a value: all that a first cell may need.
FIRST_CELL = """\
let lock = Lock::new("studio");
let numbers = std::sync::Arc::new(std::sync::Mutex::new(vec![1, 2, 3]));
format!("{lock:?} {}", numbers.lock().unwrap().len())"""
#: What it comes to.
FIRST_RESULT = '"<lock studio: free> 3"'

FIGURES = (
    Figure("start.info", "start to kernel_info_reply", at_most=0.05),
    Figure("start.result", "start to first result (std type, support crate)", at_most=0.35),
)
#: Starts in one run.
STARTS = 3


def start_to_result(kernel: Kernel) -> tuple[float, float]:
    """Returns the seconds from the start of the process to its first reply, and to its first result."""
    info = kernel.ready()
    # What a start itself compiles is kept from the first start on; the learner's first cell is a new one.
    ran = kernel.ok(f"// {uuid.uuid4()}\n{FIRST_CELL}", START_S)
    result = ran.first("execute_result")
    if result is None or ran.result != FIRST_RESULT:
        kernel.fail(f"the first cell came to {ran.result!r}, not {FIRST_RESULT}")
    return info, result.at - kernel.started


def measure(which: str, run: Run) -> Iterator[None]:
    """Starts a kernel several times."""
    for _ in range(1 if run.quick else STARTS):
        settle()
        with Kernel(which, kept=True) as kernel:
            info, result = start_to_result(kernel)
        run.add("start.info", which, info)
        run.add("start.result", which, result)
        yield
