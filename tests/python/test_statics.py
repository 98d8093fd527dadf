"""Statics keep their value from cell to cell, wherever they stand; running their cell again starts afresh."""

from __future__ import annotations

import pytest

from frontend import START_S, FrontEnd

USE = "use std::cell::{Cell, RefCell};\nuse std::sync::{LazyLock, Mutex, OnceLock};\nuse std::sync::atomic::{AtomicU32, Ordering::SeqCst};"


@pytest.fixture(scope="module", autouse=True)
def names(kernel: FrontEnd) -> None:
    """The names that all tests of this file use."""
    kernel.ok(USE)


# Each: a cell with statics; an expression; its values in the cells that follow, one after the other.
LASTING = {
    "in a function": (
        "fn next() -> u32 { static N: AtomicU32 = AtomicU32::new(0); N.fetch_add(1, SeqCst) }",
        "next() + next()",
        ["1", "5"],
    ),
    "of the same name in several functions": (
        "fn first() -> u32 { static N: AtomicU32 = AtomicU32::new(10); N.fetch_add(1, SeqCst) }\n"
        "fn second() -> u32 { static N: AtomicU32 = AtomicU32::new(20); N.fetch_add(2, SeqCst) }",
        "(first(), second())",
        ["(10, 20)", "(11, 22)"],
    ),
    "in a function in a function": (
        "fn outer() -> u32 {\n"
        "    static N: AtomicU32 = AtomicU32::new(0);\n"
        "    fn inner() -> u32 { static N: AtomicU32 = AtomicU32::new(50); N.fetch_add(1, SeqCst) }\n"
        "    N.fetch_add(1, SeqCst) + inner()\n"
        "}",
        "outer()",
        ["50", "52"],
    ),
    "in a method, in a block, in a closure": (
        "struct Clock;\n"
        "impl Clock { fn tick(&self) -> u32 { let n = || { static N: AtomicU32 = AtomicU32::new(0); N.fetch_add(1, SeqCst) };\n"
        "    { static M: AtomicU32 = AtomicU32::new(100); n() + M.fetch_add(1, SeqCst) } } }",
        "Clock.tick()",
        ["100", "102"],
    ),
    "in a method of a trait": (
        "trait Ticks { fn tick(&self) -> u32 { static N: AtomicU32 = AtomicU32::new(3); N.fetch_add(1, SeqCst) } }\nimpl Ticks for u8 {}",
        "1_u8.tick()",
        ["3", "4"],
    ),
    "in a generic function, one for all types": (
        "fn any<T>(_: T) -> u32 { static N: AtomicU32 = AtomicU32::new(0); N.fetch_add(1, SeqCst) }",
        'any(1) + 10 * any("a")',
        ["10", "32"],
    ),
    "in a module in a module": (
        "mod bank { pub mod inner {\n"
        "    use std::sync::atomic::*;\n"
        "    struct Hidden(AtomicU32);\n"
        "    static ID: Hidden = Hidden(AtomicU32::new(1));\n"
        "    pub fn id() -> u32 { ID.0.fetch_add(1, Ordering::SeqCst) }\n"
        "} }",
        "bank::inner::id()",
        ["1", "2"],
    ),
    "static mut": (
        "fn raw() -> u32 { static mut N: u32 = 0; unsafe { N += 1; N } }\nstatic mut TOP: u32 = 5;",
        "(raw(), unsafe { TOP += 1; let top = TOP; top })",
        ["(1, 6)", "(2, 7)"],
    ),
    "made when first used": (
        "static NAME: LazyLock<Mutex<Vec<u32>>> = LazyLock::new(|| Mutex::new(vec![7]));\n"
        "fn once() -> u32 { static O: OnceLock<u32> = OnceLock::new(); *O.get_or_init(|| NAME.lock().unwrap().len() as u32) }",
        "(once(), { NAME.lock().unwrap().push(1); NAME.lock().unwrap().len() })",
        ["(1, 2)", "(1, 3)"],
    ),
    "with a name that is not ASCII": (
        "static ÄPFEL: AtomicU32 = AtomicU32::new(1);\nfn zähle() -> u32 { static ÖL: AtomicU32 = AtomicU32::new(5); ÖL.fetch_add(1, SeqCst) }",
        "(ÄPFEL.fetch_add(1, SeqCst), zähle())",
        ["(1, 5)", "(2, 6)"],
    ),
    "that uses another static": (
        "static BASE: AtomicU32 = AtomicU32::new(1);\nstatic STEP: u32 = 2;\nstatic DOUBLE: u32 = STEP * 2;\nstatic LINK: &AtomicU32 = &BASE;",
        "(LINK.fetch_add(DOUBLE, SeqCst), BASE.load(SeqCst))",
        ["(1, 5)", "(5, 9)"],
    ),
    "thread_local!": (
        "thread_local! { static LOCAL: Cell<u32> = Cell::new(1); }\nfn local() -> u32 { LOCAL.with(|n| n.get()) }",
        "(LOCAL.replace(LOCAL.get() + 1), local())",
        ["(1, 2)", "(2, 3)"],
    ),
    "thread_local!, several, with all that may stand there": (
        "std::thread_local! {\n"
        "    /// Words.\n"
        "    #[allow(dead_code)]\n"
        "    pub static WORDS: RefCell<\n"
        "        Vec<u32>, // a list\n"
        "    > = const { RefCell::new(Vec::new()) };\n"
        "    pub(crate) static DEPTH: Cell<u32> = Cell::new(4)\n"
        "}",
        "{ WORDS.with_borrow_mut(|w| w.push(1)); (WORDS.take().len(), DEPTH.replace(DEPTH.get() + 1)) }",
        ["(1, 4)", "(1, 5)"],
    ),
    "thread_local! in a function": (
        "fn calls() -> u32 { thread_local!(static N: Cell<u32> = Cell::new(0)); N.set(N.get() + 1); N.get() }",
        "calls()",
        ["1", "2"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", LASTING)
def test_a_static_lasts_and_running_its_cell_again_starts_afresh(kernel: FrontEnd, kind: str) -> None:
    cell, expression, values = LASTING[kind]
    for _ in range(2):
        kernel.ok(cell)
        assert [kernel.ok(expression).result for _ in values] == values


def test_a_thread_has_a_thread_local_of_its_own_and_drops_it(kernel: FrontEnd) -> None:
    kernel.ok('struct Bell;\nimpl Drop for Bell { fn drop(&mut self) { println!("dropped"); } }')
    kernel.ok("thread_local! { static BELL: RefCell<Vec<Bell>> = RefCell::new(vec![]); }")
    kernel.ok("BELL.with_borrow_mut(|bells| bells.push(Bell));")
    other = kernel.ok(
        "std::thread::spawn(|| BELL.with_borrow_mut(|bells| { bells.push(Bell); bells.len() })).join().unwrap()"
    )
    assert (other.result, other.stdout) == ("1", "dropped\n")
    assert kernel.ok("BELL.with_borrow(|bells| bells.len())").result == "1"
    key = "fn len(key: &'static std::thread::LocalKey<RefCell<Vec<Bell>>>) -> usize { key.with_borrow(|b| b.len()) }"
    assert kernel.ok(f"{key}\nlen(&BELL)").result == "1", "it is what the standard library makes"


def test_a_changed_type_starts_its_static_afresh_and_says_so(kernel: FrontEnd) -> None:
    kernel.ok("struct Door(u8);\nstruct Room { doors: Vec<Door> }")
    kernel.ok("static HOUSE: Mutex<Vec<Room>> = Mutex::new(Vec::new());")
    count = "HOUSE.lock().unwrap().len()"
    kernel.ok("HOUSE.lock().unwrap().push(Room { doors: vec![Door(1)] });")
    assert kernel.ok("struct Door(u8);").stderr == "", "the same text is the same type"
    assert kernel.ok(count).result == "1"
    ran = kernel.ok("struct Door(String);")
    assert "`HOUSE` starts again" in ran.stderr
    assert "`Door`" in ran.stderr
    assert kernel.ok(count).result == "0"
    kernel.ok('HOUSE.lock().unwrap().push(Room { doors: vec![Door("oak".into())] });')
    assert kernel.ok("HOUSE.lock().unwrap()[0].doors[0].0").result == '"oak"'


def test_a_variable_of_a_changed_type_is_lost_instead_of_misread(kernel: FrontEnd) -> None:
    kernel.ok("#[derive(Clone, Copy)]\nstruct Pace { a: i32, b: i32 }\nstruct Trip { pace: Pace }")
    kernel.ok("let pace = Pace { a: 1, b: 2 };\nlet trips = vec![Trip { pace }];\nlet other = 3;")
    assert kernel.ok("#[derive(Clone, Copy, Debug)]\nstruct Pace { a: i32, b: i32 } // with Debug").stderr == ""
    assert kernel.ok("(pace, trips[0].pace.b)").result == "(Pace { a: 1, b: 2 }, 2)"
    assert kernel.run("struct Pace { a: f64, b: f64 }\nlet n: u32 = true;").error["ename"] == "E0308"
    assert kernel.ok("pace.a").result == "1", "a cell that does not compile changes nothing"
    ran = kernel.ok("#[derive(Clone, Copy)]\nstruct Pace { a: f64, b: f64 }\nlet trips = vec![Pace { a: 0.5, b: 1.5 }];")
    assert "the variable `pace` is lost" in ran.stderr
    assert "`Pace`" in ran.stderr
    assert "trips" not in ran.stderr, "the cell has made it anew"
    assert kernel.ok("(trips[0].a, other)").result == "(0.5, 3)"
    assert kernel.run("pace.a").error["ename"] == "E0425"


def test_a_cell_that_fails_defines_nothing_and_one_that_panics_all(kernel: FrontEnd) -> None:
    kernel.ok("static STATE: AtomicU32 = AtomicU32::new(1);")
    kernel.ok("STATE.store(2, SeqCst);")
    assert kernel.run("static STATE: AtomicU32 = AtomicU32::new(10);\nlet n: u32 = true;").error["ename"] == "E0308"
    assert kernel.ok("STATE.load(SeqCst)").result == "2"
    ran = kernel.run('static STATE: AtomicU32 = AtomicU32::new(10);\nSTATE.store(11, SeqCst);\npanic!("half way");')
    assert ran.error["ename"] == "panic"
    assert kernel.ok("STATE.load(SeqCst)").result == "11"
    request = kernel.execute('fn at() -> u32 { static AT: AtomicU32 = AtomicU32::new(7); AT.fetch_add(1, SeqCst) }\nat();\nprintln!("now");\nloop {}')  # fmt: skip
    kernel.until_printed(request, "now")
    kernel.interrupt()
    assert kernel.finish(request).error["ename"] == "KeyboardInterrupt"
    assert kernel.ok("at()").result == "8"


def test_a_static_can_change_its_type_and_its_kind(kernel: FrontEnd) -> None:
    kernel.ok("static SHAPE: u8 = 1;")
    kernel.ok('static SHAPE: &str = "round";')
    assert kernel.ok("SHAPE").result == '"round"'
    kernel.ok("thread_local! { static SHAPE: Cell<u8> = Cell::new(4); }")
    kernel.ok("SHAPE.set(5);")
    assert kernel.ok("SHAPE.get()").result == "5"
    kernel.ok("static SHAPE: u32 = 6;")
    assert kernel.ok("SHAPE").result == "6"


def test_a_wrong_thread_local_is_explained_at_the_learners_place(kernel: FrontEnd) -> None:
    ran = kernel.run("thread_local! {\n    static WRONG: Cell<u32> = \"one\";\n}")  # fmt: skip
    assert ran.error["ename"] == "E0308"
    assert ":2:31" in ran.report
    assert "lesson_static" not in ran.report


def test_names_of_the_kernel_are_not_offered(kernel: FrontEnd) -> None:
    found = kernel.ask("complete_request", {"code": "lesson_st", "cursor_pos": 9}, START_S)
    assert [name for name in found["matches"] if name.startswith("lesson_st")] == []


def test_all_kinds_are_there_again_after_a_crash_with_their_first_values(fresh: FrontEnd) -> None:
    fresh.ok(USE, START_S)
    fresh.ok(
        "static TOP: AtomicU32 = AtomicU32::new(1);\n"
        "fn inner() -> u32 { static N: AtomicU32 = AtomicU32::new(10); N.fetch_add(1, SeqCst) }\n"
        "thread_local! { static LOCAL: Cell<u32> = Cell::new(100); }"
    )
    values = "(TOP.fetch_add(1, SeqCst), inner(), LOCAL.replace(LOCAL.get() + 1))"
    assert [fresh.ok(values).result for _ in range(2)] == ["(1, 10, 100)", "(2, 11, 101)"]
    assert fresh.run("std::process::abort();").status == "error"
    assert [fresh.ok(values).result for _ in range(2)] == ["(1, 10, 100)", "(2, 11, 101)"]


@pytest.mark.parametrize("opt_level", ["0", "2"])
def test_no_optimisation_takes_a_static_for_its_first_value(fresh: FrontEnd, opt_level: str) -> None:
    fresh.ok(f":opt {opt_level}\n{USE}", START_S)
    fresh.ok("static PLAIN: AtomicU32 = AtomicU32::new(1);\nthread_local! { static KEY: Cell<u32> = const { Cell::new(1) }; }")
    fresh.ok("PLAIN.store(2, SeqCst); KEY.set(2);")
    assert fresh.ok("(PLAIN.load(SeqCst), KEY.get())").result == "(2, 2)"
