"""Two revisions side by side: what became of our kernel, and the stock kernel as the control.

Where the stock kernel changed too, the machine did, not the project: the last column takes that out, by comparing the
ratios to stock.
"""

from __future__ import annotations

from collections.abc import Iterator

from .figure import ratio, value
from .places import OURS, STOCK
from .plan import FIGURES
from .record import Record
from .table import aligned, described, shown

HEAD = (
    "figure",
    "before",
    "now",
    "ours, now/before",
    "stock, now/before",
    "ratio before",
    "ratio now",
    "of the ratios",
)


def lines(before: Record, now: Record) -> Iterator[str]:
    """Yields both descriptions and the table; figures that only one of the two has are named below it."""
    yield "Before:"
    yield from described(before)
    yield "Now:"
    yield from described(now)
    if before.versions != now.versions or before.cpus != now.cpus:
        yield f"Not measured with the same: {_differences(before, now)}."
    yield ""
    yield from aligned(HEAD, list(rows(before, now)))
    alone = sorted(set(before.samples) ^ set(now.samples))
    if alone:
        yield ""
        yield f"In one of the two only: {', '.join(alone)}."


def rows(before: Record, now: Record) -> Iterator[tuple[str, ...]]:
    """Yields a row for each figure that both have."""
    for figure in FIGURES:
        old, new = before.samples.get(figure.id), now.samples.get(figure.id)
        if old is None or new is None:
            continue
        medians = {kernel: (value(old.get(kernel, [])), value(new.get(kernel, []))) for kernel in (STOCK, OURS)}
        ratios = [ratio(samples.get(STOCK, []), samples.get(OURS, [])) for samples in (old, new)]
        plain = [found.median if found else None for found in ratios]
        yield (
            figure.title,
            shown(medians[OURS][0], figure.unit),
            shown(medians[OURS][1], figure.unit),
            _quotient(*medians[OURS]),
            _quotient(*medians[STOCK]),
            _number(plain[0]),
            _number(plain[1]),
            _quotient(*plain),
        )


def _quotient(before: float | None, now: float | None) -> str:
    return f"{now / before:.2f}" if before and now is not None else "–"


def _number(number: float | None) -> str:
    return f"{number:.3g}" if number is not None else "–"


def _differences(before: Record, now: Record) -> str:
    pairs = [(name, before.versions.get(name), now.versions.get(name)) for name in before.versions | now.versions]
    pairs.append(("cores", str(before.cpus), str(now.cpus)))
    return "; ".join(f"{name} {old} and {new}" for name, old, new in pairs if old != new)
