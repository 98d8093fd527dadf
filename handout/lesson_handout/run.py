"""Runs a lesson for its handout, and holds its cells to what `cargo lessons check` holds them to."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from lesson_check import errors, limits, pictures
from lesson_check.findings import CellFindings, Finding, title_of

# A learner's machine may compile the support crate first.
_STARTUP_TIMEOUT_S = 300


class NotWritableError(Exception):
    """A handout cannot be made; the text says why, and the exit code what kind of reason it is."""

    def __init__(self, reason: str, exit_code: int) -> None:
        super().__init__(reason)
        self.exit_code = exit_code

    @classmethod
    def because_of(cls, cells: Sequence[CellFindings]) -> NotWritableError:
        """Returns the error for what is wrong with some cells."""
        lines = [line for cell in cells for line in cell.lines()]
        return cls("\n".join(["something in it is wrong", *lines]), 1)


def run(notebook: NotebookNode, path: Path, kernel: str | None, timeout_s: int) -> None:
    """Runs all cells from top to bottom, in the notebook's folder, and keeps their outputs in `notebook`.

    Raises `NotWritableError` for whatever the check would find wrong in a cell, but for outputs that differ from the
    stored ones.
    """
    # By the numbers that the file has, since that is where somebody will look; a run gives new ones.
    titles = [title_of(index, notebook.cells) for index in range(len(notebook.cells))]
    _judge(notebook, titles, before=True)
    try:
        _execute(notebook, path, kernel, timeout_s, titles)
    except NoSuchKernel as error:
        raise NotWritableError(f"there is no kernel “{error.name}”: `cargo lessons install` makes it", 2) from error
    _judge(notebook, titles, before=False)


def _execute(notebook: NotebookNode, path: Path, kernel: str | None, timeout_s: int, titles: Sequence[str]) -> None:
    """Runs the cells, until one fails that is not meant to or does not end."""
    shown = sys.stderr.isatty()
    at = 0

    def on_start(cell: NotebookNode, cell_index: int) -> None:
        nonlocal at
        at = cell_index
        if shown:
            print(f"\r{path.name}: cell {at + 1} of {len(notebook.cells)} ", end="", file=sys.stderr, flush=True)

    def wrong(finding: Finding) -> NotWritableError:
        return NotWritableError.because_of([CellFindings(at, titles[at], [finding])])

    client = NotebookClient(
        notebook,
        kernel_name=kernel or notebook.metadata.get("kernelspec", {}).get("name", "rust-lessons"),
        timeout=timeout_s,
        startup_timeout=_STARTUP_TIMEOUT_S,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.resolve().parent)}},
        on_cell_start=on_start,
    )
    try:
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
            try:
                # What the kernel logs is of interest only if it does not start.
                client.execute(stderr=said)
            except (CellTimeoutError, DeadKernelError):
                raise
            except RuntimeError as error:
                said.seek(0)
                last = said.read().strip().splitlines()[-3:]
                raise NotWritableError("\n  ".join([f"the kernel did not start: {error}", *last]), 1) from error
    except CellExecutionError as error:
        failed = [output for output in notebook.cells[at].outputs if output.output_type == "error"]
        reason = f"the cell fails, and is not meant to: {error.ename}: {errors.strip_ansi(error.evalue)}"
        raise wrong(Finding(reason, errors.traceback_text(failed[-1]) if failed else "")) from error
    except CellTimeoutError as error:
        raise wrong(Finding(limits.too_long(timeout_s))) from error
    except DeadKernelError as error:
        raise wrong(Finding("the kernel died while it ran the cell")) from error
    finally:
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _judge(notebook: NotebookNode, titles: Sequence[str], *, before: bool) -> None:
    """Raises what is wrong with the code cells: `before` a run with what they promise, after it with what they did."""
    cells = []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        told = (
            errors.metadata_problems(cell.metadata)
            if before
            else [*errors.problems(cell.metadata, cell.outputs), *pictures.output_problems(cell.outputs)]
        )
        if told:
            findings = [Finding(problem) for problem in dict.fromkeys(told)]
            cells.append(CellFindings(index, titles[index], findings))
    if cells:
        raise NotWritableError.because_of(cells)
