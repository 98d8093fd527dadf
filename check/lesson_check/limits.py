"""How long a cell may take, for the check and for the handouts alike."""

from __future__ import annotations

#: Seconds. The longest cell of a lesson takes some ten; the rest is for slow machines.
CELL_S = 120


def too_long(limit_s: float) -> str:
    """Returns what is said of a cell that did not end in time."""
    return (
        f"the cell did not end within {limit_s:g} s and was stopped. If it waits for ever, give its waits a limit"
        " (`acquire_for`, `within`); if it is only slow, allow more with `--timeout SECONDS`"
    )
