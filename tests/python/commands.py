"""The project's own commands, run as a teacher runs them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from places import PROJECT

# A lesson runs in under 90 s on two cores; a loaded machine takes longer, and cargo may have to build first.
DEADLINE_S = 900


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
