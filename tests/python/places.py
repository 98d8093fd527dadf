"""Where things are."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

#: The project's folder.
PROJECT = Path(__file__).resolve().parents[2]
#: The pytest plugin's folder, to be put on `PYTHONPATH`.
CHECK = PROJECT / "check"
#: The handout exporter.
EXPORT = PROJECT / "handout" / "export.py"
#: The folder of the side-by-side benchmark's package.
COMPARE = PROJECT / "benches" / "compare"
#: The lessons.
NOTEBOOKS = PROJECT / "notebooks"
#: The lesson that retells the source lesson.
SHARED_DATA = NOTEBOOKS / "02_shared_data.ipynb"
#: The interpreter that runs these tests, which is the one of the project's environment.
PYTHON = sys.executable
#: The kernel under test.
KERNEL = os.environ.get("LESSON_KERNEL", "rust-lessons")

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """Returns the path of the distribution's Chromium, or fails the test with what to install."""
    for name in _BROWSERS:
        if found := shutil.which(name):
            return found
    raise AssertionError(f"no browser: install the distribution's Chromium (looked for {', '.join(_BROWSERS)})")
