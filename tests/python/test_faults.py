"""Faults that need not end the process: each is a clear error or none at all, and no variable is lost without a word.

What ends the process at once is in `test_crash.py`. All cases here share one kernel, whose process id and number of
runtime processes stay what they were; when it is shut down, nothing of it is left.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from conftest import PRELUDE

from frontend import CELL_S, START_S, FrontEnd, eventually

# What C calls, for faults that safe Rust does not offer.
C = """mod c { unsafe extern "C" {
    pub fn close(fd: i32) -> i32; pub fn write(fd: i32, bytes: *const u8, length: usize) -> isize;
    pub fn fork() -> i32; pub fn setsid() -> i32; pub fn raise(signal: i32) -> i32;
    pub fn signal(signal: i32, handler: usize) -> usize; pub fn setrlimit(which: i32, limits: *const [u64; 2]) -> i32;
    pub fn sigfillset(set: *mut [u64; 16]) -> i32;
    pub fn sigprocmask(how: i32, set: *const [u64; 16], old: *mut [u64; 16]) -> i32;
} }"""
BLOCK_SIGNALS = "let mut all = [0; 16];\nunsafe { c::sigfillset(&mut all); c::sigprocmask(0, &all, std::ptr::null_mut()) };"

# Cells that a variable survives, with what they print.
SURVIVED = {
    "stdin closed": ("unsafe { c::close(0) };", ""),
    "stdout closed": ("unsafe { c::close(1) };", ""),
    "stderr closed": ("unsafe { c::close(2) };", ""),
    "all descriptors closed": ("for fd in 3..1024 { unsafe { c::close(fd) }; }", ""),
    "rubbish in all descriptors": ('for fd in 3..1024 { unsafe { c::write(fd, b"\\xff{}\\n".as_ptr(), 4) }; }', ""),
    "bytes that are no text": (
        "use std::io::Write as _;\nstd::io::stdout().write_all(b\"a\\xffb\\n\").unwrap();",
        "a\ufffdb\n",
    ),
    "evcxr's own words": (
        'for word in ["PANIC_NOTIFICATION", "EXECUTION_COMPLETE", "END_CONTENT", "VARIABLE_CHANGED_TYPE:treasure"] '
        '{ println!("EVCXR_{word}"); }',
        "EVCXR_PANIC_NOTIFICATION\nEVCXR_EXECUTION_COMPLETE\nEVCXR_END_CONTENT\nEVCXR_VARIABLE_CHANGED_TYPE:treasure\n",
    ),
    "500 threads": (
        "let crew: Vec<_> = (0..500).map(|n| std::thread::spawn(move || n)).collect();\n"
        'println!("{}", crew.into_iter().map(|one| one.join().unwrap()).sum::<i32>());',
        "124750\n",
    ),
    "a fork whose child returns": ("if unsafe { c::fork() } != 0 { std::thread::sleep(Duration::from_millis(50)); }", ""),
    "a fork whose child stays": (
        "if unsafe { c::fork() } == 0 { loop { std::thread::sleep(Duration::from_millis(100)); } }",
        "",
    ),
    "a fork whose child is another program": (
        "if unsafe { c::fork() } == 0 { use std::os::unix::process::CommandExt as _; "
        'let _ = std::process::Command::new("sleep").arg("1000").exec(); }',
        "",
    ),
    "a program that stays": ('std::process::Command::new("sleep").arg("1000").spawn().unwrap();', ""),
    "a program that leaves the session": (
        "use std::os::unix::process::CommandExt as _;\n"
        'let mut away = std::process::Command::new("sleep");\n'
        'unsafe { away.arg("1000").pre_exec(|| { c::setsid(); Ok(()) }).spawn().unwrap() };',
        "",
    ),
    "the current folder removed": (
        'let gone = std::env::temp_dir().join("gone");\nstd::fs::create_dir(&gone).unwrap();\n'
        "std::env::set_current_dir(&gone).unwrap();\nstd::fs::remove_dir(&gone).unwrap();",
        "",
    ),
    "the environment changed": (
        'for name in ["PATH", "HOME", "TMPDIR", "CARGO_HOME"] { unsafe { std::env::set_var(name, "/nowhere") }; }',
        "",
    ),
    "another panic hook": ("std::panic::set_hook(Box::new(|_| {}));", ""),
    "SIGPIPE": ("unsafe { c::raise(13) };", ""),
    "signals ignored": ("for number in 1..32 { unsafe { c::signal(number, 1) }; }", ""),
    "signals blocked": (BLOCK_SIGNALS, ""),
    "no descriptor allowed": ("unsafe { c::setrlimit(7, &[0, 500]) };", ""),
    "no file may grow": ("unsafe { c::setrlimit(1, &[0, 0]) };", ""),
}  # fmt: skip

# Cells that do not compile, with words of the error.
REFUSED = {
    "endless macro": ("macro_rules! more { ($($t:tt)*) => { more!($($t)* x) } }\nmore!();", "recursion limit"),
    "endless trait": (
        "trait Deep { fn go(); }\nimpl<T> Deep for Vec<T> where Vec<Vec<T>>: Deep { fn go() {} }\n<Vec<u8> as Deep>::go();",
        "overflow evaluating",
    ),
    "endless type": ("fn wrap<T>(n: u32, t: T) { if n > 0 { wrap(n - 1, (t, 1)) } }\nwrap(3, 1);", "recursion limit"),
    "open brackets": ("(" * 100_000, "too deep"),
    "brackets": ("(" * 2_000 + "1" + ")" * 2_000, "too deep"),
    "blocks": ("{" * 2_000 + "1" + "}" * 2_000, "too deep"),
    "operators": ("!" * 100_000 + "true", "too much"),
    "statements": ("let mut sum = 0;\n" + "sum += 1;\n" * 20_000, "Put them into a function"),
    "a long line that is wrong": ('let n: u32 = "' + "x" * 100_000 + '";', "mismatched types"),
}

# Large cells that are fine, with their value.
LARGE = {
    "a literal of 1 MB": ('"' + "x" * 1_000_000 + '".len()', "1000000"),
    "brackets as deep as allowed": ("(" * 390 + "1" + ")" * 390, "1"),
    "many operators": ("1" + " + 1" * 1_500, "1501"),
    "20,000 statements in a function": (
        "fn long() -> u64 {\nlet sum = 1;\n" + "let _ = sum;\n" * 20_000 + "sum\n}\nlong()",
        "1",
    ),
}


@pytest.fixture(scope="module")
def kernel() -> Iterator[FrontEnd]:
    """The kernel of all cases; after its shutdown no process and no file of it may be left."""
    with tempfile.TemporaryDirectory(prefix="faults-") as made, FrontEnd(env={"TMPDIR": made}) as front_end:
        front_end.ok(f"{PRELUDE}\n{C}", START_S)
        pid = front_end.pid
        yield front_end
        assert front_end.pid == pid
        assert front_end.manager.is_alive()
        front_end.reply(front_end.send("shutdown_request", {"restart": False}, "control"), 20, "control")
        eventually(lambda: not front_end.processes(), 20, f"processes end: {front_end.processes()}")
        eventually(lambda: not list(Path(made).iterdir()), 20, f"nothing is left in {list(Path(made).iterdir())}")


def runtime(front_end: FrontEnd) -> psutil.Process:
    """Returns the process that runs the cells: of all its copies, the kernel's own child."""
    [found] = [child for child in psutil.Process(front_end.pid).children() if child.name().startswith("lesson-runtime")]
    return found


def work_folder(front_end: FrontEnd) -> Path:
    """Returns the kernel's temporary folder."""
    return Path(psutil.Process(front_end.pid).environ()["RUST_LESSONS_WORK"])


def works_as_before(front_end: FrontEnd, value: str) -> None:
    """Checks that the next cell runs, prints, and has the variable `treasure`."""
    after = front_end.ok('println!("out"); eprintln!("err");\ntreasure.len()')
    assert (after.result, after.stdout, after.stderr) == (value, "out\n", "err\n")


@pytest.mark.parametrize("fault", SURVIVED)
def test_a_fault_that_costs_nothing(kernel: FrontEnd, fault: str) -> None:
    code, printed = SURVIVED[fault]
    kernel.ok("let treasure = vec![1, 2, 3];")
    before = runtime(kernel).pid
    assert kernel.ok(code).stdout == printed
    works_as_before(kernel, "3")
    assert runtime(kernel).pid == before


def test_the_runtime_starts_anew_after_all_of_these(kernel: FrontEnd) -> None:
    kernel.ok("let treasure = vec![1];")
    assert kernel.run("std::process::abort();").error["ename"] == "SIGABRT"
    assert kernel.run("treasure").error["ename"] == "E0425"
    assert kernel.ok("1 + 1", START_S).result == "2"


@pytest.mark.parametrize("fault", REFUSED)
def test_code_that_the_compiler_must_refuse(kernel: FrontEnd, fault: str) -> None:
    code, words = REFUSED[fault]
    kernel.ok("let treasure = vec![1, 2];")
    before = runtime(kernel).pid
    ran = kernel.run(code)
    assert words in ran.error["evalue"] + ran.report
    works_as_before(kernel, "2")
    assert runtime(kernel).pid == before


@pytest.mark.parametrize("fault", LARGE)
def test_a_large_cell_runs(kernel: FrontEnd, fault: str) -> None:
    code, value = LARGE[fault]
    assert kernel.ok(code).result == value


@pytest.mark.parametrize("code", ["(" * 100_000, "{" * 100_000, "|x| " * 50_000 + "1", "!" * 1_000_000])
def test_questions_about_deep_code_are_answered(kernel: FrontEnd, code: str) -> None:
    assert kernel.ask("is_complete_request", {"code": code})["status"] == "invalid"
    asked = {"code": code, "cursor_pos": len(code)}
    assert kernel.ask("complete_request", asked)["status"] == "ok"
    assert kernel.ask("inspect_request", {**asked, "detail_level": 0})["status"] == "ok"


def test_a_constant_that_never_ends_can_be_stopped(kernel: FrontEnd) -> None:
    kernel.ok("let treasure = vec![1, 2];")
    cell = kernel.execute(
        "#[allow(long_running_const_eval)]\nconst NEVER: u8 = { let mut n = 0_u128; while n != 1 << 100 { n += 1; } 1 };\nNEVER"
    )
    # Not before the compiler is at it: stop while nothing has begun is another matter.
    eventually(
        lambda: any(child.name() == "rustc" for child in psutil.Process(kernel.pid).children(recursive=True)),
        CELL_S,
        "the cell is compiled",
    )
    kernel.interrupt()
    assert kernel.finish(cell).error["ename"] == "KeyboardInterrupt"
    works_as_before(kernel, "2")


def test_a_compiler_that_is_killed_is_told(kernel: FrontEnd) -> None:
    kernel.ok("let treasure = vec![1, 2];")
    cell = kernel.execute(
        "#[allow(long_running_const_eval)]\nconst LONG: u8 = { let mut n = 0_u128; while n != 1 << 99 { n += 1; } 1 };\nLONG"
    )

    def killed() -> bool:
        compilers = [
            child for child in psutil.Process(kernel.pid).children(recursive=True) if child.name() == "rustc"
        ]
        for compiler in compilers:
            compiler.kill()
        return bool(compilers)

    eventually(killed, CELL_S, "the cell is compiled")
    # evcxr may compile once more, in another way.
    while not kernel.is_idle(cell):
        killed()
    ran = kernel.finish(cell)
    assert "compiler" in ran.report or "rustc" in ran.report, ran.report
    works_as_before(kernel, "2")


def test_a_loop_is_stopped_although_all_signals_are_blocked(kernel: FrontEnd) -> None:
    kernel.ok("let treasure = vec![1, 2];")
    cell = kernel.execute(f'{BLOCK_SIGNALS}\nprintln!("go");\nloop {{}}')
    kernel.until_printed(cell, "go")
    kernel.interrupt()
    assert kernel.finish(cell).error["ename"] == "KeyboardInterrupt"
    works_as_before(kernel, "2")


def test_a_loop_without_checkpoints_is_ended_although_all_signals_are_blocked(kernel: FrontEnd) -> None:
    kernel.ok("let treasure = vec![1, 2];")
    cell = kernel.execute(f'// kernel: no checkpoints\n{BLOCK_SIGNALS}\nprintln!("go");\nloop {{}}')
    kernel.until_printed(cell, "go")
    kernel.interrupt()
    error = kernel.finish(cell).error
    assert error["ename"] == "KeyboardInterrupt"
    assert "treasure" in error["evalue"]


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_a_runtime_that_is_ended_while_idle_is_told_at_the_next_cell(kernel: FrontEnd, name: str) -> None:
    kernel.ok("let treasure = vec![1, 2];")
    runtime(kernel).send_signal(getattr(signal, name))
    error = kernel.run("1 + 1").error
    assert error["ename"] == name
    assert "treasure" in error["evalue"]
    assert kernel.ok("1 + 1", START_S).result == "2"


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_a_runtime_that_is_ended_while_busy_is_told_at_once(kernel: FrontEnd, name: str) -> None:
    kernel.ok("let treasure = vec![1, 2];")
    cell = kernel.execute('println!("go");\nloop {}')
    kernel.until_printed(cell, "go")
    runtime(kernel).send_signal(getattr(signal, name))
    error = kernel.finish(cell).error
    assert error["ename"] == name
    assert "treasure" in error["evalue"]
    assert kernel.ok("1 + 1", START_S).result == "2"


def test_a_runtime_that_is_stopped_while_busy_is_ended_by_the_stop_button(kernel: FrontEnd) -> None:
    kernel.ok("let treasure = vec![1, 2];")
    cell = kernel.execute('println!("go");\nloop {}')
    kernel.until_printed(cell, "go")
    runtime(kernel).send_signal(signal.SIGSTOP)
    kernel.interrupt()
    error = kernel.finish(cell).error
    assert error["ename"] == "KeyboardInterrupt"
    assert "treasure" in error["evalue"]
    assert kernel.ok("1 + 1", START_S).result == "2"


def test_a_runtime_that_is_stopped_while_idle_is_ended_by_the_stop_button(kernel: FrontEnd) -> None:
    kernel.ok("let treasure = vec![1, 2];")
    runtime(kernel).send_signal(signal.SIGSTOP)
    cell = kernel.execute("1 + 1")
    # A press that comes before the cell has begun does nothing, as on any kernel.
    while not kernel.is_idle(cell):
        kernel.interrupt()
        time.sleep(0.5)
    error = kernel.finish(cell).error
    assert "did not answer" in error["evalue"]
    assert "treasure" in error["evalue"]
    assert kernel.ok("1 + 1", START_S).result == "2"


def test_a_temporary_folder_that_is_removed_is_made_again(kernel: FrontEnd) -> None:
    kernel.ok("let treasure = vec![1, 2];")
    shutil.rmtree(work_folder(kernel))
    works_as_before(kernel, "2")
    shutil.rmtree(work_folder(kernel))
    # The next process finds its socket and its pipes there again.
    assert kernel.run("std::process::abort();").error["ename"] == "SIGABRT"
    kernel.ok("let treasure = vec![1, 2];", START_S)
    works_as_before(kernel, "2")


def test_100_mb_without_a_line_end_pass_through(kernel: FrontEnd) -> None:
    before = psutil.Process(kernel.pid).memory_info().rss
    kernel.ok('let block = "x".repeat(1 << 20);\nfor _ in 0..100 { print!("{block}"); }', 120)
    grown = psutil.Process(kernel.pid).memory_info().rss - before
    assert grown < 150 << 20, f"the kernel holds {grown >> 20} MB more"


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A folder of its own, small file system; where none may be mounted, the test is skipped and says so."""
    with tempfile.TemporaryDirectory(prefix="faults-disk-") as made:
        options = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", made]
        if shutil.which("mount") is None or subprocess.run(options, check=False, capture_output=True).returncode != 0:
            pytest.skip("no small file system can be mounted on this machine: a full disk was not tried")
        try:
            yield Path(made)
        finally:
            subprocess.run(["umount", "-l", made], check=True)


def fill(filler: Path) -> None:
    """Writes to a file until its disk is full to the last page."""
    file = os.open(filler, os.O_CREAT | os.O_WRONLY)
    for size in (1 << 20, 1 << 12):
        with suppress(OSError):
            while os.write(file, bytes(size)):
                pass
    os.close(file)


def test_a_full_disk_is_told_and_the_kernel_goes_on_when_there_is_room_again() -> None:
    with small_disk(300) as disk, FrontEnd(env={"TMPDIR": str(disk)}) as front_end:
        front_end.ok(PRELUDE, START_S)
        front_end.ok("let treasure = vec![1, 2];")
        filler = disk / "filler"
        fill(filler)
        ran = front_end.run("fn fresh() -> Vec<u64> { (0..9).collect() }\nfresh()")
        assert "No space left on device" in ran.report
        filler.unlink()
        works_as_before(front_end, "2")


def path_with_own_cargo(folder: Path) -> str:
    """Returns a `PATH` in which `cargo` and `rustc` are links in `folder` and nowhere else."""
    for tool in ("cargo", "rustc"):
        found = subprocess.run(["rustup", "which", tool], check=False, capture_output=True, text=True)
        path = found.stdout.strip() if found.returncode == 0 else shutil.which(tool)
        assert path, f"{tool} is needed"
        (folder / tool).symlink_to(path)
    others = [entry for entry in os.environ["PATH"].split(os.pathsep) if not (Path(entry) / "cargo").exists()]
    return os.pathsep.join([str(folder), *others])


def test_a_cargo_that_is_missing_is_told_and_may_come_back(tmp_path: Path) -> None:
    path = path_with_own_cargo(tmp_path)
    away = tmp_path / "away"
    (tmp_path / "cargo").rename(away)
    with FrontEnd(env={"PATH": path}) as front_end:
        error = front_end.run("1 + 1", START_S).error
        assert error["ename"] == "setup"
        assert "cargo" in error["evalue"]
        away.rename(tmp_path / "cargo")
        front_end.ok("let treasure = vec![1, 2];", START_S)
        (tmp_path / "cargo").rename(away)
        error = front_end.run("2 + 3").error
        assert "cargo" in error["evalue"]
        away.rename(tmp_path / "cargo")
        works_as_before(front_end, "2")
