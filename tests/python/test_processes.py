"""A kernel leaves nothing behind, however it ends, and works from any folder."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from conftest import PRELUDE

from frontend import START_S, FrontEnd, eventually

# The kernel's processes notice the end of one another through closed pipes; a loaded machine takes its time.
GONE_S = 20


@pytest.fixture
def temporary() -> Iterator[Path]:
    """An empty folder for temporary files."""
    with tempfile.TemporaryDirectory(prefix="lessons-") as made:
        yield Path(made)


@contextmanager
def watched(temporary: Path) -> Iterator[FrontEnd]:
    """Gives a kernel that has run cells and keeps its temporary files in `temporary`.

    After the block, which has to end the kernel, no process of it may be left, nor any folder in which it kept what it
    made of the cells.
    """
    with FrontEnd(env={"TMPDIR": str(temporary)}) as front_end:
        front_end.ok(PRELUDE, START_S)
        front_end.ok("let kept = vec![1, 2, 3];")
        folders = session_folders(front_end)
        assert len(front_end.processes()) >= 2, "a kernel and the process that runs its cells"
        yield front_end
        eventually(lambda: not front_end.processes(), GONE_S, f"processes end: {front_end.processes()}")
        eventually(lambda: not any(folder.exists() for folder in folders), GONE_S, f"folders are removed: {folders}")
        eventually(lambda: not list(temporary.iterdir()), GONE_S, f"nothing is left in {list(temporary.iterdir())}")


def session_folders(front_end: FrontEnd) -> set[Path]:
    """Returns the folders from which the kernel's processes have loaded compiled cells, wherever they are."""
    started = psutil.Process(front_end.pid).create_time() - 1
    found = set()
    for process in front_end.processes():
        for loaded in process.memory_maps():
            path = Path(loaded.path)
            if path.suffix == ".so" and path.exists() and path.stat().st_mtime > started:
                found.add(path.parent)
    assert found, "no compiled cell is loaded anywhere"
    return found


def test_nothing_is_left_after_a_shutdown(temporary: Path) -> None:
    with watched(temporary) as front_end:
        front_end.reply(front_end.send("shutdown_request", {"restart": False}, "control"), 20, "control")


def test_nothing_is_left_after_a_shutdown_while_a_cell_runs(temporary: Path) -> None:
    with watched(temporary) as front_end:
        cell = front_end.execute('println!("running");\nstd::thread::sleep(Duration::from_secs(600));')
        front_end.until_printed(cell, "running")
        front_end.reply(front_end.send("shutdown_request", {"restart": False}, "control"), 20, "control")


def test_nothing_is_left_after_a_kill_while_idle(temporary: Path) -> None:
    with watched(temporary) as front_end:
        os.kill(front_end.pid, signal.SIGKILL)


def test_nothing_is_left_after_a_kill_while_a_cell_runs(temporary: Path) -> None:
    with watched(temporary) as front_end:
        cell = front_end.execute('println!("running");\nloop { std::hint::spin_loop(); }')
        front_end.until_printed(cell, "running")
        os.kill(front_end.pid, signal.SIGKILL)


def test_nothing_is_left_after_a_kill_while_a_cell_is_compiled(temporary: Path) -> None:
    with watched(temporary) as front_end:
        front_end.execute("".join(f'fn f{n}(v: Vec<String>) -> String {{ v.join("{n}") }}\n' for n in range(300)))
        os.kill(front_end.pid, signal.SIGKILL)


def test_nothing_is_left_after_a_kill_during_the_start(temporary: Path) -> None:
    with FrontEnd(env={"TMPDIR": str(temporary)}, wait=False) as front_end:
        front_end.reply(front_end.send("kernel_info_request", {}, "control"), 20, "control")
        os.kill(front_end.pid, signal.SIGKILL)
        eventually(lambda: not front_end.processes(), GONE_S, "processes end")
        eventually(lambda: not list(temporary.iterdir()), GONE_S, f"nothing is left in {list(temporary.iterdir())}")


def test_the_threads_of_cells_give_way_to_the_kernel_and_the_compiler(temporary: Path) -> None:
    # Else some of them, forgotten in a loop, would make each later cell, and stop, take many times as long.
    with watched(temporary) as front_end:
        runtime = int(front_end.ok("std::process::id()").result or 0)
        assert psutil.Process(runtime).nice() > psutil.Process(front_end.pid).nice()
        front_end.reply(front_end.send("shutdown_request", {"restart": False}, "control"), 20, "control")


def test_a_crashed_runtime_leaves_no_second_one_behind(temporary: Path) -> None:
    with watched(temporary) as front_end:
        before = len(front_end.processes())
        for _ in range(3):
            front_end.run("std::process::abort();")
            front_end.ok("1 + 1", START_S)
        eventually(lambda: len(front_end.processes()) <= before, GONE_S, "crashed processes are gone")
        front_end.reply(front_end.send("shutdown_request", {"restart": False}, "control"), 20, "control")


@pytest.mark.parametrize("name", ["plain", "with space and é", "deep/er"])
def test_a_kernel_works_from_any_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir(parents=True)
    with FrontEnd(cwd=folder) as front_end:
        ran = front_end.ok(
            f'{PRELUDE}\nlet studio = Lock::new("studio");\nprintln!("{{studio:?}} {{}}", '
            "std::env::current_dir().unwrap().display());",
            START_S,
        )
        assert ran.stdout == f"<lock studio: free> {folder}\n"
    assert list(folder.iterdir()) == [], "the learner's folder stays as it was"


def test_a_kernel_works_from_a_folder_that_cannot_be_written() -> None:
    with FrontEnd(cwd="/") as front_end:
        assert front_end.ok(f'{PRELUDE}\nLock::new("studio").locked()', START_S).result == "false"


def test_a_kernel_works_with_a_long_temporary_folder(temporary: Path) -> None:
    # A socket's path may have some 100 characters, and some systems give every user a longer folder than that.
    folder = temporary / ("a-rather-long-name-" * 3) / ("another-long-name-" * 3)
    folder.mkdir(parents=True)
    with FrontEnd(env={"TMPDIR": str(folder)}) as front_end:
        assert front_end.ok("1 + 1", START_S).result == "2"
