"""The rest of the protocol: comms, a subscriber's welcome, debugger, usage, ports, silent cells, input, the queue."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import zmq
from jupyter_client.session import Session

from frontend import FrontEnd, checked


def test_a_comm_to_an_unknown_target_is_closed(kernel: FrontEnd) -> None:
    opened = kernel.send("comm_open", {"comm_id": "c7", "target_name": "nobody", "data": {"a": None}})
    contents = {message["msg_type"]: message["content"] for message in kernel.until_idle(opened)}
    assert contents["comm_close"] == {"comm_id": "c7", "data": {}}
    # Nobody is there to hear these; they end all the same.
    for kind in ("comm_msg", "comm_close"):
        late = kernel.send(kind, {"comm_id": "c7", "data": {}})
        assert [message["msg_type"] for message in kernel.until_idle(late)] == ["status", "status"]


def test_a_subscriber_is_welcomed_by_its_topic(kernel: FrontEnd) -> None:
    connection = kernel.manager.get_connection_info()
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.linger = 0
        socket.subscribe(b"")
        socket.connect(f"{connection['transport']}://{connection['ip']}:{connection['iopub_port']}")
        assert socket.poll(20_000), "no welcome within 20 s"
        # Of its own: a session refuses what another subscriber of it has got already.
        session = Session(key=connection["key"])
        _, frames = session.feed_identities(socket.recv_multipart())
        welcome = checked(session.deserialize(frames))
    assert welcome["header"]["msg_type"] == "iopub_welcome"
    assert welcome["content"] == {"subscription": ""}
    assert welcome["parent_header"] == {}


def test_debug_requests_are_refused_as_a_debugger_would(kernel: FrontEnd) -> None:
    asked = {"type": "request", "seq": 12, "command": "initialize", "arguments": {"clientID": "test"}}
    reply = kernel.ask("debug_request", asked, channel="control")
    assert (reply["success"], reply["request_seq"], reply["command"]) == (False, 12, "initialize")
    assert "no debugger" in reply["body"]["error"]["format"]
    told = kernel.ask("debug_request", {**asked, "command": "debugInfo"}, channel="control")
    assert (told["success"], told["body"]["isStarted"]) == (True, False)
    info = kernel.ask("kernel_info_request")
    assert info["debugger"] is False
    assert "debugger" not in info["supported_features"]


def test_usage_is_that_of_the_kernel_and_its_cells(kernel: FrontEnd) -> None:
    usage = kernel.ask("usage_request", channel="control")
    assert usage["pid"] == kernel.pid
    cells = [process for process in kernel.processes() if process.pid != kernel.pid]
    assert cells
    assert usage["kernel_memory"] > 100 << 20, "rust-analyzer alone has more"
    assert usage["host_virtual_memory"]["total"] > usage["kernel_memory"]
    spin = kernel.execute('println!("running");\nloop { std::hint::black_box(0); }')
    kernel.until_printed(spin, "running")
    deadline = time.monotonic() + 20
    while kernel.ask("usage_request", channel="control")["kernel_cpu"] < 10:
        assert time.monotonic() < deadline, "a cell that computes is not seen"
        time.sleep(0.3)
    kernel.interrupt()
    assert kernel.finish(spin).status == "error"


def test_the_ports_are_told(kernel: FrontEnd) -> None:
    connection = kernel.manager.get_connection_info()
    for channel in ("shell", "control"):
        reply = kernel.ask("connect_request", channel=channel)
        assert reply == {"status": "ok"} | {name: port for name, port in connection.items() if name.endswith("_port")}


def test_a_silent_cell_shows_no_code_and_no_result_and_stops_nothing(kernel: FrontEnd) -> None:
    ran = kernel.ok("let quiet = 5;\nquiet", silent=True)
    assert [message["msg_type"] for message in ran.messages] == ["status", "status"]
    failing = kernel.execute('panic!("softly");', silent=True)
    behind = kernel.execute("quiet")
    assert kernel.finish(failing).error["ename"] == "panic"
    assert kernel.finish(behind).result == "5", "what was queued behind it runs"


def test_a_front_end_that_cannot_answer_is_not_asked(kernel: FrontEnd) -> None:
    # This is how the crate `evcxr_input` asks.
    code = (
        'println!("EVCXR_INPUT_REQUEST:name? ");\nlet mut line = String::new();\n'
        'std::io::stdin().read_line(&mut line).unwrap();\nprintln!("[{}]", line.trim());'
    )
    ran = kernel.ok(code, stdin=False)
    assert ran.stdout == "[]\n"
    assert "cannot answer" in ran.stderr
    asked = kernel.execute(code, stdin=True)
    assert kernel.answer(asked, "Ada")["prompt"] == "name? "
    assert kernel.finish(asked).stdout == "[Ada]\n"


def test_a_front_end_that_cannot_answer_is_told_of_once_a_cell(kernel: FrontEnd) -> None:
    for _ in range(2):
        ran = kernel.ok("std::io::stdin().lines().take(3).count()", stdin=False)
        assert ran.result == "3"
        assert ran.stderr.count("cannot answer") == 1


def test_with_stop_on_error_false_a_cell_queued_between_runs_once(kernel: FrontEnd) -> None:
    kernel.ok("let mut runs = 0;")
    requests = [
        kernel.execute("runs += 1;"),
        kernel.execute('panic!("on purpose");', stop_on_error=False),
        kernel.execute("runs += 1;"),
        kernel.execute('panic!("on purpose");'),
        kernel.execute("runs += 1;"),
    ]
    ran = [kernel.finish(request) for request in requests]
    assert [one.status for one in ran] == ["ok", "error", "ok", "error", "aborted"]
    assert kernel.ok("runs").result == "2"


def test_a_reply_tells_when_its_cell_began(kernel: FrontEnd) -> None:
    ran = kernel.ok("sleep(Duration::from_millis(200));")
    started = datetime.fromisoformat(ran.reply["metadata"]["started"])
    assert ran.reply["header"]["date"] - started >= timedelta(milliseconds=200)
