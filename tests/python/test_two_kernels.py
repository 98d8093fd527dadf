"""What the lessons lose on the stock kernel: each row of the README's table, from a run of both kernels.

The stock kernel does not keep the whole protocol, so it is spoken to here through jupyter_client alone, and messages are
not held to the schemas.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import Empty
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from places import NOTEBOOKS

# A cell takes a second; a loaded machine compiles it in some more.
CELL_S = 60
# rust-analyzer's workspace takes the stock kernel ten seconds on two idle cores.
START_S = 180


@dataclass
class Seen:
    """What one cell came to."""

    status: str = ""
    count: int = 0
    error_names: list[str] = field(default_factory=list)
    stdout: str = ""


class Session:
    """A kernel in the lessons' folder."""

    def __init__(self, kernel: str) -> None:
        self.manager = KernelManager(kernel_name=kernel)
        self.manager.start_kernel(cwd=str(NOTEBOOKS))
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=START_S)

    def close(self) -> None:
        """Ends the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, code: str, *, look_for_s: float = 0, stop_after_s: float | None = None) -> Seen:
        """Runs a cell, then listens for `look_for_s` more; presses stop `stop_after_s` after the cell has begun."""
        request = self.client.execute(code)
        seen = Seen()
        deadline = time.monotonic() + CELL_S
        idle_at = None
        stop_at = None
        while idle_at is None or time.monotonic() < idle_at + look_for_s:
            now = time.monotonic()
            assert now < deadline, f"the cell never ended: {code}"
            if stop_at is not None and now > stop_at:
                stop_at = None
                self.client.control_channel.send(self.client.session.msg("interrupt_request", {}))
            try:
                message = self.client.get_iopub_msg(timeout=0.05)
            except Empty:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream" and content["name"] == "stdout":
                seen.stdout += content["text"]
            elif message["parent_header"].get("msg_id") != request:
                continue
            elif kind == "execute_input":
                seen.count = content["execution_count"]
                if stop_after_s is not None:
                    stop_at = now + stop_after_s
            elif kind == "error":
                seen.error_names.append(content["ename"])
            elif kind == "status" and content["execution_state"] == "idle":
                idle_at = now
        seen.status = self.reply(request)["status"]
        return seen

    def ask(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        """Sends a request that runs no cell, and returns the reply's content; `Empty` if none comes."""
        message = self.client.session.msg(kind, content)
        self.client.shell_channel.send(message)
        return self.reply(message["header"]["msg_id"])

    def reply(self, request: str) -> dict[str, Any]:
        """Waits a few seconds for the reply to a request, which needs no more work by then."""
        while True:
            reply = self.client.get_shell_msg(timeout=5)
            if reply["parent_header"].get("msg_id") == request:
                return reply["content"]


@pytest.fixture(scope="module")
def ours() -> Iterator[Session]:
    """The kernel of this project."""
    session = Session("rust-lessons")
    yield session
    session.close()


@pytest.fixture(scope="module")
def stock() -> Iterator[Session]:
    """The kernel of the `evcxr_jupyter` crate."""
    session = Session("rust-stock")
    yield session
    session.close()


def test_a_first_cell_has_the_number_one(ours: Session, stock: Session) -> None:
    assert (ours.run("let first = 1;").count, stock.run("let first = 1;").count) == (1, 2)


def test_lock_and_threads_are_shared_by_all_cells_on_both(ours: Session, stock: Session) -> None:
    for session in (ours, stock):
        session.run('let studio = Lock::new("studio"); let taken = studio.acquire();')
        session.run('let bea = lock_hogger("Bea", &studio, Duration::from_millis(1)); bea.start();')
        session.run("studio.release();")
        assert "ended: true" in session.run('println!("ended: {}", bea.join().is_ok());').stdout


def test_what_a_thread_prints_between_cells_is_shown_at_once(ours: Session, stock: Session) -> None:
    later = """
        std::thread::spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(700));
            println!("late");
        });"""
    assert "late" in ours.run(later, look_for_s=3).stdout
    assert "late" not in stock.run(later, look_for_s=3).stdout
    assert "late" in stock.run('println!("next cell");').stdout


def test_an_unfinished_line_is_shown(ours: Session, stock: Session) -> None:
    unfinished = 'print!("no line end");'
    assert "no line end" in ours.run(unfinished, look_for_s=1).stdout
    assert "no line end" not in stock.run(unfinished, look_for_s=1).stdout


def test_a_failed_assertion_is_an_error(ours: Session, stock: Session) -> None:
    seen = ours.run("assert_eq!(1 + 1, 3);")
    assert (seen.status, seen.error_names) == ("error", ["panic"])
    seen = stock.run("assert_eq!(1 + 1, 3);")
    assert (seen.status, seen.error_names) == ("ok", [])


def test_a_question_mark_that_meets_an_error_is_one(ours: Session, stock: Session) -> None:
    meets = 'let number: i32 = "4x".parse()?;'
    seen = ours.run(meets)
    assert (seen.status, seen.error_names) == ("error", ["error"])
    seen = stock.run(meets)
    assert (seen.status, seen.error_names) == ("ok", [])


def test_a_compile_error_has_its_code(ours: Session, stock: Session) -> None:
    two_errors = "{ let n: u32 = true; let n: u32 = 'c'; }"
    assert ours.run(two_errors).error_names == ["E0308"]
    assert stock.run(two_errors).error_names == ["Error", "Error"]


def test_the_stop_button_keeps_all_variables(ours: Session, stock: Session) -> None:
    outcomes = []
    for session in (ours, stock):
        session.run('let kept = vec![1, 2, 3]; let gate = Lock::new("gate"); let entered = gate.acquire();')
        stopped = session.run("let again = gate.acquire();", stop_after_s=1.5)
        outcomes.append((stopped.error_names, session.run('println!("{kept:?}");').stdout))
    assert outcomes == [(["KeyboardInterrupt"], "[1, 2, 3]\n"), (["Error"], "")]


def test_the_stop_button_ends_a_loop(ours: Session, stock: Session) -> None:
    outcomes = []
    for session in (ours, stock):
        session.run("let treasure = 42;")
        stopped = session.run("loop {}", stop_after_s=1.5)
        outcomes.append((stopped.error_names, session.run('println!("{treasure}");').stdout))
    assert outcomes == [(["KeyboardInterrupt"], "42\n"), (["Error"], "")]


def test_the_stop_button_ends_a_blocking_call_of_std(ours: Session, stock: Session) -> None:
    outcomes = []
    for session in (ours, stock):
        session.run("use std::sync::mpsc;\nlet compass = 7; let (sender, receiver) = mpsc::channel::<u32>();")
        stopped = session.run("receiver.recv().unwrap()", stop_after_s=1.5)
        outcomes.append((stopped.error_names, session.run('println!("{compass}");').stdout))
    assert outcomes == [(["KeyboardInterrupt"], "7\n"), (["Error"], "")]


def test_a_static_in_a_function_keeps_its_value(ours: Session, stock: Session) -> None:
    tick = """
        fn tick() -> u32 {
            static TICKS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
            TICKS.fetch_add(1, std::sync::atomic::Ordering::SeqCst)
        }"""
    values = []
    for session in (ours, stock):
        session.run(tick)
        session.run("tick();")
        values.append(session.run('println!("{}", tick());').stdout)
    assert values == ["1\n", "0\n"]


def test_a_program_of_a_book_runs(ours: Session, stock: Session) -> None:
    program = 'fn main() {\n    println!("Hello, world!");\n}'
    assert ours.run(program).stdout == "Hello, world!\n"
    assert stock.run(program).stdout == ""


def test_a_cell_with_an_impl_can_run_twice(ours: Session, stock: Session) -> None:
    cell = "struct Boat;\nimpl Boat { fn oars(&self) -> u32 { 2 } }"
    methods = "impl Boat { fn sails(&self) -> u32 { 1 } }"
    statuses = []
    for session in (ours, stock):
        session.run(cell)
        session.run(methods)
        statuses.append(session.run(methods).status)
    assert statuses == ["ok", "error"]


def test_quit_is_no_end(ours: Session) -> None:
    # On the stock kernel it ends the process, and the front end starts another, with nothing in it.
    assert ours.run(":quit").error_names == ["quit"]
    assert ours.run("1").status == "ok"


def test_a_static_keeps_its_value(ours: Session, stock: Session) -> None:
    values = []
    for session in (ours, stock):
        session.run("static TICKS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);")
        session.run("TICKS.store(5, std::sync::atomic::Ordering::SeqCst);")
        values.append(session.run('println!("{}", TICKS.load(std::sync::atomic::Ordering::SeqCst));').stdout)
    assert values == ["5\n", "0\n"]


def test_a_cell_that_is_not_finished_is_told_apart(ours: Session, stock: Session) -> None:
    unfinished = {"code": "for i in 0..3 {"}
    assert ours.ask("is_complete_request", unfinished)["status"] == "incomplete"
    assert stock.ask("is_complete_request", unfinished)["status"] == "complete"


def test_the_history_is_answered(ours: Session, stock: Session) -> None:
    last = {"hist_access_type": "tail", "n": 1, "raw": True, "output": False}
    assert ours.ask("history_request", last)["status"] == "ok"
    with pytest.raises(Empty):
        stock.ask("history_request", last)
