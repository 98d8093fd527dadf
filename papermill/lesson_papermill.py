"""Parameters for Rust notebooks in papermill: `papermill -p wheels 3 in.ipynb out.ipynb`.

papermill writes a cell of `let` statements behind the cell tagged `parameters`. A whole number is an `i32` where it
fits, a text a `&'static str`, a list a `Vec`.
"""

from __future__ import annotations

import math
import re
from typing import Any

#: Words that cannot be names as they are; `r#` in front makes them names.
KEYWORDS = frozenset(
    "abstract as async await become box break const continue do dyn else enum extern false final fn for gen if impl in "
    "let loop macro match mod move mut override priv pub ref return static struct trait true try type typeof unsafe "
    "unsized use virtual where while yield".split()
)
#: Words that cannot be names at all.
NO_NAMES = frozenset(["crate", "self", "super", "Self", "_"])

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
_LET = re.compile(
    r"^\s*let\s+(?:mut\s+)?(?P<name>(?:r#)?\w+)\s*(?::\s*(?P<kind>[^=]+?))?"
    r"\s*=\s*(?P<value>.+?)\s*;\s*(?://\s*(?P<help>.*))?$"
)


def literal(value: Any) -> str:
    """Returns a value of JSON or YAML as a Rust expression; raises `ValueError` for what has none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return integer(value)
    if isinstance(value, float):
        return floating(value)
    if isinstance(value, str):
        return '"' + "".join(character(one) for one in value) + '"'
    if isinstance(value, list):
        return "vec![" + ", ".join(elements(value)) + "]"
    if value is None:
        return "()"
    raise ValueError(f"a Rust cell cannot take {value!r} as a parameter: give each of its values a name of its own")


def integer(value: int) -> str:
    """Returns a whole number, with its type where it is no `i32`."""
    for kind, bits in (("", 31), ("i64", 63), ("i128", 127)):
        if -(2**bits) <= value < 2**bits:
            return f"{value}{kind}"
    raise ValueError(f"{value} does not fit into an i128")


def floating(value: float) -> str:
    """Returns a number with a fraction."""
    if math.isnan(value):
        return "f64::NAN"
    if math.isinf(value):
        return "f64::INFINITY" if value > 0 else "f64::NEG_INFINITY"
    return repr(value)


def elements(values: list[Any]) -> list[str]:
    """Returns the elements of a list, which all have one type in Rust."""
    if any(isinstance(value, float) for value in values):
        values = [float(value) if type(value) is int else value for value in values]
    if all(type(value) is int for value in values):
        # By length: none, `i64`, `i128`.
        kind = max((integer(value).lstrip("-0123456789") for value in values), key=len, default="")
        return [f"{value}{kind}" for value in values]
    return [literal(value) for value in values]


def character(one: str) -> str:
    """Returns one character as it stands in a text."""
    if one in _ESCAPES:
        return _ESCAPES[one]
    return one if one.isprintable() else f"\\u{{{ord(one):x}}}"


def name(text: str) -> str:
    """Returns a parameter's name as Rust wants it; raises `ValueError` for what cannot be one."""
    if not text.isidentifier() or text in NO_NAMES:
        raise ValueError(f"`{text}` cannot be the name of a variable in Rust")
    return f"r#{text}" if text in KEYWORDS else text


def statement(parameter: str, value: Any) -> str:
    """Returns the `let` statement of one parameter."""
    return f"let {name(parameter)} = {literal(value)};"


def declared(source: str) -> list[dict[str, str]]:
    """Returns what a cell of parameters declares, for `papermill --help-notebook`."""
    found = []
    for line in source.splitlines():
        if let := _LET.match(line):
            found.append(
                {
                    "name": let["name"].removeprefix("r#"),
                    "inferred_type_name": let["kind"] or "None",
                    "default": let["value"],
                    "help": let["help"] or "",
                }
            )
    return found


def __getattr__(wanted: str) -> Any:
    """Makes the engine when papermill asks for it: the functions above work without papermill."""
    if wanted != "engine":
        raise AttributeError(wanted)
    from papermill.engines import NBClientEngine
    from papermill.models import Parameter
    from papermill.translators import Translator, papermill_translators

    class RustTranslator(Translator):
        """Rust."""

        @classmethod
        def translate(cls, val: Any) -> str:
            return literal(val)

        @classmethod
        def comment(cls, cmt_str: str) -> str:
            return f"// {cmt_str}".strip()

        @classmethod
        def assign(cls, parameter: str, str_val: str) -> str:
            return f"let {name(parameter)} = {str_val};"

        @classmethod
        def inspect(cls, parameters_cell: Any) -> list[Any]:
            return [Parameter(**one) for one in declared(parameters_cell["source"])]

    for known_as in ("rust", "Rust", "rust-lessons"):
        papermill_translators.register(known_as, RustTranslator)
    return NBClientEngine
