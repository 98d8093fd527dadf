"""Cells that are meant to fail: which errors they promise, and which ones came.

The tag `raises-exception` only *allows* an error: nbval, nbclient and JupyterLab are content when none comes, or
another one. So a lesson cell also names what must happen, in its metadata:

    {"lesson": {"raises": ["E0499"], "message": "cannot borrow `counter`"}}

`raises` is the exact set of errors: rustc codes, `error` for a compiler error without a code (a lint), `panic`, or
`KeyboardInterrupt`. `message` is a part of the text, or a list of parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

#: The tag that lets front ends go on after the cell.
RAISES_TAG = "raises-exception"

# A colour or cursor sequence of a terminal.
_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
# The headline of one compiler error: `error[E0499]: cannot borrow …`, or `error: …` for one without a code.
_HEADLINE = re.compile(r"^error(?:\[(E\d{4})\])?: (.*)$", re.MULTILINE)
# rustc closes a report with these lines, which are no errors of their own.
_SUMMARY = re.compile(r"aborting due to|could not compile")
# What a compile error is called: its first code, or `error` if there is none.
_COMPILE_ERROR = re.compile(r"E\d{4}|error")


def strip_ansi(text: str) -> str:
    """Returns `text` without the colour sequences of a terminal."""
    return _ANSI.sub("", text)


def traceback_text(output: Mapping[str, Any]) -> str:
    """Returns the traceback of an `error` output as plain text."""
    return strip_ansi("\n".join(output.get("traceback", [])))


def codes_of(output: Mapping[str, Any]) -> set[str]:
    """Returns every error that one `error` output stands for.

    The kernel reports all errors of a compilation in one message: its `ename` is the first code, its traceback has a
    headline per error. Anything else, such as a panic, goes by its `ename` alone, because its text is the learner's.
    """
    ename = str(output.get("ename", ""))
    if not _COMPILE_ERROR.fullmatch(ename):
        return {ename}
    found = {
        code or "error" for code, headline in _HEADLINE.findall(traceback_text(output)) if not _SUMMARY.search(headline)
    }
    return found | {ename}


def promised(metadata: Mapping[str, Any]) -> list[str] | None:
    """Returns the errors which a cell's metadata names, or `None` where it names none.

    Raises `ValueError` when the entry is not a list of names.
    """
    lesson = metadata.get("lesson", {})
    if "raises" not in lesson:
        return None
    raises = lesson["raises"]
    if not isinstance(raises, list) or not raises or not all(isinstance(name, str) and name for name in raises):
        raise ValueError(
            f'"raises" in the cell\'s metadata must be a list of error names such as ["E0499"], not {raises!r}'
        )
    return raises


def metadata_problems(metadata: Mapping[str, Any]) -> list[str]:
    """Returns what is contradictory in a cell's tags and metadata, before anything has run."""
    tagged = RAISES_TAG in metadata.get("tags", [])
    try:
        named = promised(metadata)
    except ValueError as problem:
        return [str(problem)]
    if tagged and named is None:
        return [
            f"the cell has the tag {RAISES_TAG}, but its metadata does not name the error: "
            'add {"lesson": {"raises": […]}}'
        ]
    if named is not None and not tagged:
        return [f"the cell names {_names(named)} as its error, but lacks the tag {RAISES_TAG}, so a run stops there"]
    if named is None and "message" in metadata.get("lesson", {}):
        return ['the cell names a "message" of an error, but no error in "raises"']
    return []


def problems(metadata: Mapping[str, Any], outputs: Iterable[Mapping[str, Any]]) -> list[str]:
    """Returns how the errors of a run differ from those that the cell promises.

    A cell that promises nothing is not judged here: nbval itself fails it at its first error.
    """
    try:
        named = promised(metadata)
    except ValueError:
        return []  # `metadata_problems` has said so
    if named is None:
        return []
    happened = [output for output in outputs if output.get("output_type") == "error"]
    if not happened:
        return [f"expected {_names(named)}, but the cell ran without an error"]
    found = set().union(*(codes_of(output) for output in happened))
    told = []
    if missing := set(named) - found:
        told.append(f"expected {_names(missing)}, which did not come (the cell failed with {_names(found)})")
    if extra := found - set(named):
        told.append(f"{_names(extra)} came, which is not expected (the cell names {_names(named)})")
    text = "\n".join(f"{strip_ansi(output.get('evalue', ''))}\n{traceback_text(output)}" for output in happened)
    parts = metadata["lesson"].get("message", [])
    for part in [parts] if isinstance(parts, str) else parts:
        if part not in text:
            first = strip_ansi(happened[0].get("evalue", ""))
            told.append(f"the error's text lacks “{part}”; it says “{first}”")
    return told


def _names(names: Iterable[str]) -> str:
    """Returns error names as a sentence has them: `E0373 and E0499`."""
    ordered = sorted(set(names))
    return " and ".join([", ".join(ordered[:-1]), ordered[-1]]) if len(ordered) > 1 else ordered[0]
