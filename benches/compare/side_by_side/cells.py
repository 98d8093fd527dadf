"""Warm cells: one kind after the other, the two kernels cell by cell in turns.

Every cell differs from all before it in a number, so that nothing that is kept of earlier cells can stand for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .figure import Figure
from .kernel import START_S, Kernel
from .places import OURS
from .turns import Run, settle


@dataclass(frozen=True)
class Kind:
    """A kind of cell. `NN` in the code is the cell's number."""

    name: str
    title: str
    code: str
    #: Run before each cell, and not measured.
    before: str = ""
    #: The cell ends with an error.
    fails: bool = False
    #: The cell panics, which the stock kernel does not tell by its status.
    panics: bool = False
    #: At least so many variables are alive.
    live: int = 0
    at_most: float | None = None


#: A cell of a lesson, more often than not.
LET_AND_VALUE = "let sum: usize = numbers.len() + NN;\nsum"
#: In this order: the number of live variables only grows.
KINDS = (
    Kind("item", "item", "fn itemNN(n: usize) -> usize { n + NN }", at_most=0.8),
    Kind("let", "let", "let numbers: Vec<usize> = vec![NN, 2, 3];", at_most=0.65),
    Kind("expression", "expression", "numbers.len() + NN", at_most=0.55),
    Kind("println", "println", 'println!("{} NN", numbers.len());', at_most=0.65),
    Kind("call", "function call", "twice(NN);"),
    Kind(
        "moved",
        "moved variable",
        'let taken = owned; println!("{} NN", taken.len());',
        before='let owned = String::from("NN");',
    ),
    Kind("error", "compile error", 'let wrong: usize = "NN";', fails=True),
    Kind("panic", "panic", "assert_eq!(numbers.len(), NN + 10);", panics=True),
    Kind("live10", "cell with 10 live variables", LET_AND_VALUE, live=10),
    Kind("live50", "cell with 50 live variables", LET_AND_VALUE, live=50, at_most=0.4),
)
#: What the cells use.
SET_UP = """\
fn twice(n: usize) -> usize { 2 * n }
let numbers: Vec<usize> = vec![1, 2, 3];"""
#: Variables that the cells themselves leave behind.
OF_THE_CELLS = ("numbers", "taken", "sum")
#: Variables of these kinds are what a lesson keeps. `NN` is a number.
LIVE = (
    "let liveNN = NN_u32;",
    'let liveNN = String::from("NN");',
    "let liveNN = vec![NN, 2, 3];",
    "let liveNN = std::sync::Arc::new(std::sync::Mutex::new(NN));",
    'let liveNN = Lock::new("NN");',
)

FIGURES = tuple(Figure(f"cell.{kind.name}", kind.title, at_most=kind.at_most, tail=True) for kind in KINDS)
#: Cells of each kind in one run.
REPEATS = 10
#: The number of the first cell; apart from the variables' numbers.
FIRST = 1000


def measure(which: str, run: Run) -> Iterator[None]:
    """Runs cells of all kinds in one kernel."""
    with Kernel(which) as kernel:
        kernel.ready()
        kernel.ok(SET_UP, START_S)
        live = len(OF_THE_CELLS)
        number = FIRST
        for kind in KINDS:
            while live < kind.live:
                kernel.ok(LIVE[live % len(LIVE)].replace("NN", str(live)))
                live += 1
            repeats = 2 if run.quick else REPEATS
            own = children = 0.0
            # The first of a kind fills caches, and does not count.
            for turn in range(1 + repeats):
                yield
                number += 1
                cost = _one(kernel, kind, number)
                if turn:
                    run.add(f"cell.{kind.name}", which, cost.seconds)
                    own += cost.own / repeats
                    children += cost.children / repeats
            work = {"kernel": round(own, 4), "compilers": round(children, 4)}
            run.details.setdefault(f"cell.{kind.name}.processor_s", {})[which] = work


@dataclass(frozen=True)
class _Cost:
    """What one cell cost, in seconds: by the clock, of the kernel's processor time, and of that of its compilers."""

    seconds: float
    own: float
    children: float


def _one(kernel: Kernel, kind: Kind, number: int) -> _Cost:
    if kind.before:
        kernel.ok(kind.before.replace("NN", str(number)))
    settle()
    own, children = kernel.work()
    code = kind.code.replace("NN", str(number))
    ran = kernel.run(code)
    expected = kind.fails or (kind.panics and kernel.which == OURS)
    if ran.failed != expected:
        kernel.fail(f"`{code}` {'failed' if ran.failed else 'did not fail'}")
    settle()
    own_after, children_after = kernel.work()
    return _Cost(ran.seconds, own_after - own, children_after - children)
