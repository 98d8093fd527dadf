"""The kernel survives whatever a cell does: the error says what happened and what is lost, and the next cell runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import PRELUDE

from frontend import CELL_S, START_S, FrontEnd

# What C calls, for faults that safe Rust does not offer.
C = """mod c { unsafe extern "C" {
    pub fn _exit(code: i32) -> !; pub fn fork() -> i32; pub fn raise(signal: i32) -> i32;
    pub fn setrlimit(which: i32, limits: *const [u64; 2]) -> i32;
} }"""

# Each end of a process with words of which one must be in the error.
ENDS = {
    "segfault": ("unsafe { std::ptr::read_volatile(8 as *const u8) };", ("segmentation fault",)),
    "segfault of a thread": (
        "std::thread::spawn(|| unsafe { std::ptr::read_volatile(8 as *const u8) }).join().unwrap();",
        ("segmentation fault",),
    ),
    "abort": ("std::process::abort();", ("a call of `abort`",)),
    "abort of a thread": ("std::thread::spawn(|| std::process::abort()).join().unwrap();", ("a call of `abort`",)),
    "exit": ("std::process::exit(3);", ("exit code 3",)),
    "exit with success": ("std::process::exit(0);", ("exit code 0",)),
    "exit of a thread": ("std::thread::spawn(|| std::process::exit(4)).join().unwrap();", ("exit code 4",)),
    "exit in a destructor": (
        "struct Last;\nimpl Drop for Last { fn drop(&mut self) { std::process::exit(6) } }\n{ let _last = Last; }",
        ("exit code 6",),
    ),
    "exit without a farewell": ("unsafe { c::_exit(5) };", ("exit code 5",)),
    "stack overflow": (
        "fn deep(n: u64) -> u64 { if n == u64::MAX { 0 } else { 1 + std::hint::black_box(deep(n + 1)) } }\ndeep(0)",
        ("the cell has overflowed its stack",),
    ),
    "stack overflow of a thread": (
        "fn deeper(n: u64) -> u64 { if n == u64::MAX { 0 } else { 1 + std::hint::black_box(deeper(n + 1)) } }\n"
        'std::thread::Builder::new().name("Ada".into()).spawn(|| deeper(0)).unwrap().join().unwrap()',
        ("the thread 'Ada' has overflowed its stack",),
    ),
    "endless destructors": (
        "struct Again;\n"
        "impl Drop for Again { fn drop(&mut self) { let again = Again; std::hint::black_box(&again); } }\n"
        "{ let _again = Again; }",
        ("the cell has overflowed its stack",),
    ),
    "double panic": (
        "struct Twice;\nimpl Drop for Twice { fn drop(&mut self) { panic!(\"again\") } }\n"
        "{ let _twice = Twice; panic!(\"once\"); }",
        ("a panic while panicking",),
    ),
    "double panic of a thread": (
        "struct Both;\nimpl Drop for Both { fn drop(&mut self) { panic!(\"again\") } }\n"
        "std::thread::spawn(|| { let _both = Both; panic!(\"once\"); }).join().unwrap();",
        ("a panic while panicking",),
    ),
    "out of memory": (
        "unsafe { c::setrlimit(9, &[1 << 30, 1 << 30]) };\n"
        "let mut hoard: Vec<Vec<u8>> = Vec::new();\nloop { hoard.push(vec![1; 1 << 24]); }",
        ("memory ran out",),
    ),
    "SIGTERM at itself": ("unsafe { c::raise(15) };", ("SIGTERM",)),
    "SIGINT at itself": ("unsafe { c::raise(2) };", ("SIGINT",)),
    "abort beside a child that has copies of everything": (
        "if unsafe { c::fork() } == 0 { loop { std::thread::sleep(Duration::from_millis(100)); } }\n"
        "std::process::abort();",
        ("a call of `abort`",),
    ),
    "killed from outside": (
        'std::process::Command::new("kill").args(["-9", &std::process::id().to_string()]).status().unwrap();\n'
        "std::thread::sleep(Duration::from_secs(60));",
        ("killed from outside",),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def survivor() -> Iterator[FrontEnd]:
    """One kernel that lives through all of it."""
    with FrontEnd() as front_end:
        front_end.ok(f"{PRELUDE}\n{C}", START_S)
        yield front_end


@pytest.mark.parametrize("end", ENDS)
def test_the_kernel_survives_and_says_what_happened(survivor: FrontEnd, end: str) -> None:
    code, words = ENDS[end]
    pid = survivor.pid
    count = survivor.ok('let treasure = vec![1, 2, 3];\nlet island = "map";').content["execution_count"]
    ran = survivor.run(f'println!("before");\n{code}')
    assert ran.stdout == "before\n"
    told = f"{ran.error['ename']} {ran.error['evalue']}\n{ran.report}"
    assert any(word.lower() in told.lower() for word in words), told
    assert "treasure" in told
    assert "island" in told
    after = survivor.ok("1 + 1", START_S)
    assert after.result == "2"
    assert after.content["execution_count"] == count + 2
    assert survivor.pid == pid
    assert survivor.manager.is_alive()
    assert survivor.run("treasure").error["ename"] == "E0425", "what was said to be lost is lost"
    assert survivor.ok('let studio = Lock::new("studio");\nstudio.locked()').result == "false", "the prelude is there"


# Panics that may not unwind, with the places and messages that must be shown, in order.
ABORTING = {
    "out of C": ('extern "C" fn bad() { panic!("in ffi") }\nbad();', [("in ffi", "1:23")]),
    "out of a destructor": (
        'struct B;\nimpl Drop for B { fn drop(&mut self) { panic!("second") } }\nlet _b = B;\npanic!("first");',
        [("first", "4:1"), ("second", "2:40")],
    ),
}


@pytest.mark.parametrize("way", ABORTING)
def test_a_panic_that_may_not_unwind_is_shown_with_its_place(survivor: FrontEnd, way: str) -> None:
    code, panics = ABORTING[way]
    ran = survivor.run(code)
    assert ran.error["ename"] == "SIGABRT"
    assert "could not unwind" in ran.error["evalue"]
    at = 0
    for message, place in panics:
        at = ran.report.index(f"panic: {message}", at)
        at = ran.report.index(f"--> cell {ran.content['execution_count']}:{place}", at)


def test_a_crash_stops_the_queue(survivor: FrontEnd) -> None:
    first = survivor.execute("std::process::abort();")
    second = survivor.execute('println!("second");')
    assert survivor.finish(first, CELL_S).status == "error"
    assert survivor.finish(second, CELL_S).status == "aborted"


def test_a_thread_that_kills_the_process_between_cells_is_told_at_the_next_cell(survivor: FrontEnd) -> None:
    survivor.ok(
        "let lost = 5;\n"
        "std::thread::spawn(|| { std::thread::sleep(Duration::from_millis(200)); std::process::abort(); });"
    )
    ran = survivor.run("std::thread::sleep(Duration::from_secs(2));\nlost", CELL_S)
    assert "lost" in f"{ran.error['evalue']}\n{ran.report}"
    assert survivor.ok("1 + 1").result == "2"


def test_functions_and_types_of_earlier_cells_are_still_there_after_a_crash(survivor: FrontEnd) -> None:
    survivor.ok("struct Door { open: bool }\nfn shut() -> Door { Door { open: false } }")
    survivor.run("std::process::abort();")
    assert survivor.ok("shut().open", START_S).result == "false"
