"""The check itself, on a kernel that is always there (Python's): each wrong notebook is red, for the right reason."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from nbformat.v4 import new_output

from notebooks import TWO_ERRORS, code, error, notebook, save, stdout, text
from places import CHECK, PYTHON

# Starting a Python kernel takes two seconds; a loaded machine may take many times that.
DEADLINE_S = 180

# What stands for a compile error: ipykernel sends the same message as our kernel would.
COMPILE_ERROR = f"""
class E0499(Exception): pass
get_ipython()._showtraceback(E0499, E0499("cannot borrow `counter`"), {TWO_ERRORS!r})
"""
BOTH = error("E0499", "cannot borrow `counter`", TWO_ERRORS)
RAISES = ["raises-exception"]
SVG = "from IPython.display import SVG, display\ndisplay(SVG('<svg xmlns=\"http://www.w3.org/2000/svg\">{}</svg>'))"


class Checked(NamedTuple):
    """What one run of the check came to."""

    exit_code: int
    printed: str
    report: dict[str, Any]

    def reason(self, cell: int | None) -> str:
        """Returns why a cell (by index; `None` is the notebook as a whole) is red, or `` if it is not."""
        return " | ".join(found["reason"] for found in self.report["failed"] if found["cell"] == cell)

    def diff(self, cell: int) -> str:
        """Returns what is shown below the reason."""
        return "\n".join(found["diff"] for found in self.report["failed"] if found["cell"] == cell)


def check(path: Path, *options: str) -> Checked:
    """Runs the check as `cargo lessons check` does."""
    report = path.with_suffix(".json")
    ran = subprocess.run(
        [PYTHON, "-m", "pytest", "-p", "lesson_plugin", "-p", "no:cacheprovider", "--nbval", str(path), *options],
        cwd=path.parent,
        env={**os.environ, "PYTHONPATH": str(CHECK), "LESSON_CHECK_REPORT": str(report)},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert report.is_file(), f"no report was written:\n{ran.stdout}\n{ran.stderr}"
    return Checked(ran.returncode, ran.stdout, json.loads(report.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """A lesson with every kind of cell, all of them right."""
    folder = tmp_path_factory.mktemp("good")
    (folder / "door.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    return check(
        save(
            notebook(
                text("# A lesson\n\n![A door that stands open](door.svg)"),
                code("print('a')", stdout("a\n"), lesson={"mirrors": [1, 2]}),
                code(COMPILE_ERROR, BOTH, tags=RAISES, lesson={"raises": ["E0373", "E0499"], "message": "counter"}),
                code("1 / 0", error("ZeroDivisionError", "division by zero"), tags=RAISES,
                     lesson={"raises": ["ZeroDivisionError"], "message": ["division", "by zero"], "mirrors": [3]}),
                code("import time; print(time.time())", stdout("0\n"), tags=["nbval-ignore-output"]),
                code("raise SystemError", tags=["nbval-skip"], run=None),
                code(SVG.format("<title>A lock</title>"), tags=["nbval-ignore-output"]),
                lesson={"mirrors_total": 3},
            ),
            folder / "good.ipynb",
        )
    )  # fmt: skip


def test_a_lesson_that_is_right_is_green_in_one_line(good: Checked) -> None:
    assert good.exit_code == 0, good.printed
    assert good.report["failed"] == []
    [line] = good.printed.strip().splitlines()
    assert line.startswith("good.ipynb: ok, 6 cells in ")
    assert line.endswith("1 skipped")


def test_the_report_counts_cells_and_seconds(good: Checked) -> None:
    assert good.report["cells"] == 6
    assert good.report["skipped"] == 1
    assert 0 < good.report["seconds"] < DEADLINE_S
    assert Path(good.report["notebook"]).name == "good.ipynb"


# Each wrong cell with a part of what must be said about it.
WRONG = {
    "stored output changed": (
        code("print('one\\ntwo\\nthree')", stdout("one\n2\nthree\n")),
        "the output is not the stored one",
    ),
    "output came that is not stored": (code("print('new')"), "the output is not the stored one"),
    "stored output did not come": (code("x = 1", stdout("old\n")), "the output is not the stored one"),
    "line end is missing": (code("print('a', end='')", stdout("a\n")), "the output is not the stored one"),
    "unexpected error": (
        code("{}['missing']", error("KeyError", "'missing'")),
        "the cell fails, and is not meant to: KeyError: 'missing'",
    ),
    "expected error missing": (
        code("x = 1", tags=RAISES, lesson={"raises": ["E0499"]}),
        "expected E0499, but the cell ran without an error",
    ),
    "expected error missing in a cell whose output is not compared": (
        code("x = 1", tags=[*RAISES, "nbval-ignore-output"], lesson={"raises": ["panic"]}),
        "expected panic, but the cell ran without an error",
    ),
    "wrong code": (
        code(COMPILE_ERROR, BOTH, tags=RAISES, lesson={"raises": ["E0373", "E0382"]}),
        "expected E0382, which did not come (the cell failed with E0373 and E0499)",
    ),
    "extra code": (
        code(COMPILE_ERROR, BOTH, tags=RAISES, lesson={"raises": ["E0499"]}),
        "E0373 came, which is not expected (the cell names E0499)",
    ),
    "message part missing": (
        code("1 / 0", error("ZeroDivisionError", "division by zero"), tags=RAISES,
             lesson={"raises": ["ZeroDivisionError"], "message": "overflow"}),
        "the error's text lacks “overflow”; it says “division by zero”",
    ),
    "stored error message changed": (
        code("1 / 0", error("ZeroDivisionError", "division by one"), tags=RAISES,
             lesson={"raises": ["ZeroDivisionError"]}),
        "the output is not the stored one",
    ),
    "tag without a name": (
        code("1 / 0", error("ZeroDivisionError", "division by zero"), tags=RAISES),
        "its metadata does not name the error",
    ),
    "name without the tag": (
        code("x = 1", lesson={"raises": ["E0499"]}),
        "lacks the tag raises-exception",
    ),
    "names that are no list": (
        code("x = 1", tags=RAISES, lesson={"raises": "E0499"}),
        '"raises" in the cell\'s metadata must be a list',
    ),
    "message without an error": (code("x = 1", lesson={"message": "borrow"}), 'no error in "raises"'),
    "skipped although it names an error": (
        code("1 / 0", tags=[*RAISES, "nbval-skip"], lesson={"raises": ["panic"]}),
        "its tag nbval-skip keeps it from running",
    ),
    "never run": (code("x = 1", run=None), "the cell has never been run"),
    "outputs without a run": (code("print(1)", stdout("1\n"), run=None), "no number of a run"),
    "drawing without a title": (
        code(SVG.format(""), tags=["nbval-ignore-output"]),
        "a drawing (svg) has neither a <title> nor an aria-label",
    ),
    "picture in HTML without alt": (
        code("from IPython.display import HTML\nHTML('<img src=\"data:,\">')", tags=["nbval-ignore-output"]),
        "has no alt text",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """One notebook with all wrong cells, and one right cell at its end."""
    cells = [cell for cell, _ in WRONG.values()]
    return check(
        save(
            notebook(*cells, code("print('still here')", stdout("still here\n"))),
            tmp_path_factory.mktemp("wrong") / "wrong.ipynb",
        )
    )


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_cell_is_red_and_says_why(wrong: Checked, name: str) -> None:
    index = list(WRONG).index(name)
    assert WRONG[name][1] in wrong.reason(index), wrong.report["failed"]
    assert WRONG[name][1] in wrong.printed


def test_a_right_cell_among_wrong_ones_is_green(wrong: Checked) -> None:
    assert wrong.exit_code == 1
    assert wrong.reason(len(WRONG)) == ""
    assert wrong.reason(None) == ""
    assert f"FAILED in {len(WRONG)} of {len(WRONG) + 1} cells" in wrong.printed


def test_a_changed_output_is_shown_as_a_diff(wrong: Checked) -> None:
    diff = wrong.diff(0).splitlines()
    assert diff[0].startswith("--- stored in the notebook")
    assert diff[1].startswith("+++ printed by this run")
    assert diff[-4:] == [" one", "-2", "+two", " three"]


def test_an_unexpected_error_is_shown_with_its_traceback_without_colours(wrong: Checked) -> None:
    diff = wrong.diff(list(WRONG).index("unexpected error"))
    assert "KeyError" in diff
    assert "\x1b" not in diff


def test_a_cell_is_called_by_its_number_heading_and_code(tmp_path: Path) -> None:
    checked = check(
        save(
            notebook(text("# Lesson\n\n## A lock\n\nText."), code("print(2)", stdout("3\n"), run=7)),
            tmp_path / "t.ipynb",
        )
    )
    [found] = checked.report["failed"]
    assert found["cell"] == 1
    assert found["title"] == "cell 2 (In [7]), under “A lock”: print(2)"


def whole(tmp_path: Path, *cells: Any, **more: Any) -> str:
    """Checks a notebook and returns what is wrong with it as a whole."""
    checked = check(save(notebook(*cells, **more), tmp_path / "whole.ipynb"))
    assert checked.exit_code == (1 if checked.report["failed"] else 0)
    return checked.reason(None)


def mirrored(*mirrors: list[int]) -> list[Any]:
    """Returns one empty cell per list of source cells."""
    return [code("", lesson={"mirrors": numbers}) for numbers in mirrors]


def test_mirrors_are_told_when_missing_twice_out_of_order_or_outside(tmp_path: Path) -> None:
    told = whole(tmp_path, *mirrored([1], [3, 3], [2], [9]), lesson={"mirrors_total": 5})
    assert "no cell mirrors source cell 4, 5" in told
    assert "source cell 3 is mirrored more than once, by cells 2, 2" in told
    assert "out of order: cell 3 mirrors source cell 2, after source cell 3" in told
    assert "cell 4 mirrors source cell 9, but the source has cells 1 to 5" in told


def test_mirrors_without_a_total_are_told(tmp_path: Path) -> None:
    assert "does not say how many cells that has" in whole(tmp_path, *mirrored([1]))


def test_mirrors_of_the_wrong_kind_are_told(tmp_path: Path) -> None:
    told = whole(
        tmp_path,
        code("", lesson={"mirrors": "1"}),
        text("text", metadata={"lesson": {"mirrors": [1]}}),
        lesson={"mirrors_total": 1},
    )
    assert '"mirrors" must be a list of whole numbers' in told
    assert "is not a code cell" in told


def test_pictures_in_the_text_need_words_and_files(tmp_path: Path) -> None:
    lesson = tmp_path / "lesson"
    lesson.mkdir()
    for file in (lesson / "door.png", lesson / "door", tmp_path / "outside.png"):
        file.write_bytes(b"")
    (lesson / "shared").symlink_to(lesson, target_is_directory=True)
    told = whole(
        lesson,
        text("![](door.png)"),
        text('<img src="door.png">'),
        text("![door.png](door.png)"),
        text("![A door](gone.png)"),
        text("![A door](attachment:gone.png)"),
        text("![A door](https://example.org/door.png)"),
        text("<svg></svg>"),
        text("![A door](attachment:here.png)", attachments={"here.png": {"image/png": ""}}),
        text("![A door](door.png)"),
        text("![A door](../outside.png)"),
        text("![A door](door)"),
        text("![A door](shared/door.png)"),
        text("<video src='door.mp4'></video>"),
        text("<p style='background: url(door.png)'>A door</p>"),
    )
    expected = [
        "cell 1: ![](door.png)\n  the picture door.png has no alt text",
        'cell 2: <img src="door.png">\n  the picture door.png has no alt text',
        "cell 3: ![door.png](door.png)\n  the alt text of the picture door.png is a file name, and does not say what it"
        " shows",
        "cell 4: ![A door](gone.png)\n  the picture file gone.png does not exist",
        "cell 5: ![A door](attachment:gone.png)\n  the attachment “gone.png” is not in the cell",
        "cell 6: ![A door](https://example.org/door.png)\n  the picture https://example.org/door.png is on the network,"
        " and lessons work without it",
        "cell 7: <svg></svg>\n  a drawing (svg) has neither a <title> nor an aria-label",
        "cell 10: ![A door](../outside.png)\n  the picture ../outside.png lies outside the notebook's folder: move it"
        " there, or below it",
        "cell 11: ![A door](door)\n  the file door does not end as a picture does (.svg, .png, .jpg)",
        "cell 13: <video src='door.mp4'></video>\n  a <video> cannot be part of a handout, which is one file: put a link"
        " in its place",
        "cell 14: <p style='background: url(door.png)'>A door</p>\n  url(door.png) would have to be loaded, and lessons"
        " work without network",
    ]
    assert told == "\n".join(expected)


def test_a_kernel_that_does_not_exist_is_told_once(tmp_path: Path) -> None:
    checked = check(save(notebook(code("1"), code("2"), kernel="no-such-kernel"), tmp_path / "t.ipynb"))
    assert checked.exit_code == 1
    [found] = checked.report["failed"]
    assert found["reason"].startswith("the kernel did not start: ")
    assert "no-such-kernel" in found["reason"]


def test_a_kernel_that_dies_is_told(tmp_path: Path) -> None:
    checked = check(
        save(notebook(code("import os; os._exit(3)"), code("print(1)", stdout("1\n"))), tmp_path / "t.ipynb"),
        "--nbval-cell-timeout=3",
    )
    assert checked.exit_code == 1
    assert "the cell did not end within 3 s" in checked.reason(0)
    assert "or the kernel has died" in checked.reason(0)


def test_a_cell_that_does_not_end_is_stopped_and_told_and_no_cell_behind_it_is_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    cells = [
        code("import time; time.sleep(600)"),
        text("Text."),
        code(f"open({str(ran)!r}, 'w').close()"),
        code("print(1)", stdout("2\n")),
    ]
    checked = check(save(notebook(*cells), tmp_path / "t.ipynb"), "--nbval-cell-timeout=2")
    assert checked.exit_code == 1
    assert "the cell did not end within 2 s" in checked.reason(0)
    assert "--timeout SECONDS" in checked.reason(0)
    assert checked.reason(None) == "cells 3 to 4 not run, because a cell before did not end"
    assert checked.reason(3) == "", "a cell that was not run cannot differ"
    assert checked.report["not_run"] == 2
    assert not ran.exists()


def test_a_picture_that_differs_is_a_sentence_and_no_diff(tmp_path: Path) -> None:
    draw = "from IPython.display import SVG, display\ndisplay(SVG('<svg><title>A lock</title>{}</svg>'))"
    stored = new_output("display_data", data={"image/svg+xml": "<svg><title>A lock</title><g/></svg>"})
    words = "from IPython.display import HTML\nHTML('<p>new</p><svg><title>A lock</title></svg>')"
    html = new_output("execute_result", data={"text/html": "<p>old</p><svg><title>A lock</title><g/></svg>"})
    html.data["text/plain"] = "<IPython.core.display.HTML object>"
    drawn = "<IPython.core.display.SVG object>"
    stored.data["text/plain"] = drawn
    checked = check(
        save(notebook(code(draw.format("<a/>"), stored), code(words, html), code("1", stdout("2"))), tmp_path / "t.ipynb")
    )
    assert checked.reason(0).startswith("the picture is not the stored one. If it is another one in each run")
    assert "nbval-ignore-output" in checked.reason(0)
    assert checked.diff(0) == ""
    assert "-<p>old</p>(a drawing)" in checked.diff(1), "what is not drawn is still compared by lines"
    assert [found["differs"] for found in checked.report["failed"]] == [True, True, True]


def test_links_lead_to_sections_and_files(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1", encoding="utf-8")
    save(notebook(text("## Another Place")), tmp_path / "other.ipynb")
    told = whole(
        tmp_path,
        text("# A lesson\n\n## My Section, with `code`\n\n<a id='here'></a>"),
        text("[a](#My-Section,-with-code) [b](#here) [c](data.csv) [d](other.ipynb#Another-Place) [e](other.ipynb)"),
        text("[f](https://example.org/#x) [g](mailto:a@example.org) [h](#)"),
        text("[i](#my-section,-with-code)"),
        text("[j](gone.csv)"),
        text("[k](other.ipynb#another-place)"),
    )
    expected = [
        "the link #my-section,-with-code leads nowhere: no heading has that address; did you mean"
        " #My-Section,-with-code?",
        "the link gone.csv leads nowhere: there is no such file beside the notebook",
        "the link other.ipynb#another-place leads nowhere: no heading of other.ipynb has that address; did you mean"
        " #Another-Place?",
    ]
    for sentence in expected:
        assert sentence in told
    assert told.count("leads nowhere") == len(expected)


def test_formulas_that_cannot_be_drawn_are_told(tmp_path: Path) -> None:
    told = whole(tmp_path, text("Right: $\\frac{a}{b}$, $$x^2$$."), text("Wrong: $\\nosuch{x}$ and $\\frac{a$."))
    assert "the formula $\\nosuch{x}$ cannot be drawn: Unknown command" in told
    assert "the formula $\\frac{a$ cannot be drawn" in told
    assert told.count("cannot be drawn") == 2


def test_several_notebooks_are_reported_one_by_one(tmp_path: Path) -> None:
    first = save(notebook(code("print(1)", stdout("1\n"))), tmp_path / "a.ipynb")
    second = save(notebook(code("print(1)", stdout("2\n"))), tmp_path / "b.ipynb")
    checked = check(first, str(second))
    assert checked.exit_code == 1
    assert [Path(report["notebook"]).name for report in checked.report] == ["a.ipynb", "b.ipynb"]
    lines = checked.printed.strip().splitlines()
    assert lines[0].startswith("a.ipynb: ok, 1 cell in ")
    assert lines[1].startswith("b.ipynb: FAILED in 1 of 1 cell ")


def test_a_notebook_is_not_changed_by_its_check(tmp_path: Path) -> None:
    path = save(notebook(code("print(1)", stdout("2\n"))), tmp_path / "t.ipynb")
    before = path.read_bytes()
    check(path)
    assert path.read_bytes() == before
