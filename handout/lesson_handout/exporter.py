"""nbconvert's HTML exporter with the template of this folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from lesson_check.markdown import formula, rendered

from .ansi import readable_ansi
from .blocks import wrap_prose
from .page import put_in_order, svg_words

_TEMPLATES = Path(__file__).resolve().parent.parent / "template"
# What a page without scripts can show, best first.
_SHOWN = ["text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/latex", "text/plain"]


# A language as HTML names it: `de`, `pt-BR`.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


class HandoutExporter(HTMLExporter):
    """Turns a notebook that has been run into one HTML file that needs nothing else."""

    export_from_notebook = "Handout"

    def __init__(self, *, pages: Mapping[Path, str] | None = None, solutions: bool = False, **kwargs: Any) -> None:
        """`pages` are the notebooks that become handouts too, and their file names; `solutions` opens what is folded."""
        self._pages = dict(pages or {})
        self._solutions = solutions
        super().__init__(
            config=Config({"NbConvertBase": {"display_data_priority": _SHOWN}}),
            extra_template_basedirs=[str(_TEMPLATES)],
            template_name="lesson",
            exclude_anchor_links=True,
            **kwargs,
        )
        self.register_filter("readable_ansi", readable_ansi)
        self.register_filter("report", lambda text: wrap_prose(readable_ansi(text)))
        self.register_filter("formula", _latex_output)
        self.register_filter("svg_title", lambda svg: svg_words(svg)[0])

    @property
    def default_config(self) -> Config:
        """The defaults of HTML pages, without the preprocessor for IPython's magic commands."""
        config = Config({"HighlightMagicsPreprocessor": {"enabled": False}})
        merged = super().default_config.copy()
        merged.merge(config)
        return merged

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        """Returns a text cell as the check sees it, with its attached pictures in it."""
        return rendered(source, context.get("cell", {}).get("attachments", {})).html

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Returns the page and nbconvert's resources.

        Raises `NeedsNetworkError` when the page would have to load something.
        """
        # nbconvert colours code without a language as IPython; lessons are in Rust unless they say otherwise.
        language = nb.metadata.get("kernelspec", {}).get("language") or "rust"
        nb.metadata.setdefault("language_info", NotebookNode(name=language))
        lang = str(nb.metadata.get("lesson", {}).get("lang", ""))
        resources = {**(resources or {}), "lang": lang if _LANGUAGE.fullmatch(lang) else "en"}
        html, resources = super().from_notebook_node(nb, resources, **kw)
        metadata = resources["metadata"]
        page = put_in_order(
            html,
            metadata["name"],
            Path(metadata.get("path") or "."),
            pages=self._pages,
            solutions=self._solutions,
        )
        return page, resources


def _latex_output(written: str) -> str:
    """Returns a cell's LaTeX as a drawn formula, or as it is written where it cannot be drawn."""
    tex = written.strip().strip("$").strip()
    try:
        return formula(tex, block=True)
    except ValueError:
        return str(Markup("<pre>{}</pre>").format(written))
