"""Jupyter's own test suite for kernels, with samples of every kind that it knows."""

from __future__ import annotations

import jupyter_kernel_test

import places
from frontend import START_S

# The suite finds its kernel by class attributes, and reads its samples from there too.


class RustLessons(jupyter_kernel_test.KernelTests):
    """The kernel, and what it is asked."""

    @classmethod
    def setUpClass(cls) -> None:
        """Starts the kernel, and gives its engine the time that the suite's own 15 s need not be on a busy machine."""
        super().setUpClass()
        cls.kc.execute_interactive("let started = true;", timeout=START_S, allow_stdin=False)

    kernel_name = "rust-lessons"
    language_name = "rust"
    file_extension = ".rs"

    code_hello_world = 'println!("hello, world");'
    code_stderr = 'eprintln!("test");'
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": '"abc".len()', "result": "3"},
    ]
    code_display_data = [
        {
            "code": 'println!("EVCXR_BEGIN_CONTENT text/html\\n<b>bold</b>\\nEVCXR_END_CONTENT");',
            "mime": "text/html",
        },
        {
            "code": 'println!("EVCXR_BEGIN_CONTENT image/svg+xml\\n<svg/>\\nEVCXR_END_CONTENT");',
            "mime": "image/svg+xml",
        },
    ]
    code_generate_error = 'panic!("on purpose");'
    complete_code_samples = ["1 + 1", "fn f() {}", "let a = 1;", "for i in 0..3 {\n    f(i);\n}"]
    incomplete_code_samples = ["fn f() {", "let a =", 'let s = "abc', "for i in 0..3 {"]
    invalid_code_samples = ["let = 5;", "fn f() { ) }"]
    completion_samples = [
        {"text": "std::sync::atomic::AtomicU3", "matches": {"AtomicU32"}},
    ]
    code_inspect_sample = "Vec::new"
    code_history_pattern = "6*"
    code_clear_output = "use lesson_support::prelude::*;\nclear_output(false);"
    supported_history_operations = ("tail", "range", "search")


# The suite collects through unittest; the base class alone has no kernel.
del jupyter_kernel_test.KernelTests
assert places.NOTEBOOKS.is_dir()
