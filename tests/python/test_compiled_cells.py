"""Cells are compiled without cargo where that is the same, and taken from earlier kernels where they are the same."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from frontend import CELLS, START_S, FrontEnd
from program_log import ProgramLog


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> ProgramLog:
    """A log of programs."""
    return ProgramLog(tmp_path_factory.mktemp("program-log"))


@pytest.fixture
def unlike() -> str:
    """A name that no cell has had before, so that no earlier run of this test has kept one."""
    return f"v{uuid.uuid4().hex}"


@dataclass
class Keeping:
    """A kernel that keeps compiled cells."""

    kernel: FrontEnd
    log: ProgramLog

    def compiles(self, cell: str) -> int:
        """Runs a cell, and returns how many times it was compiled."""
        self.log.clear()
        self.kernel.ok(cell)
        return self.log.compiled_cells()


@contextmanager
def keeping(log: ProgramLog, **env: str) -> Iterator[Keeping]:
    """A fresh kernel that has started."""
    with FrontEnd(env={CELLS: "on", **log.environment, **env}) as kernel:
        kernel.ok("1", START_S)
        yield Keeping(kernel, log)


def test_a_second_kernel_compiles_nothing_that_the_first_has_compiled(log: ProgramLog, unlike: str) -> None:
    # Several items and variables: evcxr writes them down in another order in each kernel.
    cells = [
        f"let {unlike} = vec![1, 2];\nlet other = 3_u8;\nlet third = String::from(\"c\");",
        f"fn a() -> usize {{ 1 }}\nfn b() -> usize {{ 2 }}\nstruct S {{ n: usize }}\nfn {unlike}_f() {{}}",
        f"let s = S {{ n: a() + b() + {unlike}.len() }};",
        "s.n + third.len() + usize::from(other)",
    ]
    with keeping(log) as first:
        assert [first.compiles(cell) for cell in cells] == [1, 1, 1, 1]
    with keeping(log) as second:
        assert [second.compiles(cell) for cell in cells] == [0, 0, 0, 0]
        assert second.kernel.ok("s.n").result == "5"


def test_a_cell_that_has_changed_is_compiled(log: ProgramLog, unlike: str) -> None:
    with keeping(log) as first:
        assert first.compiles(f"let {unlike} = 1;") == 1
    with keeping(log) as second:
        assert second.compiles(f"let {unlike} = 2;") == 1
        assert second.kernel.ok(unlike).result == "2"


def test_lines_in_another_order_are_another_cell(log: ProgramLog, unlike: str) -> None:
    with keeping(log) as first:
        first.compiles(f"let mut {unlike} = 1;\n{unlike} += 1;\n{unlike} *= 10;\nprintln!(\"{{{unlike}}}\");")
    with keeping(log) as second:
        changed = f"let mut {unlike} = 1;\n{unlike} *= 10;\n{unlike} += 1;\nprintln!(\"{{{unlike}}}\");"
        assert second.kernel.ok(changed).stdout == "11\n"


def test_statics_of_a_kept_cell_start_afresh_and_last(log: ProgramLog, unlike: str) -> None:
    use = "use std::sync::atomic::{AtomicU32, Ordering::SeqCst};"
    static = f"static {unlike.upper()}: AtomicU32 = AtomicU32::new(7);"
    add = f"{unlike.upper()}.fetch_add(1, SeqCst)"
    for _ in range(2):
        with keeping(log) as kernel:
            kernel.compiles(use)
            kernel.compiles(static)
            assert [kernel.kernel.ok(add).result for _ in range(3)] == ["7", "8", "9"]


def test_a_panic_in_a_kept_cell_names_its_own_line(log: ProgramLog, unlike: str) -> None:
    for _ in range(3):
        with keeping(log) as kernel:
            one = f"fn one() {{\n    let {unlike} = 1;\n}}"
            kernel.compiles(one + "\nfn two() {}\nfn three(n: usize) {\n    [0][n];\n}")
            ran = kernel.kernel.run("\nthree(5);")
            assert ran.error["ename"] == "panic"
            assert "cell 2:6:5" in ran.report, ran.report


def test_an_error_in_a_cell_is_told_alike_each_time(log: ProgramLog, unlike: str) -> None:
    reports = []
    for _ in range(2):
        with keeping(log) as kernel:
            reports.append(kernel.kernel.run(f"let {unlike}: u8 = 1;\nlet wrong: u8 = \"a\";").report)
    assert "cell 2:2:17" in reports[0]
    assert reports[0] == reports[1]


def test_what_a_cell_reads_while_it_is_compiled_is_read_again(log: ProgramLog, unlike: str, tmp_path: Path) -> None:
    data = tmp_path / "data.txt"
    for text in ("first", "second"):
        data.write_text(text)
        with keeping(log) as kernel:
            assert kernel.kernel.ok(f'let {unlike} = include_str!("{data}");\n{unlike}').result == f'"{text}"'
        with keeping(log, LESSON_TEST_WORD=text) as kernel:
            cell = f'let {unlike} = option_env!("LESSON_TEST_WORD");\n{unlike}'
            assert kernel.kernel.ok(cell).result == f'Some("{text}")'


def test_a_kept_cell_that_is_damaged_is_compiled_again(log: ProgramLog, unlike: str, tmp_path: Path) -> None:
    cache = Path(os.environ.get("RUST_LESSONS_CACHE") or Path.home() / ".cache" / "rust-lessons")
    before = set(cache.glob("cells-*/*"))
    with keeping(log) as first:
        assert first.compiles(f"let {unlike} = 1;") == 1
    kept = set(cache.glob("cells-*/*")) - before
    assert kept, f"nothing was kept below {cache}"
    for file in kept:
        file.write_bytes(file.read_bytes()[:100])
    with keeping(log) as second:
        assert second.compiles(f"let {unlike} = 1;") == 1
        assert second.kernel.ok(unlike).result == "1"


@pytest.mark.parametrize("variable", ["RUST_LESSONS_CELLS", "RUST_LESSONS_DIRECT"])
def test_both_can_be_switched_off(log: ProgramLog, unlike: str, variable: str) -> None:
    for _ in range(2):
        with keeping(log, **{CELLS: "off", variable: "off"}) as kernel:
            assert kernel.compiles(f"let {unlike} = 1;") == 1
            by_cargo = any(started.name == "cargo" and "build" in started.arguments for started in log.started())
            assert by_cargo or variable == CELLS


def test_what_a_cell_does_not_name_is_not_compiled_into_it(log: ProgramLog, unlike: str) -> None:
    with keeping(log, **{CELLS: "off"}) as kernel:
        kernel.kernel.ok(f"let {unlike} = 1;\nlet named_{unlike} = 2;")
        work = Path(psutil.Process(kernel.kernel.pid).environ()["RUST_LESSONS_WORK"])
        compiled = work / "build" / "src" / "cell.rs"
        assert kernel.kernel.ok(f"named_{unlike} + 1").result == "3"
        source = compiled.read_text()
        assert f"(named_{unlike})" in source
        assert f"({unlike})" not in source
        assert "mod lesson_early" not in source
        # What is there is proposed all the same.
        ran = kernel.kernel.run(f"{unlike[:-1]} + 1")
        assert f"{unlike} + 1" in ran.report, ran.report
        # A loop, and a `?`, need theirs.
        kernel.kernel.ok('let mut n = "3".parse::<u8>()?;\nwhile n > 0 { n -= 1; }')
        source = compiled.read_text()
        assert "mod lesson_early" in source
        assert "mod lesson_stop" in source
        assert kernel.kernel.ok(unlike).result == "1"


def test_what_the_linker_alone_cannot_do_the_c_compiler_does_from_then_on(log: ProgramLog, unlike: str) -> None:
    with keeping(log, **{CELLS: "off"}) as kernel:
        kernel.kernel.ok(f"let {unlike} = 1;")
        # As if the toolchain had lost its linker.
        work = Path(psutil.Process(kernel.kernel.pid).environ()["RUST_LESSONS_WORK"])
        calls = [call for call in work.glob("build/target/lesson-cargo/*.json") if "rust-lld" in call.read_text()]
        for call in calls:
            call.write_text(call.read_text().replace("bin/rust-lld", "bin/no-lld"))
        assert calls
        for number in range(2):
            log.clear()
            assert kernel.kernel.ok(f"{unlike} + {number}").result == f"{1 + number}"
            assert log.count("cc") == 1
            # Once in vain.
            assert log.compiled_cells() == 2 - number


def test_variables_of_own_types_outlive_a_new_dependency(log: ProgramLog) -> None:
    with keeping(log) as kernel:
        kernel.compiles("struct Seat { row: u8 }\nlet seat = Seat { row: 3 };")
        kernel.kernel.ok(':dep scopeguard = "1"', START_S)
        assert kernel.kernel.ok("seat.row", START_S).result == "3"


@pytest.mark.parametrize(
    ("change", "use", "result"),
    [
        (':dep parking_lot = { version = "0.12", features = ["arc_lock"] }', "*parking_lot::Mutex::new(4).lock()", "4"),
        (":opt 1", "(1..=4_u64).product::<u64>()", "24"),
    ],
)
def test_the_session_outlives_what_would_compile_the_support_crate_anew(
    log: ProgramLog, change: str, use: str, result: str
) -> None:
    with keeping(log) as kernel:
        cells = kernel.kernel
        cells.ok("use lesson_support::prelude::*;\nstruct Seat { row: u8 }\nlet seat = Seat { row: 3 };\nlet door = Lock::new(\"door\");")
        cells.ok("use std::sync::atomic::{AtomicU32, Ordering::SeqCst};\nstatic VISITS: AtomicU32 = AtomicU32::new(7);")
        cells.ok("door.acquire();\nVISITS.fetch_add(1, SeqCst);")
        process = cells.ok("std::process::id()").result
        log.clear()
        cells.ok(change, START_S)
        assert cells.ok(use, START_S).result == result
        # The crate is the one that the process of the cells has loaded: with another one no cell could be.
        assert cells.ok("(seat.row, VISITS.load(SeqCst), door.acquire_for(Duration::ZERO))").result == "(3, 8, false)"
        assert cells.ok("std::process::id()").result == process
        compiled = [one for one in log.started() if one.name == "rustc" and "lesson_support" in one.arguments]
        assert not compiled, compiled


def test_cells_await_on_where_the_runtime_is_compiled_anew(log: ProgramLog) -> None:
    with keeping(log) as kernel:
        cells = kernel.kernel
        cells.ok("async fn answer() -> u8 { 42 }\nlet kept = 1;")
        assert cells.ok("answer().await", START_S).result == "42"
        cells.ok(":opt 1")
        assert cells.ok("answer().await", START_S).result == "42"
        assert cells.ok("kept", START_S).result == "1"


def test_a_crate_in_a_folder_is_compiled_again_when_it_has_changed(log: ProgramLog, tmp_path: Path) -> None:
    source = tmp_path / "mine" / "src" / "lib.rs"
    source.parent.mkdir(parents=True)
    (tmp_path / "mine" / "Cargo.toml").write_text('[package]\nname = "mine"\nversion = "0.1.0"\nedition = "2024"\n')
    source.write_text("pub fn answer() -> u8 { 1 }\n")
    with keeping(log) as kernel:
        kernel.kernel.ok(f':dep mine = {{ path = "{tmp_path / "mine"}" }}', START_S)
        assert kernel.kernel.ok("mine::answer()", START_S).result == "1"
        source.write_text("pub fn answer() -> u8 { 22 }\n")
        assert kernel.kernel.ok("mine::answer() + 0", START_S).result == "22"
