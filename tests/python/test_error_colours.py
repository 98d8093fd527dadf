"""Errors are readable in JupyterLab's light and in its dark theme: a contrast of at least 4.5 to 1, measured in the page.

The errors are the kernel's own; JupyterLab only shows them, as outputs of a notebook that was run before.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import PRELUDE
from nbformat import NotebookNode
from nbformat.v4 import output_from_msg
from playwright.sync_api import Browser, expect

from browser import Visit, started
from frontend import START_S, FrontEnd
from lesson_handout.ansi import contrast
from notebooks import code, notebook, save, stderr
from places import PYTHON

# WCAG 2.2, success criterion 1.4.3 (AA), for text of normal size.
ENOUGH = 4.5
SHOWN_MS = 120_000
LAB_S = 120

#: Every element of a report: codes, labels, notes, helps, added and removed text, an error without a code, a panic.
FAILING = [
    "let s = String::new();\nlet t = s;\ns.len();",
    'let r = &String::new();\nlet n: i32 = "five";\nlet x = nowhere::new();',
    "struct Odd;\nOdd",
    "let v = vec![1];\nlet first = &v[0];",
    "use std::collections::HashMop;",
    "assert_eq!(1 + 1, 3);",
    'std::thread::Builder::new().name("Ada".into()).spawn(|| panic!("a string broke")).unwrap().join().unwrap();',
    ":explain nonsense",
]
#: Red, as rustc uses it in a terminal: the control, which must be found pale.
RED = "\x1b[31merror\x1b[0m"


@dataclass
class Lab:
    """A running JupyterLab."""

    url: str
    settings: Path


@pytest.fixture(scope="module")
def outputs() -> list[NotebookNode]:
    """What the kernel says to failing cells."""
    shown = []
    with FrontEnd() as front_end:
        front_end.ok(PRELUDE, START_S)
        for source in FAILING:
            ran = front_end.run(source)
            assert ran.status == "error", source
            kept = [m for m in ran.messages if m["msg_type"] in ("error", "stream")]
            shown.append(code(source, *(output_from_msg(message) for message in kept)))
    return shown


@pytest.fixture(scope="module")
def lab(outputs: list[NotebookNode]) -> Iterator[Lab]:
    """JupyterLab on a notebook with the errors, and with the control."""
    with tempfile.TemporaryDirectory(prefix="lessons-") as made:
        home = Path(made)
        (home / "notebooks").mkdir()
        save(notebook(*outputs), home / "notebooks" / "errors.ipynb")
        save(notebook(code("red", stderr(RED))), home / "notebooks" / "control.ipynb")
        tracker = home / "settings" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
        tracker.parent.mkdir(parents=True)
        # All cells stay in the page, also those that are scrolled away.
        tracker.write_text('{"windowingMode": "none"}', encoding="utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        token = secrets.token_hex(16)
        log = home / "lab.log"
        with log.open("w", encoding="utf-8") as written:
            server = subprocess.Popen(
                [
                    *(PYTHON, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"),
                    *("--ServerApp.port_retries=0", f"--ServerApp.root_dir={home / 'notebooks'}"),
                    *(f"--IdentityProvider.token={token}", "--LabApp.extension_manager=readonly"),
                ],
                env={
                    **os.environ,
                    "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
                    "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
                    "JUPYTER_CONFIG_DIR": str(home / "config"),
                    "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
                },
                stdout=written,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until_open(f"http://127.0.0.1:{port}/api/status?token={token}", server, log)
            yield Lab(f"http://127.0.0.1:{port}/lab/workspaces/{{}}/tree/{{}}?token={token}", home / "settings")
        finally:
            server.terminate()
            server.wait(30)


def wait_until_open(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Waits until the server answers."""
    deadline = time.monotonic() + LAB_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            said = log.read_text(encoding="utf-8", errors="replace")[-4000:]
            assert server.poll() is None, f"JupyterLab ended with {server.returncode}:\n{said}"
            assert time.monotonic() < deadline, f"JupyterLab does not answer:\n{said}"
            time.sleep(0.5)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The distribution's Chromium."""
    with started() as running:
        yield running


def printed(browser: Browser, lab: Lab, name: str, theme: str, tmp: Path) -> list[dict[str, Any]]:
    """Opens a notebook in a theme, takes a picture, and returns the texts of its outputs with their colours."""
    themes = lab.settings / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
    themes.parent.mkdir(parents=True, exist_ok=True)
    themes.write_text(json.dumps({"theme": theme}), encoding="utf-8")
    context = browser.new_context(viewport={"width": 1280, "height": 2400})
    visit = Visit(context.new_page())
    workspace = f"{Path(name).stem}-{theme.rsplit(maxsplit=1)[-1]}"
    visit.page.goto(lab.url.format(workspace, name), timeout=SHOWN_MS)
    expect(visit.page.locator(".jp-OutputArea-output pre").first).to_be_visible(timeout=SHOWN_MS)
    light = "true" if theme == "JupyterLab Light" else "false"
    expect(visit.page.locator("body")).to_have_attribute("data-jp-theme-light", light, timeout=SHOWN_MS)
    folder = Path(os.environ.get("LESSON_SCREENSHOTS") or tmp)
    folder.mkdir(parents=True, exist_ok=True)
    visit.page.screenshot(path=folder / f"{workspace}.png", timeout=SHOWN_MS)
    texts = [text for text in visit.texts() if text["name"].startswith(("PRE.", "SPAN.ansi", "A."))]
    context.close()
    return texts


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_every_text_of_an_error_has_a_contrast_of_at_least_four_and_a_half(
    browser: Browser, lab: Lab, theme: str, tmp_path: Path
) -> None:
    texts = printed(browser, lab, "errors.ipynb", theme, tmp_path)
    assert len(texts) > 50, "each report has a dozen pieces"
    pale = {
        f"{found['text']!r} in {found['name']}: {ratio:.2f}"
        for found in texts
        if (ratio := contrast(found["ink"], found["paper"])) < ENOUGH
    }
    assert not pale
    assert any("ansi-bold" in found["name"] for found in texts), "emphasis is there, by weight"


def test_the_measure_finds_a_pale_colour(browser: Browser, lab: Lab, tmp_path: Path) -> None:
    ratios = [
        contrast(found["ink"], found["paper"])
        for theme in ("JupyterLab Light", "JupyterLab Dark")
        for found in printed(browser, lab, "control.ipynb", theme, tmp_path)
        if "ansi-red" in found["name"]
    ]
    assert len(ratios) == 2
    assert min(ratios) < ENOUGH
