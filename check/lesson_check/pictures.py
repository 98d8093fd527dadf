"""Pictures and their words: whoever cannot see a picture must still be told what it shows.

Looked at are pictures in Markdown (also written as HTML), attachments, and pictures in outputs. An SVG that stands in
the page itself needs a `<title>` (or `aria-label`), any other picture an `alt` text.
"""

from __future__ import annotations

import mimetypes
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

from .network import requests

_FILE_NAME = re.compile(r"[\w.-]+\.(?:svg|png|jpe?g|gif|webp)", re.IGNORECASE)
# What plays or shows something else, and cannot be put into the one file of a handout.
_PLAYED = ["video", "audio", "iframe", "frame", "object", "embed"]


def markdown_problems(soup: BeautifulSoup, attachments: Mapping[str, Any], folder: Path) -> list[str]:
    """Returns what is wrong with the pictures of a text in a notebook in `folder`."""
    told = [*_wordless(soup)]
    looked_at: set[str] = set()
    for img in soup.find_all("img"):
        src = str(img.get("src", ""))
        looked_at.add(src.strip())
        parts = urlsplit(src)
        if parts.scheme == "attachment":
            if unquote(parts.path) not in attachments:
                told.append(f"the attachment “{unquote(parts.path)}” is not in the cell")
        elif parts.scheme != "data":
            try:
                picture_file(src, folder)
            except ValueError as reason:
                told.append(str(reason))
    return told + _loaded(soup, looked_at)


def picture_file(src: str, folder: Path) -> tuple[Path, str]:
    """Returns the file of a picture in a notebook in `folder`, and its MIME type.

    Raises `ValueError`, with the reason, where it cannot be put into a page: only what is in the notebook's folder, or
    below it, goes along when a lesson is given to others.
    """
    parts = urlsplit(src)
    if parts.scheme or parts.netloc:
        raise ValueError(f"the picture {src} is on the network, and lessons work without it")
    # By its name, not by where a symbolic link leads: a folder of pictures may be shared by several lessons.
    file = Path(os.path.normpath(folder / unquote(parts.path)))
    if not file.is_file():
        raise ValueError(f"the picture file {src} does not exist")
    if not file.is_relative_to(os.path.normpath(folder)):
        raise ValueError(f"the picture {src} lies outside the notebook's folder: move it there, or below it")
    kind, _ = mimetypes.guess_type(file.name)
    if not (kind or "").startswith("image/"):
        raise ValueError(f"the file {src} does not end as a picture does (.svg, .png, .jpg)")
    return file, str(kind)


def output_problems(outputs: Iterable[Mapping[str, Any]]) -> list[str]:
    """Returns which pictures among a cell's outputs have no words."""
    told: list[str] = []
    for output in outputs:
        data = output.get("data", {})
        metadata = output.get("metadata", {})
        if "text/html" in data:
            page = BeautifulSoup(_text(data["text/html"]), "html.parser")
            told += [*_wordless(page), *_loaded(page, set())]
        if "image/svg+xml" in data:
            told += _wordless(BeautifulSoup(_text(data["image/svg+xml"]), "html.parser"))
        for kind in ("image/png", "image/jpeg"):
            alt = metadata.get("alt") or metadata.get(kind, {}).get("alt")
            if kind in data and not alt:
                told.append(f'a picture ({kind}) in the output has no alt text in its metadata ("alt")')
    return told


def _loaded(soup: BeautifulSoup, looked_at: set[str]) -> list[str]:
    """Returns what in `soup` a page could not show by itself, but for the pictures `looked_at`."""
    told = [
        f"a <{element.name}> cannot be part of a handout, which is one file: put a link in its place"
        for element in soup.find_all(_PLAYED)
    ]
    for element in soup.find_all(["script", *_PLAYED]):
        element.decompose()  # scripts do not run in a lesson, and what plays has been told
    wanted = dict.fromkeys(requests(soup))
    return told + [
        f"{what} would have to be loaded, and lessons work without network" for what in wanted if what not in looked_at
    ]


def _wordless(soup: BeautifulSoup) -> Iterable[str]:
    """Yields the pictures in `soup` that have no words."""
    for img in soup.find_all("img"):
        src = str(img.get("src", ""))
        name = src if len(src) <= 60 else f"{src[:57]}…"
        alt = str(img.get("alt") or "").strip()
        if not alt:
            yield f"the picture {name} has no alt text"
        elif _FILE_NAME.fullmatch(alt):
            yield f"the alt text of the picture {name} is a file name, and does not say what it shows"
    for svg in soup.find_all("svg"):
        if svg.find_parent("svg") is None and not _named(svg):
            yield "a drawing (svg) has neither a <title> nor an aria-label"


def _named(svg: Tag) -> bool:
    """Says whether a drawing has a name, or is marked as mere decoration."""
    title = svg.find("title", recursive=False)
    return bool(
        (title and title.get_text(strip=True)) or str(svg.get("aria-label") or "").strip() or svg.get("aria-hidden")
    )


def _text(value: str | list[str]) -> str:
    """Returns an output's text, which a file may hold as a list of lines."""
    return value if isinstance(value, str) else "".join(value)
