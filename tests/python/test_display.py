"""Pictures, tables and progress: what a cell displays, changes and clears."""

from __future__ import annotations

from frontend import FrontEnd

USE = "use lesson_support::prelude::*;"


def shown(ran) -> list[tuple[str, str, str]]:
    """Kind, text of the first MIME type, and display id of each display of a cell."""
    kinds = ("display_data", "update_display_data", "execute_result", "clear_output")
    rows = []
    for message in ran.messages:
        if message["msg_type"] in kinds:
            content = message["content"]
            first = next(iter(content.get("data", {}).values()), "")
            rows.append((message["msg_type"], first, content.get("transient", {}).get("display_id", "")))
    return rows


def test_a_display_is_changed_in_place_and_in_order_with_what_is_printed(kernel: FrontEnd) -> None:
    kernel.ok(USE)
    ran = kernel.ok(
        'let state = Display::html("<b>0</b>");\nprintln!("between");\nstate.update("text/html", "<b>1</b>");'
    )
    rows = shown(ran)
    assert [(kind, text) for kind, text, _ in rows] == [
        ("display_data", "<b>0</b>"),
        ("update_display_data", "<b>1</b>"),
    ]
    assert rows[0][2] == rows[1][2] != ""
    order = [message["msg_type"] for message in ran.messages if message["msg_type"] != "status"]
    assert order == ["execute_input", "display_data", "stream", "update_display_data"]
    again = shown(kernel.ok('state.update("text/plain", "later");'))
    assert again == [("update_display_data", "later", rows[0][2])]


def test_several_displays_of_a_cell_are_all_shown(kernel: FrontEnd) -> None:
    kernel.ok(USE)
    rows = shown(kernel.ok("for n in 0..3 { Display::svg(format!(\"<svg id='{n}'/>\")); }"))
    assert [text for _, text, _ in rows] == [f"<svg id='{n}'/>" for n in range(3)]


def test_a_display_as_the_last_expression_adds_nothing(kernel: FrontEnd) -> None:
    kernel.ok(USE)
    rows = shown(kernel.ok('Display::text("once")'))
    assert [(kind, text) for kind, text, _ in rows] == [("display_data", "once")]


def test_output_is_cleared_at_once_or_with_the_next(kernel: FrontEnd) -> None:
    kernel.ok(USE)
    ran = kernel.ok('println!("old");\nclear_output(true);\nprintln!("new");\nclear_output(false);')
    cleared = [message["content"] for message in ran.messages if message["msg_type"] == "clear_output"]
    assert cleared == [{"wait": True}, {"wait": False}]
    assert ran.stdout == "old\nnew\n"


def test_blocks_of_evcxrs_own_protocol_that_follow_each_other_are_one_display(kernel: FrontEnd) -> None:
    block = "EVCXR_BEGIN_CONTENT {mime}\\n{text}\\nEVCXR_END_CONTENT\\n"
    both = block.format(mime="text/plain", text="bold") + block.format(mime="text/html", text="<b>bold</b>")
    ran = kernel.ok(f'print!("{both}");')
    displays = [m["content"]["data"] for m in ran.messages if m["msg_type"] == "display_data"]
    assert displays == [{"text/plain": "bold", "text/html": "<b>bold</b>"}]


def test_what_is_not_a_mime_type_is_refused_at_the_learners_line(kernel: FrontEnd) -> None:
    kernel.ok(USE)
    ran = kernel.run('let a = 1;\nDisplay::new("html", "x");')
    assert ran.error["ename"] == "panic"
    assert "MIME type" in ran.error["evalue"]
    assert ":2:1" in ran.report
