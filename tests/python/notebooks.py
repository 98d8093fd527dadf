"""Small notebooks, made on the fly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

#: A colourful rustc report of two errors, as the kernel sends it.
TWO_ERRORS = [
    "\x1b[1m\x1b[31merror[E0499]\x1b[0m\x1b[1m: cannot borrow `counter` as mutable more than once at a time\x1b[0m",
    " --> cell:3:9",
    "\x1b[31merror[E0373]\x1b[0m: closure may outlive the current function",
    "error: aborting due to 2 previous errors",
]


def code(
    source: str,
    *outputs: NotebookNode,
    tags: Sequence[str] = (),
    lesson: dict[str, Any] | None = None,
    run: int | None = 1,
) -> NotebookNode:
    """Returns a code cell with stored outputs; `run` is its execution count."""
    metadata: dict[str, Any] = {"tags": list(tags)} if tags else {}
    if lesson is not None:
        metadata["lesson"] = lesson
    return new_code_cell(source, outputs=list(outputs), metadata=metadata, execution_count=run)


def text(source: str, **more: Any) -> NotebookNode:
    """Returns a Markdown cell."""
    return new_markdown_cell(source, **more)


def stdout(printed: str) -> NotebookNode:
    """Returns what a cell printed."""
    return new_output("stream", name="stdout", text=printed)


def stderr(printed: str) -> NotebookNode:
    """Returns what a cell printed to its error stream."""
    return new_output("stream", name="stderr", text=printed)


def error(ename: str, evalue: str, traceback: Sequence[str] = ()) -> NotebookNode:
    """Returns the error that a cell ended with."""
    return new_output("error", ename=ename, evalue=evalue, traceback=list(traceback))


def notebook(*cells: NotebookNode, kernel: str = "python3", lesson: dict[str, Any] | None = None) -> NotebookNode:
    """Returns a notebook for `kernel`, with `lesson` in its metadata."""
    language = "rust" if kernel.startswith("rust") else "python"
    metadata: dict[str, Any] = {
        "kernelspec": {"name": kernel, "display_name": kernel, "language": language},
        "language_info": {"name": language},
    }
    if lesson is not None:
        metadata["lesson"] = lesson
    return new_notebook(cells=list(cells), metadata=metadata)


def save(made: NotebookNode, path: Path) -> Path:
    """Writes a notebook, after checking that it is a valid one, and returns its path."""
    nbformat.validate(made)
    nbformat.write(made, path)
    return path
