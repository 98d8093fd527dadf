"""The front end of these tests, tried on a kernel that is known to keep the protocol."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from jsonschema import ValidationError

from frontend import FrontEnd, checked


@pytest.fixture(scope="module")
def python() -> Iterator[FrontEnd]:
    """IPython's kernel."""
    with FrontEnd("python3") as front_end:
        yield front_end


def test_a_cell_is_run_and_its_messages_are_told_apart(python: FrontEnd) -> None:
    ran = python.ok("import sys\nprint('out')\nprint('err', file=sys.stderr)\n1 + 1")
    assert (ran.stdout, ran.stderr, ran.result) == ("out\n", "err\n", "2")


def test_an_error_is_read_from_reply_and_iopub(python: FrontEnd) -> None:
    ran = python.run("1 / 0")
    assert ran.error["ename"] == "ZeroDivisionError"
    assert "division by zero" in ran.report


def test_what_a_thread_prints_later_belongs_to_its_cell(python: FrontEnd) -> None:
    ran = python.ok(
        "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.3), print('late', flush=True))).start()"
    )
    assert "late" in python.until_printed(ran.request_id, "late", 20)


def test_a_blocked_cell_is_interrupted(python: FrontEnd) -> None:
    request = python.execute("import time\nprint('asleep', flush=True)\ntime.sleep(600)")
    python.until_printed(request, "asleep")
    python.manager.interrupt_kernel()
    assert python.finish(request).error["ename"] == "KeyboardInterrupt"


def test_every_process_of_a_kernel_is_found(python: FrontEnd) -> None:
    python.ok("import subprocess\nchild = subprocess.Popen(['sleep', '600'], start_new_session=True)")
    assert len(python.processes()) == 2
    python.ok("child.kill(); child.wait()")
    assert [process.pid for process in python.processes()] == [python.pid]


def test_a_wait_in_vain_tells_what_was_awaited(python: FrontEnd) -> None:
    ran = python.ok("print('here')")
    with pytest.raises(AssertionError, match=r"waited in vain for 'there' on stdout; came: .*here"):
        python.until_printed(ran.request_id, "there", 0.2)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("execute_reply", {"status": "error"}),
        ("execute_reply", {"status": "ok"}),
        ("error", {"ename": "panic"}),
        ("stream", {"name": "stdlog", "text": "x"}),
        ("kernel_info_reply", {"status": "ok", "protocol_version": "5.4"}),
    ],
)
def test_a_message_against_the_schema_is_refused(python: FrontEnd, kind: str, content: dict[str, object]) -> None:
    message = python.client.session.msg(kind, content)
    message["buffers"] = []
    with pytest.raises(ValidationError):
        checked(message)
