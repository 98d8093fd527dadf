"""What is measured, and the arithmetic of it: medians, percentiles, ratios of runs.

The two kernels are compared within a run, since a machine is not equally fast all day; the ratio of a figure is the
median over the runs, its spread the smallest and the largest.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from .places import OURS, STOCK

#: Samples of one kernel, run by run; a run in which the kernel failed has none.
Runs = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Figure:
    """One thing that is measured."""

    #: `group.name`, as in `cell.let`.
    id: str
    #: What a reader sees.
    title: str
    #: `s`, `MB` or `messages`.
    unit: str = "s"
    #: The largest ratio of ours to stock that is good enough, if there is one.
    at_most: float | None = None
    #: The largest median of ours that is good enough, in the figure's unit.
    ours_at_most: float | None = None
    #: Whether the 95th percentile says something: not of one sample a run.
    tail: bool = False

    @property
    def group(self) -> str:
        """The part of the id before the dot: what is measured together."""
        return self.id.partition(".")[0]


@dataclass(frozen=True)
class Ratio:
    """Ours to stock: the median over the runs, the smallest and the largest."""

    median: float
    least: float
    most: float


def median(samples: Sequence[float]) -> float:
    """Returns the median; the mean of the middle two of an even number."""
    return statistics.median(samples)


def percentile_95(samples: Sequence[float]) -> float:
    """Returns the smallest sample that at least 95 % of all do not exceed (nearest rank)."""
    ordered = sorted(samples)
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]


STATISTICS = {"median": median, "p95": percentile_95}


def pooled(runs: Runs) -> list[float]:
    """Returns the samples of all runs."""
    return [sample for run in runs for sample in run]


def value(runs: Runs, statistic: str = "median") -> float | None:
    """Returns a statistic over all samples, or `None` without any."""
    samples = pooled(runs)
    return STATISTICS[statistic](samples) if samples else None


def ratio(stock: Runs, ours: Runs, statistic: str = "median") -> Ratio | None:
    """Returns ours to stock over the runs in which both have samples, or `None` if there is no such run."""
    of = STATISTICS[statistic]
    ratios = [
        of(mine) / of(theirs) for theirs, mine in zip(stock, ours, strict=False) if theirs and mine and of(theirs) > 0
    ]
    return Ratio(statistics.median(ratios), min(ratios), max(ratios)) if ratios else None


def verdict(figure: Figure, samples: dict[str, Runs]) -> str:
    """Says whether a figure is good enough: `ok`, `missed`, `unknown`, or nothing where no bound is set."""
    if figure.at_most is not None:
        found = ratio(samples.get(STOCK, []), samples.get(OURS, []))
        return "unknown" if found is None else "ok" if found.median <= figure.at_most else "missed"
    if figure.ours_at_most is not None:
        mine = value(samples.get(OURS, []))
        return "unknown" if mine is None else "ok" if mine <= figure.ours_at_most else "missed"
    return ""
