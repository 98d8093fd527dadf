"""What the exporter of handouts refuses, with the reason and the cell; and what its options do."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from commands import export

from notebooks import code, notebook, save, text


def refused(tmp_path: Path, *cells: object, options: tuple[str, ...] = ()) -> tuple[int, str]:
    """Exports a notebook that cannot become a page; returns the exit code and what was said."""
    ran = export(save(notebook(*cells), tmp_path / "lesson.ipynb"), tmp_path / "out", *options)
    assert ran.stdout == ""
    assert "Traceback (most recent call last):" not in ran.stderr, ran.stderr
    assert not list((tmp_path / "out").glob("*")), "half a page was left behind"
    return ran.returncode, ran.stderr


def test_the_page_has_the_language_that_the_notebook_names(tmp_path: Path) -> None:
    made = notebook(text("# Türen"), code("print(1)"), lesson={"lang": "de"})
    assert export(save(made, tmp_path / "t.ipynb"), tmp_path).returncode == 0
    found = BeautifulSoup((tmp_path / "t.html").read_text(encoding="utf-8"), "html.parser")
    assert found.html["lang"] == "de"
    assert {label["lang"] for label in found.select(".label, footer")} == {"en"}


def test_a_teachers_copy_has_its_folds_open(tmp_path: Path) -> None:
    path = save(notebook(text("# L"), code("print(1)", tags=["solution"])), tmp_path / "t.ipynb")
    assert export(path, tmp_path, "--solutions").returncode == 0
    found = BeautifulSoup((tmp_path / "t.html").read_text(encoding="utf-8"), "html.parser")
    assert [fold.has_attr("open") for fold in found.select("details")] == [True]


def test_a_cell_that_fails_unexpectedly_stops_the_export(tmp_path: Path) -> None:
    exit_code, said = refused(tmp_path, code("print(1)"), code("{}['gone']"))
    assert exit_code == 1
    assert "cell 2 (In [1]): {}['gone']\n    the cell fails, and is not meant to: KeyError: 'gone'" in said


def test_an_expected_error_that_does_not_come_stops_the_export(tmp_path: Path) -> None:
    exit_code, said = refused(tmp_path, code("x = 1", tags=["raises-exception"], lesson={"raises": ["E0499"]}))
    assert exit_code == 1
    assert "cell 1 (In [1]): x = 1\n    expected E0499, but the cell ran without an error" in said


@pytest.mark.parametrize(
    ("lesson", "said"),
    [
        ({"raises": ["E0382"]}, "expected E0382, which did not come (the cell failed with ZeroDivisionError)"),
        ({"raises": ["ZeroDivisionError"], "message": "zzz"}, "the error's text lacks “zzz”"),
        (None, "its metadata does not name the error"),
    ],
)
def test_an_error_that_is_not_the_promised_one_stops_the_export(
    tmp_path: Path, lesson: dict[str, object] | None, said: str
) -> None:
    exit_code, told = refused(tmp_path, text("## Zero"), code("1 / 0", tags=["raises-exception"], lesson=lesson))
    assert exit_code == 1
    assert "cell 2 (In [1]), under “Zero”: 1 / 0\n" in told
    assert said in told


def test_two_notebooks_of_one_name_are_refused_before_anything_runs(tmp_path: Path) -> None:
    made = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        made.append(save(notebook(code(f"open({str(tmp_path / 'ran')!r}, 'w')")), tmp_path / folder / "lesson.ipynb"))
    ran = export(made[0], tmp_path / "out", str(made[1]))
    assert ran.returncode == 2
    assert all(str(path) in ran.stderr for path in made)
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "out").exists()


def test_a_cell_that_does_not_end_stops_the_export(tmp_path: Path) -> None:
    exit_code, said = refused(tmp_path, code("import time; time.sleep(600)"), options=("--timeout", "2"))
    assert exit_code == 1
    assert "cell 1 (In [1]): import time; time.sleep(600)\n    the cell did not end within 2 s" in said
    assert "--timeout SECONDS" in said


def test_a_picture_that_cannot_be_embedded_stops_the_export_before_anything_runs(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    cells = [text("![A door](gone.svg)"), code(f"open({str(ran)!r}, 'w')")]
    exit_code, said = refused(tmp_path, *cells)
    assert exit_code == 1
    assert "cell 1: ![A door](gone.svg)\n    the picture file gone.svg does not exist" in said
    assert not ran.exists()


def test_an_unknown_kernel_is_told(tmp_path: Path) -> None:
    exit_code, said = refused(tmp_path, code("1"), options=("--kernel", "no-such-kernel"))
    assert exit_code == 2
    assert "there is no kernel “no-such-kernel”" in said


def test_a_missing_and_a_broken_notebook_are_told(tmp_path: Path) -> None:
    missing = export(tmp_path / "gone.ipynb", tmp_path / "out")
    assert missing.returncode == 2
    assert "gone.ipynb: cannot be read: No such file or directory" in missing.stderr
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{", encoding="utf-8")
    told = export(broken, tmp_path / "out")
    assert told.returncode == 2
    assert "broken.ipynb: is not a notebook" in told.stderr
    assert not (tmp_path / "out").exists()


def test_the_notebook_is_not_changed(tmp_path: Path) -> None:
    path = save(notebook(code("print(1)", run=None)), tmp_path / "lesson.ipynb")
    before = path.read_bytes()
    assert export(path, tmp_path / "out").returncode == 0
    assert path.read_bytes() == before
