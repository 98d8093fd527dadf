"""No regression by accident: what a cell and a start cost in kind, counted. How long they take is measured elsewhere.

`cargo bench --bench compare` measures times (see `benches/README.md`); a test that did would fail on a busy machine.
Each count has a twin that shows that it counts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from frontend import START_S, FrontEnd, Ran, eventually
from places import NOTEBOOKS
from program_log import ProgramLog, Started

#: After this long without a new program, what a kernel does behind its first cell is over.
QUIET_S = 3.0
#: Programs from the start of the kernel to the end of its first cell: what is needed now, with a toolchain of rustup's
#: (less without). Lower them when it gets less.
MOST_AT_START = {
    # rust-analyzer asks six in each of its two loads of the workspace; four builds of evcxr's, one of them of the
    # first cell, and one question for the dependencies are answered by the kernel's own `cargo`.
    "cargo": 21,
    # Four questions by the kernel (two, before and after it has set its environment) and two by evcxr; four by
    # rust-analyzer in each load; and those that compile.
    "rustc": 20,
    # The path of each tool, by the kernel and by evcxr.
    "rustup": 6,
}
#: Of the compilers among them, those that compile a cell: what evcxr is given before the first, and the first.
MOST_CELLS_AT_START = 6


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> ProgramLog:
    """A log of programs, empty at first."""
    return ProgramLog(tmp_path_factory.mktemp("program-log"))


@pytest.fixture(scope="module")
def at_start() -> list[Started]:
    """What `watched` has started up to the end of its first cell."""
    return []


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the user of `watched` lets cargo build."""
    return tmp_path_factory.mktemp("target")


@pytest.fixture(scope="module")
def watched(log: ProgramLog, at_start: list[Started], target: Path) -> Iterator[FrontEnd]:
    """A kernel in the lessons' folder that is watched by `log`."""
    # As below `cargo test`, or with a setting of the user's: what cargo keeps there is of another environment.
    environment = log.environment | {"CARGO_TARGET_DIR": str(target)}
    with FrontEnd(cwd=NOTEBOOKS, env=environment) as front_end:
        # With a first cell, since a kernel that has run one has started for certain.
        front_end.ok("let numbers: Vec<usize> = vec![1, 2, 3];\nfn twice(n: usize) -> usize { 2 * n }", START_S)
        at_start += settled(log)
        yield front_end


def settled(log: ProgramLog) -> list[Started]:
    """Waits until no program is started any more; returns all that were."""
    looked_at = [(time.monotonic(), len(log.started()))]

    def quiet() -> bool:
        now, count = time.monotonic(), len(log.started())
        if count != looked_at[-1][1]:
            looked_at.append((now, count))
        return count > 0 and now - looked_at[-1][0] > QUIET_S

    eventually(quiet, START_S, "the kernel starts no more programs")
    return log.started()


def count(started: list[Started], name: str) -> int:
    """Returns how many programs of a name were started."""
    return sum(program.name == name for program in started)


def compiles(log: ProgramLog, kernel: FrontEnd, cell: str) -> int:
    """Runs a cell, and returns how many times it was compiled."""
    log.clear()
    kernel.run(cell)
    return log.compiled_cells()


def stream_messages(ran: Ran) -> int:
    """Returns in how many messages a cell's text came."""
    return sum(message["msg_type"] == "stream" for message in ran.messages)


@pytest.mark.parametrize(
    "cell",
    [
        "fn thrice(n: usize) -> usize { 3 * n }",
        "struct Boat { oars: usize }\nimpl Boat { fn row(&self) -> usize { self.oars } }",
        "static TICKS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);",
        "let more: Vec<usize> = vec![4];",
        'let mut total: usize = 0;\nfor n in &numbers { total += n; }\nprintln!("{total}");',
        "numbers.len() + 1",
        'println!("{}", numbers.len());',
        "twice(3);",
        'let lock = Lock::new("studio");\nlock',
        "assert_eq!(numbers.len(), 4);",
        # evcxr takes what stands last for a value, also where it has none.
        'for n in &numbers { println!("{n}"); }',
        "let mut left = 3;\nwhile left > 0 { left -= 1; }",
        "let mut tries = 0;\nloop { tries += 1; if tries > 3 { break; } }",
        "let mut tries = 0;\nloop { tries += 1; if tries > 3 { break tries; } }",
        'if numbers.is_empty() { println!("none"); }',
        'match numbers.len() { 0 => println!("none"), _ => println!("some") }',
        "{ twice(4); }",
    ],
)
def test_a_cell_is_compiled_once(log: ProgramLog, watched: FrontEnd, cell: str) -> None:
    assert compiles(log, watched, cell) == 1


def test_two_cells_are_compiled_twice(log: ProgramLog, watched: FrontEnd) -> None:
    log.clear()
    watched.ok("numbers.len() + 2")
    watched.ok("numbers.len() + 3")
    assert log.compiled_cells() == 2


def test_a_variable_that_was_moved_costs_one_more_compilation(log: ProgramLog, watched: FrontEnd) -> None:
    # evcxr learns of it by an error of the compiler: it puts every variable back after the cell.
    watched.ok("let owned = vec![1];")
    assert compiles(log, watched, "let taken = owned;") == 2
    assert compiles(log, watched, "taken.len() + 1") == 1


def test_a_compile_error_costs_two_more_compilations(log: ProgramLog, watched: FrontEnd) -> None:
    # Once without what the kernel adds, and once for the report.
    assert compiles(log, watched, 'let wrong: usize = "three";') == 3


def test_what_does_not_have_to_be_compiled_is_not(log: ProgramLog, watched: FrontEnd) -> None:
    assert compiles(log, watched, "// a remark, and nothing else") == 0
    log.clear()
    watched.ask("complete_request", {"code": "numbers.l", "cursor_pos": 9})
    watched.ask("is_complete_request", {"code": "for n in 0..3 {"})
    assert log.started() == []


def test_a_warm_cell_starts_a_compiler_and_little_else(log: ProgramLog, watched: FrontEnd) -> None:
    watched.ok("numbers.len() + 4")
    log.clear()
    watched.ok("numbers.len() + 5")
    started = log.started()
    assert count(started, "rustc") == 1, started
    assert count(started, "cargo") <= 1, started
    assert count(started, "rustup") == 0, started
    # The linker without the C compiler in front of it, where the toolchain has one.
    assert (count(started, "cc"), count(started, "rust-lld")) == (0, 1), started


def test_a_start_takes_few_programs(watched: FrontEnd, at_start: list[Started]) -> None:
    assert watched.manager.is_alive()
    for name, most in MOST_AT_START.items():
        assert count(at_start, name) <= most, f"{count(at_start, name)} {name}: {at_start}"
    assert sum(program.compiles_a_cell for program in at_start) <= MOST_CELLS_AT_START, at_start


def test_the_users_folder_for_builds_is_left_alone(watched: FrontEnd, target: Path) -> None:
    assert not list(target.iterdir())
    # While programs that a cell starts use it as ever.
    assert watched.ok('std::env::var("CARGO_TARGET_DIR").unwrap_or_default()').result == f'"{target}"'


def test_the_programs_of_a_start_are_counted(tmp_path: Path) -> None:
    # The stock kernel loads rust-analyzer's workspace twice, with some ten calls of each program in each load.
    log = ProgramLog(tmp_path)
    with FrontEnd("rust-stock", cwd=NOTEBOOKS, env=log.environment, wait=False):
        eventually(
            lambda: log.count("cargo") >= 12 and log.count("rustc") >= 12, START_S, "cargo and rustc are started"
        )


def test_many_lines_come_in_few_messages(watched: FrontEnd) -> None:
    ran = watched.ok('for n in 0..20_000 { println!("line {n}"); }')
    assert ran.stdout.count("\n") == 20_000
    assert stream_messages(ran) <= 40


def test_lines_that_take_their_time_come_in_a_message_each(watched: FrontEnd) -> None:
    ran = watched.ok('for n in 0..5 { println!("line {n}"); sleep(Duration::from_millis(300)); }')
    assert stream_messages(ran) == 5
