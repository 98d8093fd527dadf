"""What a browser would load when it opens a page: a lesson and its handout work without network."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup

# What in a style asks for a file: `url(…)` other than data and parts of the page itself, and imports.
_STYLE_REQUEST = re.compile(r"@import\b|url\(\s*['\"]?(?!data:|#)[^)]*\)", re.IGNORECASE)
# Attributes by which elements load something as soon as the page is opened. Links are followed by people only.
_LOADING = {
    "img": ["src", "srcset"],
    "source": ["src", "srcset"],
    "video": ["src", "poster"],
    "audio": ["src"],
    "track": ["src"],
    "iframe": ["src", "srcdoc"],
    "frame": ["src"],
    "embed": ["src"],
    "object": ["data"],
    "input": ["src"],
    "link": ["href"],
    "image": ["href", "xlink:href"],
    "use": ["href", "xlink:href"],
    "body": ["background"],
}


def requests(soup: BeautifulSoup) -> Iterator[str]:
    """Yields everything that a browser would load when it opens the page."""
    for script in soup.find_all("script"):
        yield str(script.get("src") or "a script")
    for name, attributes in _LOADING.items():
        for element in soup.find_all(name):
            for attribute in attributes:
                value = str(element.get(attribute) or "").strip()
                if value and not value.startswith(("data:", "#")):
                    yield value
    for style in soup.find_all("style"):
        yield from _STYLE_REQUEST.findall(style.get_text())
    for element in soup.find_all(style=True):
        yield from _STYLE_REQUEST.findall(str(element["style"]))
