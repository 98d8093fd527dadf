"""The results as a table: Markdown that is readable as it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .figure import Figure, Ratio, Runs, ratio, value, verdict
from .places import OURS, STOCK
from .plan import FIGURES
from .record import Record

HEAD = ("figure", "stock", "ours", "ratio (least–most)", "at most", "")


def lines(record: Record) -> Iterator[str]:
    """Yields the table, then what failed, then the notes."""
    yield from described(record)
    yield ""
    yield from aligned(HEAD, list(rows(record)))
    for heading, remarks in (("What failed", record.failures), ("Notes", record.notes)):
        if any(remarks.values()):
            yield ""
            yield f"{heading}:"
            for group, texts in remarks.items():
                for text in texts:
                    yield f"- {group}: {text}"


def described(record: Record) -> Iterator[str]:
    """Yields what was measured, and with what."""
    versions = record.versions
    runs = max((len(runs) for kernels in record.samples.values() for runs in kernels.values()), default=0)
    yield (
        f"Revision {record.revision}, {record.date}, {runs} run{'s' * (runs != 1)}, {record.cpus} cores, "
        f"{versions.get('rustc')}, evcxr {versions.get('evcxr')}"
    )
    if record.quick:
        yield "Made with --quick: too few samples to judge by."
    if busy := max((load for loads in record.load.values() for load in loads), default=0.0):
        yield f"Load average of the machine, the benchmark's own work included: up to {busy:g}."


def rows(record: Record) -> Iterator[tuple[str, ...]]:
    """Yields a row for each figure that was measured, and one for its 95th percentile where that says something."""
    for figure in FIGURES:
        samples = record.samples.get(figure.id)
        if samples is None:
            continue
        for statistic in ("median", "p95") if figure.tail else ("median",):
            stock: Runs = samples.get(STOCK, [])
            ours: Runs = samples.get(OURS, [])
            first = statistic == "median"
            yield (
                figure.title if first else "· 95th percentile",
                shown(value(stock, statistic), figure.unit),
                shown(value(ours, statistic), figure.unit),
                shown_ratio(ratio(stock, ours, statistic)),
                bound(figure) if first else "",
                verdict(figure, samples) if first else "",
            )


def bound(figure: Figure) -> str:
    """Returns what is good enough."""
    if figure.at_most is not None:
        return f"{figure.at_most:g}"
    return shown(figure.ours_at_most, figure.unit) if figure.ours_at_most is not None else ""


def shown(number: float | None, unit: str) -> str:
    """Returns a value with its unit, as exact as it is worth."""
    if number is None:
        return "–"
    if unit == "s":
        return (
            f"{number:.2f} s"
            if number >= 1
            else f"{number * 1000:.1f} ms"
            if number < 0.1
            else f"{number * 1000:.0f} ms"
        )
    return f"{number:,.0f} {unit}" if unit != "messages" else f"{number:,.0f}"


def shown_ratio(found: Ratio | None) -> str:
    """Returns a ratio with its spread."""
    if found is None:
        return "–"
    return f"{_digits(found.median)} ({_digits(found.least)}–{_digits(found.most)})"


def _digits(number: float) -> str:
    return f"{number:.2f}" if number >= 0.1 else f"{number:.3f}" if number >= 0.01 else f"{number:.4f}"


def aligned(head: Sequence[str], body: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yields a Markdown table with even columns; all but the first are aligned to the right."""
    widths = [max(3, *(len(row[column]) for row in (head, *body))) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if not n else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    yield line(head)
    yield (
        "|" + "|".join("-" * (width + 2) if not n else "-" * (width + 1) + ":" for n, width in enumerate(widths)) + "|"
    )
    for row in body:
        yield line(row)
