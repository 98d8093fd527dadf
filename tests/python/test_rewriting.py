"""What the kernel changes in a cell before it is compiled: loops that can be stopped, statics that last.

Nothing of it may show: places in errors are the learner's own.
"""

from __future__ import annotations

import pytest

from frontend import FrontEnd

USE = "use std::sync::{Mutex, LazyLock, OnceLock};\nuse std::sync::atomic::{AtomicU32, Ordering::SeqCst};"


@pytest.mark.parametrize(
    "loop",
    [
        "loop {}",
        "let mut n = 0_u64;\nwhile n < u64::MAX { n = n.wrapping_add(2) & !1; }",
        "for _ in 0_u64.. { std::hint::black_box(1); }",
        "fn spin() { loop { std::hint::spin_loop(); } }\nspin();",
        "let spin = || loop {};\nspin()",
        "std::thread::scope(|s| { s.spawn(|| loop {}); s.spawn(|| loop {}); });",
    ],
)
def test_an_endless_loop_is_stopped_and_every_variable_kept(kernel: FrontEnd, loop: str) -> None:
    kernel.ok("let treasure = vec![1, 2, 3];")
    request = kernel.execute(f'println!("blocked");\n{{ {loop} }}')
    kernel.until_printed(request, "blocked")
    kernel.interrupt()
    ran = kernel.finish(request, 10)
    assert ran.error["ename"] == "KeyboardInterrupt"
    assert "lost" not in ran.error["evalue"]
    assert kernel.ok("treasure.len()").result == "3"


def test_loops_that_the_compiler_runs_still_compile(kernel: FrontEnd) -> None:
    kernel.ok("const fn sum(n: u32) -> u32 { let mut i = 0; let mut s = 0; while i < n { i += 1; s += i; } s }")
    kernel.ok("const TABLE: [u32; 3] = { let mut t = [0; 3]; let mut i = 0; while i < 3 { t[i] = 7; i += 1; } t };")
    assert kernel.ok("(sum(4), TABLE)").result == "(10, [7, 7, 7])"


def test_an_error_behind_the_head_of_a_loop_has_the_learners_place(kernel: FrontEnd) -> None:
    ran = kernel.run('for i in 0..3 { let x: u32 = "a"; }')
    assert ran.error["ename"] == "E0308"
    assert ":1:30" in ran.report
    assert 'for i in 0..3 { let x: u32 = "a"; }' in ran.report
    ran = kernel.run("for i in 0..3 { assert!(i < 2); }")
    assert ran.error["ename"] == "panic"
    assert ":1:17" in ran.report


def test_a_static_keeps_its_value_in_cells_and_functions(kernel: FrontEnd) -> None:
    kernel.ok(USE)
    assert kernel.ok("static TICKS: AtomicU32 = AtomicU32::new(5);\nTICKS.fetch_add(1, SeqCst)").result == "5"
    assert kernel.ok("TICKS.fetch_add(1, SeqCst)").result == "6"
    kernel.ok("fn tick() -> u32 { TICKS.fetch_add(1, SeqCst) }")
    assert kernel.ok("tick()").result == "7"
    assert kernel.ok("(tick(), TICKS.load(SeqCst))").result == "(8, 9)"


def test_running_the_cell_of_a_static_again_starts_afresh(kernel: FrontEnd) -> None:
    kernel.ok(USE)
    definition = "static AGAIN: AtomicU32 = AtomicU32::new(1);"
    kernel.ok(definition)
    kernel.ok("AGAIN.store(40, SeqCst);")
    kernel.ok(definition)
    assert kernel.ok("AGAIN.load(SeqCst)").result == "1"


def test_every_kind_of_static_lasts(kernel: FrontEnd) -> None:
    kernel.ok(USE)
    kernel.ok("#[derive(Debug)] struct Visit(u32);\nstatic VISITS: Mutex<Vec<Visit>> = Mutex::new(Vec::new());")
    kernel.ok("VISITS.lock().unwrap().push(Visit(1));")
    assert kernel.ok("VISITS.lock().unwrap().len()").result == "1"
    kernel.ok('static NAME: LazyLock<String> = LazyLock::new(|| { println!("made"); "Ada".into() });')
    assert kernel.ok("&*NAME").stdout == "made\n"
    assert kernel.ok("&*NAME").stdout == "", "made once"
    kernel.ok("static ONCE: OnceLock<u32> = OnceLock::new();")
    kernel.ok("ONCE.set(3).unwrap();")
    assert kernel.ok("ONCE.get()").result == "Some(3)"
    kernel.ok("static mut RAW: u32 = 1;")
    kernel.ok("unsafe { RAW += 1; }")
    assert kernel.ok("unsafe { let raw = RAW; raw }").result == "2"


def test_a_static_is_there_again_after_a_crash_with_its_first_value(fresh: FrontEnd) -> None:
    fresh.ok(USE, 180)
    fresh.ok("static TICKS: AtomicU32 = AtomicU32::new(5);")
    fresh.ok("fn tick() -> u32 { TICKS.fetch_add(1, SeqCst) }\ntick()")
    assert fresh.run("std::process::abort();").status == "error"
    assert fresh.ok("tick()").result == "5"
    assert fresh.ok("TICKS.load(SeqCst)").result == "6"


def test_a_static_that_a_cell_panics_after_is_kept(kernel: FrontEnd) -> None:
    kernel.ok(USE)
    assert (
        kernel.run('static HALF: AtomicU32 = AtomicU32::new(0);\nHALF.store(9, SeqCst);\npanic!("half way")').status
        == "error"
    )
    assert kernel.ok("HALF.load(SeqCst)").result == "9"


def test_a_static_of_a_wrong_type_is_explained_in_the_learners_terms(kernel: FrontEnd) -> None:
    ran = kernel.run("static SHARED: std::rc::Rc<u32> = todo!();")
    assert ran.error["ename"] == "E0277"
    assert ":1:16" in ran.report
    assert "lesson_static" not in ran.report
