"""History: it survives the kernel, is shared by kernels, and never costs a cell."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from frontend import HISTORY, START_S, FrontEnd, eventually


def ask(kernel: FrontEnd, kind: str, **more: Any) -> list[Any]:
    """Asks for history, and returns its entries."""
    content = {"output": False, "raw": True, "hist_access_type": kind, **more}
    return kernel.ask("history_request", content)["history"]


def lines(file: Path) -> list[dict[str, Any]]:
    """Returns what a history file holds."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_a_later_kernel_knows_what_an_earlier_one_ran(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "history.jsonl"
    with FrontEnd(env={HISTORY: str(file)}) as first:
        first.ok("let ada = 1;", START_S)
        first.ok("ada + 1")
        first.ok("let secret = 1;", history=False)
        first.ok("let silent = 1;", silent=True)
        first.manager.shutdown_kernel()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600, "nobody else reads it"
    with FrontEnd(env={HISTORY: str(file)}) as second:
        before = ask(second, "tail", n=9)
        assert before == [[1, 1, "let ada = 1;"], [1, 2, "ada + 1"]]
        second.ok("let bea = 2;", START_S)
        assert ask(second, "range", session=0, start=1, stop=0) == [[2, 1, "let bea = 2;"]]
        assert ask(second, "range", session=-1, start=2, stop=3, output=True) == [[1, 2, ["ada + 1", "2"]]]
        assert ask(second, "range", session=1, start=1, stop=None) == before
        assert ask(second, "search", pattern="let * = ?;", n=None) == [[1, 1, "let ada = 1;"], [2, 1, "let bea = 2;"]]
        assert ask(second, "tail", n=1) == [[2, 1, "let bea = 2;"]]


def test_two_kernels_share_a_file_that_something_has_damaged(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_bytes(b'{"session": 4, "line": 1, "input": "old"}\n\xff no json\n{"session": 5, "li')
    with FrontEnd(env={HISTORY: str(file)}) as first, FrontEnd(env={HISTORY: str(file)}) as second:
        requests = [(kernel, kernel.execute(f"let shared_{n} = {n};")) for n in range(3) for kernel in (first, second)]
        for kernel, request in requests:
            assert kernel.finish(request, START_S).status == "ok"
        for kernel in (first, second):
            eventually(lambda kernel=kernel: len(ask(kernel, "tail", n=99)) == 7, 20, "7 cells in the history")
            assert ask(kernel, "search", pattern="old") == [[4, 1, "old"]]
        sessions = {session for session, *_ in ask(first, "search", pattern="let shared_*")}
        assert sessions == {5, 6}
        assert len(ask(first, "search", pattern="let shared_*", unique=True)) == 3


def test_a_file_that_cannot_be_written_costs_no_cell(tmp_path: Path) -> None:
    # A file where a folder is needed: that stops root too, unlike permissions.
    (tmp_path / "file").touch()
    with FrontEnd(env={HISTORY: str(tmp_path / "file" / "history.jsonl")}) as kernel:
        ran = kernel.ok("let here = 1;", START_S)
        assert ran.stderr == ""
        kernel.ok("let there = 2;")
        assert [source for *_, source in ask(kernel, "tail", n=9)] == ["let here = 1;", "let there = 2;"]
        assert kernel.log().count("cannot write the history file") == 1


def test_history_goes_where_the_data_folder_is_and_off_means_nowhere(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for setting, expected in ((None, ["rust-lessons/history.jsonl", "rust-lessons/history.lock"]), ("off", [])):
        folder = data / str(setting)
        places = {"XDG_DATA_HOME": str(folder), "JUPYTER_DATA_DIR": os.environ.get("JUPYTER_DATA_DIR", "")}
        # An empty value is as none.
        with FrontEnd(env={**places, HISTORY: setting or ""}) as kernel:
            kernel.ok("1 + 1", START_S)
            kernel.manager.shutdown_kernel()
        found = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
        assert found == expected


def test_what_is_no_plain_file_is_left_alone(tmp_path: Path) -> None:
    # Reading the one would never end, opening the other would wait for ever.
    (tmp_path / "endless.jsonl").symlink_to("/dev/full")
    os.mkfifo(tmp_path / "pipe.jsonl")
    for name in ("endless.jsonl", "pipe.jsonl"):
        with FrontEnd(env={HISTORY: str(tmp_path / name)}) as kernel:
            assert kernel.ok("1 + 1", START_S).result == "2"
            assert [source for *_, source in ask(kernel, "tail", n=9)] == ["1 + 1"]
            assert "cannot write the history file" in kernel.log()
