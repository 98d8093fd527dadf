"""Whose cell a thread's output belongs to, how much a cell can show, and how often messages come."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from conftest import PRELUDE
from frontend import START_S, FrontEnd, eventually, printed
from places import PROJECT

#: A thread of a cell that does what it is told by later cells, so that nothing depends on time.
TOLD = (
    "let (tell, told) = std::sync::mpsc::channel::<u32>();\n"
    "let (done, is_done) = std::sync::mpsc::channel::<u32>();\n"
    "let worker = std::thread::spawn(move || for n in told {{ {says} done.send(n).unwrap(); }});"
)
#: Lets the thread say one thing, and waits until it has.
SAY = "tell.send({n}).unwrap(); is_done.recv().unwrap();"


def under(kernel: FrontEnd, request: str, stream: str = "stdout") -> str:
    """Returns what has been printed under a cell so far, after its idle too."""
    return printed(kernel.messages(request), stream)


@pytest.fixture(scope="module")
def starting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontEnd]:
    """A kernel in a folder whose settings ask for the output of threads to stay with their cell."""
    folder = tmp_path_factory.mktemp("starting")
    (folder / "evcxr.toml").write_text('[output]\nthreads = "starting-cell"\n', encoding="utf-8")
    with FrontEnd(cwd=folder) as front_end:
        front_end.ok(PRELUDE, START_S)
        yield front_end


def test_a_thread_prints_under_the_running_cell_unless_told_otherwise(kernel: FrontEnd) -> None:
    kernel.ok(TOLD.format(says='println!("said {n}");'))
    assert kernel.ok(SAY.format(n=1)).stdout == "said 1\n"


def test_a_thread_prints_under_its_own_cell_where_the_settings_say_so(starting: FrontEnd) -> None:
    own = starting.ok(TOLD.format(says='println!("out {n}"); eprintln!("err {n}"); print!("part {n}");'))
    for n in range(3):
        other = starting.ok(f'println!("before {n}"); {SAY.format(n=n)} println!("after {n}");')
        assert (other.stdout, other.stderr) == (f"before {n}\nafter {n}\n", "")
    expected = "".join(f"out {n}\npart {n}" for n in range(3))
    eventually(lambda: under(starting, own.request_id) == expected, 20, "the thread's output under its cell")
    assert under(starting, own.request_id, "stderr") == "err 0\nerr 1\nerr 2\n"


def test_threads_of_threads_print_under_the_cell_that_started_the_first(starting: FrontEnd) -> None:
    own = starting.ok(
        TOLD.format(
            says="std::thread::spawn(move || std::thread::scope(|s| {"
            ' s.spawn(|| println!("deep {n}")); })).join().unwrap();'
        )
    )
    assert starting.ok(SAY.format(n=7)).stdout == ""
    assert starting.until_printed(own.request_id, "deep 7\n", 20) == "deep 7\n"


def test_a_panic_of_a_thread_is_told_under_its_cell(starting: FrontEnd) -> None:
    own = starting.ok(TOLD.format(says='std::thread::spawn(|| panic!("too far")).join().unwrap_err();'))
    assert starting.ok(SAY.format(n=1)).stderr == ""
    eventually(lambda: "too far" in under(starting, own.request_id, "stderr"), 20, "the panic under its cell")


def test_displays_of_a_thread_appear_under_its_cell(starting: FrontEnd) -> None:
    own = starting.ok(
        TOLD.format(
            says='let shown = Display::html(n); shown.update("text/html", n + 1);'
            ' println!("EVCXR_BEGIN_CONTENT text/plain\\nby hand\\nEVCXR_END_CONTENT");'
        )
    )
    other = starting.ok(SAY.format(n=1))
    assert [m["msg_type"] for m in other.messages if "data" in m["content"]] == []

    def displays() -> list[tuple[str, dict[str, str]]]:
        came = starting.messages(own.request_id)
        return [(m["msg_type"], m["content"]["data"]) for m in came if "data" in m["content"]]

    expected = [
        ("display_data", {"text/html": "1"}),
        ("update_display_data", {"text/html": "2"}),
        ("display_data", {"text/plain": "by hand"}),
    ]
    eventually(lambda: sorted(displays(), key=str) == sorted(expected, key=str), 20, "the displays under their cell")


def test_what_runs_in_the_cells_own_thread_stays_in_order_with_its_threads(starting: FrontEnd) -> None:
    ran = starting.ok(
        'for n in 0..200 { println!("main {n}"); std::thread::spawn(move || println!("thread {n}")).join().unwrap(); }'
    )
    assert ran.stdout == "".join(f"main {n}\nthread {n}\n" for n in range(200))


def test_a_flood_of_an_earlier_cells_thread_stays_whole_while_cells_come_and_go(starting: FrontEnd) -> None:
    own = starting.ok(
        "let flood = std::thread::spawn(|| for n in 0..60_000 { println!(\"flood {n} é💡\"); });"
    )
    for n in range(8):
        assert starting.ok(f'for m in 0..500 {{ println!("{n}.{{m}}"); }}').stdout == "".join(
            f"{n}.{m}\n" for m in range(500)
        )
    starting.ok("flood.join().unwrap();")
    expected = "".join(f"flood {n} é💡\n" for n in range(60_000))
    eventually(lambda: under(starting, own.request_id) == expected, 60, "the whole flood")


def test_files_and_forks_get_what_is_written_to_them(starting: FrontEnd, tmp_path: Path) -> None:
    target = json.dumps(str(tmp_path / "written"))
    starting.ok(
        TOLD.format(
            says=f"use std::io::Write; let mut file = std::fs::File::create({target}).unwrap();"
            ' write!(file, "text {n}").unwrap();'
        )
    )
    starting.ok(SAY.format(n=5))
    assert (tmp_path / "written").read_text(encoding="utf-8") == "text 5"
    ran = starting.ok(
        'std::thread::spawn(|| std::process::Command::new("echo").arg("child").status().unwrap())'
        ".join().unwrap().success()"
    )
    assert (ran.stdout, ran.result) == ("child\n", "true")


def test_the_setting_can_be_changed_and_seen_in_a_cell(fresh: FrontEnd) -> None:
    fresh.ok(PRELUDE, START_S)
    assert "threads = running-cell" in fresh.ok(":output").result
    ran = fresh.ok(":output threads starting-cell\n" + TOLD.format(says='println!("said {n}");') + "\nlet kept = 2;")
    assert fresh.ok(SAY.format(n=1)).stdout == ""
    assert fresh.until_printed(ran.request_id, "said 1\n", 20) == "said 1\n"
    assert fresh.ok(":output threads running-cell\n" + SAY.format(n=2)).stdout == "said 2\n"
    refused = fresh.run(":output threads nowhere\nkept")
    assert "`starting-cell`" in refused.error["evalue"]
    assert fresh.ok("kept").result == "2"


def test_settings_that_make_no_sense_are_told_with_their_file(tmp_path: Path) -> None:
    (tmp_path / "evcxr.toml").write_text('[output]\ntext_limit = "lots"\n', encoding="utf-8")
    with FrontEnd(cwd=tmp_path) as front_end:
        error = front_end.run("1", START_S).error
        assert "evcxr.toml" in error["evalue"]
        assert "`50 MB`" in error["evalue"]


def test_the_stock_kernel_takes_the_settings_too(tmp_path: Path) -> None:
    (tmp_path / "evcxr.toml").write_text(
        '[output]\nthreads = "starting-cell"\ntext_limit = "1 MB"\ndisplay_limit = 5\n', encoding="utf-8"
    )
    with FrontEnd("rust-stock", cwd=tmp_path, wait=False) as front_end:
        request = front_end.client.execute("1 + 1")
        reply = front_end.client.get_shell_msg(timeout=START_S)
        assert (reply["parent_header"]["msg_id"], reply["content"]["status"]) == (request, "ok")


@pytest.mark.parametrize(
    "flood",
    [
        'for n in 0..3_000_000 { println!("line {n}"); }',
        'print!("{}", "x".repeat(100_000_000));',
        'for n in 0..1_000_000 { eprint!("no line end {n} "); }',
    ],
    ids=["lines", "one line", "stderr"],
)
def test_a_flood_is_cut_and_says_so_and_how_to_see_more(kernel: FrontEnd, flood: str) -> None:
    ran = kernel.run(f'{flood}\npanic!("at the end")', 180)
    text = (ran.stdout + ran.stderr).partition("[output limit:")[0]
    assert 3_999_000 <= len(text.rstrip("\n")) <= 4_000_000
    notes = re.findall(r"^\[output limit: (.*)\]$", ran.stderr, re.MULTILINE)
    assert len(notes) == 2, notes
    assert "printed 4 MB" in notes[0]
    assert "`:output text_limit 20 MB`" in notes[0]
    assert re.fullmatch(r"[\d.]+ MB of text not shown", notes[1]), notes
    assert ran.error["evalue"] == "at the end"
    assert kernel.ok('println!("next");\n5').stdout == "next\n", "the limit is of one cell"


def test_the_text_limit_can_be_changed_and_switched_off(fresh: FrontEnd) -> None:
    fresh.ok("1", START_S)
    flood = 'for n in 0..150_000 { println!("{n:099}"); }'
    assert len(fresh.ok(f":output text_limit 1 MB\n{flood}").stdout) == 1_000_000
    everything = fresh.ok(f":output text_limit off\n{flood}", 180)
    assert everything.stdout == "".join(f"{n:099}\n" for n in range(150_000))
    assert everything.stderr == ""


def test_displays_have_a_limit_too(fresh: FrontEnd) -> None:
    fresh.ok(PRELUDE, START_S)
    ran = fresh.ok('for n in 0..1_200 { Display::html(n); }\n"value"')
    shown = [m["content"]["data"]["text/html"] for m in ran.messages if m["msg_type"] == "display_data"]
    assert shown == [str(n) for n in range(1_000)]
    assert "displayed 1000 things" in ran.stderr
    assert "`:output display_limit 5000`" in ran.stderr
    assert "200 displays not shown" in ran.stderr
    assert ran.result == '"value"'
    ran = fresh.ok(":output display_limit off\nfor n in 0..1_200 { Display::html(n); }")
    assert sum(m["msg_type"] == "display_data" for m in ran.messages) == 1_200


def test_an_animation_is_no_flood_of_displays(kernel: FrontEnd) -> None:
    ran = kernel.ok('for n in 0..3_000 { clear_output(true); Display::html(n); println!("frame {n}"); }')
    shown = [m["content"]["data"]["text/html"] for m in ran.messages if m["msg_type"] == "display_data"]
    assert shown[-1] == "2999"
    assert len(shown) < 1_000, "not every frame can be seen"
    assert ran.stdout.endswith("frame 2999\n")
    assert ran.stderr == ""


def test_a_display_that_is_changed_all_the_time_ends_with_its_last_state(kernel: FrontEnd) -> None:
    ran = kernel.ok('let shown = Display::text(0);\nfor n in 1..=20_000 { shown.update("text/plain", n); }')
    updates = [m["content"]["data"]["text/plain"] for m in ran.messages if m["msg_type"] == "update_display_data"]
    assert updates[-1] == "20000"
    assert len(updates) < 500


def most_in_a_second(times: list[float]) -> int:
    """Returns the most messages that came within one second."""
    return max(sum(start <= time < start + 1 for time in times) for start in times)


def test_no_stream_has_more_than_twenty_messages_in_a_second(kernel: FrontEnd) -> None:
    request = kernel.execute(
        "let end = std::time::Instant::now() + std::time::Duration::from_secs(3);\n"
        "let mut n = 0u32;\n"
        "while std::time::Instant::now() < end {\n"
        '    println!("out {n}"); eprintln!("err {n}");\n'
        "    if n % 50 == 0 && n < 25_000 { Display::html(n); }\n"
        "    n += 1; std::thread::sleep(std::time::Duration::from_micros(20));\n"
        "}\n"
        'println!("{n} turns");'
    )
    ran = kernel.finish(request, 120)
    turns = int(re.search(r"^(\d+) turns$", ran.stdout, re.MULTILINE)[1])
    assert turns > 1_000, "no load"
    assert ran.stdout == "".join(f"out {n}\n" for n in range(turns)) + f"{turns} turns\n"
    assert ran.stderr == "".join(f"err {n}\n" for n in range(turns))
    for name in ("stdout", "stderr"):
        sent = [
            datetime.fromisoformat(str(message["header"]["date"])).timestamp()
            for message in ran.messages
            if message["msg_type"] == "stream" and message["content"]["name"] == name
        ]
        assert len(sent) >= 20, "it came in its time"
        # The last message comes with the end of the cell, whenever that is.
        assert most_in_a_second(sent[:-1]) <= 20, sent
    shown = [m["content"]["data"]["text/html"] for m in ran.messages if m["msg_type"] == "display_data"]
    assert shown == [str(n) for n in range(0, min(turns, 25_000), 50)][: len(shown)]
    assert len(shown) >= 20


def test_lines_cut_at_odd_bytes_arrive_as_they_were(kernel: FrontEnd) -> None:
    ran = kernel.ok(
        "use std::io::Write;\n{\n"
        'let line = |n| format!("{n} é💡語\\0 \\u{1b}[3{}mcolour\\u{1b}[0m\\n", n % 8);\n'
        "let text: String = (0..3_000).map(line).collect();\n"
        "let mut rest = text.as_bytes();\n"
        "let mut size = 1;\n"
        "while !rest.is_empty() {\n"
        "    let (part, next) = rest.split_at(size.min(rest.len()));\n"
        "    std::io::stderr().write_all(part).unwrap();\n"
        "    rest = next; size = size % 97 + 1;\n"
        "}\n}"
    )
    assert ran.stderr == "".join(f"{n} é💡語\0 \x1b[3{n % 8}mcolour\x1b[0m\n" for n in range(3_000))


def test_bytes_that_are_no_text_are_shown_as_such_and_harm_nothing(kernel: FrontEnd) -> None:
    ran = kernel.ok("use std::io::Write;\nstd::io::stderr().write_all(&[0xff; 200_000]).unwrap();")
    assert ran.stderr == "\ufffd" * 200_000
    ran = kernel.ok('use std::io::Write;\nstd::io::stderr().write_all(b"\\xe2\\x82 cut \\xf0\\x9f").unwrap();')
    assert ran.stderr == "\ufffd cut \ufffd"


def seen(text: str) -> str:
    """Returns what is left of text with `\\r` in it: nbclient's rule for saved notebooks."""
    return re.sub(r".*\r(?=[^\n])", "", text)


def test_a_bar_of_many_steps_is_one_line_in_a_few_messages(kernel: FrontEnd) -> None:
    ran = kernel.ok('for n in 0..=10_000 { eprint!("\\r{n} of 10000"); }\neprintln!(" done");')
    assert seen(ran.stderr) == "10000 of 10000 done\n"
    assert ran.stderr.count("\r") < 200, "states that nobody can have seen"


INDICATIF = ":offline 1\n:dep indicatif = \"{version}\"\nuse indicatif::{{MultiProgress, ProgressBar}};"


@pytest.fixture(scope="module")
def indicatif() -> Iterator[FrontEnd]:
    """A kernel with the crate, from what the build of this project has fetched."""
    # A build fetches what this system needs; a new lock file, as a `:dep` makes one, needs those of all systems. Without
    # network and with all of them there, this does nothing.
    subprocess.run(["cargo", "fetch", "--locked"], cwd=PROJECT, capture_output=True, timeout=START_S, check=False)
    lock = (PROJECT / "Cargo.lock").read_text(encoding="utf-8")
    version = re.search(r'name = "indicatif"\nversion = "([^"]+)"', lock)[1]
    with FrontEnd() as front_end:
        front_end.ok("1", START_S)
        front_end.ok(INDICATIF.format(version=version), START_S)
        yield front_end


def test_a_bar_of_the_real_crate_moves_in_its_line(indicatif: FrontEnd) -> None:
    ran = indicatif.ok(
        "let bar = ProgressBar::new(40);\n"
        "for _ in 0..40 { bar.inc(1); std::thread::sleep(std::time::Duration::from_millis(20)); }\n"
        'bar.finish();\neprintln!("ready");'
    )
    assert ran.stderr.count("\n") == 2, ran.stderr
    assert ran.stderr.count("\r") >= 3, "it has not moved"
    assert "\x1b" not in ran.stderr, "a code that notebooks do not know"
    bar, ready = seen(ran.stderr).splitlines()
    assert bar.rstrip().endswith("40/40")
    assert ready == "ready"


def test_several_bars_of_the_real_crate_end_as_lines(indicatif: FrontEnd) -> None:
    ran = indicatif.ok(
        "let all = MultiProgress::new();\n"
        "let threads = [1, 2].map(|_| { let bar = all.add(ProgressBar::new(30)); std::thread::spawn(move || {\n"
        "    for _ in 0..30 { bar.inc(1); std::thread::sleep(std::time::Duration::from_millis(20)); }\n"
        "    bar.finish();\n"
        "}) });\n"
        "for thread in threads { thread.join().unwrap(); }"
    )
    assert [line.rstrip().endswith("30/30") for line in seen(ran.stderr).splitlines()] == [True, True]


def test_blocks_of_two_threads_at_once_stay_apart(kernel: FrontEnd) -> None:
    ran = kernel.ok(
        "std::thread::scope(|s| for t in 0..2 { s.spawn(move || for n in 0..100 {\n"
        '    println!("EVCXR_BEGIN_CONTENT text/html\\n<i>{t}.{n}</i>\\nEVCXR_END_CONTENT");\n'
        "}); });"
    )
    shown = [m["content"]["data"]["text/html"] for m in ran.messages if m["msg_type"] == "display_data"]
    for t in range(2):
        assert [text for text in shown if text.startswith(f"<i>{t}.")] == [f"<i>{t}.{n}</i>" for n in range(100)]
    assert ran.stdout == ""


def test_a_block_that_is_never_ended_is_shown_as_it_was_printed(kernel: FrontEnd) -> None:
    ran = kernel.ok('println!("EVCXR_BEGIN_CONTENT text/html\\n<b>open");')
    assert ran.stdout == "EVCXR_BEGIN_CONTENT text/html\n<b>open\n"
    assert kernel.ok('println!("next");\n2').stdout == "next\n"


def test_what_is_no_base64_is_handed_on_as_it_is(kernel: FrontEnd) -> None:
    ran = kernel.ok('println!("EVCXR_BEGIN_CONTENT image/png\\nno base64!\\nEVCXR_END_CONTENT");\nprintln!("after");')
    shown = [m["content"]["data"] for m in ran.messages if m["msg_type"] == "display_data"]
    assert shown == [{"image/png": "no base64!"}]
    assert ran.stdout == "after\n"


def test_a_picture_of_a_crate_is_a_picture(kernel: FrontEnd) -> None:
    # As `plotters` does it: base64 in one line.
    data = base64.b64encode(bytes(range(256)) * 40).decode()
    ran = kernel.ok(
        "struct Plot;\n"
        "impl Plot { fn evcxr_display(&self) {\n"
        f'    println!("EVCXR_BEGIN_CONTENT image/png\\n{data}\\nEVCXR_END_CONTENT");\n'
        "} }\n"
        "Plot"
    )
    assert [m["content"]["data"]["image/png"] for m in ran.messages if m["msg_type"] == "execute_result"] == [data]
