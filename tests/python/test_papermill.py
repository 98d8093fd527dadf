"""Parameters for papermill: what they become is valid Rust with the value that was meant."""

from __future__ import annotations

import importlib.util
import math
import sys
import tomllib
import types
from collections.abc import Iterator
from typing import Any

import pytest

from frontend import FrontEnd
from places import PROJECT

FOLDER = PROJECT / "papermill"


def load() -> types.ModuleType:
    """Returns the module as papermill's entry point finds it."""
    place = FOLDER / "lesson_papermill.py"
    spec = importlib.util.spec_from_file_location("lesson_papermill", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PARAMETERS = load()

#: A value, and what Rust says of it.
VALUES: list[tuple[Any, str]] = [
    (3, "3"),
    (-1, "-1"),
    (2**31, "2147483648"),
    (-(2**63), "-9223372036854775808"),
    (2**100, str(2**100)),
    (0.5, "0.5"),
    (1e300, "1e300"),
    (math.inf, "inf"),
    (math.nan, "NaN"),
    (True, "true"),
    (None, "()"),
    ("Ada", '"Ada"'),
    ('a "quoted" \\ {text}', '"a \\"quoted\\" \\\\ {text}"'),
    ("two\nlines\ttab\0\x7f", '"two\\nlines\\ttab\\0\\u{7f}"'),
    ("ö 💡", '"ö 💡"'),
    ([1, 2], "[1, 2]"),
    ([1, 2**40], "[1, 1099511627776]"),
    ([1, 2.5], "[1.0, 2.5]"),
    (["a", "b"], '["a", "b"]'),
    ([[True], [False]], "[[true], [false]]"),
]


def test_every_value_is_what_was_meant(kernel: FrontEnd) -> None:
    lines = [PARAMETERS.statement(f"value_{index}", value) for index, (value, _) in enumerate(VALUES)]
    shown = [f'println!("{{value_{index}:?}}");' for index in range(len(VALUES))]
    ran = kernel.ok("\n".join(lines + shown))
    assert ran.stdout.splitlines() == [expected for _, expected in VALUES]
    assert kernel.ok("(value_0, value_11)").result == '(3, "Ada")', "later cells have them too"


def test_a_keyword_becomes_a_name(kernel: FrontEnd) -> None:
    assert kernel.ok(PARAMETERS.statement("type", 5) + "\nr#type").result == "5"


@pytest.mark.parametrize("value", [{"a": 1}, 2**200, [{}]])
def test_a_value_that_rust_has_not_is_an_error(value: Any) -> None:
    with pytest.raises(ValueError, match=r"as a parameter|does not fit"):
        PARAMETERS.literal(value)


@pytest.mark.parametrize("name", ["self", "a-b", "1a", "", "_"])
def test_what_cannot_be_a_name_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        PARAMETERS.statement(name, 1)


def test_declared_parameters_are_listed() -> None:
    cell = 'let wheels: u32 = 3; // how many\n// let no = 1;\nlet mut name = "a = b";\nwheels + 1'
    assert PARAMETERS.declared(cell) == [
        {"name": "wheels", "inferred_type_name": "u32", "default": "3", "help": "how many"},
        {"name": "name", "inferred_type_name": "None", "default": '"a = b"', "help": ""},
    ]


@pytest.fixture
def papermill(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Stands in for papermill, which the project does not install: what the plug-in needs of it."""
    registered: dict[str, Any] = {}

    class Translator:
        """As papermill's own: makes a cell of statements."""

        @classmethod
        def codify(cls, parameters: dict[str, Any], comment: str = "Parameters") -> str:
            lines = [cls.comment(comment), *(cls.assign(name, cls.translate(v)) for name, v in parameters.items())]
            return "\n".join(lines) + "\n"

    modules = {
        "papermill": {},
        "papermill.engines": {"NBClientEngine": "the engine"},
        "papermill.models": {"Parameter": dict},
        "papermill.translators": {
            "Translator": Translator,
            "papermill_translators": types.SimpleNamespace(register=registered.__setitem__),
        },
    }
    for name, content in modules.items():
        module = types.ModuleType(name)
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, name, module)
    yield registered


def test_papermills_entry_point_registers_the_language(papermill: dict[str, Any]) -> None:
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))
    [entry] = project["project"]["entry-points"]["papermill.engine"].values()
    module, attribute = entry.split(":")
    assert (FOLDER / f"{module}.py").is_file()
    assert getattr(load(), attribute) == "the engine"
    translator = papermill["rust"]
    assert translator.codify({"wheels": 3, "type": "a"}) == '// Parameters\nlet wheels = 3;\nlet r#type = "a";\n'
    assert translator.inspect({"source": "let wheels = 1;"})[0]["name"] == "wheels"
