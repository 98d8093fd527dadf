"""What is wrong with the text of a lesson: the rules of `pictures`, `links` and `markdown` over all its text cells.

`cargo lessons check` and `cargo lessons handout` both ask here, so that they say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from nbformat import NotebookNode

from . import links, pictures
from .markdown import rendered


def problems(cells: Sequence[NotebookNode], folder: Path) -> Iterator[tuple[int, str]]:
    """Yields what is wrong with the text cells of a notebook in `folder`, each with the index of its cell."""
    texts = {
        index: rendered(cell.source)
        for index, cell in enumerate(cells)
        if cell.cell_type == "markdown"
    }
    soups = {index: text.soup() for index, text in texts.items()}
    here = links.addresses(soups.values())
    for index, soup in soups.items():
        told = [
            *pictures.markdown_problems(soup, cells[index].get("attachments", {}), folder),
            *links.problems(soup, here, folder),
            *texts[index].problems,
        ]
        if "raises" in cells[index].metadata.get("lesson", {}):
            told.append("text cannot raise the error that it names")
        for problem in dict.fromkeys(told):
            yield index, problem
