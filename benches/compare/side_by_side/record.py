"""The results as a file, so that two revisions can be compared: every sample, and what it was measured with."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import tomllib
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from .places import KERNELSPECS, PROJECT
from .turns import Run

#: Raised when the layout of the file changes.
FORMAT = 1


class RecordError(Exception):
    """A file cannot be read as a record; the message says why, and what to do."""


@dataclass
class Record:
    """What one call of the benchmark measured."""

    revision: str
    date: str
    versions: dict[str, str]
    cpus: int
    quick: bool
    #: Figure, kernel, run: the samples.
    samples: dict[str, dict[str, list[list[float]]]] = field(default_factory=dict)
    #: By group.
    failures: dict[str, list[str]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    #: Raw values that belong to no row, by name: one entry for each run.
    details: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    #: The system's load average at the end of each run of a group.
    load: dict[str, list[float]] = field(default_factory=dict)

    @classmethod
    def of_here(cls, *, quick: bool) -> Self:
        """Returns an empty record for this revision on this machine."""
        return cls(
            revision=_revision(),
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            versions=_versions(),
            cpus=os.cpu_count() or 0,
            quick=quick,
        )

    def add(self, group: str, figures: list[str], run: Run) -> None:
        """Adds a run; a kernel without samples in it gets an empty list, so that runs stay side by side."""
        for figure in figures:
            for kernel in KERNELSPECS:
                values = run.samples.get(figure, {}).get(kernel, [])
                self.samples.setdefault(figure, {}).setdefault(kernel, []).append(values)
        for failure in run.failures:
            self.failures.setdefault(group, []).append(f"run {run.number + 1}, {failure}")
        for note in run.notes:
            if note not in self.notes.setdefault(group, []):
                self.notes[group].append(note)
        for name, values in run.details.items():
            self.details.setdefault(name, []).append(values)
        self.load.setdefault(group, []).append(round(os.getloadavg()[0], 2))

    def write(self, path: Path) -> None:
        """Writes the file."""
        path.write_text(json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads a file that `write` wrote; raises `RecordError` for any other."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            written_as = content.pop("format")
            if written_as != FORMAT:
                raise RecordError(f"`{path}` has format {written_as}, this revision reads {FORMAT}; measure it again")
            return cls(**content)
        except OSError as error:
            raise RecordError(f"`{path}` cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RecordError(f"`{path}` is no file that `--json` wrote: {error!r}") from error


def _said(*command: str) -> str:
    """Returns what a program prints, or `unknown`."""
    try:
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()


def _revision() -> str:
    revision = _said("git", "rev-parse", "--short=12", "HEAD")
    changed = _said("git", "status", "--porcelain", "--untracked-files=no")
    return f"{revision}, changed" if changed not in ("", "unknown") else revision


def _versions() -> dict[str, str]:
    locked = tomllib.loads((PROJECT / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    return {
        "rustc": _said("rustc", "--version"),
        "evcxr": next((package["version"] for package in locked if package["name"] == "evcxr"), "unknown"),
        "python": platform.python_version(),
        "jupyter_client": version("jupyter_client"),
        "pyzmq": version("pyzmq"),
        "system": f"{platform.system()} {platform.machine()}",
    }
