"""Pictures and their words: whoever cannot see a picture must still be told what it shows.

Looked at are pictures in Markdown (also written as HTML), attachments, and pictures in outputs. An SVG that stands in
the page itself needs a `<title>` (or `aria-label`), any other picture an `alt` text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import mistune
from bs4 import BeautifulSoup, Tag

# The dialect of nbconvert and JupyterLab, raw HTML included.
# Addresses are kept as they are written, so that they can be judged.
_MARKDOWN = mistune.create_markdown(
    renderer=mistune.HTMLRenderer(escape=False, allow_harmful_protocols=True),
    plugins=["strikethrough", "table", "url", "task_lists", "def_list"],
)
_FILE_NAME = re.compile(r"[\w.-]+\.(?:svg|png|jpe?g|gif|webp)", re.IGNORECASE)


def markdown_problems(source: str, attachments: Mapping[str, Any], folder: Path) -> list[str]:
    """Returns what is wrong with the pictures of a Markdown cell in a notebook in `folder`."""
    soup = BeautifulSoup(str(_MARKDOWN(source)), "html.parser")
    told = [*_wordless(soup)]
    for img in soup.find_all("img"):
        src = str(img.get("src", ""))
        parts = urlsplit(src)
        if parts.scheme == "attachment":
            if unquote(parts.path) not in attachments:
                told.append(f"the attachment “{unquote(parts.path)}” is not in the cell")
        elif parts.scheme in ("http", "https"):
            told.append(f"the picture {src} is on the network, and lessons work without it")
        elif not parts.scheme and not (folder / unquote(parts.path)).is_file():
            told.append(f"the picture file {src} does not exist")
    return told


def output_problems(outputs: Iterable[Mapping[str, Any]]) -> list[str]:
    """Returns which pictures among a cell's outputs have no words."""
    told: list[str] = []
    for output in outputs:
        data = output.get("data", {})
        metadata = output.get("metadata", {})
        if "text/html" in data:
            told += _wordless(BeautifulSoup(_text(data["text/html"]), "html.parser"))
        if "image/svg+xml" in data:
            told += _wordless(BeautifulSoup(_text(data["image/svg+xml"]), "html.parser"))
        for kind in ("image/png", "image/jpeg"):
            alt = metadata.get("alt") or metadata.get(kind, {}).get("alt")
            if kind in data and not alt:
                told.append(f'a picture ({kind}) in the output has no alt text in its metadata ("alt")')
    return told


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
