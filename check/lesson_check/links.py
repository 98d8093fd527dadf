"""Links of a lesson: those to its own sections, and those to files beside it, lead somewhere.

JupyterLab gives each heading an address of its own making: its words, with `-` for each space, capitals kept
(`## My Section` is `#My-Section`). Handouts use the same, so a link works in both.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
from bs4 import BeautifulSoup, Tag

from .markdown import rendered

HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]


def address_of(heading: Tag) -> str:
    """Returns the address that JupyterLab gives to a heading."""
    return heading.get_text().strip().replace(" ", "-").replace("\n", "-")


def addresses(texts: Iterable[BeautifulSoup]) -> set[str]:
    """Returns all that a link within a notebook can lead to."""
    found: set[str] = set()
    for soup in texts:
        found.update(address_of(heading) for heading in soup.find_all(HEADINGS))
        found.update(str(element["id"]) for element in soup.find_all(id=True))
        found.update(str(element["name"]) for element in soup.find_all("a", attrs={"name": True}))
    return found


def problems(soup: BeautifulSoup, here: Collection[str], folder: Path) -> Iterator[str]:
    """Yields which links of a text, in a notebook in `folder` that has the addresses `here`, lead nowhere."""
    for link in soup.find_all("a", href=True):
        href = str(link["href"]).strip()
        parts = urlsplit(href)
        if parts.scheme or parts.netloc:
            continue  # on the network, which may be anything today and something else tomorrow
        name = unquote(parts.fragment)
        if not parts.path:
            if name and name not in here:
                yield f"the link {href} leads nowhere: no heading has that address{_near(name, here)}"
            continue
        file = folder / unquote(parts.path)
        if not file.exists():
            yield f"the link {href} leads nowhere: there is no such file beside the notebook"
        elif name and file.suffix == ".ipynb":
            there = _addresses_in(file)
            if there is not None and name not in there:
                yield f"the link {href} leads nowhere: no heading of {file.name} has that address{_near(name, there)}"


def _near(name: str, known: Collection[str]) -> str:
    """Returns a hint to the address that was probably meant."""
    by_small = {address.casefold(): address for address in known}
    close = difflib.get_close_matches(name.casefold(), by_small, n=1)
    return f"; did you mean #{by_small[close[0]]}?" if close else ""


def _addresses_in(file: Path) -> set[str] | None:
    """Returns the addresses in another notebook, or `None` where it cannot be read."""
    try:
        cells = nbformat.read(file, as_version=4).cells
    except Exception:  # whatever is wrong with it is for its own check to say
        return None
    return addresses(rendered(cell.source).soup() for cell in cells if cell.cell_type == "markdown")
