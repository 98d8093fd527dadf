"""The command line of `cargo bench --bench compare -- …`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from . import against, table
from .kernel import Kernel, KernelFailed
from .places import KERNELSPECS, PROJECT
from .plan import GROUPS, Group, chosen
from .record import Record, RecordError
from .start import start_to_result
from .turns import Run, settle, take_turns

#: Runs where nothing else is asked for: the whole takes about half an hour on two cores.
RUNS = 3
#: The benchmark could not do its work.
CANNOT = 2
#: Something failed in a figure.
FAILED = 1


def main(arguments: list[str] | None = None) -> int:
    """Measures or reads, prints the tables, writes the file; returns the exit code."""
    options = _options(arguments)
    # An end from outside is one that closes all kernels, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        groups = chosen(options.only)
        before = Record.read(_path(options.against)) if options.against else None
        if options.read:
            record = Record.read(_path(options.read))
        else:
            record = _measure(groups, 1 if options.quick else options.runs, quick=options.quick, file=options.json)
    except (RecordError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return CANNOT
    except KeyboardInterrupt:
        print("stopped; what was measured until then is in the file, if one was named", file=sys.stderr)
        return CANNOT
    print()
    print("\n".join(table.lines(record)))
    if before:
        print()
        print("\n".join(against.lines(before, record)))
    return FAILED if any(record.failures.values()) else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="cargo bench --bench compare --",
        description="Measures our kernel and the stock kernel side by side. See benches/README.md.",
        epilog=f"Figures: {', '.join(group.name for group in GROUPS)}, or one of a group, as in `cell.let`.",
    )
    parser.add_argument("--quick", action="store_true", help="one short run, to try the tool")
    parser.add_argument(
        "--runs", type=_positive, default=RUNS, metavar="N", help=f"runs of each figure, {RUNS} if not given"
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="FIGURE", help="this group only; can be repeated"
    )
    parser.add_argument("--json", metavar="FILE", help="write every sample to FILE, in the project's folder")
    parser.add_argument("--against", metavar="FILE", help="compare with a FILE that --json wrote")
    parser.add_argument("--read", metavar="FILE", help="measure nothing, take the results from FILE")
    parser.add_argument("--bench", action="store_true", help=argparse.SUPPRESS)  # `cargo bench` adds it
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one run")
    return number


def _path(name: str) -> Path:
    """Returns a path relative to the project: cargo starts a benchmark in a folder of its own choice."""
    return PROJECT / name


def _measure(groups: list[Group], runs: int, *, quick: bool, file: str | None) -> Record:
    record = Record.of_here(quick=quick)
    cpus, load = record.cpus or 1, os.getloadavg()[0]
    if load > cpus / 2:
        _say(f"The machine is busy (load average {load:.1f} on {cpus} cores): trust the ratios, not the times.")
    _say("starting each kernel once, so that its files are in memory")
    for which in KERNELSPECS:
        _warm_up(which)
    for number in range(runs):
        for group in groups:
            settle()
            started = time.monotonic()
            _say(f"run {number + 1} of {runs}: {group.doing} …")
            run = Run(number, quick)
            take_turns(group.measure, run)
            record.add(group.name, [figure.id for figure in group.figures], run)
            for failure in run.failures:
                _say(f"  FAILED: {failure}")
            _say(f"  done in {time.monotonic() - started:.0f} s")
            if file:  # at once: a benchmark that is stopped has not been for nothing
                record.write(_path(file))
    return record


def _warm_up(which: str) -> None:
    try:
        with Kernel(which) as kernel:
            start_to_result(kernel)
    except KernelFailed as failure:
        _say(f"  FAILED: {which}: {failure}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
