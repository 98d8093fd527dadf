"""What has to be put in order in a finished page, and the proof that it needs nothing from outside.

One main heading, a table of contents, links, pictures with their long descriptions, blocks of code and output.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from bs4 import BeautifulSoup, Tag

from lesson_check.links import address_of
from lesson_check.network import requests
from lesson_check.pictures import picture_file

from .blocks import put_blocks_in_order

_HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
_SVG_DATA = "data:image/svg+xml;base64,"
# How a lesson's text begins the long description of a picture in the same cell.
_DESCRIBED = "The picture in words"
class NeedsNetworkError(Exception):
    """The page would ask for something that is not in it."""


def put_in_order(
    html: str, name: str, folder: Path, *, pages: Mapping[Path, str] | None = None, solutions: bool = False
) -> str:
    """Returns the page of the notebook called `name`, which stands in `folder`, put in order.

    `pages` says which notebooks are handouts too, and under which file name; `solutions` opens everything that is
    folded. Raises `NeedsNetworkError` when something in the page would have to be loaded.
    """
    soup = BeautifulSoup(html, "html.parser")
    for script in soup.find_all("script"):
        script.decompose()
    for picture in soup.find_all("img"):
        _embed(picture, folder.resolve())
    _one_main_heading(soup, name)
    _contents(soup)
    for link in soup.select("main a[href]"):
        _lead(link, folder, pages or {})
    for number, picture in enumerate(soup.select("main img, main svg"), start=1):
        if picture.find_parent("svg") is None:
            _describe(soup, picture, number)
    put_blocks_in_order(soup)
    if solutions:
        for fold in soup.find_all("details"):
            fold["open"] = ""
    if missing := list(requests(soup)):
        raise NeedsNetworkError(f"the page would have to load {', '.join(missing)}")
    return str(soup)


def svg_words(svg: str) -> tuple[str, str]:
    """Returns the title and the long description that a drawing carries; empty where it has none."""
    drawing = BeautifulSoup(svg, "html.parser").find("svg")
    found = []
    for name in ("title", "desc"):
        words = drawing.find(name, recursive=False) if drawing else None
        found.append(" ".join(words.get_text().split()) if words else "")
    return found[0], found[1]


def _embed(picture: Tag, folder: Path) -> None:
    """Puts a picture that is a file in the notebook's folder, or below it, into the page.

    nbconvert can do this as well, but takes every piece of HTML in Markdown for complete then, and closes a `<details>`
    before what it is meant to fold.
    """
    src = str(picture.get("src", ""))
    if urlsplit(src).scheme:
        return
    try:
        file, kind = picture_file(src, folder)
    except ValueError:
        return  # the proof at the end names it
    picture["src"] = f"data:{kind};base64,{base64.b64encode(file.read_bytes()).decode('ascii')}"


def _one_main_heading(soup: BeautifulSoup, name: str) -> None:
    """Leaves one h1, the first, and makes it the title; a level that is skipped is closed up."""
    headings = list(soup.select("main " + ", main ".join(_HEADINGS)))
    first = next((heading for heading in headings if heading.name == "h1"), None)
    if first is None:
        first = soup.new_tag("h1")
        first.string = name
        soup.main.insert(0, first)
    level = 1
    for heading in headings:
        if heading is not first:
            # Never above h2, and never more than one level below the heading before it.
            level = min(max(int(heading.name[1]), 2), level + 1)
            heading.name = f"h{level}"
    soup.title.string = first.get_text(" ", strip=True)


def _contents(soup: BeautifulSoup) -> None:
    """Gives every section an address, and puts the list of them below the main heading."""
    taken: set[str] = set()
    for heading in soup.select("main h1, main h2, main h3, main h4"):
        address = base = address_of(heading) or "section"
        copies = 1
        while address in taken:
            copies += 1
            address = f"{base}-{copies}"
        taken.add(address)
        heading["id"] = address
    sections = [section for section in soup.select("main h2") if section.find_parent("details") is None]
    if len(sections) < 3:
        return
    nav = soup.new_tag("nav", attrs={"aria-label": "Sections"})
    caption = soup.new_tag("p")
    caption.string = "In this lesson"
    entries = soup.new_tag("ul")
    for section in sections:
        entry = soup.new_tag("li")
        link = soup.new_tag("a", href=f"#{quote(str(section['id']))}")
        link.string = section.get_text(" ", strip=True)
        entry.append(link)
        entries.append(entry)
    nav.extend([caption, entries])
    # After the whole opening cell, which says what the lesson is about.
    opening = soup.main.h1.find_parent("section")
    (opening or soup.main.h1).insert_after(nav)


def _lead(link: Tag, folder: Path, pages: Mapping[Path, str]) -> None:
    """Makes a link to a notebook one to its page, and marks one to the network, whose address is printed on paper."""
    href = str(link["href"])
    parts = urlsplit(href)
    if parts.scheme in ("http", "https"):
        if link.get_text(strip=True) not in (href, href.removeprefix(f"{parts.scheme}://")):
            link["class"] = [*link.get("class", []), "cited"]
    elif not parts.scheme and parts.path.endswith(".ipynb"):
        page = pages.get((folder / unquote(parts.path)).resolve())
        if page is not None:
            link["href"] = quote(page) + (f"#{parts.fragment}" if parts.fragment else "")


def _describe(soup: BeautifulSoup, picture: Tag, number: int) -> None:
    """Puts the long description of a drawing below it, for everyone to read.

    A short `alt` names the picture, the words beside it say what it shows (W3C WAI, "Complex Images"). Where the
    lesson's own text gives the description already (JupyterLab shows no other), it is not repeated.
    """
    if picture.name == "img":
        src = str(picture.get("src", ""))
        if not src.startswith(_SVG_DATA):
            return
        svg = base64.b64decode(src.removeprefix(_SVG_DATA)).decode("utf-8")
    else:
        svg = str(picture)
    _, description = svg_words(svg)
    cell = picture.find_parent("section")
    prose = _prose(cell) if cell else ""
    if not description or description in prose or _DESCRIBED in prose or _described_below(cell):
        return
    address = f"picture-{number}"
    picture["aria-describedby"] = address
    figure = soup.new_tag("figure")
    caption = soup.new_tag("figcaption", id=address)
    caption.string = f"In words: {description[0].upper()}{description[1:]}"
    # A paragraph may not contain a figure, so a picture alone in its paragraph takes its place.
    holder = picture.parent if picture.parent and picture.parent.name == "p" else picture
    if holder is not picture and holder.get_text(strip=True):
        holder.insert_after(figure)
        figure.append(caption)
    else:
        holder.replace_with(figure)
        figure.extend([picture, caption])


def _described_below(cell: Tag | None) -> bool:
    """Says whether the next text begins with what the picture of `cell` shows; cells of code may stand between."""
    below = cell.find_next_sibling("section", class_="text") if cell else None
    return below is not None and below.find(["img", "svg"]) is None and _prose(below).startswith(_DESCRIBED)


def _prose(cell: Tag) -> str:
    """Returns what a cell says in its text, outside code and drawings."""
    words = [text for text in cell.find_all(string=True) if text.find_parent(["svg", "pre"]) is None]
    return " ".join(" ".join(words).split())
