"""The text of a lesson as HTML: one way for the check and for the handouts, so that they judge what a reader sees.

The dialect is nbconvert's, which is JupyterLab's. Formulas become MathML, which browsers draw without a script.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from bs4 import BeautifulSoup
from math_core import LatexError, LatexToMathML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from .errors import strip_ansi

# A block's language, and what rustdoc adds to it: `rust,no_run`, `rust ignore`, `{.rust}`.
_LANGUAGE = re.compile(r"[^\s,{}.]+")
_FORMULAS = LatexToMathML()


@dataclass(frozen=True)
class Rendered:
    """A text as HTML, and which of its formulas could not be read."""

    html: str
    #: A sentence for each.
    problems: list[str]

    def soup(self) -> BeautifulSoup:
        """Returns the text parsed, for rules that look at its elements."""
        return BeautifulSoup(self.html, "html.parser")


def rendered(source: str, attachments: Mapping[str, Any] | None = None) -> Rendered:
    """Returns a Markdown text as HTML; without `attachments`, addresses of attached pictures stay as they are."""
    renderer = _Renderer(attachments)
    return Rendered(MarkdownWithMath(renderer=renderer).render(source), renderer.problems)


def formula(tex: str, *, block: bool) -> str:
    """Returns a formula as MathML; `block` sets it on lines of its own.

    Raises `ValueError`, with the reason, where it is not TeX that can be shown without a script.
    """
    try:
        return _FORMULAS.convert_with_local_state(tex, displaystyle=block)
    except LatexError as error:
        lines = [line.strip() for line in strip_ansi(str(error)).splitlines() if line.strip()]
        raise ValueError(lines[0].removeprefix("Error: ").rstrip(".") if lines else "it is not TeX") from error


class _Renderer(IPythonRenderer):
    """nbconvert's renderer, with formulas drawn and code blocks coloured whatever follows their language."""

    def __init__(self, attachments: Mapping[str, Any] | None) -> None:
        super().__init__(escape=False, exclude_anchor_links=True, attachments=dict(attachments or {}))
        self._keep_attached = attachments is None
        self.problems: list[str] = []

    def block_code(self, code: str, info: str | None = None) -> str:
        """Returns a code block; an unknown language costs its colours only."""
        word = _LANGUAGE.search(info or "")
        if word and word[0] != "mermaid":
            try:
                get_lexer_by_name(word[0])
            except ClassNotFound:
                pass
            else:
                return super().block_code(code, word[0])
        return super().block_code(code)

    def inline_math(self, body: str) -> str:
        """Returns a formula within a line."""
        return self._formula(body, f"${body}$", block=False)

    def block_math(self, body: str) -> str:
        """Returns a formula on lines of its own."""
        return self._formula(body, f"$${body}$$", block=True)

    def latex_environment(self, name: str, body: str) -> str:
        """Returns a formula that is a LaTeX environment."""
        written = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return self._formula(written, written, block=True)

    def _formula(self, tex: str, written: str, *, block: bool) -> str:
        try:
            return formula(tex, block=block)
        except ValueError as reason:
            self.problems.append(f"the formula {' '.join(written.split())} cannot be drawn: {reason}")
            return f"<code>{escape(written, quote=False)}</code>"

    def _embed_image_or_attachment(self, src: str) -> str:
        return src if self._keep_attached else super()._embed_image_or_attachment(src)
