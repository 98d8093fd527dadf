"""What a cell and its threads print arrives when it is printed, complete and in order."""

from __future__ import annotations

import time

import pytest

from frontend import START_S, FrontEnd


def test_a_thread_prints_while_no_cell_runs(kernel: FrontEnd) -> None:
    ran = kernel.ok(
        'let ada = Thread::new("Ada", || { sleep(Duration::from_millis(1500)); println!("Ada speaks"); });\n'
        "ada.start();"
    )
    assert "Ada speaks" not in ran.stdout, "the cell has waited for the thread"
    started = time.monotonic()
    assert kernel.until_printed(ran.request_id, "Ada speaks", 20) == "Ada speaks\n"
    assert time.monotonic() - started < 10


def test_a_std_thread_prints_while_no_cell_runs(kernel: FrontEnd) -> None:
    ran = kernel.ok(
        "std::thread::spawn(|| for n in 0..3 {\n"
        '    std::thread::sleep(Duration::from_millis(300)); println!("late {n}");\n});'
    )
    assert kernel.until_printed(ran.request_id, "late 2\n", 20).endswith("late 0\nlate 1\nlate 2\n")


def test_print_without_newline_arrives_at_once(kernel: FrontEnd) -> None:
    request = kernel.execute('print!("half a "); sleep(Duration::from_secs(3)); println!("line");')
    assert kernel.until_printed(request, "half a ") == "half a "
    assert not kernel.is_idle(request), "the text came only with the end of the cell"
    assert kernel.finish(request).stdout == "half a line\n"


def test_print_without_newline_at_the_end_of_a_cell_arrives(kernel: FrontEnd) -> None:
    assert kernel.ok('print!("no newline");').stdout == "no newline"
    assert kernel.ok('eprint!("none here");').stderr == "none here"


def test_each_line_of_a_slow_loop_arrives_in_its_time(kernel: FrontEnd) -> None:
    request = kernel.execute('for n in 0..4 { println!("step {n}"); sleep(Duration::from_millis(700)); }')
    arrived = []
    for n in range(4):
        kernel.until_printed(request, f"step {n}\n")
        arrived.append(time.monotonic())
    assert kernel.finish(request).stdout == "step 0\nstep 1\nstep 2\nstep 3\n"
    assert arrived[-1] - arrived[0] > 1, "the lines came together"


def test_a_carriage_return_arrives_as_it_is(kernel: FrontEnd) -> None:
    assert kernel.ok('for n in [10, 100] { print!("\\r{n} %"); }').stdout == "\r10 %\r100 %"


def test_both_streams_are_told_apart(kernel: FrontEnd) -> None:
    ran = kernel.ok('println!("good"); eprintln!("bad"); println!("again");')
    assert (ran.stdout, ran.stderr) == ("good\nagain\n", "bad\n")


def test_all_that_a_cell_prints_comes_before_its_idle(kernel: FrontEnd) -> None:
    kernel.ok('fn three(n: u32) { for part in 0..3 { println!("{n}.{part}"); } }')
    for n in range(20):
        assert kernel.ok(f"three({n});").stdout == f"{n}.0\n{n}.1\n{n}.2\n"


def test_many_lines_arrive_complete_in_order_and_in_few_messages(kernel: FrontEnd) -> None:
    ran = kernel.ok('for n in 0..20_000 { println!("line {n}"); }')
    assert ran.stdout == "".join(f"line {n}\n" for n in range(20_000))
    # Jupyter Server drops what exceeds 1,000 messages a second.
    assert len(ran.messages) < 1_000


def test_several_threads_never_mix_within_a_line(kernel: FrontEnd) -> None:
    ran = kernel.ok(
        'std::thread::scope(|s| for t in 0..4 { s.spawn(move || for n in 0..200 { println!("<{t}:{n}>"); }); });'
    )
    assert sorted(ran.stdout.splitlines()) == sorted(f"<{t}:{n}>" for t in range(4) for n in range(200))


def test_text_beyond_ascii_arrives_whole(kernel: FrontEnd) -> None:
    ran = kernel.ok('for _ in 0..5_000 { print!("é💡語"); }\nprintln!();')
    assert ran.stdout == "é💡語" * 5_000 + "\n"


def test_bytes_that_are_no_text_do_no_harm(kernel: FrontEnd) -> None:
    ran = kernel.ok('use std::io::Write;\nstd::io::stdout().write_all(b"a\\xff\\x00b\\n").unwrap();')
    assert ran.stdout.startswith("a")
    assert "b\n" in ran.stdout
    assert kernel.ok("1 + 1").result == "2"


@pytest.mark.parametrize(
    "word", ["EVCXR_EXECUTION_COMPLETE", "EVCXR_PANIC_NOTIFICATION", "EVCXR_VARIABLE_CHANGED_TYPE:kept"]
)
def test_what_looks_like_the_engines_own_words_is_printed(fresh: FrontEnd, word: str) -> None:
    fresh.ok("let kept = 3;", START_S)
    assert fresh.ok(f'println!("{word}");').stdout == f"{word}\n"
    assert fresh.ok("kept").result == "3"


def test_what_evcxr_documents_for_displays_is_a_display(kernel: FrontEnd) -> None:
    ran = kernel.ok('println!("EVCXR_BEGIN_CONTENT text/html\\n<b>bold</b>\\nEVCXR_END_CONTENT");\nprintln!("plain");')
    shown = [message["content"]["data"] for message in ran.messages if "data" in message["content"]]
    assert [data["text/html"].strip() for data in shown] == ["<b>bold</b>"]
    assert ran.stdout == "plain\n"


def test_reading_input_where_none_can_be_given_does_not_hang(kernel: FrontEnd) -> None:
    ran = kernel.run("let mut line = String::new();\nlet read = std::io::stdin().read_line(&mut line);\n7")
    assert ran.status == "error" or ran.result == "7"
    assert kernel.ok("1 + 1").result == "2"


def test_a_cell_that_reads_input_asks_for_it_and_gets_it(kernel: FrontEnd) -> None:
    request = kernel.execute(
        "let mut name = String::new();\nstd::io::stdin().read_line(&mut name).unwrap();\n"
        'println!("hello {}", name.trim());',
        stdin=True,
    )
    assert kernel.answer(request, "Ada")["password"] is False
    assert kernel.finish(request).stdout == "hello Ada\n"


def test_a_variable_whose_type_is_defined_anew_is_dropped_and_the_cell_runs_once(kernel: FrontEnd) -> None:
    kernel.ok("struct Old;\nlet old = Old;\nlet kept = 5;")
    changed = kernel.ok("struct Old { field: u32 }")
    assert "`old` is lost" in changed.stderr, "the cell that takes the variable away says so"
    ran = kernel.ok('println!("once");\nkept')
    assert (ran.stdout, ran.result) == ("once\n", "5")
    assert kernel.run("old").error["ename"] == "E0425"
