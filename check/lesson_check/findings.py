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


@dataclass(frozen=True)
class CellFindings:
    """What is wrong with one cell, or with the notebook as a whole (`cell` is `None`)."""

    cell: int | None
    title: str
    findings: Sequence[Finding]


@dataclass
class NotebookFindings:
    """What was found in one notebook."""

    path: Path
    #: Code cells that were to run.
    cells: int = 0
    #: Cells that their tag `nbval-skip` left out.
    skipped: int = 0
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
            "failed": [
                {
                    "cell": found.cell,
                    "title": found.title,
                    "reason": "; ".join(finding.reason for finding in found.findings),
                    "diff": "\n".join(finding.detail for finding in found.findings if finding.detail),
                }
                for found in self.failed
            ],
            "seconds": self.seconds,
        }

    def lines(self) -> Iterator[str]:
        """Yields the report for a terminal: one line if all is well, else one block per cell."""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        if not self.failed:
            yield f"{self.path.name}: ok, {_cells(self.cells)} in {self.seconds:.1f} s{skipped}"
            return
        cells = sum(found.cell is not None for found in self.failed)
        where = f"{cells} of {_cells(self.cells)}" if cells else "the notebook itself"
        yield f"{self.path.name}: FAILED in {where} ({self.seconds:.1f} s{skipped})"
        for found in self.failed:
            yield ""
            yield f"  {found.title}"
            for finding in found.findings:
                yield textwrap.indent(finding.reason, "    ").rstrip()
                if finding.detail:
                    yield textwrap.indent(finding.detail, "      | ", lambda _: True)
        yield ""


def _cells(count: int) -> str:
    """Returns a number of cells in words."""
    return "1 cell" if count == 1 else f"{count} cells"


def title_of(index: int, cells: Sequence[Mapping[str, Any]]) -> str:
    """Returns how a person finds a cell: its number as JupyterLab shows it, its heading, its first line of code."""
    cell = cells[index]
    count = cell.get("execution_count")
    number = f"In [{count}]" if count else f"cell {index + 1}"
    code = next((line.strip() for line in cell.get("source", "").splitlines() if line.strip()), "(empty)")
    if len(code) > 70:
        code = f"{code[:69]}…"
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
    return f"{number}, under “{heading}”: {code}" if heading else f"{number}: {code}"
