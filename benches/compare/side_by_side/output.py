"""Output: many lines, and much text; the time until all of it is there, and in how many messages."""

from __future__ import annotations

from collections.abc import Iterator

from .figure import Figure
from .kernel import START_S, Kernel, Ran
from .places import OURS
from .turns import Run, settle

FIGURES = (
    Figure("lines.time", "20,000 lines", at_most=0.15),
    Figure("lines.messages", "20,000 lines, messages", unit="messages", at_most=0.002),
    Figure("bytes.time", "100 MB in lines of 1,000 characters"),
    Figure("bytes.messages", "100 MB, messages", unit="messages"),
)
LINES = 20_000
#: Lines of 1,000 characters with their line end: 100 MB.
LONG_LINES = 100_000
#: Our kernel cuts a cell's text at 4 MB, by policy; here it shall not.
NO_LIMIT = ":output text_limit off"
#: 100,000 messages take the stock kernel some ten seconds.
FLOOD_S = 300.0
#: The lines are printed so often in one kernel.
REPEATS = 3


def measure_lines(which: str, run: Run) -> Iterator[None]:
    """Prints many short lines."""
    with _warm(which) as kernel:
        for number in range(1 if run.quick else REPEATS):
            yield
            settle()
            ran = kernel.ok(f'for n in 0..{LINES} {{ println!("line {{n}} {number}"); }}', FLOOD_S)
            expected = sum(len(f"line {n} {number}\n") for n in range(LINES))
            _add(run, "lines", which, kernel, ran, expected)


def measure_bytes(which: str, run: Run) -> Iterator[None]:
    """Prints many long lines."""
    lines = LONG_LINES // 20 if run.quick else LONG_LINES
    with _warm(which) as kernel:
        if which == OURS:
            kernel.ok(NO_LIMIT)
            run.note("our kernel's limit of 4 MB for a cell's text is lifted for the 100 MB")
        kernel.ok('let long = "x".repeat(999);')
        yield
        settle()
        ran = kernel.ok(f'for _ in 0..{lines} {{ println!("{{long}}"); }}', FLOOD_S)
        _add(run, "bytes", which, kernel, ran, lines * 1000)


def _warm(which: str) -> Kernel:
    kernel = Kernel(which)
    try:
        kernel.ready()
        kernel.ok('println!("warm");', START_S)
    except BaseException:
        kernel.close()
        raise
    return kernel


def _add(run: Run, group: str, which: str, kernel: Kernel, ran: Ran, expected: int) -> None:
    came = len(ran.text)
    if came != expected:
        kernel.fail(f"{came:,} of {expected:,} characters came")
    run.add(f"{group}.time", which, ran.seconds)
    run.add(f"{group}.messages", which, len(ran.streams))
