"""Subshells (JEP 91): everything but cells is answered at once while a cell runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from frontend import FrontEnd


@pytest.fixture
def subshell(kernel: FrontEnd) -> Iterator[str]:
    """A subshell of the shared kernel."""
    created = kernel.ask("create_subshell_request", channel="control")["subshell_id"]
    yield created
    kernel.ask("delete_subshell_request", {"subshell_id": created}, channel="control")


#: A cell that says when it runs, and runs until it is stopped.
ENDLESS = 'println!("running");\nloop { std::hint::black_box(0); }'


@pytest.fixture
def busy(kernel: FrontEnd) -> Iterator[str]:
    """A cell that runs on the main shell, and is stopped afterwards."""
    request = kernel.execute(ENDLESS)
    kernel.until_printed(request, "running")
    yield request
    assert not kernel.is_idle(request), "it had to run all the time"
    kernel.interrupt()
    assert kernel.finish(request).error["ename"] == "KeyboardInterrupt"


def list_of(kernel: FrontEnd) -> list[str]:
    """Returns the ids of all subshells."""
    return kernel.ask("list_subshell_request", channel="control")["subshell_id"]


def test_the_kernel_says_that_it_has_them(kernel: FrontEnd) -> None:
    assert kernel.ask("kernel_info_request")["supported_features"] == ["kernel subshells"]


def test_they_are_made_listed_and_deleted_while_a_cell_runs(kernel: FrontEnd, busy: str) -> None:
    before = list_of(kernel)
    one = kernel.ask("create_subshell_request", channel="control")["subshell_id"]
    two = kernel.ask("create_subshell_request", channel="control")["subshell_id"]
    assert sorted(list_of(kernel)) == sorted([*before, one, two])
    for made in (one, two):
        assert kernel.ask("delete_subshell_request", {"subshell_id": made}, channel="control") == {"status": "ok"}
    assert list_of(kernel) == before


@pytest.mark.parametrize("content", [{"subshell_id": "nobody"}, {}, {"subshell_id": 3}])
def test_deleting_what_is_not_there_is_an_error(kernel: FrontEnd, content: dict[str, Any]) -> None:
    reply = kernel.ask("delete_subshell_request", content, channel="control")
    assert (reply["status"], reply["ename"]) == ("error", "UnknownSubshell")


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("kernel_info_request", {}),
        ("is_complete_request", {"code": "fn f() {"}),
        ("history_request", {"hist_access_type": "tail", "n": 3, "output": False, "raw": True}),
        ("comm_info_request", {}),
        ("complete_request", {"code": "print", "cursor_pos": 5}),
        ("inspect_request", {"code": "x", "cursor_pos": 1, "detail_level": 0}),
    ],
)
def test_requests_are_answered_while_a_cell_runs(
    kernel: FrontEnd, busy: str, subshell: str, kind: str, content: dict[str, Any]
) -> None:
    assert kernel.ask(kind, content, subshell=subshell)["status"] in ("ok", "incomplete")


def test_the_twin_on_the_main_shell_waits_for_the_cell(kernel: FrontEnd) -> None:
    cell = kernel.execute(ENDLESS)
    kernel.until_printed(cell, "running")
    asked = kernel.send("comm_info_request", {})
    time.sleep(0.5)  # long enough for an answer out of turn
    assert not kernel.is_idle(asked)
    kernel.interrupt()
    assert kernel.finish(cell).status == "error"
    assert kernel.reply(asked)["content"]["status"] == "ok"


def complete(kernel: FrontEnd, code: str, subshell: str) -> list[str]:
    """Asks what may stand at the end of `code`, on a subshell."""
    asked = {"code": code, "cursor_pos": len(code)}
    return kernel.ask("complete_request", asked, 60, subshell=subshell)["matches"]


def inspect(kernel: FrontEnd, code: str, subshell: str) -> str:
    """Asks what is known of the name at the end of `code`, on a subshell."""
    asked = {"code": code, "cursor_pos": len(code), "detail_level": 0}
    return kernel.ask("inspect_request", asked, 60, subshell=subshell)["data"].get("text/plain", "")


def test_while_a_cell_runs_names_and_types_of_earlier_cells_are_known(kernel: FrontEnd, subshell: str) -> None:
    kernel.ok(
        "/// Doubles.\npub fn busy_twice(n: u32) -> u32 { n * 2 }\n"
        "pub struct Busy { pub busy_field: u8 }\nimpl Busy { pub fn busy_method(&self) {} }\n"
        "let busy_value = Busy { busy_field: 1 };\nlet busy_number: u64 = 5;\n"
        "static BUSY_TOTAL: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);"
    )
    cell = kernel.execute(ENDLESS)
    kernel.until_printed(cell, "running")
    assert complete(kernel, "busy_", subshell) == ["busy_number", "busy_twice", "busy_value"]
    members = complete(kernel, "busy_value.bus", subshell)
    assert [name.removesuffix("()") for name in members] == ["busy_field", "busy_method"]
    assert complete(kernel, "BUSY_", subshell) == ["BUSY_TOTAL"]
    assert complete(kernel, "RacyC", subshell) == ["RacyCounter"]
    assert complete(kernel, ":va", subshell) == [":vars"]
    assert "busy_number: u64" in inspect(kernel, "busy_number", subshell)
    assert "fn busy_twice(n: u32) -> u32" in inspect(kernel, "busy_twice", subshell)
    assert "Doubles." in inspect(kernel, "busy_twice", subshell)
    kernel.interrupt()
    assert kernel.finish(cell).status == "error"
    assert "Doubles." in inspect(kernel, "busy_twice", subshell), "and evcxr itself answers again"


def test_while_a_cell_runs_members_are_known_that_were_looked_up_before(kernel: FrontEnd, subshell: str) -> None:
    kernel.ok("let busy_list = vec![1u8];")
    deadline = time.monotonic() + 60
    found: list[str] = []
    while "len()" not in found:
        assert time.monotonic() < deadline, f"not learnt within 60 s, only {found}"
        time.sleep(2)  # the kernel looks members up when it has had nothing to do for a second
        cell = kernel.execute(ENDLESS)
        kernel.until_printed(cell, "running")
        found = complete(kernel, "busy_list.le", subshell)
        kernel.interrupt()
        assert kernel.finish(cell).status == "error"


def test_a_completion_that_began_before_the_cell_is_answered(kernel: FrontEnd, subshell: str) -> None:
    code = "std::sync::atomic::Atomic"
    asked = kernel.send("complete_request", {"code": code, "cursor_pos": len(code)}, subshell=subshell)
    cell = kernel.execute(ENDLESS)
    assert kernel.reply(asked, 60)["content"]["status"] == "ok"
    kernel.until_printed(cell, "running")
    kernel.interrupt()
    assert kernel.finish(cell).status == "error"
    kernel.until_idle(asked)


def test_a_comm_is_closed_while_a_cell_runs(kernel: FrontEnd, busy: str, subshell: str) -> None:
    opened = kernel.send(
        "comm_open", {"comm_id": "c1", "target_name": "jupyter.widget", "data": {}}, subshell=subshell
    )
    [closed] = [message for message in kernel.until_idle(opened) if message["msg_type"] == "comm_close"]
    assert closed["content"] == {"comm_id": "c1", "data": {}}


def test_an_unknown_subshell_is_an_error_between_busy_and_idle(kernel: FrontEnd) -> None:
    reply = kernel.ask("kernel_info_request", subshell="nobody")
    assert (reply["status"], reply["ename"]) == ("error", "UnknownSubshell")
    cell = kernel.send("execute_request", {"code": "1"}, subshell="nobody")
    assert kernel.reply(cell)["content"]["status"] == "error"
    kernel.until_idle(cell)
    # No reply belongs to this one; its idle is what the front end waits for.
    kernel.until_idle(kernel.send("comm_close", {"comm_id": "c", "data": {}}, subshell="nobody"))


def test_a_deleted_subshell_is_unknown(kernel: FrontEnd) -> None:
    made = kernel.ask("create_subshell_request", channel="control")["subshell_id"]
    assert kernel.ask("kernel_info_request", subshell=made)["status"] == "ok"
    kernel.ask("delete_subshell_request", {"subshell_id": made}, channel="control")
    assert kernel.ask("kernel_info_request", subshell=made)["ename"] == "UnknownSubshell"


def test_a_cell_of_a_subshell_waits_for_the_running_one(kernel: FrontEnd, subshell: str) -> None:
    first = kernel.execute(ENDLESS)
    kernel.until_printed(first, "running")
    second = kernel.execute('println!("my turn");', subshell=subshell)
    third = kernel.execute('println!("main again");')
    time.sleep(0.3)  # long enough for a cell that does not wait to begin
    assert [message["msg_type"] for message in kernel.messages(second)] == ["status"], "busy, and nothing else"
    kernel.interrupt()
    assert kernel.finish(first).error["ename"] == "KeyboardInterrupt"
    ran = kernel.finish(second)
    assert (ran.status, ran.stdout) == ("ok", "my turn\n")
    assert kernel.finish(third).status == "aborted", "it was queued behind the failed one, on the same shell"


def test_an_error_on_a_subshell_aborts_only_its_own_queue(kernel: FrontEnd, subshell: str) -> None:
    failing = kernel.execute('panic!("on purpose");', subshell=subshell)
    behind = kernel.execute("1", subshell=subshell)
    elsewhere = kernel.execute("2")
    assert kernel.finish(failing).status == "error"
    assert kernel.finish(behind).status == "aborted"
    assert kernel.finish(elsewhere).status == "ok"


def test_shells_share_variables_and_the_count(kernel: FrontEnd, subshell: str) -> None:
    count = kernel.ok("let shared_by_shells = 5;", subshell=subshell).content["execution_count"]
    ran = kernel.ok("shared_by_shells")
    assert (ran.result, ran.content["execution_count"]) == ("5", count + 1)


def test_shutdown_on_a_subshell_ends_the_kernel() -> None:
    with FrontEnd() as kernel:
        made = kernel.ask("create_subshell_request", channel="control")["subshell_id"]
        asked = kernel.send("shutdown_request", {"restart": False}, subshell=made)
        assert kernel.reply(asked)["content"]["status"] == "ok"
        deadline = time.monotonic() + 20
        while kernel.manager.is_alive():
            assert time.monotonic() < deadline, "the kernel goes on after its shutdown"
            time.sleep(0.05)
