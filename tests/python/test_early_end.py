"""A cell may end before its last line, by `return` or by `?`: what was there before is kept, and later cells run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import PRELUDE

from frontend import START_S, FrontEnd


@pytest.fixture(scope="module")
def kernel() -> Iterator[FrontEnd]:
    with FrontEnd() as front_end:
        front_end.ok(PRELUDE, START_S)
        front_end.ok("let keep = vec![1]; let b = 1; let old = 4;")
        yield front_end


def still_there(kernel: FrontEnd) -> None:
    """Holds that no variable of before has been lost, and that cells run."""
    assert kernel.ok("(keep.len(), b)").result == "(1, 1)"


# Each way to return, with the names that are not kept, and the line of the `return`.
RETURNS = {
    "in a block": ('let n: i32 = 3;\nif n == 3 { println!("early"); return; }\nlet m = 1;', ["n", "m"], 2),
    "in a let-else": (
        'let Ok(r) = "x12".parse::<i32>() else { println!("early"); return };\nprintln!("{r}");', ["r"], 1,
    ),
    "in a match": ('let o: Option<u8> = None;\nprintln!("early");\nlet p = match o { Some(p) => p, None => return };', ["o", "p"], 3),
    "as the last word": ('let q = 1;\nprintln!("early");\nreturn', ["q"], 3),
    "with Ok": ('let s = 1;\nprintln!("early");\nif s == 1 { return Ok(()); }', ["s"], 3),
    "beside a question mark": (
        'let t = "1".parse::<i32>()?;\nprintln!("early");\nif t == 1 { return; }\nprintln!("late");', ["t"], 3,
    ),
    "in a loop": ('let mut u = 0;\nloop { u += 1; if u == 3 { println!("early"); return; } }', ["u"], 2),
    "a new one of an old name": ('let old = 5;\nprintln!("early");\nif old == 5 { return; }', ["old"], 3),
    "nothing to lose": ('println!("early"); return;', [], 1),
}  # fmt: skip


@pytest.mark.parametrize("way", RETURNS)
def test_a_return_ends_the_cell_and_costs_its_new_variables_alone(kernel: FrontEnd, way: str) -> None:
    code, lost, line = RETURNS[way]
    ran = kernel.ok(code)
    assert ran.stdout == "early\n"
    assert ran.result is None
    assert bool(lost) == (f"the `return` in line {line} ended the cell" in ran.stderr), ran.stderr
    for name in lost:
        assert f"`{name}`" in ran.stderr
        assert kernel.run(f"{name};").error["ename"] == "E0425"
    still_there(kernel)


def test_a_return_that_is_not_met_costs_nothing(kernel: FrontEnd) -> None:
    assert kernel.ok("let met = 1;\nif met == 2 { return; }\nmet").result == "1"
    assert kernel.ok("met + 1").result == "2"


def test_a_return_releases_locks_without_poisoning_them(kernel: FrontEnd) -> None:
    kernel.ok("let m = std::sync::Arc::new(std::sync::Mutex::new(1));")
    kernel.ok("let guarded = m.clone();\n{ let mut guard = guarded.lock().unwrap(); *guard = 2; if *guard == 2 { return; } }")
    assert kernel.ok("*m.lock().unwrap()").result == "2"


def test_returns_of_functions_and_closures_are_their_own(kernel: FrontEnd) -> None:
    ran = kernel.ok("fn f() -> i32 { return 4; }\nlet g = |x: i32| { if x > 1 { return x; } 0 };\nlet h = (f(), g(5));\nh")
    assert ran.result == "(4, 5)"
    assert kernel.ok("h.0").result == "4"


@pytest.mark.parametrize("value", ["5", 'Err("no")', "keep.len()"])
def test_a_return_of_a_value_is_refused_with_the_way_out(kernel: FrontEnd, value: str) -> None:
    ran = kernel.run(f"let v = 1;\nif v == 1 {{ return {value}; }}")
    assert ran.error["ename"] == "error"
    assert "a cell cannot return a value" in ran.report
    assert f"cell {ran.content['execution_count']}:2:13" in ran.report
    still_there(kernel)


# Each failing `?` with its place, and the text of the error.
QUESTIONS = {
    "of a parse": ('let n: i32 = 3;\nlet m: i32 = "x12".parse()?;\nn + m', (2, 27), "invalid digit found in string"),
    "of two the second": ('let n = "1".parse::<i32>()? + "y".parse::<i32>()?;', (1, 49), "invalid digit"),
    "nested": ('fn half(n: i32) -> Result<i32, String> { Err(format!("no half of {n}")) }\nlet n: i32 = half("7".parse::<i32>()?)?;', (2, 39), "no half of 7"),
    "of a text": ('Err::<(), _>("plain")?;', (1, 22), "plain"),
    "of a box": ('fn boxed() -> Result<(), Box<dyn std::error::Error>> { Err("boxed!".into()) }\nboxed()?;', (2, 8), "boxed!"),
    "in a macro": ('println!("{}", "z".parse::<i32>()?);', (1, 34), "invalid digit"),
    "in braces": ('{\n    let path = "/no/such/file";\n    std::fs::read_to_string(path)?;\n}', (3, 34), "No such file"),
    "of a lock": ("let m = std::sync::Mutex::new(1);\n{ *m.lock().map_err(|_| \"poisoned\")? += 1; }\nErr::<(), _>(\"after\")?;", (3, 22), "after"),
    "of several lines": ('Err::<(), _>("first\\nsecond")?;', (1, 30), "second"),
}  # fmt: skip


@pytest.mark.parametrize("kind", QUESTIONS)
def test_a_question_mark_ends_the_cell_with_its_place_and_says_it_once(kernel: FrontEnd, kind: str) -> None:
    code, (line, column), text = QUESTIONS[kind]
    ran = kernel.run(code)
    assert ran.error["ename"] == "error"
    assert "`?` ended the cell early" in ran.error["evalue"]
    assert text in ran.error["evalue"]
    told = ran.report.replace(code.splitlines()[line - 1], "")
    assert told.count(text) == 1, ran.report
    assert f"cell {ran.content['execution_count']}:{line}:{column}" in ran.report, ran.report
    assert ran.stderr == ""
    still_there(kernel)


def test_other_output_of_a_cell_that_a_question_mark_ends_is_left_alone(kernel: FrontEnd) -> None:
    ran = kernel.run('eprint!("before"); eprintln!();\nprintln!("out");\nErr::<(), _>("no")?;')
    assert (ran.stdout, ran.stderr) == ("out\n", "before\n")
    assert ran.error["evalue"] == "`?` ended the cell early: no"


def test_an_error_without_display_is_the_compilers_to_explain(kernel: FrontEnd) -> None:
    ran = kernel.run("struct Odd;\nErr::<(), Odd>(Odd)?;")
    assert ran.error["ename"] == "E0277"
    assert "lesson_early" not in ran.report


def test_a_question_mark_tells_the_causes_of_an_error_that_has_them(kernel: FrontEnd) -> None:
    # As `anyhow` does: the causes are told where `{:#}` asks for them.
    kernel.ok(
        "#[derive(Debug)] struct Layered;\nimpl std::error::Error for Layered {}\n"
        "impl std::fmt::Display for Layered { fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {\n"
        '    f.write_str(if f.alternate() { "no menu: no such file" } else { "no menu" })\n} }'
    )
    assert kernel.run("Err::<(), _>(Layered)?;").error["evalue"] == "`?` ended the cell early: no menu: no such file"
    still_there(kernel)
