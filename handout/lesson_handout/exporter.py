"""nbconvert's HTML exporter with the template of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from .ansi import readable_ansi
from .page import put_in_order, svg_words

_TEMPLATES = Path(__file__).resolve().parent.parent / "template"
# What a page without scripts can show, best first.
_SHOWN = ["text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/latex", "text/plain"]


class HandoutExporter(HTMLExporter):
    """Turns a notebook that has been run into one HTML file that needs nothing else."""

    export_from_notebook = "Handout"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            config=Config({"NbConvertBase": {"display_data_priority": _SHOWN}}),
            extra_template_basedirs=[str(_TEMPLATES)],
            template_name="lesson",
            exclude_anchor_links=True,
            **kwargs,
        )
        self.register_filter("readable_ansi", readable_ansi)
        self.register_filter("svg_title", lambda svg: svg_words(svg)[0])

    @property
    def default_config(self) -> Config:
        """The defaults of HTML pages, without the preprocessor for IPython's magic commands."""
        config = Config({"HighlightMagicsPreprocessor": {"enabled": False}})
        merged = super().default_config.copy()
        merged.merge(config)
        return merged

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Returns the page and nbconvert's resources.

        Raises `NeedsNetworkError` when the page would have to load something.
        """
        # nbconvert colours code without a language as IPython; lessons are in Rust unless they say otherwise.
        language = nb.metadata.get("kernelspec", {}).get("language") or "rust"
        nb.metadata.setdefault("language_info", NotebookNode(name=language))
        html, resources = super().from_notebook_node(nb, resources, **kw)
        metadata = resources["metadata"]
        return put_in_order(html, metadata["name"], Path(metadata.get("path") or ".")), resources
