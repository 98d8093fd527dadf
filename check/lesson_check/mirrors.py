"""Counterparts of the source lesson's cells.

A notebook that retells a lesson says how many code cells its source has, in the *notebook's* metadata:
`{"lesson": {"mirrors_total": 54}}`. Each code cell then says which of them it retells: `{"lesson": {"mirrors": [7]}}`,
counted from 1. Together they must cover all of them, once each and in order, so that nobody has to count by hand after
an edit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any


def problems(notebook_metadata: Mapping[str, Any], cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns what is wrong with the mirrors of a notebook; cells are called by their number from 1."""
    total = notebook_metadata.get("lesson", {}).get("mirrors_total")
    told: list[str] = []
    where: dict[int, list[int]] = defaultdict(list)
    order: list[tuple[int, int]] = []
    for number, cell in enumerate(cells, start=1):
        mirrors = cell.get("metadata", {}).get("lesson", {}).get("mirrors")
        if mirrors is None:
            continue
        if not isinstance(mirrors, list) or not all(type(mirror) is int for mirror in mirrors):
            told.append(f'cell {number}: "mirrors" must be a list of whole numbers, not {mirrors!r}')
            continue
        if cell.get("cell_type") != "code":
            told.append(f"cell {number} mirrors source cell {_list(mirrors)}, but is not a code cell")
        for mirror in mirrors:
            where[mirror].append(number)
            order.append((mirror, number))
    if total is None:
        if where:
            told.append(
                "cells mirror a source lesson, but the notebook does not say how many cells that has: "
                'add {"lesson": {"mirrors_total": …}} to its metadata'
            )
        return told
    if type(total) is not int or total < 1:
        return [*told, f'"mirrors_total" must be a whole number from 1, not {total!r}']
    if missing := [mirror for mirror in range(1, total + 1) if mirror not in where]:
        told.append(f"no cell mirrors source cell {_list(missing)}")
    for mirror, numbers in sorted(where.items()):
        if not 1 <= mirror <= total:
            told.append(f"cell {_list(numbers)} mirrors source cell {mirror}, but the source has cells 1 to {total}")
        elif len(numbers) > 1:
            told.append(f"source cell {mirror} is mirrored more than once, by cells {_list(numbers)}")
    for (before, _), (after, number) in pairwise(order):
        if after < before:
            told.append(f"out of order: cell {number} mirrors source cell {after}, after source cell {before}")
    return told


def _list(numbers: Sequence[int]) -> str:
    """Returns numbers as text, runs of them shortened: `3, 5-8`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)
