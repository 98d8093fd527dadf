"""Commands of evcxr (`:clear` and its like), and how a cell's value is shown: with one compilation."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from frontend import START_S, FrontEnd

USE = "use lesson_support::prelude::*;\nuse std::sync::atomic::{AtomicU32, Ordering::SeqCst};"
#: Displays itself as HTML, by the method that evcxr looks for.
PAGE = r"""struct Page;
impl Page {
    fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/html\n<b>page</b>\nEVCXR_END_CONTENT");
    }
}"""


def test_clear_forgets_what_the_learner_made_and_nothing_else(kernel: FrontEnd) -> None:
    kernel.ok("let kept = 1;\nfn twice(n: u32) -> u32 { 2 * n }")
    kernel.ok(":clear", START_S)
    assert kernel.run("kept").error["ename"] == "E0425"
    assert kernel.run("twice(1)").error["ename"] == "E0425"
    # A loop, a support type and a static need things that the kernel itself has put there.
    assert kernel.ok('for i in 0..2 { println!("{i}"); }').stdout == "0\n1\n"
    kernel.ok(USE)
    assert kernel.ok('let lock = Lock::new("a");\nlock').result == "<lock a: free>"


def test_code_behind_clear_runs_in_the_cleared_kernel(kernel: FrontEnd) -> None:
    kernel.ok("let before = 1;")
    ran = kernel.ok(":clear\nlet before = \"new\";\nfor _ in 0..1 { println!(\"{before}\"); }", START_S)
    assert ran.stdout == "new\n"
    assert kernel.ok("before").result == '"new"'


def test_restart_starts_the_process_again_and_keeps_items(kernel: FrontEnd) -> None:
    kernel.ok(USE)
    kernel.ok("static TICKS: AtomicU32 = AtomicU32::new(5);\nfn tick() -> u32 { TICKS.fetch_add(1, SeqCst) }")
    kernel.ok("let lost = 1;\ntick()")
    before = kernel.ok("std::process::id()").result
    kernel.ok(":restart\nlet kept = 3;")
    assert kernel.ok("std::process::id()").result != before
    assert kernel.ok("(kept, tick())").result == "(3, 5)"
    assert kernel.run("lost").error["ename"] == "E0425"


def test_quit_says_how_a_kernel_is_ended(kernel: FrontEnd) -> None:
    ran = kernel.run(":quit")
    assert ran.error["ename"] == "quit"
    assert "Shut Down Kernel" in ran.error["evalue"]
    assert kernel.ok("1").result == "1"


def test_only_lines_before_rust_are_commands(kernel: FrontEnd) -> None:
    assert kernel.ok("let differ = 1\n!= 2;\ndiffer").result == "true"
    assert kernel.ok('let text = "\n:clear\n";\ntext.len()').result == "8"
    assert kernel.ok("!echo out").result == "out\n"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("1 + 1", "2"),
        ("vec![1, 2] // two", "[1, 2]"),
        ("if true { 'a' } else { 'b' }", "'a'"),
        ('let text: &str = "abc";\n*text', '"abc"'),
        ("loop { break 5 }", "5"),
        ("unsafe { 5 }", "5"),
        ("std::thread::spawn(|| 5).join()", "Ok(5)"),
    ],
)
def test_a_value_is_shown_by_its_debug_format(kernel: FrontEnd, cell: str, shown: str) -> None:
    assert kernel.ok(cell).result == shown


def test_a_type_without_debug_is_explained_as_it_stands(kernel: FrontEnd) -> None:
    ran = kernel.run("struct Opaque;\nOpaque")
    assert ran.error["ename"] == "E0277"
    assert "`Opaque` doesn't implement `Debug`" in ran.error["evalue"]
    assert "lesson_value" not in ran.report


def test_a_display_of_the_types_own_goes_before_debug(kernel: FrontEnd) -> None:
    kernel.ok(PAGE)
    for value in ("Page", "&Page", "std::sync::Arc::new(Page)"):
        shown = [m["content"]["data"] for m in kernel.ok(value).messages if m["msg_type"] == "execute_result"]
        assert shown == [{"text/html": "<b>page</b>"}], value
    kernel.ok("#[derive(Debug)] struct Both;\ntrait Shows { fn evcxr_display(&self); }")
    kernel.ok('impl Shows for Both { fn evcxr_display(&self) { println!("of the trait"); } }')
    assert kernel.ok("Both").stdout == "of the trait\n"


def test_another_format_is_evcxrs_to_write(fresh: FrontEnd) -> None:
    fresh.ok(":fmt {:#?}", START_S)
    assert fresh.ok("Some(1)").result == "Some(\n    1,\n)"
    fresh.ok(":fmt {:?}")
    assert fresh.ok("Some(1)").result == "Some(1)"
    assert "`:fmt {:#?}`" in fresh.run(":fmt {:nonsense}").error["evalue"]
    assert fresh.ok("Some(2)").result == "Some(2)"


def test_timing_tells_how_long_each_cell_takes_until_it_is_switched_off(fresh: FrontEnd) -> None:
    assert "Took" not in fresh.ok("1 + 1", START_S).stdout
    assert "true" in str(fresh.ok(":timing").result)
    ran = fresh.ok('println!("said");\n2 + 2')
    assert re.fullmatch(r"said\nTook \d+ ms\n", ran.stdout), ran.stdout
    assert ran.result == "4"
    fresh.ok(":timing")
    assert "Took" not in fresh.ok("3 + 3").stdout


def test_a_cell_with_a_value_is_compiled_once(fresh: FrontEnd, tmp_path: Path) -> None:
    fresh.ok(USE, START_S)
    log = tmp_path / "compiled"
    wrapper = tmp_path / "rustc"
    wrapper.write_text(f'#!/bin/sh\ncase "$*" in *"--crate-name ctx"*) echo once >> "{log}";; esac\nexec "$@"\n')
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    fresh.ok(f":build_env RUSTC_WRAPPER={wrapper}")
    for cell in ("fn f() {}", "let a = vec![1];", "a.len() + 1", 'println!("{}", a.len());', "a"):
        log.write_text("")
        fresh.ok(cell, START_S)
        assert log.read_text().splitlines() == ["once"], cell


# In a kernel of its own, since some commands forget what others rely on.
def test_help_names_every_command_and_each_works(fresh: FrontEnd, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "lib.rs").write_text("pub fn two() -> u8 { 2 }\n")
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "tiny"\nedition = "2024"\n[workspace]\n')
    #: What is run for a command of the list, where that is not the command itself, and a word of the answer.
    said = {
        "!ls": ("!echo aloud", "aloud"),
        ":build_env NAME=value": (None, ""),
        ":clear": (None, ""),
        ':dep rand = "0.9"': (f':offline 1\n:dep tiny = {{ path = "{tmp_path}" }}\ntiny::two()', "2"),
        ":doc x": (":doc String", "UTF-8"),
        ":efmt {}": (None, "Error format: {}"),
        ":env NAME=value": (None, "use :restart"),
        ":explain": (None, "E0308"),
        ":explain E0382": (None, "moved"),
        ":fmt {:#?}": (None, "{:#?}"),
        ":help": (None, ":explain E0382"),
        ":offline 1": (None, "true"),
        ":opt 2": (":opt 0", "Optimization: 0"),
        ":output": (None, "threads = running-cell"),
        ":output display_limit 5000": (None, "5000"),
        ":output text_limit 50 MB": (None, "50 MB"),
        ":output threads starting-cell": (None, "starting-cell"),
        ":restart": (None, "started again"),
        ":show_deps": (None, "tiny"),
        ":timing": (None, "Timing: true"),
        ":type x": (None, "u8"),
        ":types": (None, "Types: true"),
        ":vars": (None, "x: u8"),
        "// kernel: no checkpoints": ("// kernel: no checkpoints\nx + 1", "8"),
    }
    listed = str(fresh.ok(":help", START_S).result).splitlines()
    named = [re.split(r"  +", line.strip())[0] for line in listed if line.startswith("  ")]
    assert sorted(named) == sorted(said)
    assert "internal_debug" not in "".join(listed)
    fresh.ok("let x: u8 = 7;")
    assert fresh.run('let wrong: u8 = "a";').error["ename"] == "E0308"
    # What forgets the rest comes last.
    for command in sorted(named, key=lambda command: (command in (":restart", ":clear"), command)):
        code, word = said[command]
        ran = fresh.ok(code or command, START_S)
        assert word in f"{ran.result}{ran.stdout}", (command, ran.result, ran.stdout)
    assert fresh.ok('std::env::var("NAME").unwrap()').result == '"value"'
    fresh.ok(":clear\n:output threads running-cell", START_S)


def test_help_is_a_table_in_a_browser(kernel: FrontEnd) -> None:
    [shown] = [message["content"]["data"] for message in kernel.ok(":help", START_S).messages
               if message["msg_type"] == "execute_result"]  # fmt: skip
    assert "<td" in shown["text/html"] and "<code>:explain E0382</code>" in shown["text/html"]
