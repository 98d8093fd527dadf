"""A log of every program that a kernel starts, and with which arguments.

A shim on `PATH` would miss most: evcxr asks rustup for a program's path, rust-analyzer looks into the toolchain's
folder. So a small library, `program_log.rs`, is loaded into each program by the environment that all of them inherit.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_SOURCE = Path(__file__).with_name("program_log.rs")
# A second; more on a loaded machine.
_COMPILE_S = 120


@dataclass(frozen=True)
class Started:
    """A program that was started."""

    name: str
    arguments: tuple[str, ...]

    @property
    def compiles_a_cell(self) -> bool:
        """Whether it is a compiler at work on a cell: evcxr calls the crate of a cell `ctx`."""
        pairs = zip(self.arguments, self.arguments[1:], strict=False)
        return self.name == "rustc" and ("--crate-name", "ctx") in pairs


class ProgramLog:
    """The log, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        library = folder / "libprogram_log.so"
        subprocess.run(
            ["rustc", "--edition=2024", "--crate-type=cdylib", "-Copt-level=1", "-o", library, _SOURCE],
            check=True,
            timeout=_COMPILE_S,
        )
        self._log = folder / "programs"
        self._log.touch()
        self._library = library

    @property
    def environment(self) -> dict[str, str]:
        """The variables for the kernel."""
        return {"LD_PRELOAD": str(self._library), "LESSON_PROGRAM_LOG": str(self._log)}

    def clear(self) -> None:
        """Forgets what was started until now."""
        self._log.write_text("")

    def started(self) -> list[Started]:
        """Returns what was started, in order; what a program became by `exec`, as rustup's do, in its place."""
        by_process: dict[str, Started] = {}
        for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines():
            process, _, words = line.partition("\t")
            program, *arguments = words.split("\x1f")
            by_process.pop(process, None)
            by_process[process] = Started(Path(program).name, tuple(arguments))
        return list(by_process.values())

    def count(self, name: str) -> int:
        """Returns how many programs of that name were started."""
        return sum(started.name == name for started in self.started())

    def compiled_cells(self) -> int:
        """Returns how many times a cell was compiled."""
        return sum(started.compiles_a_cell for started in self.started())
