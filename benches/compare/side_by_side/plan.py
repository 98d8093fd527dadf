"""All that is measured, in order."""

from __future__ import annotations

from dataclasses import dataclass

from . import cells, crowd, interrupt, lesson, memory, output, start
from .figure import Figure
from .turns import Measure


@dataclass(frozen=True)
class Group:
    """What is measured together."""

    name: str
    #: What the progress says.
    doing: str
    measure: Measure
    figures: tuple[Figure, ...]


def _of(figures: tuple[Figure, ...], group: str) -> tuple[Figure, ...]:
    return tuple(figure for figure in figures if figure.group == group)


GROUPS = (
    Group("start", "starting kernels", start.measure, start.FIGURES),
    Group("cell", "running warm cells of each kind", cells.measure, cells.FIGURES),
    Group("lesson", "running a whole lesson, twice", lesson.measure, lesson.FIGURES),
    Group("lines", "printing 20,000 lines", output.measure_lines, _of(output.FIGURES, "lines")),
    Group("bytes", "printing 100 MB", output.measure_bytes, _of(output.FIGURES, "bytes")),
    Group("memory", "looking at memory", memory.measure, memory.FIGURES),
    Group("interrupt", "pressing stop", interrupt.measure, interrupt.FIGURES),
    Group("crowd", "starting several kernels at once", crowd.measure, crowd.FIGURES),
)
FIGURES = tuple(figure for group in GROUPS for figure in group.figures)


def chosen(names: list[str]) -> list[Group]:
    """Returns the groups that are named, by their own names or one of their figures'; without names, all.

    Raises `ValueError`, with the names that there are, for one that is not.
    """
    known = {group.name: group for group in GROUPS}
    known |= {figure.id: known[figure.group] for figure in FIGURES}
    for name in names:
        if name not in known:
            raise ValueError(f"there is no figure `{name}`; there are {', '.join(known)}")
    wanted = {known[name].name for name in names}
    return [group for group in GROUPS if not names or group.name in wanted]
