"""The side-by-side benchmark itself: its arithmetic, its file, its tables, and its client, on Jupyter's own kernel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
import pytest
from side_by_side import __main__ as command_line
from side_by_side import against, figure, lesson, table
from side_by_side import kernel as client
from side_by_side.figure import Figure
from side_by_side.kernel import Kernel, KernelFailed
from side_by_side.places import LESSON, OURS, STOCK
from side_by_side.plan import FIGURES, GROUPS, chosen
from side_by_side.record import Record, RecordError
from side_by_side.turns import Run, take_turns

LET = next(figure for figure in FIGURES if figure.id == "cell.let")
LINES = next(figure for figure in FIGURES if figure.id == "lines.messages")


def record(*runs: tuple[list[float], list[float]]) -> Record:
    """Returns a record of `cell.let` with the samples of stock and ours, run by run."""
    made = Record("0123abc", "2026-01-01T00:00:00+00:00", {"rustc": "rustc 1.95.0", "evcxr": "0.22.0"}, 2, quick=False)
    for number, (stock, ours) in enumerate(runs):
        run = Run(number, quick=False)
        run.add(LET.id, STOCK, *stock)
        run.add(LET.id, OURS, *ours)
        made.add("cell", [LET.id], run)
    return made


# -- arithmetic


@pytest.mark.parametrize(
    ("samples", "expected"), [([3.0], 3.0), (range(1, 21), 19), (range(1, 101), 95), ([1.0] * 19 + [9.0] * 2, 9.0)]
)
def test_the_95th_percentile_is_a_sample_that_few_exceed(samples: list[float], expected: float) -> None:
    assert figure.percentile_95(samples) == expected


def test_a_ratio_is_taken_within_each_run() -> None:
    # The second run was on a machine three times as slow: pooled, the ratio would be 1.0.
    found = figure.ratio([[1.0], [3.0, 3.0, 3.0]], [[0.5, 0.5, 0.5], [1.8]])
    assert found == figure.Ratio(pytest.approx(0.55), 0.5, pytest.approx(0.6))


def test_a_run_in_which_one_kernel_failed_has_no_ratio() -> None:
    assert figure.ratio([[1.0], []], [[0.5], [9.0]]) == figure.Ratio(0.5, 0.5, 0.5)
    assert figure.ratio([[]], [[9.0]]) is None


@pytest.mark.parametrize(
    ("stock", "ours", "expected"), [(1.0, 0.65, "ok"), (1.0, 0.66, "missed"), (None, 0.1, "unknown")]
)
def test_a_bound_is_for_the_ratio(stock: float | None, ours: float, expected: str) -> None:
    samples = {STOCK: [[stock] if stock else []], OURS: [[ours]]}
    assert LET.at_most == 0.65
    assert figure.verdict(LET, samples) == expected


@pytest.mark.parametrize(("ours", "expected"), [(0.02, "ok"), (0.021, "missed")])
def test_a_bound_can_be_for_ours_alone(ours: float, expected: str) -> None:
    stop = Figure("interrupt.loop", "stop", ours_at_most=0.02)
    assert figure.verdict(stop, {STOCK: [[0.001]], OURS: [[ours]]}) == expected


# -- tables


def test_a_row_has_medians_ratio_and_spread() -> None:
    first, second = table.rows(record(([0.1, 0.2, 0.3], [0.1]), ([0.2], [0.15])))
    assert first == ("let", "200 ms", "125 ms", "0.62 (0.50–0.75)", "0.65", "ok")
    assert second[:3] == ("· 95th percentile", "300 ms", "150 ms")


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [(1.234, "s", "1.23 s"), (0.1234, "s", "123 ms"), (0.0123, "s", "12.3 ms"), (20004, "messages", "20,004")],
)
def test_a_value_is_as_exact_as_it_is_worth(value: float, unit: str, expected: str) -> None:
    assert table.shown(value, unit) == expected


def test_columns_are_even() -> None:
    lines = list(table.aligned(("figure", "stock"), [("a", "1"), ("a long name", "1,000 ms")]))
    assert len({len(line) for line in lines}) == 1
    assert lines[1].endswith(":|")


def test_what_failed_is_told_below_the_table() -> None:
    made = record(([], [0.1]))
    made.failures["cell"] = ["run 1, stock: the kernel died"]
    lines = list(table.lines(made))
    assert "- cell: run 1, stock: the kernel died" in lines
    assert next(table.rows(made))[1:4] == ("–", "100 ms", "–")


def test_two_revisions_are_compared_with_the_stock_kernel_as_the_control() -> None:
    # The machine is twice as slow now; ours takes as long as before, so it has become twice as fast.
    before, now = record(([0.1], [0.1])), record(([0.2], [0.1]))
    [row] = against.rows(before, now)
    assert row == ("let", "100 ms", "100 ms", "1.00", "2.00", "1", "0.5", "0.50")
    assert not any("Not measured with the same" in line for line in against.lines(before, now))


def test_other_versions_are_told() -> None:
    before = record(([0.1], [0.1]))
    now = replace(before, versions={"rustc": "rustc 1.96.0", "evcxr": "0.22.0"}, samples={})
    lines = list(against.lines(before, now))
    assert "Not measured with the same: rustc rustc 1.95.0 and rustc 1.96.0." in lines
    assert "In one of the two only: cell.let." in lines


# -- the file


def test_a_record_comes_back_from_its_file(tmp_path: Path) -> None:
    made = record(([0.1], [0.05, 0.06]))
    made.write(tmp_path / "now.json")
    assert Record.read(tmp_path / "now.json") == made


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no file that `--json` wrote"),
        ("{}", "no file that"),
        ("[]", "no file that"),
        ('{"format": 0}', "format 0"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(RecordError, match=said):
        Record.read(tmp_path / "other.json")


def test_a_record_of_here_says_what_it_was_made_with() -> None:
    made = Record.of_here(quick=True)
    assert made.versions["evcxr"] == "0.22.0"
    assert made.versions["rustc"].startswith("rustc 1.")
    assert made.cpus >= 1


# -- the command line


def test_files_are_compared_without_measuring(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, ours in (("before", 0.1), ("now", 0.05)):
        record(([0.1], [ours])).write(tmp_path / f"{name}.json")
    assert command_line.main(["--read", str(tmp_path / "now.json"), "--against", str(tmp_path / "before.json")]) == 0
    printed = capsys.readouterr().out
    assert "0.50 (0.50–0.50)" in printed
    assert "now/before" in printed


def test_a_failure_is_told_by_the_exit_code(tmp_path: Path) -> None:
    made = record(([], [0.1]))
    made.failures["cell"] = ["run 1, stock: the kernel died"]
    made.write(tmp_path / "now.json")
    assert command_line.main(["--read", str(tmp_path / "now.json")]) == command_line.FAILED


@pytest.mark.parametrize("arguments", [["--only", "lunch"], ["--read", "no such file"]])
def test_what_cannot_be_done_is_explained(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(arguments) == command_line.CANNOT
    assert arguments[1] in capsys.readouterr().err


def test_figures_can_be_chosen_one_by_one() -> None:
    assert chosen([]) == list(GROUPS)
    assert [group.name for group in chosen(["crowd", "cell.let", "cell.item"])] == ["cell", "crowd"]
    assert len({figure.id for figure in FIGURES}) == len(FIGURES)


# -- turns


def test_who_is_first_changes_with_each_turn_and_each_run() -> None:
    for number, expected in ((0, "sooss"), (1, "ossoo")):
        seen: list[str] = []

        def measure(which: str, _run: Run, seen: list[str] = seen) -> Iterator[None]:
            for _ in range(3):
                seen.append(which[0])
                yield

        take_turns(measure, Run(number, quick=True))
        assert "".join(seen)[:5] == expected


def test_a_kernel_that_fails_leaves_the_other_to_go_on() -> None:
    def measure(which: str, run: Run) -> Iterator[None]:
        for sample in range(3):
            if which == STOCK and sample == 1:
                raise KernelFailed("it died")
            run.add("cell.let", which, sample)
            yield

    run = Run(0, quick=True)
    take_turns(measure, run)
    assert run.failures == ["stock: it died"]
    assert run.samples == {"cell.let": {STOCK: [0], OURS: [0, 1, 2]}}


# -- the lesson


def test_what_is_changed_or_left_out_is_in_the_lesson() -> None:
    stored = {cell.id: cell.source for cell in nbformat.read(LESSON, as_version=4).cells}
    assert set(lesson.LEFT_OUT) <= set(stored)
    for name, (old, _) in lesson.CHANGED.items():
        assert old in stored[name]
    run = {cell.id: cell.code for cell in lesson.cells()}
    assert not set(lesson.LEFT_OUT) & set(run)
    assert list(run)[1] == "no-sleep"
    assert all(new in run[name] for name, (_, new) in lesson.CHANGED.items())


# -- the client


@pytest.fixture
def python(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    """Jupyter's own kernel, which starts in a moment, in the place of ours."""
    monkeypatch.setitem(client.KERNELSPECS, OURS, "python3")
    with Kernel(OURS) as kernel:
        assert kernel.ready() > 0
        yield kernel


def test_the_client_sees_what_a_cell_came_to(python: Kernel) -> None:
    ran = python.ok('print("a line")\n6 * 7')
    assert (ran.status, ran.text, ran.result) == ("ok", "a line\n", "42")
    assert 0 < ran.seconds < client.CELL_S
    assert python.run("1 / 0").failed
    with pytest.raises(KernelFailed, match="`1 / 0` failed: division by zero"):
        python.ok("1 / 0")


def test_the_client_gives_up_at_its_deadline(python: Kernel) -> None:
    with pytest.raises(KernelFailed, match=r"waited in vain for the end of `import time; time\.sleep"):
        python.run("import time; time.sleep(600)", timeout=0.5)


def test_a_kernel_that_dies_is_told_apart_from_one_that_hangs(python: Kernel) -> None:
    with pytest.raises(KernelFailed, match="the kernel died while it was to give the end of"):
        python.run("import os; os._exit(3)")


def test_nothing_is_left_of_a_kernel(python: Kernel) -> None:
    # The program is in a session of its own, and would stay.
    ran = python.ok('import subprocess; print(subprocess.Popen(["sleep", "600"], start_new_session=True).pid)')
    left = psutil.Process(int(ran.text))
    assert left in python.processes()
    python.close()
    assert not left.is_running()


def test_a_record_is_plain_json(tmp_path: Path) -> None:
    record(([0.1], [0.2])).write(tmp_path / "now.json")
    content = json.loads((tmp_path / "now.json").read_text())
    assert content["samples"]["cell.let"] == {STOCK: [[0.1]], OURS: [[0.2]]}
