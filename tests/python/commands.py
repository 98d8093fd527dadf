"""The project's own commands, run as a teacher runs them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from places import EXPORT, PROJECT, PYTHON

# A lesson runs in under 90 s on two cores; a loaded machine takes longer, and cargo may have to build first.
DEADLINE_S = 900
# A handout of a small notebook, most of all the start of its kernel.
EXPORT_S = 300


def lessons(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs `cargo lessons …`, and returns what came of it."""
    return subprocess.run(
        ["cargo", "--quiet", "lessons", *map(str, arguments)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


def export(path: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs the exporter as `cargo lessons handout` does."""
    return subprocess.run(
        [PYTHON, str(EXPORT), str(path), "--out", str(out), *options],
        cwd=path.parent,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=EXPORT_S,
        check=False,
    )
