"""Runs lessons and writes them as HTML handouts that need no network.

    python handout/export.py notebooks/02_shared_data.ipynb --out handouts --kernel rust-lessons

Prints the path of each page it has written. Exit codes: 0 if all are written; 1 if a cell failed that is not meant to
fail, did not fail although it is meant to, or took too long, or if a page would need the network; 2 if there is no such
notebook, it cannot be read, or there is no such kernel. A page that cannot be finished is not written.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from lesson_handout.exporter import HandoutExporter
from lesson_handout.page import NeedsNetworkError

# A learner's machine may compile the support crate first.
_STARTUP_TIMEOUT_S = 300


class NotWritableError(Exception):
    """A handout cannot be made; the text says why, and the exit code what kind of reason it is."""

    def __init__(self, reason: str, exit_code: int) -> None:
        super().__init__(reason)
        self.exit_code = exit_code


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes the handouts that the command line asks for, and returns the exit code."""
    parser = argparse.ArgumentParser(description="Run lessons and write them as HTML that needs no network.")
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    parser.add_argument("--out", type=Path, default=Path("handouts"), help="folder of the pages (default: %(default)s)")
    parser.add_argument("--kernel", help="kernel to run them with (default: the one that the notebook names)")
    parser.add_argument(
        "--timeout", type=int, default=120, metavar="SECONDS", help="for one cell (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    # Its warnings are about what `cargo lessons check` judges; errors arrive as exceptions.
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    for path in options.notebooks:
        try:
            notebook = _read(path)
            _run(notebook, path, options.kernel, options.timeout)
            print(_write(notebook, path, options.out), flush=True)
        except NotWritableError as error:
            print(f"{path}: {error}", file=sys.stderr)
            return error.exit_code
    return 0


def _read(path: Path) -> NotebookNode:
    """Returns the notebook in a file."""
    try:
        return nbformat.read(path, as_version=4)
    except OSError as error:
        raise NotWritableError(f"cannot be read: {error.strerror or error}", 2) from error
    except Exception as error:  # nbformat raises whatever its parsers raise
        raise NotWritableError(f"is not a notebook: {error}", 2) from error


def _run(notebook: NotebookNode, path: Path, kernel: str | None, timeout_s: int) -> None:
    """Runs all cells from top to bottom, in the notebook's folder, and keeps their outputs in `notebook`."""
    shown = sys.stderr.isatty()

    def on_start(cell: NotebookNode, cell_index: int) -> None:
        if shown:
            print(
                f"\r{path.name}: cell {cell_index + 1} of {len(notebook.cells)} ", end="", file=sys.stderr, flush=True
            )

    client = NotebookClient(
        notebook,
        kernel_name=kernel or "",
        timeout=timeout_s,
        startup_timeout=_STARTUP_TIMEOUT_S,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.resolve().parent)}},
        on_cell_start=on_start,
    )
    if kernel is None:
        client.kernel_name = notebook.metadata.get("kernelspec", {}).get("name", "rust-lessons")
    try:
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
            try:
                # What the kernel logs is of interest only if it does not start.
                client.execute(stderr=said)
            except RuntimeError as error:
                said.seek(0)
                last = said.read().strip().splitlines()[-3:]
                raise NotWritableError("\n  ".join([f"the kernel did not start: {error}", *last]), 1) from error
    except NoSuchKernel as error:
        raise NotWritableError(f"there is no kernel “{error.name}”: `cargo lessons install` makes it", 2) from error
    except CellExecutionError as error:
        where = _cell_that_failed(notebook)
        raise NotWritableError(f"{where} fails, and is not meant to: {error.ename}: {error.evalue}", 1) from error
    except CellTimeoutError as error:
        raise NotWritableError(f"a cell did not end within {timeout_s} s: {_first_line(str(error))}", 1) from error
    except DeadKernelError as error:
        raise NotWritableError("the kernel died while it ran a cell", 1) from error
    finally:
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    for index, cell in enumerate(notebook.cells):
        meant_to_fail = "raises-exception" in cell.metadata.get("tags", [])
        if meant_to_fail and not any(output.output_type == "error" for output in cell.outputs):
            raise NotWritableError(f"{_cell(index, cell)} is meant to fail, but ran without an error", 1)


def _write(notebook: NotebookNode, path: Path, folder: Path) -> Path:
    """Converts a notebook that has been run, and returns the path of its page."""
    resources = {"metadata": {"name": path.stem, "path": str(path.resolve().parent)}}
    try:
        html, _ = HandoutExporter().from_notebook_node(notebook, resources)
    except NeedsNetworkError as error:
        raise NotWritableError(str(error), 1) from error
    page = folder / f"{path.stem}.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Written beside its place and moved there, so that nobody ever opens half a page.
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=folder, suffix=".html", delete=False) as draft:
            draft.write(html)
        finished = Path(draft.name)
        finished.chmod(0o644)
        finished.replace(page)
    except OSError as error:
        raise NotWritableError(f"cannot be written to {folder}: {error.strerror or error}", 2) from error
    return page


def _cell_that_failed(notebook: NotebookNode) -> str:
    """Returns which cell stopped the run: the last one with an error."""
    for index, cell in reversed(list(enumerate(notebook.cells))):
        if any(output.output_type == "error" for output in cell.get("outputs", [])) and "raises-exception" not in (
            cell.metadata.get("tags", [])
        ):
            return _cell(index, cell)
    return "a cell"


def _cell(index: int, cell: NotebookNode) -> str:
    """Returns how a person finds a cell."""
    return f"cell {index + 1} (`{_first_line(cell.source)}`)"


def _first_line(text: str) -> str:
    """Returns the first line of a text that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


if __name__ == "__main__":
    sys.exit(main())
