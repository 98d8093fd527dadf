"""A long session in one kernel: many cells of every kind, many interrupts, and what they leave behind.

Run it whole, which takes 10 to 20 minutes:

    PYTHONPATH=check:tests/python .venv/bin/python tests/python/soak.py --cells 1000 --interrupts 200

It prints a table, and ends with exit code 1 where something grows past its bound. `test_soak.py` runs a short form.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from frontend import CELL_S, START_S, FrontEnd, eventually

# Names repeat after so many cells, so that most cells define again what an earlier one defined.
NAMES = 20
# One cell of each kind in turn. `NN` is the cell's number, `KK` one of the names.
CELLS = {
    "let": ("let keptKK: Vec<usize> = vec![NN; 100];", "ok"),
    "expression": ("(0..NN).sum::<usize>()", "ok"),
    "function": ("fn itemKK(x: usize) -> usize { x + NN }\nitemKK(1)", "ok"),
    "print": ('for n in 0..100 { println!("NN {n}"); }', "ok"),
    "compile error": ('let wrong: u32 = "NN";', "error"),
    "panic": ('let lost = NN;\npanic!("NN {lost}");', "error"),
    "thread": ("std::thread::spawn(|| NN * 2).join().unwrap()", "ok"),
    "panic of a thread": ('let _ = std::thread::spawn(|| panic!("NN")).join();', "ok"),
    "display": (
        'let shown = Display::html("<b>NN</b>");\nshown.update("text/html", "<i>NN</i>");',
        "ok",
    ),
    "static": (
        "static TALLYKK: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(NN);\n"
        "TALLYKK.fetch_add(1, std::sync::atomic::Ordering::SeqCst)",
        "ok",
    ),
    "type": ("#[derive(Debug)]\nstruct ShapeKK { side: usize }\nShapeKK { side: NN }", "ok"),
    "lock": ("studio.acquire();\nstudio.release();\nstudio.locked()", "ok"),
}  # fmt: skip
# What is interrupted in turn: a cell that prints when it is there, or one that the compiler does not finish.
INTERRUPTED = {
    "loop": 'println!("there");\nlet mut turns = 0_u64;\nloop { turns += 1; }',
    "wait": 'println!("there");\nstudio.acquire();\nstudio.acquire();',
    "compilation": (
        "#[allow(long_running_const_eval)]\n"
        "const NEVER: usize = { let mut n = 0_u128; while n != 1 << 100 { n += 1; } NN };\nNEVER"
    ),
    # In a scope, so that the thread ends with its cell; any other would go on, as it may.
    "thread": 'println!("there");\nstd::thread::scope(|s| { s.spawn(|| loop {}); });',
}

# The bounds are for what remains of a cell after the first tenth, which fills caches. They are two to four times what
# was measured, so that a new leak shows and another machine does not. The kernel grows in steps; the
# runtime and the folder keep each cell's library, since threads and statics may be in it.
KERNEL_KB_PER_CELL = 400
RUNTIME_KB_PER_CELL = 150
FOLDER_KB_PER_CELL = 200


@dataclass(frozen=True)
class Sample:
    """What a kernel holds at one moment."""

    cells: int
    kernel_mb: float
    runtime_mb: float
    kernel_fds: int
    runtime_fds: int
    kernel_threads: int
    runtime_threads: int
    files: int
    folder_mb: float
    cell_ms: float

    def __str__(self) -> str:
        return (
            f"{self.cells:6} {self.kernel_mb:10.1f} {self.runtime_mb:11.1f} {self.kernel_fds:4}/{self.runtime_fds:<4} "
            f"{self.kernel_threads:4}/{self.runtime_threads:<4} {self.files:6} {self.folder_mb:9.1f} {self.cell_ms:8.0f}"
        )


HEAD = " cells  kernel MB  runtime MB    fds     threads    files  folder MB  cell ms   (kernel/runtime)"


class Soak:
    """A session that is watched."""

    def __init__(self, front_end: FrontEnd, folder: Path) -> None:
        self.front_end = front_end
        self.folder = folder
        self.kernel = psutil.Process(front_end.pid)
        self.done = 0
        front_end.ok('use lesson_support::prelude::*;\nlet studio = Lock::new("studio");', START_S)
        self.runtime = self._runtime()

    def _runtime(self) -> psutil.Process:
        [found] = [child for child in self.kernel.children() if child.name().startswith("lesson-runtime")]
        return found

    def run(
        self, cells: int, interrupts: int, looks: int = 10, tell: Callable[[Sample], None] = lambda _: None
    ) -> list[Sample]:
        """Runs so many cells and interrupts, evenly mixed; returns samples, the first before all, and tells of each."""
        samples = [self.sample()]
        tell(samples[0])
        pressed = 0
        kinds = list(CELLS.values())
        for number in range(cells):
            code, status = kinds[number % len(kinds)]
            ran = self.front_end.run(self.filled(code), CELL_S)
            assert ran.status == status, f"{code}: {ran.content}"
            self.done += 1
            while pressed < (number + 1) * interrupts // cells:
                self.interrupt(list(INTERRUPTED)[pressed % len(INTERRUPTED)])
                pressed += 1
            if (number + 1) * looks // cells > number * looks // cells:
                samples.append(self.sample())
                tell(samples[-1])
        return samples

    def filled(self, code: str) -> str:
        """Returns a cell's code with this turn's number and name."""
        return code.replace("NN", str(self.done + 1)).replace("KK", f"_{self.done % NAMES}")

    def interrupt(self, kind: str) -> None:
        """Runs a cell that does not end, and interrupts it."""
        cell = self.front_end.execute(self.filled(INTERRUPTED[kind]))
        if kind == "compilation":
            eventually(
                lambda: any(child.name() == "rustc" for child in self.kernel.children(recursive=True)),
                CELL_S,
                "the cell is compiled",
            )
        else:
            self.front_end.until_printed(cell, "there")
        self.front_end.interrupt()
        ran = self.front_end.finish(cell)
        assert ran.error["ename"] == "KeyboardInterrupt", ran.content
        if kind == "wait":
            self.front_end.ok("if studio.locked() { studio.release() }")

    def sample(self) -> Sample:
        """Measures; the time of a cell is the shortest of three."""
        times = []
        for _ in range(3):
            started = time.monotonic()
            self.front_end.ok("1 + 1")
            times.append(time.monotonic() - started)
        assert self._runtime() == self.runtime, "no fault of this session ends the process"
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return Sample(
            self.done,
            self.kernel.memory_info().rss / 1e6,
            self.runtime.memory_info().rss / 1e6,
            self.kernel.num_fds(),
            self.runtime.num_fds(),
            self.kernel.num_threads(),
            self.runtime.num_threads(),
            len(files),
            sum(path.stat().st_size for path in files) / 1e6,
            min(times) * 1000,
        )


def growth(samples: list[Sample]) -> list[str]:
    """Says what has grown past its bound since the second sample."""
    first, last = samples[1], samples[-1]
    cells = last.cells - first.cells
    found = []
    for what, bound in (
        ("kernel_mb", KERNEL_KB_PER_CELL),
        ("runtime_mb", RUNTIME_KB_PER_CELL),
        ("folder_mb", FOLDER_KB_PER_CELL),
    ):
        grown = (getattr(last, what) - getattr(first, what)) * 1000 / cells
        if grown > bound:
            found.append(f"{what}: {grown:.0f} KB a cell, more than {bound}")
    for what in ("kernel_fds", "runtime_fds", "runtime_threads"):
        if getattr(last, what) > getattr(first, what):
            found.append(f"{what}: {getattr(first, what)} have become {getattr(last, what)}")
    # Threads of a pool come and go.
    if last.kernel_threads > first.kernel_threads + 4:
        found.append(f"kernel_threads: {first.kernel_threads} have become {last.kernel_threads}")
    return found


def main() -> int:
    """Runs a soak, and prints what it finds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--interrupts", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as made, FrontEnd(env={"TMPDIR": made}) as front_end:
        started = time.monotonic()
        print(HEAD, flush=True)
        samples = Soak(front_end, Path(made)).run(
            options.cells, options.interrupts, tell=lambda sample: print(sample, flush=True)
        )
        first, last = samples[1], samples[-1]
        cells = last.cells - first.cells
        for what in ("kernel_mb", "runtime_mb", "folder_mb"):
            print(f"{what}: {(getattr(last, what) - getattr(first, what)) * 1000 / cells:.1f} KB a cell")
        print(f"{options.cells} cells and {options.interrupts} interrupts in {time.monotonic() - started:.0f} s")
    found = growth(samples)
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
