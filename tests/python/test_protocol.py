"""The kernel keeps Jupyter's protocol: `frontend` checks every message on its way, each test a claim on top."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import zmq
from pygments.lexers import get_lexer_by_name

from frontend import START_S, FrontEnd, Ran
from places import PROJECT

# What must never be seen in a report for a learner: our own frames, evcxr's generated file, Rust's runtime.
NOT_THEIRS = (
    "evcxr",
    "lesson_runtime",
    "src/lib.rs",
    "rust_begin_unwind",
    "stack backtrace",
    "RUST_BACKTRACE",
    "core::",
)


def test_kernel_info_is_answered_at_once_while_the_engine_starts() -> None:
    with FrontEnd(wait=False) as front_end:
        cell = front_end.execute("6 * 7")
        reply = front_end.reply(front_end.send("kernel_info_request", {}, "control"), 10, "control")
        answered = time.monotonic() - front_end.started
        assert reply["content"]["status"] == "ok"
        front_end.reply(cell, START_S)
        ran = time.monotonic() - front_end.started
        print(f"kernel_info after {answered:.2f} s, first cell done after {ran:.2f} s")
        assert answered < 5
        assert answered < ran


def test_kernel_info_on_shell_does_not_wait_for_the_engine() -> None:
    with FrontEnd(wait=False) as front_end:
        front_end.reply(front_end.send("kernel_info_request", {}), 10)
        assert time.monotonic() - front_end.started < 5


def test_language_info_is_what_front_ends_colour_by(kernel: FrontEnd) -> None:
    info = kernel.ask("kernel_info_request")
    language = info["language_info"]
    rustc = subprocess.run(["rustc", "--version"], cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60)
    assert language["name"] == "rust"
    assert language["version"] == rustc.stdout.split()[1]
    assert language["mimetype"] == "text/x-rustsrc"
    assert language["file_extension"] == ".rs"
    assert language["pygments_lexer"] == "rust"
    assert language["codemirror_mode"] == "rust"
    assert get_lexer_by_name(language["pygments_lexer"]).name == "Rust"
    assert info["implementation"] == "rust-lessons"
    assert info["protocol_version"].startswith("5.")
    assert info["banner"].strip()


def test_cells_are_counted_from_one_and_silent_ones_are_not_counted(fresh: FrontEnd) -> None:
    assert fresh.ok("1", START_S).content["execution_count"] == 1
    assert fresh.run("compile error").content["execution_count"] == 2
    silent = fresh.ok('println!("unheard");', silent=True)
    assert [message["msg_type"] for message in silent.messages if message["msg_type"] == "execute_input"] == []
    assert fresh.ok("3").content["execution_count"] == 3


def test_a_cells_last_expression_is_its_result(kernel: FrontEnd) -> None:
    assert kernel.ok("1 + 2").result == "3"
    assert kernel.ok("let three = 1 + 2;").result is None
    assert kernel.ok("three * 2").result == "6"


def test_a_result_carries_the_count_of_its_cell(kernel: FrontEnd) -> None:
    ran = kernel.ok('"text"')
    [result] = [message["content"] for message in ran.messages if message["msg_type"] == "execute_result"]
    assert result["execution_count"] == ran.content["execution_count"]


def test_a_print_without_semicolon_shows_no_unit(kernel: FrontEnd) -> None:
    ran = kernel.ok('println!("only this")')
    assert (ran.stdout, ran.result) == ("only this\n", None)


@pytest.mark.parametrize("nothing", ["", "  \n\n", "// a comment only"])
def test_a_cell_without_code_is_fine(kernel: FrontEnd, nothing: str) -> None:
    ran = kernel.ok(nothing)
    assert (ran.stdout, ran.stderr, ran.result) == ("", "", None)


# -- errors


def test_a_panic_is_an_error_with_the_cells_own_line(kernel: FrontEnd) -> None:
    ran = kernel.run(
        'let many = 3;\nprintln!("before");\nassert_eq!(many, 4, "not four but {many}");\nprintln!("after");'
    )
    assert ran.stdout == "before\n"
    assert ran.error["ename"] == "panic"
    assert "not four but 3" in ran.error["evalue"]
    assert 'assert_eq!(many, 4, "not four but {many}");' in ran.report
    assert re.search(r"\b3\b", ran.report), "the line is the third of the cell"
    assert_only_theirs(ran)


def test_a_panic_in_a_function_of_an_earlier_cell_names_that_cell(kernel: FrontEnd) -> None:
    kernel.ok('fn fragile(text: &str) -> u32 {\n    text.parse().expect("a number")\n}')
    ran = kernel.run('fragile("x")')
    assert ran.error["ename"] == "panic"
    assert "a number" in ran.error["evalue"]
    assert 'text.parse().expect("a number")' in ran.report
    assert_only_theirs(ran)


def test_a_panic_keeps_every_variable(kernel: FrontEnd) -> None:
    kernel.ok('let kept = vec![String::from("a"), String::from("b")];\nlet number = 5;')
    kernel.run('let other = kept.len();\nif other == 2 { panic!("on purpose"); }')
    assert kernel.ok("(kept.len(), number)").result == "(2, 5)"


def test_a_message_of_several_lines_stays_whole(kernel: FrontEnd) -> None:
    ran = kernel.run('panic!("one\\ntwo");')
    assert ran.error["evalue"] == "one\ntwo"


def test_a_compile_error_is_one_error_named_by_its_code(kernel: FrontEnd) -> None:
    ran = kernel.run('fn twice() {\n    let name = String::from("Ada");\n    drop(name);\n    println!("{name}");\n}')
    assert ran.error["ename"] == "E0382"
    assert "borrow of moved value" in ran.error["evalue"]
    assert headlines(ran) == ["error[E0382]"]
    assert 'println!("{name}");' in ran.report
    assert_only_theirs(ran)


def test_several_compile_errors_are_one_error_with_all_reports(kernel: FrontEnd) -> None:
    ran = kernel.run('fn wrong() {\n    let a: u32 = "text";\n    let b: u32 = missing;\n}')
    assert ran.error["ename"] in ("E0308", "E0425")
    assert sorted(headlines(ran)) == ["error[E0308]", "error[E0425]"]


def test_a_syntax_error_is_an_error_without_a_code(kernel: FrontEnd) -> None:
    ran = kernel.run("let = 5;")
    assert ran.error["ename"] == "error"
    assert headlines(ran)[0] == "error"


def test_a_compile_error_keeps_every_variable(kernel: FrontEnd) -> None:
    kernel.ok("let safe = vec![1, 2, 3];")
    assert kernel.run("let broken: u32 = safe;").error["ename"] == "E0308"
    assert kernel.ok("safe.len()").result == "3"


def test_the_panic_of_another_thread_is_a_short_line_that_names_it_and_its_place(kernel: FrontEnd) -> None:
    ran = kernel.ok(
        'let bea = Thread::new("Bea", || -> () { panic!("the rope broke") });\nbea.start();\nlet fate = bea.join();'
    )
    kernel.until_printed(ran.request_id, "started the thread\n", stream="stderr")
    first, where, *_ = printed_on_stderr(kernel, ran).splitlines()
    assert first == "thread 'Bea' panicked: the rope broke"
    assert where == f" --> cell {ran.content['execution_count']}:1:41"
    assert kernel.ok("fate.is_err()").result == "true"


def test_the_panic_of_a_std_thread_is_told_in_the_same_way(kernel: FrontEnd) -> None:
    ran = kernel.ok(
        'let cy = std::thread::Builder::new().name("Cy".into()).spawn(|| -> () { panic!("no light") }).unwrap();\n'
        "let gone = cy.join().is_err();"
    )
    kernel.until_printed(ran.request_id, "started the thread\n", stream="stderr")
    first, where, *_ = printed_on_stderr(kernel, ran).splitlines()
    assert first == "thread 'Cy' panicked: no light"
    assert where == f" --> cell {ran.content['execution_count']}:1:73"


# -- the queue


def queue(kernel: FrontEnd, first: str, **options: Any) -> list[Ran]:
    """Sends three cells at once, as "Run All" does, and returns what came of them."""
    requests = [
        kernel.execute(first, **options),
        kernel.execute('println!("second");'),
        kernel.execute('println!("third");'),
    ]
    return [kernel.finish(request) for request in requests]


@pytest.mark.parametrize("failing", ['assert!(1 > 2, "on purpose");', 'let wrong: u32 = "text";'])
def test_a_failed_cell_stops_the_queue(kernel: FrontEnd, failing: str) -> None:
    ran = queue(kernel, failing)
    assert [one.status for one in ran] == ["error", "aborted", "aborted"]
    assert [one.stdout for one in ran] == ["", "", ""]
    assert kernel.ok("1 + 1").result == "2", "a cell sent later runs"


def test_with_stop_on_error_false_the_queue_goes_on(kernel: FrontEnd) -> None:
    ran = queue(kernel, 'assert!(1 > 2, "on purpose");', stop_on_error=False)
    assert [one.status for one in ran] == ["error", "ok", "ok"]
    assert [one.stdout for one in ran] == ["", "second\n", "third\n"]


def test_aborted_cells_are_not_counted(kernel: FrontEnd) -> None:
    before = kernel.ok("0").content["execution_count"]
    queue(kernel, 'panic!("stop");')
    assert kernel.ok("0").content["execution_count"] == before + 2


def test_other_requests_are_answered_while_the_queue_is_aborted(kernel: FrontEnd) -> None:
    failing = kernel.execute('panic!("stop");')
    asked = kernel.send("comm_info_request", {})
    assert kernel.reply(asked, 60)["content"]["status"] == "ok"
    assert kernel.finish(failing).status == "error"


def test_kernel_info_on_control_is_answered_while_a_cell_runs(kernel: FrontEnd) -> None:
    cell = kernel.execute('println!("running"); sleep(Duration::from_secs(3));')
    kernel.until_printed(cell, "running")
    started = time.monotonic()
    kernel.reply(kernel.send("kernel_info_request", {}, "control"), 10, "control")
    waited = time.monotonic() - started
    assert not kernel.is_idle(cell)
    assert waited < 1
    assert kernel.finish(cell).status == "ok"


# -- requests that run no cell


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("", "complete"),
        ("let x = 1;", "complete"),
        ("1 + 1", "complete"),
        ("fn f() {}", "complete"),
        ("use std::sync::Mutex;", "complete"),
        ("let a = 'x'; // {", "complete"),
        (":vars", "complete"),
        ("fn f() {", "incomplete"),
        ("let x = (1 +", "incomplete"),
        ("let x = 1 +", "incomplete"),
        ('let text = "open', "incomplete"),
        ("/* open", "incomplete"),
        ('for n in 0..3 {\n    println!("{n}");', "incomplete"),
        ("match 3 {", "incomplete"),
        ("let x = );", "invalid"),
        ("fn f() { ] }", "invalid"),
        ("}", "invalid"),
    ],
)
def test_is_complete_tells_the_three_kinds_apart(kernel: FrontEnd, code: str, status: str) -> None:
    assert kernel.ask("is_complete_request", {"code": code})["status"] == status


@pytest.mark.parametrize(
    ("code", "indent"), [("fn f() {", "    "), ("fn f() {\n    loop {", "        "), ("/* open", "")]
)
def test_incomplete_code_is_continued_with_an_indent(kernel: FrontEnd, code: str, indent: str) -> None:
    assert kernel.ask("is_complete_request", {"code": code}) == {"status": "incomplete", "indent": indent}


def history(kernel: FrontEnd, kind: str, **more: Any) -> list[Any]:
    """Asks for history, and returns its entries."""
    content = {"output": False, "raw": True, "hist_access_type": kind, **more}
    return kernel.ask("history_request", content)["history"]


def test_history_gives_the_last_cells(kernel: FrontEnd) -> None:
    kernel.ok("let first_of_history = 1;")
    last = kernel.ok("let second_of_history = 2;").content["execution_count"]
    entries = history(kernel, "tail", n=2)
    assert [(line, source) for _, line, source in entries] == [
        (last - 1, "let first_of_history = 1;"),
        (last, "let second_of_history = 2;"),
    ]


def test_history_gives_a_range_of_this_session(kernel: FrontEnd) -> None:
    start = kernel.ok("let ranged = 1;").content["execution_count"]
    kernel.ok("let ranged = 2;")
    entries = history(kernel, "range", session=0, start=start, stop=start + 1)
    assert [(line, source) for _, line, source in entries] == [(start, "let ranged = 1;")]


def test_history_searches_by_a_pattern(kernel: FrontEnd) -> None:
    for source in ("let needle_a = 1;", "let needle_b = 2;", "let needle_b = 2;"):
        kernel.ok(source)
    assert [source for *_, source in history(kernel, "search", pattern="*needle*", n=10)] == [
        "let needle_a = 1;",
        "let needle_b = 2;",
        "let needle_b = 2;",
    ]
    found = history(kernel, "search", pattern="let needle_?*", n=10, unique=True)
    assert [source for *_, source in found] == ["let needle_a = 1;", "let needle_b = 2;"]
    assert history(kernel, "search", pattern="*nowhere at all*", n=10) == []


def test_history_gives_outputs_when_asked(kernel: FrontEnd) -> None:
    kernel.ok("20 + 22")
    [[_, _, pair]] = history(kernel, "tail", n=1, output=True)
    assert pair == ["20 + 22", "42"]


def test_cells_without_history_are_not_remembered(kernel: FrontEnd) -> None:
    kernel.ok("let unremembered = 1;", history=False)
    assert all(source != "let unremembered = 1;" for *_, source in history(kernel, "tail", n=5))


def complete(kernel: FrontEnd, code: str, cursor: int | None = None) -> dict[str, Any]:
    """Asks what may stand at a cursor (the end, if not given)."""
    at = len(code) if cursor is None else cursor
    return kernel.ask("complete_request", {"code": code, "cursor_pos": at}, 60)


def test_completion_knows_the_methods_of_a_variable(kernel: FrontEnd) -> None:
    kernel.ok('let crowd = vec!["Ada", "Bea"];')
    reply = complete(kernel, "crowd.le")
    assert "len" in reply["matches"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (6, 8)


def test_completion_counts_characters_not_bytes(kernel: FrontEnd) -> None:
    kernel.ok('let crowd = vec!["Ada", "Bea"];')
    code = 'let light = "💡 é"; crowd.le'
    reply = complete(kernel, code)
    assert "len" in reply["matches"]
    assert reply["cursor_start"] == code.index("le", code.index("crowd"))
    assert reply["cursor_end"] == len(code)


def test_completion_where_nothing_fits_is_empty(kernel: FrontEnd) -> None:
    assert complete(kernel, "let zzz_nothing_begins_like_this_")["matches"] == []


@pytest.mark.parametrize(("code", "cursor"), [("", 0), ("abc", 99), ("let a = std::", 13), ('"', 1), ("💡", 1)])
def test_completion_survives_odd_requests(kernel: FrontEnd, code: str, cursor: int) -> None:
    assert complete(kernel, code, cursor)["status"] == "ok"


def test_inspection_tells_the_type_of_a_variable(kernel: FrontEnd) -> None:
    kernel.ok("let inspected: Vec<u64> = vec![1];")
    reply = kernel.ask("inspect_request", {"code": "inspected.len()", "cursor_pos": 4, "detail_level": 0}, 60)
    assert reply["found"] is True
    assert "Vec<u64>" in reply["data"]["text/plain"]


def test_long_code_is_answered_at_once_from_what_is_known(kernel: FrontEnd) -> None:
    kernel.ok("let lengthy = vec![1];")
    code = "lengthy.len();\n" * 70_000 + "lengthy"
    for kind in ("inspect_request", "complete_request"):
        reply = kernel.ask(kind, {"code": code, "cursor_pos": len(code), "detail_level": 0})
        assert "lengthy" in str(reply), reply
    assert kernel.ok("lengthy.len()").result == "1"


def test_inspection_of_nothing_finds_nothing(kernel: FrontEnd) -> None:
    reply = kernel.ask("inspect_request", {"code": "   ", "cursor_pos": 1, "detail_level": 0}, 60)
    assert reply == {"status": "ok", "found": False, "data": {}, "metadata": {}}


def test_comm_info_is_answered(kernel: FrontEnd) -> None:
    assert kernel.ask("comm_info_request", {}) == {"status": "ok", "comms": {}}
    assert kernel.ask("comm_info_request", {"target_name": "jupyter.widget"}) == {"status": "ok", "comms": {}}


@pytest.mark.parametrize("beat", [b"ping", b"\x00\xff any bytes", b"x" * 10_000])
def test_heartbeats_come_back_unchanged(kernel: FrontEnd, beat: bytes) -> None:
    connection = kernel.manager.get_connection_info()
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.linger = 0
        socket.connect(f"{connection['transport']}://{connection['ip']}:{connection['hb_port']}")
        for _ in range(3):
            socket.send(beat)
            assert socket.poll(20_000), "no heartbeat within 20 s"
            assert socket.recv() == beat


def test_heartbeats_come_back_while_a_cell_runs(kernel: FrontEnd) -> None:
    cell = kernel.execute('println!("running"); sleep(Duration::from_secs(2));')
    kernel.until_printed(cell, "running")
    test_heartbeats_come_back_unchanged(kernel, b"while busy")
    assert not kernel.is_idle(cell)
    assert kernel.finish(cell).status == "ok"


def test_messages_that_are_not_signed_are_ignored(kernel: FrontEnd) -> None:
    connection = kernel.manager.get_connection_info()
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        socket.connect(f"{connection['transport']}://{connection['ip']}:{connection['shell_port']}")
        header = {"msg_id": "forged", "session": "x", "username": "x", "msg_type": "execute_request", "version": "5.3"}
        socket.send_multipart([b"garbage"])
        socket.send_multipart([b"<IDS|MSG>", b"too", b"few"])
        socket.send_multipart([b"<IDS|MSG>", b"0" * 64, json.dumps(header).encode(), b"{}", b"{}", b"{}"])
        socket.send_multipart([b"<IDS|MSG>", b"0" * 64, b"not json", b"{}", b"{}", b"{}"])
        assert not socket.poll(500), "a message that is not signed was answered"
    assert kernel.ok("1 + 1").result == "2"


@pytest.mark.parametrize("restart", [False, True])
def test_shutdown_is_answered_and_ends_the_kernel(restart: bool) -> None:
    with FrontEnd() as front_end:
        reply = front_end.reply(front_end.send("shutdown_request", {"restart": restart}, "control"), 20, "control")
        assert reply["content"] == {"status": "ok", "restart": restart}
        deadline = time.monotonic() + 20
        while front_end.manager.is_alive():
            assert time.monotonic() < deadline, "the kernel goes on after its shutdown"
            time.sleep(0.05)


def test_a_restarted_kernel_counts_from_one_and_knows_nothing(fresh: FrontEnd) -> None:
    fresh.ok("let before = 1;", START_S)
    fresh.manager.restart_kernel(now=False, newports=False)
    fresh.wait_until_ready()
    ran = fresh.run("before", START_S)
    assert ran.content["execution_count"] == 1
    assert ran.error["ename"] == "E0425"


def headlines(ran: Ran) -> list[str]:
    """Returns how each compiler error in a report begins."""
    return re.findall(r"^(error(?:\[E\d{4}\])?): ", ran.report, re.MULTILINE)


def printed_on_stderr(kernel: FrontEnd, ran: Ran) -> str:
    """Returns all that a cell and its threads have printed to stderr so far."""
    kernel.messages(ran.request_id)
    return ran.stderr


def assert_only_theirs(ran: Ran) -> None:
    """Fails if a report shows more than the learner's own code."""
    for foreign in NOT_THEIRS:
        assert foreign not in ran.report, f"{foreign} in the report:\n{ran.report}"
    assert str(Path.home()) not in ran.report


def test_a_question_mark_that_meets_an_error_is_an_error_of_the_cell(kernel: FrontEnd) -> None:
    kernel.ok('let kept = 5;\nfn read(text: &str) -> Result<u32, std::num::ParseIntError> { text.parse() }')
    assert kernel.ok('let good = read("4")?;\ngood').result == "4"
    ran = kernel.run('println!("before");\nlet bad = read("x")?;\nprintln!("after");')
    assert (ran.status, ran.stdout) == ("error", "before\n")
    assert ran.error["ename"] == "error"
    assert "invalid digit found in string" in ran.error["evalue"]
    assert kernel.ok("(kept, good)").result == "(5, 4)", "what was there before is kept"
    assert kernel.run("bad").error["ename"] == "E0425"
