"""The distribution's Chromium, driven by Playwright, and what a page in it does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from places import chromium

#: Without a sandbox because test machines run as root; without the services that a browser calls home with.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Returns every piece of visible text with its colour, and the colour of what is painted behind it.
_TEXTS = """() => {
  const parse = (colour) => {
    const parts = colour.match(/[\\d.]+/g).map(Number);
    return [parts[0], parts[1], parts[2], parts.length > 3 ? parts[3] : 1];
  };
  const over = (top, below) => top.slice(0, 3).map((part, i) => part * top[3] + below[i] * (1 - top[3]));
  const behind = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    const style = getComputedStyle(element);
    if (!text || !element.checkVisibility({checkVisibilityCSS: true})) continue;
    const back = behind(element);
    let opacity = 1;
    for (let e = element; e; e = e.parentElement) opacity *= Number(getComputedStyle(e).opacity);
    const svg = element.closest('svg');
    const ink = parse(svg ? style.fill : style.color);
    ink[3] *= opacity;
    const name = element.tagName + '.' + element.className;
    found.push({text: text.slice(0, 60), name, ink: over(ink, back), paper: back});
  }
  return found;
}"""


class Visit:
    """A page, everything that it asked for, and everything that it complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        #: Addresses other than the page's own file and data in it.
        self.requests: list[str] = []
        #: Errors and warnings on the console, and exceptions.
        self.complaints: list[str] = []
        page.on("request", lambda request: self._note_request(request.url))
        page.on("console", lambda message: self._note_message(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def texts(self) -> list[dict[str, Any]]:
        """Returns every visible text: `text`, `name` of its element, `ink` and `paper` as red, green, blue."""
        return self.page.evaluate(_TEXTS)

    def _note_request(self, url: str) -> None:
        if not url.startswith(("file:", "data:", "blob:")):
            self.requests.append(url)

    def _note_message(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{kind}: {text}")


@contextmanager
def started() -> Iterator[Browser]:
    """Gives a browser without a window, and ends it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
