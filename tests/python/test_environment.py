"""The two descriptions of the Python side, and what is installed, agree."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib

import yaml

from places import PROJECT

_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)")


def pins() -> dict[str, str]:
    """Returns the pins of requirements.txt, names normalised as PyPI does."""
    found: dict[str, str] = {}
    for raw in (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        line = raw.split("#")[0].strip()
        if line:
            pin = _PIN.fullmatch(line)
            assert pin, f"requirements.txt: `{line}` is not pinned with =="
            assert normal(pin["name"]) not in found, f"requirements.txt: {pin['name']} is there twice"
            found[normal(pin["name"])] = pin["version"]
    return found


def normal(name: str) -> str:
    """Returns a package's name in the form in which PyPI compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def conda() -> list[object]:
    """Returns the dependencies of environment.yml."""
    return yaml.safe_load((PROJECT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]


def test_environment_yml_installs_the_pins_of_requirements_txt() -> None:
    [section] = [entry["pip"] for entry in conda() if isinstance(entry, dict)]
    told = [_PIN.fullmatch(entry) for entry in section]
    assert all(told), "environment.yml: an entry of its pip section is not pinned with =="
    assert {normal(pin["name"]): pin["version"] for pin in told if pin} == pins()


def test_the_pins_are_what_is_installed_here() -> None:
    installed = {normal(found.name): found.version for found in importlib.metadata.distributions()}
    differing = {
        name: (version, installed.get(name)) for name, version in pins().items() if installed.get(name) != version
    }
    assert not differing, f"pinned and installed versions differ: {differing}"


def test_every_package_that_a_pinned_one_needs_is_pinned() -> None:
    pinned = pins()
    for name in pinned:
        for requirement in importlib.metadata.requires(name) or []:
            if "extra ==" in requirement or ";" in requirement:
                continue  # extras are not installed, and marked ones depend on the platform
            needed = normal(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0])
            assert needed in pinned, f"{name} needs {needed}, which is not pinned"


def test_both_describe_the_same_python_and_the_same_rust() -> None:
    versions = dict(entry.split("=", 1) for entry in conda() if isinstance(entry, str) and "=" in entry)
    assert versions["python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    workspace = tomllib.loads((PROJECT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]
    assert versions["rust"] == versions["rust-src"] == workspace["package"]["rust-version"]
