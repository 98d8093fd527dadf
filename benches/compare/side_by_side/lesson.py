"""A whole lesson, as "Restart Kernel and Run All Cells" runs it, without its sleeps.

The time is from the start of the process to the end of the last cell, since a kernel may answer before it is ready, and
get ready while it runs its first cells.

The sleeps go by one more cell, which both kernels run after the lesson's first: it defines a `sleep` of its own, which
hides the one that the lesson brings in by `use lesson_support::prelude::*`. It yields, since a counter that loses
updates loses them only where another thread gets its turn. What waits by other means is changed in `CHANGED`, and what
cannot run without waiting, or on both kernels, is left out, for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

from .figure import Figure
from .kernel import Kernel
from .places import LESSON
from .turns import Run, settle

NO_SLEEP = "fn sleep(_: Duration) { thread::yield_now() }"
#: The cell's id, what is replaced, by what.
CHANGED = {"acquire-for": ("Duration::from_secs(2)", "Duration::from_millis(1)")}
#: The cell's id, and why it is left out.
LEFT_OUT = {
    "forever": "waits for ever, until stop is pressed",
    "timing-check": "asserts how long the sleeps were",
}

FIGURES = (
    Figure("lesson.first", "start and whole lesson, without its sleeps", at_most=0.5),
    Figure("lesson.again", "the same again, in a fresh kernel"),
)


@dataclass(frozen=True)
class Cell:
    """A code cell of the lesson."""

    id: str
    code: str


def cells(path: Path = LESSON) -> list[Cell]:
    """Returns the lesson's code cells without the sleeps, and without those that are left out."""
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code" or cell.id in LEFT_OUT:
            continue
        code = cell.source
        if cell.id in CHANGED:
            code = code.replace(*CHANGED[cell.id])
        found.append(Cell(cell.id, code))
        if len(found) == 1:
            found.append(Cell("no-sleep", NO_SLEEP))
    return found


def measure(which: str, run: Run) -> Iterator[None]:
    """Runs the lesson in two kernels, one after the other; the second may take what is kept of an earlier run."""
    lesson = cells()[:12] if run.quick else cells()
    with Kernel(which, kept=True) as kernel:
        kernel.ready()
        for cell in lesson:
            kernel.run(cell.code)
    for figure in ("lesson.first", "lesson.again"):
        settle()
        with Kernel(which, kept=figure == "lesson.again") as kernel:
            seconds, refused = {"start": kernel.ready()}, []
            for cell in lesson:
                ran = kernel.run(cell.code)
                seconds[cell.id] = ran.seconds
                if ran.refused:
                    refused.append(cell.id)
            run.add(figure, which, ran.done - kernel.started)
        run.details.setdefault(f"{figure}.cells", {})[which] = seconds
        run.details.setdefault(f"{figure}.refused", {})[which] = refused
        yield
    run.note(f"{len(lesson)} cells; left out: " + "; ".join(f"{name} ({why})" for name, why in LEFT_OUT.items()))
    _note_differences(run)


def _note_differences(run: Run) -> None:
    """Says which cells do not compile on one kernel only: the two have then not done the same work."""
    for figure in ("lesson.first", "lesson.again"):
        refused = run.details[f"{figure}.refused"]
        if len(refused) == 2:
            (one, its), (other, others) = ((kernel, set(cells)) for kernel, cells in refused.items())
            for kernel, alone in ((one, its - others), (other, others - its)):
                if alone:
                    run.note(f"cells that do not compile on {kernel} alone: {', '.join(sorted(alone))}")
