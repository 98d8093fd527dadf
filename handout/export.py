"""Runs lessons and writes them as HTML handouts that need no network.

    python handout/export.py notebooks/02_shared_data.ipynb --out handouts --kernel rust-lessons

Prints the path of each page it has written. Exit codes: 0 if all are written; 1 if something is wrong with a notebook
that `cargo lessons check` would say too (a cell that fails and is not meant to, an error that differs from the promised
one, a cell that does not end, a picture or a link to nowhere), or if a page would need the network; 2 if there is no such
notebook, it cannot be read, there is no such kernel, or two notebooks would become the same page. A page that cannot be
finished is not written.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

# The rules of the check, which stands beside this folder.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "check"))

from lesson_check import limits, prose  # noqa: E402 (it needs the folder above)
from lesson_check.findings import CellFindings, Finding, title_of  # noqa: E402
from lesson_handout.exporter import HandoutExporter  # noqa: E402
from lesson_handout.page import NeedsNetworkError  # noqa: E402
from lesson_handout.run import NotWritableError, run  # noqa: E402


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes the handouts that the command line asks for, and returns the exit code."""
    parser = argparse.ArgumentParser(description="Run lessons and write them as HTML that needs no network.")
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    parser.add_argument("--out", type=Path, default=Path("handouts"), help="folder of the pages (default: %(default)s)")
    parser.add_argument("--kernel", help="kernel to run them with (default: the one that the notebook names)")
    parser.add_argument(
        "--timeout", type=int, default=limits.CELL_S, metavar="SECONDS", help="for one cell (default: %(default)s)"
    )
    parser.add_argument("--solutions", action="store_true", help="open everything that is folded: a teacher's copy")
    parser.add_argument(
        "--linked",
        action="append",
        default=[],
        type=Path,
        metavar="NOTEBOOK",
        help="another notebook that has a page in the same folder, for links to it",
    )
    options = parser.parse_intermixed_args(arguments)
    # Its warnings are about what `cargo lessons check` judges; errors arrive as exceptions.
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    if clash := _same_page(options.notebooks):
        print(f"{clash[0]} and {clash[1]} would both become {clash[0].stem}.html: rename one", file=sys.stderr)
        return 2
    pages = {path.resolve(): f"{path.stem}.html" for path in [*options.linked, *options.notebooks]}
    exporter = HandoutExporter(pages=pages, solutions=options.solutions)
    for path in options.notebooks:
        try:
            notebook = _read(path)
            _look(notebook, path)
            run(notebook, path, options.kernel, options.timeout)
            print(_write(exporter, notebook, path, options.out), flush=True)
        except NotWritableError as error:
            print(f"{path}: {error}", file=sys.stderr)
            return error.exit_code
        except KeyboardInterrupt:
            print(f"{path}: stopped", file=sys.stderr)
            return 130  # as shells say of a program that Ctrl-C ended
    return 0


def _same_page(paths: Sequence[Path]) -> list[Path] | None:
    """Returns the first notebooks that would become the same page, if there are any."""
    by_name: dict[str, set[Path]] = defaultdict(set)
    for path in paths:
        by_name[path.stem].add(path.resolve())
        if len(by_name[path.stem]) > 1:
            return sorted(by_name[path.stem])
    return None


def _read(path: Path) -> NotebookNode:
    """Returns the notebook in a file."""
    try:
        return nbformat.read(path, as_version=4)
    except OSError as error:
        raise NotWritableError(f"cannot be read: {error.strerror or error}", 2) from error
    except Exception as error:  # nbformat raises whatever its parsers raise
        raise NotWritableError(f"is not a notebook: {error}", 2) from error


def _look(notebook: NotebookNode, path: Path) -> None:
    """Raises what is wrong with the text, before minutes are spent on running the cells."""
    found: dict[int, list[Finding]] = defaultdict(list)
    for index, problem in prose.problems(notebook.cells, path.resolve().parent):
        found[index].append(Finding(problem))
    if found:
        cells = [CellFindings(index, title_of(index, notebook.cells), told) for index, told in found.items()]
        raise NotWritableError.because_of(cells)


def _write(exporter: HandoutExporter, notebook: NotebookNode, path: Path, folder: Path) -> Path:
    """Converts a notebook that has been run, and returns the path of its page."""
    resources = {"metadata": {"name": path.stem, "path": str(path.resolve().parent)}}
    try:
        html, _ = exporter.from_notebook_node(notebook, resources)
    except NeedsNetworkError as error:
        raise NotWritableError(str(error), 1) from error
    page = folder / f"{path.stem}.html"
    draft: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Written beside its place and moved there, so that nobody ever opens half a page.
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=folder, suffix=".html", delete=False) as file:
            draft = Path(file.name)
            file.write(html)
        draft.chmod(0o644)
        draft.replace(page)
        draft = None
    except OSError as error:
        raise NotWritableError(f"cannot be written to {folder}: {error.strerror or error}", 2) from error
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)
    return page


if __name__ == "__main__":
    sys.exit(main())
