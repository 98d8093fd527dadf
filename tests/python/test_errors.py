"""Errors that teach: what a learner sees of a cell that does not compile, of a panic, and of `:explain`.

Each error is one message, with the lines and columns of the learner's own cells, and without a name that only the
generated code has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PRELUDE

from frontend import START_S, FrontEnd, Ran

#: Names, files and lines of the code that is made around a cell.
GENERATED = re.compile(r"evcxr|Evcxr|\bctx\b|user_code|lesson_static|lesson_stop|src/lib\.rs|/tmp/|variable_store")


@pytest.fixture(scope="module")
def class_room() -> Iterator[FrontEnd]:
    """One kernel for all mistakes, as in a lesson."""
    with FrontEnd() as front_end:
        front_end.ok(PRELUDE, START_S)
        yield front_end


def fails(kernel: FrontEnd, code: str) -> Ran:
    """Runs a cell that must fail, and holds its error to what every error must be."""
    ran = kernel.run(code)
    assert ran.status == "error", f"{code}\n{ran.stdout}"
    told = f"{ran.error['evalue']}\n{ran.report}"
    assert not GENERATED.search(told), told
    return ran


def place(ran: Ran, line: int, column: int) -> str:
    """Returns where the headline has to point to."""
    return f"--> cell {ran.content['execution_count']}:{line}:{column}"


# Each mistake with its code, the place in the cell, and words that must be said.
MISTAKES = {
    "a moved value": ("let s = String::new();\nlet t = s;\ns.len();", "E0382", (3, 1), ["value moved here", "s.clone()"]),
    "two mutable borrows": (
        "let mut v = vec![1];\nlet a = &mut v;\nlet b = &mut v;\na.push(1); b.push(2);",
        "E0499", (3, 9), ["first mutable borrow occurs here", "first borrow later used here"],
    ),
    "a mutable and a shared borrow": (
        "let mut v = vec![1];\nlet first = &v[0];\nv.push(3);\nprintln!(\"{first}\");",
        "E0502", (3, 1), ["immutable borrow later used here"],
    ),
    "a move out of a borrow": (
        "let s = String::new();\nlet r = &s;\ndrop(s);\nprintln!(\"{r}\");", "E0505", (3, 6), ["borrow later used here"],
    ),
    "a closure that outlives": (
        "let n = 5;\nlet h = std::thread::spawn(|| println!(\"{n}\"));", "E0373", (2, 28), ["move || println!"],
    ),
    "Rc in a thread": (
        "let rc = std::rc::Rc::new(5);\nlet h = std::thread::spawn(move || println!(\"{rc}\"));",
        "E0277", (2, 28), ["cannot be sent between threads safely", "within this `{closure}`"],
    ),
    "mismatched types": ('let x: i32 = "five";', "E0308", (1, 14), ["expected `i32`, found `&str`"]),
    "an unknown name": ("missing + 1", "E0425", (1, 1), ["not found in this scope"]),
    "a type that is not imported": (
        "let m: BTreeMap<i32, i32> = Default::default();", "E0425", (1, 8), ["1 + use std::collections::BTreeMap;"],
    ),
    "an unknown crate": ("let x = nowhere::new();", "E0433", (1, 9), ["nowhere"]),
    "a missing lifetime": (
        "fn longest(a: &str, b: &str) -> &str { a }", "E0106", (1, 33), ["fn longest<'a>(a: &'a str, b: &'a str) -> &'a str"],
    ),
    "a value that dies": ("let r;\n{\n    let x = 5;\n    r = &x;\n}\nprintln!(\"{r}\");", "E0597", (4, 9), ["later used here"]),
    "a missing semicolon": ("let a = 5\nlet b = 6;", "error", (1, 10), ["expected `;`", "add `;` here"]),
    "a missing semicolon at the end": ("let a = 5", "error", (1, 10), ["expected `;`"]),
    "an unclosed brace": ("fn f() {\n    println!(\"hi\");", "error", (1, 8), ["unclosed delimiter"]),
    "a macro's arguments": ('println!("{} {}", 1);', "error", (1, 11), ["2 positional arguments"]),
    "a macro of the learner's": (
        "macro_rules! twice { ($e:expr) => { $e * 2 }; }\ntwice!(\"a\")", "E0369", (1, 40), ["2 | twice!(\"a\")", "macro call"],
    ),
    "a wrong import": ("use std::collections::HashMop;", "E0432", (1, 5), ["use std::collections::HashMap;"]),
    "one of several imports": ("use std::{fmt, collections::HashMop};", "E0432", (1, 29), ["HashMap"]),
    "the closing expression": ("let a = 1i32;\na + 2i64", "E0308", (2, 5), ["expected `i32`, found `i64`"]),
    "a value that cannot be shown": ("struct Odd;\nOdd", "E0277", (2, 1), ["shown by `Debug`", "#[derive(Debug)]"]),
    "letters of several bytes": ('let ö = "ä"; let z: u32 = "ünï"; // ö', "E0308", (1, 27), ["expected `u32`"]),
    "tabs": ('\tlet z: u32 =\t"tab";', "E0308", (1, 15), ["expected `u32`"]),
    "an incomplete match": ("match Some(1) {\n    Some(x) => x,\n}", "E0004", (1, 7), ["None => todo!()"]),
    "`?` on an option": ("let q = Some(1)?;", "E0277", (1, 16), ["ok_or"]),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_shown_as_the_compiler_shows_it_in_a_program(class_room: FrontEnd, mistake: str) -> None:
    code, ename, (line, column), words = MISTAKES[mistake]
    ran = fails(class_room, code)
    assert ran.error["ename"] == ename
    assert place(ran, line, column) in ran.report, ran.report
    for word in words:
        assert word in ran.report, ran.report


# No panic hook hears of these.
PASSED_ON = [
    ('std::panic::resume_unwind(Box::new("passed on"));', "passed on"),
    ("std::panic::resume_unwind(Box::new(7_u8));", "carries no text"),
    (
        'let end = std::thread::spawn(|| { panic!("in there") }).join();\n'
        "if let Err(payload) = end { std::panic::resume_unwind(payload) }",
        "in there",
    ),
    (
        'let end = std::panic::catch_unwind(|| { panic!("once") });\n'
        "if let Err(payload) = end { std::panic::resume_unwind(payload) }",
        "once",
    ),
]


@pytest.mark.parametrize(("code", "said"), PASSED_ON)
def test_a_panic_that_is_passed_on_is_an_error(class_room: FrontEnd, code: str, said: str) -> None:
    class_room.ok("let treasure = 7;")
    ran = fails(class_room, code)
    assert ran.error["ename"] == "panic"
    assert said in ran.error["evalue"]
    assert "EVCXR" not in ran.stdout
    assert class_room.ok("treasure").result == "7"


def test_a_panic_that_is_passed_on_is_an_error_where_no_variable_is_kept() -> None:
    # evcxr's code around a cell is another one then.
    with FrontEnd() as kernel:
        kernel.ok("", START_S)
        for code, said in PASSED_ON:
            ran = fails(kernel, f"{{\n{code}\n}}")
            assert ran.error["ename"] == "panic"
            assert said in ran.error["evalue"] or "a panic that was passed on" in ran.error["evalue"]
            assert "EVCXR" not in ran.stdout


@pytest.mark.parametrize(
    ("code", "said", "place_of_value"),
    [
        ("1 / 0", "attempt to divide `1_i32` by zero", (1, 1)),
        ("let row = [1, 2];\nrow[7]", "the length is 2 but the index is 7", (2, 1)),
        ("let full = 255_u8;\nfull + 1", "which would overflow", (2, 1)),
        # Without the kernel's way to show a value the compiler would ask for the type of `pick` first.
        ("let row = [1, 2];\nlet at = 9;\nlet pick = row[at];\npick", "the index is 9", (3, 12)),
    ],
)
def test_a_value_that_cannot_be_is_told_at_its_place(
    class_room: FrontEnd, code: str, said: str, place_of_value: tuple[int, int]
) -> None:
    ran = fails(class_room, code)
    assert said in ran.report, ran.report
    assert place(ran, *place_of_value) in ran.report, ran.report


@pytest.mark.parametrize(
    ("code", "message", "bracket"),
    [
        (")", "unexpected closing delimiter: `)`", (1, 1)),
        ("let a = 1;\n}", "unexpected closing delimiter: `}`", (2, 1)),
        ('println!("a"', "this cell contains an unclosed delimiter", (1, 9)),
        ("{ let b = [1)];", "mismatched closing delimiter: `)`", (1, 11)),
    ],
)
def test_a_bracket_without_a_partner_is_named_at_its_place(
    class_room: FrontEnd, code: str, message: str, bracket: tuple[int, int]
) -> None:
    ran = fails(class_room, code)
    assert ran.error["evalue"] == message
    assert place(ran, *bracket) in ran.report, ran.report


@pytest.mark.parametrize("code", ['println!("a")\nprintln!("b")', "let one = 1\none + 1", "3 4"])
def test_a_missing_semicolon_is_told_in_terms_of_the_cell(class_room: FrontEnd, code: str) -> None:
    ran = fails(class_room, code)
    assert ran.error["evalue"].startswith("expected ")
    assert "`fn`" not in ran.report, ran.report
    assert place(ran, 1, len(code.splitlines()[0].split(" 4")[0]) + 1) in ran.report, ran.report


def test_a_variable_with_the_name_of_an_attribute_is_told_as_lost(class_room: FrontEnd) -> None:
    class_room.ok('let path = String::from("a");')
    class_room.ok("drop(path);")
    ran = fails(class_room, "path.len()")
    assert ran.error["ename"] == "E0423"
    assert "moved `path` to another owner" in ran.report, ran.report


def test_a_function_that_is_nowhere_is_an_error_and_costs_no_variable(class_room: FrontEnd) -> None:
    class_room.ok("let treasure = 1;")
    ran = fails(class_room, 'unsafe extern "C" { fn nowhere(); }\nunsafe { nowhere() }')
    assert ran.error["evalue"] == "cannot link the cell: `nowhere` is in no library"
    assert place(ran, 1, 24) in ran.report, ran.report
    ran = fails(class_room, '#[link(name = "nowhere")]\nunsafe extern "C" { fn abs(of: i32) -> i32; }\nunsafe { abs(-3) }')
    assert ran.report == "error: cannot link the cell: unable to find library -lnowhere"
    assert class_room.ok("treasure").result == "1"


def test_a_function_of_a_c_library_can_be_called(class_room: FrontEnd) -> None:
    declared = '#[link(name = "m")]\nunsafe extern "C" { fn hypot(a: f64, b: f64) -> f64; }'
    assert class_room.ok(declared + "\nunsafe { hypot(3.0, 4.0) }").result == "5.0"


def test_an_unknown_command_leads_to_the_list(class_room: FrontEnd) -> None:
    report = fails(class_room, ":explan").report
    assert "`:help` lists the commands" in report
    assert "perhaps `:explain` is meant" in report
    assert "perhaps" not in fails(class_room, ":quit").report


@pytest.mark.parametrize(
    ("before", "code", "name"),
    [
        ("", "let q = 5;\nlet p = &mut q;\n*p = 6;", "E0596"),
        ('let studio = Lock::new("studio");', "within(SECOND, || studio.hold())", "E0373"),
    ],
)
def test_what_an_error_makes_of_the_code_around_the_cell_is_not_told(
    class_room: FrontEnd, before: str, code: str, name: str
) -> None:
    class_room.ok(before)
    ran = fails(class_room, code.replace("SECOND", "Duration::from_secs(1)"))
    assert ran.error["ename"] == name, ran.report
    assert ran.report.count("error[") == 1, ran.report


def test_two_errors_of_one_cell_are_one_error_message(class_room: FrontEnd) -> None:
    ran = fails(class_room, 'let a: u8 = "a";\nlet b = nobody;')
    assert len(ran.error["traceback"]) == 2
    assert {"E0308", "E0425"} == set(re.findall(r"^error\[(E\d+)\]", ran.report, re.MULTILINE))


def test_a_warning_does_not_fail_a_cell(class_room: FrontEnd) -> None:
    assert class_room.ok("#[must_use] fn important() -> i32 { 3 }\nimportant();\nlet unused_name = 1;").stderr == ""


def test_an_error_names_the_earlier_cell_that_it_is_about(class_room: FrontEnd) -> None:
    define = class_room.ok("fn show<T: std::fmt::Display>(t: T) {\n    println!(\"{t}\");\n}").content["execution_count"]
    ran = fails(class_room, "struct Plain;\nshow(Plain);")
    assert place(ran, 2, 6) in ran.report
    assert f"--> cell {define}:1:12" in ran.report, ran.report
    class_room.ok("fn area(side: u32) -> u32 { side * side }")
    wrong = fails(class_room, "fn side() -> u32 { 3 }\narea(\"3\")")
    assert "fn area(side: u32)" in wrong.report
    broken = class_room.ok("struct Door { open: bool }\nfn shut(door: Door) -> bool { !door.open }").content["execution_count"]
    changed = fails(class_room, "struct Door { closed: bool }")
    assert f"--> cell {broken}:2:" in changed.report, "a function of an earlier cell is what no longer compiles"
    assert changed.error["ename"] == "E0609"


# -- what only cells can do wrong

NOT_KEPT = {
    "a channel": ("let (tx, rx) = std::sync::mpsc::channel();", "E0282", ["later cell", "channel::<i32>()"]),
    "an empty list": ("let list = Vec::new();", "E0282", ["later cell", "`Vec::<i32>::new()`"]),
    "a parsed text": ('let number = "5".parse().unwrap();', "E0284", ["later cell", '"5".parse::<i32>()']),
    "a closure without types": ("let inc = |x| x + 1;", "E0284", ["later cell", "|x: i32|"]),
    "a guard": (
        "let shelf = std::sync::Mutex::new(5);\nlet guard = shelf.lock().unwrap();",
        "error", ["`guard` cannot be kept for later cells", "borrows", "braces", "`Lock` of `lesson_support`"],
    ),
    "a reference": ("let row = vec![1];\nlet first = &row[0];", "error", ["`first` cannot be kept", "braces", "clone"]),
    "a temporary": ('let name: &str = &String::from("Ada");', "error", ["`name` cannot be kept", "braces"]),
    "an iterator": ("let row = vec![1];\nlet it = row.iter();", "error", ["`it` cannot be kept", ".collect();"]),
    "a mapped iterator": ("let it = vec![1].into_iter().map(|x| x + 1);", "error", ["type has no name", "Box<dyn Iterator"]),
    "an `impl Trait`": (
        "fn evens() -> impl Iterator<Item = u32> { (0..).step_by(2) }\nlet e = evens();",
        "error", ["type has no name", "`impl Iterator<Item = u32>`", "Box<dyn Iterator<Item = u32>>"],
    ),
    "a closure that captures": (
        "let row = vec![1];\nlet size = move |x: usize| x + row.len();", "error", ["closure", "fn size", "Box<dyn Fn"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_KEPT)
def test_what_cannot_be_kept_is_told_with_a_way_out(class_room: FrontEnd, case: str) -> None:
    code, ename, words = NOT_KEPT[case]
    ran = fails(class_room, code)
    assert ran.error["ename"] == ename
    for word in words:
        assert word in ran.report, ran.report


def test_the_ways_out_work(class_room: FrontEnd) -> None:
    class_room.ok("let (tx, rx) = std::sync::mpsc::channel::<i32>();\ntx.send(1).unwrap();")
    assert class_room.ok("rx.recv().unwrap()").result == "1"
    class_room.ok("let shelf = std::sync::Mutex::new(5);\n{ let mut guard = shelf.lock().unwrap(); *guard += 1; }")
    assert class_room.ok("*shelf.lock().unwrap()").result == "6"
    class_room.ok("let e: Box<dyn Iterator<Item = u32>> = Box::new((0..).step_by(2));")
    assert class_room.ok("let mut e = e;\ne.nth(2)").result == "Some(4)"


def test_a_closure_that_captures_nothing_is_kept(class_room: FrontEnd) -> None:
    class_room.ok("let double = |x: i32| x * 2;\nlet longer = |a: &str, b: &str| a.len() > b.len();")
    assert class_room.ok('(double(4), longer("abc", "de"), vec![1, 2].into_iter().map(double).sum::<i32>())').result == (
        "(8, true, 6)"
    )


def test_what_a_thread_gives_that_only_panics_is_kept(class_room: FrontEnd) -> None:
    class_room.ok('let end = std::thread::spawn(|| panic!("no")).join();')
    assert class_room.ok("end.is_err()").result == "true"


# -- variables that are gone


def test_a_moved_variable_names_the_cell_that_moved_it(class_room: FrontEnd) -> None:
    defined = class_room.ok('let treasure = String::from("gold");').content["execution_count"]
    moved = class_room.ok("let chest = treasure;").content["execution_count"]
    ran = fails(class_room, "treasure.len()")
    assert ran.error["ename"] == "E0425"
    assert f"cell {moved} moved `treasure`" in ran.report, ran.report
    assert f"run cell {defined}" in ran.report


def test_a_variable_that_a_panic_took_names_that_cell(class_room: FrontEnd) -> None:
    ran = fails(class_room, 'let half_made = 1;\npanic!("in between");')
    count = ran.content["execution_count"]
    assert f"cell {count} defines `half_made`, but panicked" in fails(class_room, "half_made").report
    class_room.ok('let cargo = String::from("salt");\nfn sink(_: String) { panic!("sunk") }')
    sunk = fails(class_room, "sink(cargo)").content["execution_count"]
    assert f"cell {sunk} had moved `cargo` when it panicked" in fails(class_room, "cargo").report
    class_room.ok("let half_made = 2;")
    assert class_room.ok("half_made").result == "2"


def test_a_variable_of_a_cell_that_did_not_compile_names_that_cell(class_room: FrontEnd) -> None:
    # The compiler would offer `Ok`, which has a similar name.
    count = fails(class_room, 'let k = 10;\nlet number: u32 = "a";').content["execution_count"]
    report = fails(class_room, "k").report
    assert f"cell {count} defines `k`, but does not compile" in report, report
    assert "similar name" not in report and "`Ok`" not in report, report
    count = fails(class_room, "let unread = 10;\nlet = 5;").content["execution_count"]
    assert f"cell {count} defines `unread`, but does not compile" in fails(class_room, "unread + 1").report
    class_room.ok("let lantern = 1;")
    assert "similar name" in fails(class_room, "lanter").report, "nothing else is known of that one"


def test_a_variable_that_its_own_cell_moved_names_that_cell(class_room: FrontEnd) -> None:
    count = class_room.ok("let brief = vec![1];\ndrop(brief);").content["execution_count"]
    assert f"cell {count} defines `brief` and moves it" in fails(class_room, "brief.len()").report


def test_a_variable_whose_type_was_changed_names_the_cell_that_did(class_room: FrontEnd) -> None:
    defined = class_room.ok("struct Gate(u32);\nlet gate = Gate(1);").content["execution_count"]
    changed = class_room.ok("struct Gate(u8);").content["execution_count"]
    report = fails(class_room, "gate.0").report
    assert f"cell {changed} changed `Gate`, which the type of `gate` uses" in report, report
    assert f"run cell {defined}" in report


def test_a_new_crate_is_never_called_a_move(fresh: FrontEnd, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "lib.rs").write_text("pub fn two() -> u8 { 2 }\n")
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "tiny"\nedition = "2024"\n[workspace]\n')
    defined = fresh.ok("struct Door(u8);\nlet door = Door(5);", START_S).content["execution_count"]
    added = fresh.ok(f':offline 1\n:dep tiny = {{ path = "{tmp_path}" }}\ntiny::two()')
    assert added.result == "2"
    # Whether the types of cells keep their identity is the compiler's command line's to decide.
    ran = fresh.run("door.0")
    if ran.status == "ok":
        assert ran.result == "5"
    else:
        assert f"lost in cell {added.content['execution_count']}" in ran.report, ran.report
        assert "compiled anew" in ran.report and "moved" not in ran.report, ran.report
        assert f"run cell {defined}" in ran.report


def test_a_handle_that_was_joined_is_told_as_such(class_room: FrontEnd) -> None:
    class_room.ok("let worker = std::thread::spawn(|| 5);")
    joined = class_room.ok("worker.join().unwrap();").content["execution_count"]
    report = fails(class_room, "worker.join().unwrap();").report
    assert f"cell {joined} joined `worker`" in report and "can be joined only once" in report, report
    assert "&worker" not in report and "worker.clone()" not in report, report


# -- dbg!


def test_dbg_names_the_place_in_the_cell_and_gives_what_it_is_given(class_room: FrontEnd) -> None:
    defined = class_room.ok("fn shown(n: u32) -> u32 {\n    dbg!(n) + 1\n}").content["execution_count"]
    ran = class_room.ok('let both = dbg!(shown(2), String::from("a"));\ndbg!();\nlet s = dbg!(both.1);\n(both.0, s)')
    count = ran.content["execution_count"]
    assert ran.result == '(3, "a")'
    assert ran.stderr == (
        f"[cell {defined}:2:5] n = 2\n[cell {count}:1:12] shown(2) = 3\n"
        f'[cell {count}:1:12] String::from("a") = "a"\n[cell {count}:2:1]\n[cell {count}:3:9] both.1 = "a"\n'
    )
    assert class_room.ok("mod deep { pub fn two() -> u8 { dbg!(2) } }\ndeep::two()").stderr.startswith("[cell ")
    ran = fails(class_room, "struct Bare;\ndbg!(Bare);")
    assert (ran.error["ename"], ran.error["evalue"]) == ("E0277", "`Bare` doesn't implement `Debug`")


# -- what evcxr makes of a cell's value


@pytest.mark.parametrize("code", ['"x".unlock()', '"x".unlock();', 'let a = 3;\n"x".unlock() // why'])
def test_an_error_is_whole_where_an_earlier_trait_has_the_method(class_room: FrontEnd, code: str) -> None:
    shown = class_room.ok("trait Bolt { fn unlock(&self); }\nimpl Bolt for u32 { fn unlock(&self) {} }")
    ran = fails(class_room, code)
    assert ran.error["ename"] == "E0599"
    assert ran.error["evalue"].startswith("no method named `unlock` found")
    assert place(ran, 1 + code.count("\n"), 5) in ran.report, ran.report
    assert "`Bolt` defines an item `unlock`" in ran.report
    assert f"--> cell {shown.content['execution_count']}:1:1" in ran.report


@pytest.mark.parametrize("code", ["async { 5 }", "let q = 4;\nasync { q }", "async fn later() -> u8 { 5 }\nlater()"])
def test_a_future_as_a_value_is_explained(class_room: FrontEnd, code: str) -> None:
    ran = fails(class_room, code)
    assert ran.error["ename"] == "E0277"
    assert "doesn't implement `Debug`" in ran.error["evalue"]
    assert place(ran, 1 + code.count("\n"), 1) in ran.report, ran.report
    assert "a future does nothing until it is awaited" in ran.report
    assert "lesson_" not in ran.report


def test_a_change_of_what_an_earlier_cell_made_without_mut_names_the_way(class_room: FrontEnd) -> None:
    count = class_room.ok("let fixed = vec![1];").content["execution_count"]
    ran = fails(class_room, "fixed.push(2);")
    assert ran.error["ename"] == "E0596"
    assert f"cell {count} defines `fixed` without `mut`" in ran.report, ran.report
    class_room.ok("let mut fixed = fixed;\nfixed.push(2);")


# -- panics


def panicked(ran: Ran) -> str:
    """Returns the report of a panic of the cell's own thread."""
    assert ran.error["ename"] == "panic"
    return ran.report


@pytest.mark.parametrize(
    ("code", "said", "column"),
    [
        ("let r: Result<i32, String> = Err(\"bad\".into());\nr.unwrap();", 'on an `Err` value: "bad"', (2, 3)),
        ("let a = [1, 2];\nlet i = a.len();\na[i]", "index out of bounds", (3, 1)),
        ("let v: Vec<u8> = vec![];\nlet i = 3;\nlet x = v[i];", "index out of bounds", (3, 10)),
        ("let mut n = 255u8;\nfor _ in 0..2 {\n    n += 1;\n}", "attempt to add with overflow", (3, 5)),
        ("std::panic::panic_any(5);", "not text", (1, 1)),
        ("struct Bad;\nimpl Drop for Bad {\n    fn drop(&mut self) { panic!(\"on the way out\") }\n}\ndrop(Bad);", "out", (3, 26)),
        ('let studio = Lock::new("studio");\nstudio.release();', "must follow", (2, 8)),
        ("assert_eq!(vec![1, 2], vec![1, 3]);", "left: [1, 2]\n right: [1, 3]", (1, 1)),
    ],
)  # fmt: skip
def test_a_panic_shows_the_learners_line(class_room: FrontEnd, code: str, said: str, column: tuple[int, int]) -> None:
    ran = fails(class_room, code)
    assert said in panicked(ran), ran.report
    assert place(ran, *column) in ran.report, ran.report


def test_a_panic_in_a_function_of_an_earlier_cell_shows_that_cell(class_room: FrontEnd) -> None:
    count = class_room.ok('fn fall() {\n    panic!("down");\n}').content["execution_count"]
    assert f"--> cell {count}:2:5" in panicked(fails(class_room, "fall();"))


#: A panic in a thread, as it is printed; `{}` are the cell of the place and the cell that started the thread.
TOLD = """{who} panicked: {message}
 --> cell {at}:{line}:{column}
  |
{line} | {source}
  | {caret}
  |
  = note: cell {by} started the thread
"""


def test_a_panic_in_a_thread_names_thread_cell_line_and_starter(class_room: FrontEnd) -> None:
    class_room.ok('fn sing(part: u32) {\n    assert!(part < 3, "part {part}");\n}')
    ran = class_room.ok("std::thread::spawn(|| sing(4)).join().is_err()")
    count = ran.content["execution_count"]
    where = {"at": count - 1, "line": 2, "column": 5, "source": '    assert!(part < 3, "part {part}");'}
    caret = " " * 4 + "^" * 32
    unnamed = TOLD.format(who="a thread without a name", message="part 4", caret=caret, by=count, **where)
    assert ran.stderr == unnamed
    # Started in one cell, by a thread of it, and failing while another one runs.
    start = class_room.ok(
        "let (go, wait) = std::sync::mpsc::channel::<()>();\n"
        "let outer = std::thread::spawn(move || {\n"
        '    let inner = std::thread::Builder::new().name("Bea".into());\n'
        "    inner.spawn(move || { let _ = wait.recv(); sing(5) }).unwrap().join().is_err()\n"
        "});"
    )
    ran = class_room.ok("go.send(()).unwrap();\nouter.join().unwrap()")
    assert ran.result == "true"
    by = start.content["execution_count"]
    assert ran.stderr == TOLD.format(who="thread 'Bea'", message="part 5", caret=caret, by=by, **where)


def test_panics_of_many_threads_at_once_do_not_mix(class_room: FrontEnd) -> None:
    ran = class_room.ok(
        "let start = std::sync::Arc::new(std::sync::Barrier::new(20));\n"
        "let threads: Vec<_> = (0..20).map(|i| {\n"
        "    let start = start.clone();\n"
        '    std::thread::spawn(move || -> () { start.wait(); panic!("number {i}") })\n'
        "}).collect();\n"
        "for thread in threads { let _ = thread.join(); }"
    )
    count = ran.content["execution_count"]
    source = '    std::thread::spawn(move || -> () { start.wait(); panic!("number {i}") })'
    told = TOLD.format(
        who="a thread without a name", message="number N", at=count, line=4, column=54, source=source, by=count,
        caret=" " * 53 + "^" * 20,
    )  # fmt: skip
    numbers = re.findall(r"number (\d+)\n", ran.stderr)
    assert sorted(numbers, key=int) == [str(i) for i in range(20)]
    assert re.sub(r"number \d+\n", "number N\n", ran.stderr) == told * 20


def test_what_a_crash_took_names_that_cell(fresh: FrontEnd) -> None:
    defined = fresh.ok("let gold = 5;", START_S).content["execution_count"]
    crashed = fresh.run("std::process::abort();").content["execution_count"]
    report = fails(fresh, "gold").report
    assert f"`gold` was lost when the process ended in cell {crashed}; run cell {defined}" in report, report


# -- :explain


def test_explain_gives_the_compilers_text(class_room: FrontEnd) -> None:
    ran = class_room.ok(":explain E0382")
    [result] = [message for message in ran.messages if message["msg_type"] == "execute_result"]
    markdown = result["content"]["data"]["text/markdown"]
    assert "```rust\n" in markdown
    assert "compile_fail" not in markdown
    assert "A variable was used after its contents have been moved elsewhere." in str(ran.result)
    assert "```" not in str(ran.result)


def test_explain_alone_is_about_the_last_compile_error(class_room: FrontEnd) -> None:
    fails(class_room, 'let a: u8 = "a";')
    fails(class_room, 'panic!("error[E0001]");')
    assert str(class_room.ok(":explain").result).startswith("Error E0308\n")
    assert "E0308" in str(class_room.ok(" :explain  e308 ").result)


def test_explain_stands_beside_other_lines(class_room: FrontEnd) -> None:
    ran = class_room.ok(":explain E0499\nlet beside = 4;\nbeside + 1")
    assert ran.result == "5"
    [shown] = [message["content"]["data"] for message in ran.messages if message["msg_type"] == "display_data"]
    assert "mutabl" in shown["text/markdown"]
    wrong = fails(class_room, ":explain E0499\nlet a: u8 = \"a\";")
    assert place(wrong, 2, 13) in wrong.report


@pytest.mark.parametrize(("code", "words"), [("nonsense", "four digits"), ("E9999", "no error with the code E9999")])
def test_an_unknown_code_is_told(class_room: FrontEnd, code: str, words: str) -> None:
    assert words in fails(class_room, f":explain {code}").report


def test_explain_without_any_error_says_so(fresh: FrontEnd) -> None:
    assert "no cell has failed yet" in fails(fresh, ":explain").report
