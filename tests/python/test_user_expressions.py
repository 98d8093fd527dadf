"""`user_expressions`: what a front end wants to know after a cell, without disturbing anything."""

from __future__ import annotations

from typing import Any

from jsonschema import validate

from frontend import FrontEnd, Ran

#: What the specification says of one expression's result.
RESULT = {
    "oneOf": [
        {
            "properties": {
                "status": {"const": "ok"},
                "data": {"type": "object"},
                "metadata": {"type": "object"},
            },
            "required": ["status", "data", "metadata"],
            "additionalProperties": False,
        },
        {
            "properties": {
                "status": {"const": "error"},
                "ename": {"type": "string"},
                "evalue": {"type": "string"},
                "traceback": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["status", "ename", "evalue", "traceback"],
            "additionalProperties": False,
        },
    ]
}


def results(ran: Ran) -> dict[str, Any]:
    """Returns the results of a cell's expressions, each held to the specification."""
    found = ran.content["user_expressions"]
    for result in found.values():
        validate(result, RESULT)
    return found


def text(result: dict[str, Any]) -> str:
    """Returns the plain text of a result that is not an error."""
    assert result["status"] == "ok", result
    return result["data"]["text/plain"]


def test_each_expression_has_its_value(kernel: FrontEnd) -> None:
    ran = kernel.ok("let wheels = 3;", expressions={"plain": "wheels", "not": "!(wheels > 3)", "unit": "()"})
    found = results(ran)
    assert {name: text(result) for name, result in found.items()} == {"plain": "3", "not": "true", "unit": "()"}
    assert ran.result is None, "the values are in the reply alone"


def test_a_value_has_its_other_types_too(kernel: FrontEnd) -> None:
    kernel.ok(
        "pub struct Bold;\nimpl Bold { pub fn evcxr_display(&self) {"
        ' println!("EVCXR_BEGIN_CONTENT text/html\\n<b>x</b>\\nEVCXR_END_CONTENT"); } }'
    )
    [result] = results(kernel.ok("1;", expressions={"bold": "Bold"})).values()
    assert result["data"]["text/html"].strip() == "<b>x</b>"


def test_an_expression_that_fails_is_its_own_error(kernel: FrontEnd) -> None:
    found = results(
        kernel.ok("let axle = 1;", expressions={"bad": "no_such_name", "panics": 'panic!("off")', "good": "axle"})
    )
    assert (found["bad"]["ename"], found["panics"]["ename"]) == ("E0425", "panic")
    assert found["panics"]["evalue"] == "off"
    assert text(found["good"]) == "1"
    assert kernel.ok("axle").result == "1"


def test_statements_are_refused_and_change_nothing(kernel: FrontEnd) -> None:
    kernel.ok("let spoke = 1;")
    found = results(kernel.ok("2;", expressions={"let": "let spoke = 9;", "command": ":clear", "nothing": ""}))
    assert [result["status"] for result in found.values()] == ["error"] * 3
    assert kernel.ok("spoke").result == "1"


def test_they_are_not_evaluated_after_a_failed_cell(kernel: FrontEnd) -> None:
    kernel.ok("static TOUCHED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);")
    touch = {"touch": "TOUCHED.fetch_add(1, std::sync::atomic::Ordering::SeqCst)"}
    for failing in ('panic!("no")', "let wrong: u32 = true;"):
        assert not kernel.run(failing, expressions=touch).content.get("user_expressions")
    assert kernel.ok("TOUCHED.load(std::sync::atomic::Ordering::SeqCst)").result == "0"
    assert text(results(kernel.ok("1;", expressions=touch))["touch"]) == "0", "the repaired twin"
    assert kernel.ok("TOUCHED.load(std::sync::atomic::Ordering::SeqCst)").result == "1"


def test_what_they_print_is_the_cells_output_and_no_value(kernel: FrontEnd) -> None:
    ran = kernel.ok('println!("cell");', expressions={"loud": '{ println!("expression"); 5 }'})
    assert ran.stdout == "cell\nexpression\n"
    assert text(results(ran)["loud"]) == "5"


def test_they_are_not_counted_nor_remembered(kernel: FrontEnd) -> None:
    before = kernel.ok("1;", expressions={"a": "11_111"}).content["execution_count"]
    assert kernel.ok("2;").content["execution_count"] == before + 1
    asked = {"hist_access_type": "search", "pattern": "*11_111*", "output": False, "raw": True}
    assert kernel.ask("history_request", asked)["history"] == []


def test_stop_ends_all_of_them_and_keeps_the_cell(kernel: FrontEnd) -> None:
    # Of three equal ones any may be the first.
    forever = '{ println!("in it"); loop { std::hint::black_box(0); } }'
    request = kernel.execute("let kept = 7;", expressions={"a": forever, "b": forever, "c": forever})
    kernel.until_printed(request, "in it")
    kernel.interrupt()
    ran = kernel.finish(request)
    assert ran.status == "ok", "the cell itself had succeeded"
    assert [result["ename"] for result in results(ran).values()] == ["KeyboardInterrupt"] * 3
    assert ran.stdout == "in it\n", "the other two have not begun"
    assert kernel.ok("kept").result == "7"
