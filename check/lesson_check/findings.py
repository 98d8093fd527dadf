"""What a check found, as data: printed for teachers, and written as JSON for `cargo lessons check`."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: a sentence, and where it helps, a diff or a traceback."""

    reason: str
    detail: str = ""
    #: Whether it is that an output is not the stored one, which a new run and saving would mend.
    differs: bool = False


@dataclass(frozen=True)
class CellFindings:
    """What is wrong with one cell, or with the notebook as a whole (`cell` is `None`)."""

    cell: int | None
    title: str
    findings: Sequence[Finding]

    def lines(self) -> Iterator[str]:
        """Yields a block for a terminal: which cell, and below it what is wrong there."""
        yield f"  {self.title}"
        for finding in self.findings:
            yield textwrap.indent(finding.reason, "    ").rstrip()
            if finding.detail:
                yield textwrap.indent(finding.detail, "      | ", lambda _: True)


@dataclass
class NotebookFindings:
    """What was found in one notebook."""

    path: Path
    #: Code cells that were to run.
    cells: int = 0
    #: Cells that their tag `nbval-skip` left out.
    skipped: int = 0
    #: Cells behind one that did not end.
    not_run: int = 0
    failed: list[CellFindings] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    ended: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long the check took, kernel start included."""
        return round(self.ended - self.started, 2)

    def as_json(self) -> dict[str, Any]:
        """Returns the summary for `LESSON_CHECK_REPORT`; `cell` is an index into the file's cells, from 0."""
        return {
            "notebook": str(self.path),
            "cells": self.cells,
            "skipped": self.skipped,
            "not_run": self.not_run,
            "failed": [
                {
                    "cell": found.cell,
                    "title": found.title,
                    "reason": "\n".join(finding.reason for finding in found.findings),
                    "diff": "\n".join(finding.detail for finding in found.findings if finding.detail),
                    "differs": any(finding.differs for finding in found.findings),
                }
                for found in self.failed
            ],
            "seconds": self.seconds,
        }

    def lines(self) -> Iterator[str]:
        """Yields the report for a terminal: one line if all is well, else one block per cell."""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        skipped += f", {self.not_run} not run" if self.not_run else ""
        if not self.failed:
            yield f"{self.path.name}: ok, {_cells(self.cells)} in {self.seconds:.1f} s{skipped}"
            return
        cells = sum(found.cell is not None for found in self.failed)
        where = f"{cells} of {_cells(self.cells)}" if cells else "the notebook itself"
        yield f"{self.path.name}: FAILED in {where} ({self.seconds:.1f} s{skipped})"
        for found in self.failed:
            yield ""
            yield from found.lines()
        yield ""


def _cells(count: int) -> str:
    """Returns a number of cells in words."""
    return "1 cell" if count == 1 else f"{count} cells"


def title_of(index: int, cells: Sequence[Mapping[str, Any]]) -> str:
    """Returns how a person finds a cell: its place in the file, its number in JupyterLab, its heading, its first line."""
    cell = cells[index]
    count = cell.get("execution_count")
    number = f"cell {index + 1} (In [{count}])" if count else f"cell {index + 1}"
    first = next((line.strip() for line in cell.get("source", "").splitlines() if line.strip()), "(empty)")
    if len(first) > 70:
        first = f"{first[:69]}…"
    heading = next(
        (
            line.lstrip("#").strip()
            for before in reversed(cells[:index])
            if before.get("cell_type") == "markdown"
            for line in reversed(before.get("source", "").splitlines())
            if line.startswith("#")
        ),
        None,
    )
    return f"{number}, under “{heading}”: {first}" if heading else f"{number}: {first}"
