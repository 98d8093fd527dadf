"""`cargo lessons check` on the real lesson: green as it is, and red when anything in it no longer holds."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from commands import lessons
from nbformat import NotebookNode

from notebooks import code, notebook, save, stdout
from places import NOTEBOOKS, SHARED_DATA


@pytest.fixture
def lesson_folder(tmp_path: Path) -> Path:
    """A folder like `notebooks/`, with its settings and pictures, for changed copies of the lesson."""
    for file in NOTEBOOKS.iterdir():
        if file.suffix != ".ipynb":
            (tmp_path / file.name).symlink_to(file)
    return tmp_path


@pytest.fixture(scope="module")
def lesson() -> NotebookNode:
    """The lesson as it is committed."""
    return nbformat.read(SHARED_DATA, as_version=4)


def small(lesson: NotebookNode, *cells: NotebookNode) -> NotebookNode:
    """Returns a short notebook with the lesson's own set-up cells before `cells`."""
    setup = [cell for cell in lesson.cells if "setup" in cell.metadata.get("tags", [])]
    made = notebook(*copy.deepcopy(setup), *cells, kernel="rust-lessons")
    made.metadata.kernelspec = copy.deepcopy(lesson.metadata.kernelspec)
    for cell in made.cells:
        cell.metadata.get("lesson", {}).pop("mirrors", None)
    return made


def test_the_lesson_is_green() -> None:
    ran = lessons("check", SHARED_DATA)
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    assert "02_shared_data.ipynb" in ran.stdout


def code_cell(lesson: NotebookNode, fits: Callable[[NotebookNode], bool]) -> int:
    """Returns the place of the first code cell that fits."""
    found = [index for index, cell in enumerate(lesson.cells) if cell.cell_type == "code" and fits(cell)]
    assert found, "the lesson has no cell of the kind that this test changes"
    return found[0]


def compares(cell: NotebookNode) -> bool:
    """Says whether nbval compares the outputs of a cell."""
    return not {"nbval-ignore-output", "nbval-skip"} & set(cell.metadata.get("tags", []))


def test_the_lesson_is_red_when_an_output_an_assertion_an_expected_code_and_a_mirror_are_changed(
    lesson: NotebookNode, lesson_folder: Path
) -> None:
    changed = copy.deepcopy(lesson)
    printing = code_cell(
        changed, lambda cell: compares(cell) and any(output.output_type == "stream" for output in cell.outputs)
    )
    stream = next(output for output in changed.cells[printing].outputs if output.output_type == "stream")
    stream.text = "".join(stream.text) + "one line more\n"
    wrong_code = code_cell(
        changed, lambda cell: [name for name in cell.metadata.get("lesson", {}).get("raises", []) if name[0] == "E"]
    )
    changed.cells[wrong_code].metadata.lesson.raises = ["E0600"]
    asserting = code_cell(
        changed,
        lambda cell: "assert" in cell.source and "raises-exception" not in cell.metadata.get("tags", []),
    )
    changed.cells[asserting].source += '\nassert_eq!(1, 2, "changed by a test");'
    last = changed.metadata.lesson.mirrors_total
    mirror = code_cell(changed, lambda cell: last in cell.metadata.get("lesson", {}).get("mirrors", []))
    changed.cells[mirror].metadata.lesson.mirrors.remove(last)
    ran = lessons("check", save(changed, lesson_folder / "changed.ipynb"))
    assert ran.returncode == 1, f"{ran.stdout}\n{ran.stderr}"
    assert "-one line more" in ran.stdout
    assert "expected E0600, which did not come" in ran.stdout
    assert "changed by a test" in ran.stdout
    assert f"no cell mirrors source cell {last}" in ran.stdout


def test_a_small_lesson_is_green_and_red_for_each_change(lesson: NotebookNode, lesson_folder: Path) -> None:
    right = small(
        lesson,
        code('println!("ten");', stdout("ten\n")),
        code("assert_eq!(2 + 2, 4);"),
    )
    ran = lessons("check", save(right, lesson_folder / "right.ipynb"))
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"

    output = copy.deepcopy(right)
    output.cells[-2].outputs[0].text = "eleven\n"
    assertion = copy.deepcopy(right)
    assertion.cells[-1].source = "assert_eq!(2 + 2, 5);"
    for name, wrong, said in (("output", output, "-eleven"), ("assertion", assertion, "is not meant to: panic")):
        ran = lessons("check", save(wrong, lesson_folder / f"{name}.ipynb"))
        assert ran.returncode == 1, f"{name}: {ran.stdout}\n{ran.stderr}"
        assert said in ran.stdout


def test_a_check_changes_no_file(lesson: NotebookNode, lesson_folder: Path) -> None:
    path = save(small(lesson, code('println!("ten");', stdout("nine\n"))), lesson_folder / "same.ipynb")
    before = path.read_bytes()
    listed = sorted(lesson_folder.iterdir())
    assert lessons("check", path).returncode == 1
    assert path.read_bytes() == before
    assert sorted(lesson_folder.iterdir()) == listed


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}'])
def test_a_broken_notebook_is_told_with_exit_code_two(lesson_folder: Path, text: str) -> None:
    path = lesson_folder / "broken.ipynb"
    path.write_text(text, encoding="utf-8")
    ran = lessons("check", path)
    assert ran.returncode == 2, f"{ran.stdout}\n{ran.stderr}"
    assert "broken.ipynb" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_an_unknown_notebook_and_one_for_another_kernel_are_told_with_exit_code_two(lesson_folder: Path) -> None:
    missing = lessons("check", lesson_folder / "gone.ipynb")
    assert missing.returncode == 2, f"{missing.stdout}\n{missing.stderr}"
    assert "gone.ipynb" in missing.stderr
    other = lessons("check", save(notebook(code("1"), kernel="python3"), lesson_folder / "other.ipynb"))
    assert other.returncode == 2, f"{other.stdout}\n{other.stderr}"
    assert "python3" in other.stderr
