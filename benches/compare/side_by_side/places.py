"""Where things are, and what the two kernels are called."""

from __future__ import annotations

from pathlib import Path

#: The project's folder.
PROJECT = Path(__file__).resolve().parents[3]
#: Both kernels are started here, so that both read the same `evcxr.toml`.
NOTEBOOKS = PROJECT / "notebooks"
#: The lesson that is run as a whole.
LESSON = NOTEBOOKS / "02_shared_data.ipynb"

#: The kernel of the `evcxr_jupyter` crate.
STOCK = "stock"
#: The kernel of this project.
OURS = "ours"
#: The name by which Jupyter knows each.
KERNELSPECS = {STOCK: "rust-stock", OURS: "rust-lessons"}
