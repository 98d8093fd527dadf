"""Blocks of code and output: which of them wrap their long lines and which scroll, and which stay on one page of paper.

Prose wraps. Code does not, and neither does what is set in columns, such as the compiler's carets below a line of code,
which would point at nothing when the line is broken.
"""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Tag
from markupsafe import Markup

# What stands in columns: a line with the gutter of a report or the edge of a table, one with a gap within it, one that is
# drawn.
_COLUMNS = re.compile(r"^\s*\d*\s*\|(?:\s|$)|\S {4,}\S|[\u2500-\u259f]", re.MULTILINE)
_TAG = re.compile(r"<[^>]*>")
# Characters that fit into the narrowest block of a wide window, that of a fold. A longer line has to be scrolled, also by
# whoever has no mouse. (On a phone most blocks scroll, and none of them with a keyboard.)
_WIDE = 84
# So many lines of output are kept together on paper: a compiler's report, but not half a page.
_SHORT = 18


def keeps_columns(text: str) -> bool:
    """Says whether breaking the lines of `text` would take its meaning."""
    return _COLUMNS.search(text) is not None


def wrap_prose(html: Markup) -> Markup:
    """Returns a report in which lines that do not stand in columns may be broken.

    Takes HTML with one line of text per line. Where a colour goes on over a line end, all stays as it is.
    """
    lines = str(html).split("\n")
    if any(line.count("<span") != line.count("</span>") for line in lines):
        return html
    columns = [keeps_columns(_TAG.sub("", line)) for line in lines]
    return Markup(
        "\n".join(
            line if kept or not line else f'<span class="prose">{line}</span>'
            for line, kept in zip(lines, columns, strict=True)
        )
    )


def put_blocks_in_order(soup: BeautifulSoup) -> None:
    """Marks each block: `columns` does not wrap, `short` stays together; one that scrolls gets a name and the focus."""
    for pre in soup.find_all("pre"):
        text = pre.get_text()
        lines = text.splitlines()
        output = pre.find_parent(class_="output")
        marks = [str(mark) for mark in pre.get("class", [])]
        if output is not None and keeps_columns(text):
            marks.append("columns")
        if output is not None and len(lines) <= _SHORT:
            output["class"] = [*output.get("class", []), "short"]
        if marks:
            pre["class"] = marks
        scrolls = output is None or "columns" in marks
        unwrapped = [line for line in lines if output is None or keeps_columns(line)]
        if scrolls and max(map(len, unwrapped), default=0) > _WIDE:
            pre["tabindex"] = "0"
            pre["role"] = "group"
            pre["aria-label"] = _name(pre)


def _name(pre: Tag) -> str:
    """Returns what a block is, for those who come to it by keyboard and do not see it."""
    what = pre.find_parent(attrs={"data-name": True})
    return f"{what['data-name']}, scrolls sideways" if what else "Code, scrolls sideways"
