"""The exercises of the lesson, taken out of its own cells: each says *not yet* and why, and its solution passes.

And its guesses: each may be left blank, or written down as its remark says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import nbformat
import pytest
from nbformat import NotebookNode

from frontend import START_S, FrontEnd
from places import NOTEBOOKS, SHARED_DATA

#: The lesson as it is committed, by the ids of its cells.
CELLS: dict[str, NotebookNode] = {cell.id: cell for cell in nbformat.read(SHARED_DATA, as_version=4).cells}

#: What a check says to an exercise as the learner finds it.
REASONS = {
    "ex-a": "no prediction for 1, 2, 3, 4, 5, 6",
    "ex-b": "an account was read or written by a thread that did not hold the lock",
    "ex-c": "the printers work one at a time",
    "ex-d": "schedules lose a visitor: two threads that change the same counter do not take the same lock",
    "ex-e": "41 + 1 in a poisoned mutex: it panicked",
}

#: A guess of each type that the lesson asks for.
GUESSES = {"u32": "7", "u64": "7", "bool": "true", "[bool; 4]": "[true, false, true, false]"}


@pytest.fixture(scope="module")
def learner() -> Iterator[FrontEnd]:
    """A kernel in which nothing but the lesson's first cell has run: no exercise needs more."""
    with FrontEnd(cwd=NOTEBOOKS) as front_end:
        [setup] = [cell for cell in CELLS.values() if "setup" in cell.metadata.get("tags", [])]
        front_end.ok(setup.source, START_S)
        yield front_end


def test_no_exercise_is_forgotten() -> None:
    checked = {
        name for name, cell in CELLS.items() if cell.cell_type == "code" and "check::" in cell.source.splitlines()[-1]
    }
    assert checked == {*REASONS, *(f"{name}-solution" for name in REASONS)}


@pytest.mark.parametrize("name", REASONS)
def test_an_exercise_as_given_is_not_done_and_says_why(learner: FrontEnd, name: str) -> None:
    report = learner.ok(CELLS[name].source).result
    assert report is not None
    assert report.startswith("not yet: ")
    assert REASONS[name] in report


@pytest.mark.parametrize("name", REASONS)
def test_a_solution_passes(learner: FrontEnd, name: str) -> None:
    report = learner.ok(CELLS[f"{name}-solution"].source).result
    assert report is not None
    assert report.startswith("✓ "), report


@pytest.mark.parametrize("name", REASONS)
def test_an_exercise_can_be_gone_back_to_from_its_solution(learner: FrontEnd, name: str) -> None:
    learner.ok(CELLS[f"{name}-solution"].source)
    report = learner.ok(CELLS[name].source).result
    assert report is not None
    assert report.startswith("not yet: ")


@pytest.mark.parametrize("name", REASONS)
def test_hint_and_solution_are_folded(name: str) -> None:
    hint, solution = CELLS[f"{name}-hint"], CELLS[f"{name}-solution"]
    assert hint.source.startswith("<details>")
    assert "solution" in solution.metadata.tags
    assert solution.metadata.jupyter.source_hidden
    assert solution.metadata.jupyter.outputs_hidden
    # Behind the check, so that it is not met by reading on.
    order = list(CELLS)
    assert order.index(name) < order.index(f"{name}-hint") < order.index(f"{name}-solution")


def test_each_guess_may_be_left_blank_or_written_down(learner: FrontEnd) -> None:
    asked = [cell.source for name, cell in CELLS.items() if name.startswith("guess-")]
    assert len(asked) > 10
    for source in asked:
        declared, kind = re.match(r"let (\w+): Option<(.+)> = guess\(None\); // yours.*guess\(", source).groups()
        blank = learner.ok(f"{source}\ncompare({declared}, {GUESSES[kind]});").stdout
        assert blank == f"no guess written down; it is {GUESSES[kind]}\n"
        written = learner.ok(
            f"{source.replace('None', GUESSES[kind], 1)}\ncompare({declared}, {GUESSES[kind]});"
        ).stdout
        assert written == f"your guess {GUESSES[kind]} is right\n"
