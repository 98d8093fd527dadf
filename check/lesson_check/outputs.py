"""Outputs as text, and the difference between two of them.

nbval decides whether two outputs are equal. This module only writes both down by the same rules (streams of one name
joined, order between kinds of output disregarded, tracebacks and raster pictures left out, drawings only named), so that the difference it
shows is the one that nbval found.
"""

from __future__ import annotations

import difflib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import strip_ansi

# `--> cell 12:3:5`, and without the number.
_PLACE = re.compile(r"--> cell(?: \d+)?(?=:\d+:\d+$)", re.MULTILINE)
_STARTED = re.compile(r"(?:a cell|cell \d+) started the thread$", re.MULTILINE)

#: What is said where nothing but a drawing differs; the lines of two drawings would tell nobody anything.
PICTURE_DIFFERS = (
    "the picture is not the stored one. If it is another one in each run (times, the order of threads), give the cell"
    " the tag nbval-ignore-output"
)
# Drawings, alone or within HTML, and what is written down in their place.
_DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL | re.IGNORECASE)
_DRAWN = "(a drawing)"

# Beyond this many lines a difference no longer helps; the rest is counted.
_MOST_LINES = 60
# nbval does not compare these.
_NOT_COMPARED = {"image/png", "image/jpeg", "application/vnd.jupyter.widget-view+json"}


def difference(stored: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]]) -> str:
    """Returns a unified diff from the stored outputs (`-`) to those of the run (`+`), empty if they are alike."""
    lines = list(
        difflib.unified_diff(
            described(stored), described(now), "stored in the notebook", "printed by this run", lineterm="", n=2
        )
    )
    if len(lines) > _MOST_LINES:
        left_out = len(lines) - _MOST_LINES
        lines = [*lines[:_MOST_LINES], f"… and {left_out} more lines of difference"]
    return "\n".join(lines)


def only_pictures_differ(stored: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]]) -> bool:
    """Says whether two outputs that differ are alike but for what is drawn."""
    before, after = described(stored), described(now)
    return before == after and any(_DRAWN in line for line in before)


def without_cell_numbers(text: str) -> str:
    """Returns a text in which the places of panics do not name the number of a run.

    A thread's panic names its cell, by the number that a run in JupyterLab has and one by nbval has not.
    """
    return _STARTED.sub("a cell started the thread", _PLACE.sub("--> cell", text))


def described(outputs: Iterable[Mapping[str, Any]]) -> list[str]:
    """Returns outputs as lines of text, grouped by what they are."""
    streams: dict[str, str] = defaultdict(str)
    others: list[tuple[str, str]] = []
    for output in outputs:
        kind = output.get("output_type")
        if kind == "stream":
            streams[output["name"]] += _text(output["text"])
        elif kind == "error":
            others.append(("error name", output.get("ename", "")))
            others.append(("error message", output.get("evalue", "")))
        else:
            others += [
                (f"output {mime}", _DRAWING.sub(_DRAWN, _text(value)))
                for mime, value in output.get("data", {}).items()
                if mime not in _NOT_COMPARED
            ]
    blocks = [(f"{name}", streams[name]) for name in ("stdout", "stderr") if streams[name]]
    blocks += sorted(others, key=lambda block: block[0])
    lines: list[str] = []
    for title, text in blocks:
        plain = strip_ansi(text)
        lines.append(f"[{title}]")
        lines += plain.splitlines() or [""]
        if title in streams and not plain.endswith("\n"):
            lines.append("(no line end here)")
    return lines


def _text(value: Any) -> str:
    """Returns one value of an output as text; files may hold lists of lines, and JSON outputs hold objects."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
