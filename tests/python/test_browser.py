"""What a learner sees: `cargo lessons lab`, the whole lesson run in JupyterLab, and the toolbar's stop button."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from conftest import PRELUDE
from nbformat import NotebookNode
from playwright.sync_api import Browser, Locator, Page, expect

from browser import Visit, started
from frontend import eventually
from notebooks import code, notebook, save, text
from places import NOTEBOOKS, PROJECT, SHARED_DATA

# `cargo lessons lab` may have to build and to set up first.
LAB_S = 900
# The lesson takes 90 s, and this machine may be doing something else.
RUN_ALL_MS = 420_000
SHOWN_MS = 60_000
# A first cell waits for the engine.
CELL_MS = 180_000

SCRATCH = notebook(
    text("# The stop button"),
    code(
        f"{PRELUDE}\n"
        'let studio = Lock::new("studio");\n'
        "let on_air = studio.acquire();\n"
        'let names = vec!["Ada", "Bea", "Cy"];\n'
        'println!("{studio:?}");',
        run=None,
    ),
    code('println!("waiting for the studio …");\nlet got = studio.acquire();', run=None),
    code('println!("{} names, on air: {on_air}, {studio:?}", names.len());', run=None),
    kernel="rust-lessons",
)


# What the kernel is doing, as the toolbar shows it.
_INDICATOR = ".jp-Notebook-ExecutionIndicator"
# Every cell whose code is shown has a number, and none a star.
_ALL_RAN = """(cells) => {
  const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map((e) => e.textContent);
  return prompts.filter((text) => /\\[\\d+\\]/.test(text)).length >= cells
    && !prompts.some((text) => text.includes('*'));
}"""


@dataclass
class Lab:
    """A running JupyterLab."""

    address: str
    token: str
    folder: Path

    def url(self, path: str) -> str:
        """Returns where a page is; the token lets the browser in."""
        return f"{self.address}/{path}?token={self.token}"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """JupyterLab as a learner starts it, on a copy of the lessons: what it saves must not change the originals."""
    with tempfile.TemporaryDirectory(prefix="lessons-") as made:
        home = Path(made)
        folder = home / "notebooks"
        shutil.copytree(NOTEBOOKS, folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        save(SCRATCH, folder / "scratch.ipynb")
        # All cells stay in the page, also those that are scrolled away.
        tracker = home / "settings" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
        tracker.parent.mkdir(parents=True)
        tracker.write_text('{"windowingMode": "none"}', encoding="utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        token = secrets.token_hex(16)
        log = home / "lab.log"
        options = [
            "--no-browser",
            f"--port={port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={folder}",
            f"--IdentityProvider.token={token}",
        ]
        settings = {
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        }
        with log.open("w", encoding="utf-8") as written:
            server = subprocess.Popen(
                ["cargo", "--quiet", "lessons", "lab", *options],
                cwd=PROJECT,
                env={**os.environ, **settings},
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            running = Lab(f"http://127.0.0.1:{port}", token, folder)
            wait_until_open(running, server, log)
            yield running
        finally:
            end(server)


def wait_until_open(lab: Lab, server: subprocess.Popen[bytes], log: Path) -> None:
    """Waits until the server answers."""
    deadline = time.monotonic() + LAB_S
    while True:
        try:
            with urllib.request.urlopen(lab.url("api/status"), timeout=10):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            said = log.read_text(encoding="utf-8", errors="replace")[-4000:]
            assert server.poll() is None, f"`cargo lessons lab` ended with {server.returncode}:\n{said}"
            assert time.monotonic() < deadline, f"JupyterLab does not answer:\n{said}"
            time.sleep(0.5)


def end(server: subprocess.Popen[bytes]) -> None:
    """Ends the server, which ends its kernels; the group is our own, made for it."""
    os.killpg(server.pid, signal.SIGTERM)
    try:
        server.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(30)


def is_trusted(lab: Lab, notebook: str) -> bool:
    """Returns whether JupyterLab shows what is stored in the notebook, pictures too."""
    with urllib.request.urlopen(lab.url(f"api/contents/{notebook}"), timeout=30) as answer:
        cells = json.load(answer)["content"]["cells"]
    return all(cell["metadata"].get("trusted") for cell in cells if cell["cell_type"] == "code")


def test_a_lesson_is_trusted_as_it_is_delivered_and_not_as_somebody_has_changed_it(lab: Lab) -> None:
    assert is_trusted(lab, "02_shared_data.ipynb")
    text = (lab.folder / "02_shared_data.ipynb").read_text(encoding="utf-8")
    changed = lab.folder / "changed.ipynb"
    changed.write_text(text.replace("Lock", "Lok"), encoding="utf-8")
    assert not is_trusted(lab, changed.name)
    changed.unlink()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The distribution's Chromium."""
    with started() as running:
        yield running


def opened(browser: Browser, lab: Lab, name: str) -> Visit:
    """Opens a notebook in JupyterLab, and waits for its kernel to be connected."""
    visit = Visit(browser.new_context(viewport={"width": 1280, "height": 1000}).new_page())
    # A workspace of its own: JupyterLab would open again what another page had open.
    visit.page.goto(lab.url(f"lab/workspaces/{Path(name).stem}/tree/{name}"), timeout=SHOWN_MS)
    expect(visit.page.locator(".jp-Notebook .jp-Cell").first).to_be_visible(timeout=SHOWN_MS)
    expect(visit.page.locator(".jp-Toolbar-kernelName").first).to_have_text(
        re.compile(r"Rust \(lessons\)"), timeout=SHOWN_MS
    )
    # While it connects, JupyterLab does not run what it is asked to.
    expect(visit.page.locator(_INDICATOR)).to_have_attribute("data-status", "idle", timeout=SHOWN_MS)
    return visit


def picture(page: Page, name: str, tmp: Path) -> None:
    """Takes a picture of the page, for people to look at."""
    folder = Path(os.environ.get("LESSON_SCREENSHOTS") or tmp)
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", timeout=SHOWN_MS)


def choose(page: Page, menu: str, entry: str) -> None:
    """Chooses an entry of JupyterLab's menu."""
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{menu}$")).click(timeout=SHOWN_MS)
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{entry}$")).click(timeout=SHOWN_MS)


@pytest.fixture(scope="module")
def lesson() -> NotebookNode:
    """The lesson as it is committed."""
    return nbformat.read(SHARED_DATA, as_version=4)


@pytest.fixture(scope="module")
def ran(browser: Browser, lab: Lab, lesson: NotebookNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """The lesson after "Run All Cells", all stored outputs removed before."""
    tmp = tmp_path_factory.mktemp("pictures")
    visit = opened(browser, lab, SHARED_DATA.name)
    page = visit.page
    picture(page, "lesson-opened", tmp)
    choose(page, "Edit", "Clear Outputs of All Cells")
    expect(page.locator(".jp-OutputArea-output")).to_have_count(0, timeout=SHOWN_MS)
    choose(page, "Run", "Run All Cells")
    # A folded cell shows no number; the kernel is idle when it is done as well.
    cells = sum(
        cell.cell_type == "code"
        and bool(cell.source.strip())
        and not cell.metadata.get("jupyter", {}).get("source_hidden")
        for cell in lesson.cells
    )
    try:
        page.wait_for_function(_ALL_RAN, arg=cells, timeout=RUN_ALL_MS, polling=500)
        expect(page.locator(_INDICATOR)).to_have_attribute("data-status", "idle", timeout=SHOWN_MS)
    finally:
        print("prompts:", page.locator(".jp-CodeCell .jp-InputPrompt").all_text_contents())
        picture(page, "lesson-ran", tmp)
    shots = 0
    for index, cell in enumerate(lesson.cells):
        if "raises-exception" in cell.metadata.get("tags", []) and shots < 3:
            shots += 1
            page.locator(".jp-Notebook .jp-Cell").nth(index).scroll_into_view_if_needed(timeout=SHOWN_MS)
            picture(page, f"lesson-error-{shots}", tmp)
    yield visit
    page.context.close()


def shown(visit: Visit) -> list[str]:
    """Returns, for each cell of the page, the text of its outputs."""
    return visit.page.evaluate(
        """() => [...document.querySelectorAll('.jp-Notebook .jp-Cell')].map((cell) =>
          [...cell.querySelectorAll('.jp-OutputArea-output')].map((e) => e.innerText).join('\\n'))"""
    )


def test_each_cell_that_printed_in_the_stored_run_prints_here(ran: Visit, lesson: NotebookNode) -> None:
    texts = shown(ran)
    assert len(texts) == len(lesson.cells)
    for index, cell in enumerate(lesson.cells):
        ignored = "nbval-ignore-output" in cell.metadata.get("tags", [])
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stdout" and not ignored:
                for line in "".join(output.text).splitlines():
                    assert line.strip() in texts[index], f"cell {index + 1} lacks {line!r}"


def test_each_expected_error_is_shown(ran: Visit, lesson: NotebookNode) -> None:
    texts = shown(ran)
    expecting = 0
    for index, cell in enumerate(lesson.cells):
        for name in cell.metadata.get("lesson", {}).get("raises", []):
            expecting += 1
            assert (f"error[{name}]" if re.fullmatch(r"E\d{4}", name) else name) in texts[index], f"cell {index + 1}"
    assert expecting > 5, "the lesson has lost its errors"


def test_the_notebook_that_jupyterlab_saves_has_the_expected_errors_and_no_other(
    ran: Visit, lab: Lab, lesson: NotebookNode
) -> None:
    path = lab.folder / SHARED_DATA.name
    before = path.stat().st_mtime_ns
    ran.page.locator(".jp-Notebook").click(timeout=SHOWN_MS, position={"x": 5, "y": 5})
    ran.page.keyboard.press("Control+s")
    eventually(lambda: path.stat().st_mtime_ns != before, 60, "JupyterLab saves the notebook")
    saved = nbformat.read(path, as_version=4)
    for number, (cell, original) in enumerate(zip(saved.cells, lesson.cells, strict=True), start=1):
        names = {output.ename for output in cell.get("outputs", []) if output.output_type == "error"}
        expected = original.metadata.get("lesson", {}).get("raises", [])
        assert len(names) == min(1, len(expected)), f"cell {number}: {names}"
        assert names <= set(expected), f"cell {number}: {names}"


def test_code_is_highlighted_as_rust(ran: Visit) -> None:
    colours = ran.page.evaluate(
        """() => {
          const found = {};
          for (const span of document.querySelectorAll('.jp-CodeCell .cm-line span')) {
            const word = span.textContent.trim();
            if (['let', 'fn', 'for', 'use'].includes(word)) found.keyword = getComputedStyle(span).color;
            if (/^"[^{]*"$/.test(word)) found.string = getComputedStyle(span).color;
            if (word.startsWith('//')) found.comment = getComputedStyle(span).color;
          }
          found.plain = getComputedStyle(document.querySelector('.jp-CodeCell .cm-line')).color;
          return found;
        }"""
    )
    assert set(colours) == {"keyword", "string", "comment", "plain"}, f"not all kinds of code are marked up: {colours}"
    assert len(set(colours.values())) == 4, f"colours do not tell them apart: {colours}"


def test_pictures_of_the_text_are_shown_with_their_words(ran: Visit) -> None:
    images = ran.page.evaluate(
        "() => [...document.querySelectorAll('.jp-MarkdownCell img')].map((e) => [e.alt, e.naturalWidth])"
    )
    assert images
    assert all(alt and width > 0 for alt, width in images), images


def test_nothing_is_asked_of_the_network(ran: Visit, lab: Lab) -> None:
    local = (lab.address, lab.address.replace("http", "ws"))
    assert [url for url in ran.requests if not url.startswith(local)] == []


def run_cell(page: Page, index: int) -> Locator:
    """Runs one cell with Shift+Enter, as learners do, and returns it."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(index)
    cell.locator(".cm-content").click(timeout=SHOWN_MS)
    page.keyboard.press("Shift+Enter")
    return cell


def test_the_stop_button_frees_a_blocked_cell_and_every_variable_is_kept(
    browser: Browser, lab: Lab, tmp_path: Path
) -> None:
    visit = opened(browser, lab, "scratch.ipynb")
    page = visit.page
    first = run_cell(page, 0)
    expect(first.locator(".jp-OutputArea-output")).to_contain_text("<lock studio: held by notebook>", timeout=CELL_MS)
    blocked = run_cell(page, 1)
    expect(blocked.locator(".jp-OutputArea-output").first).to_contain_text("waiting for the studio", timeout=CELL_MS)
    expect(blocked.locator(".jp-InputPrompt")).to_contain_text("*", timeout=SHOWN_MS)
    picture(page, "stop-blocked", tmp_path)
    page.locator('.jp-NotebookPanel-toolbar [data-jp-item-name="interrupt"] jp-button').click(timeout=SHOWN_MS)
    expect(blocked.locator(".jp-OutputArea-output").last).to_contain_text("KeyboardInterrupt", timeout=SHOWN_MS)
    expect(blocked.locator(".jp-InputPrompt")).to_contain_text("[2]", timeout=SHOWN_MS)
    last = run_cell(page, 2)
    expect(last.locator(".jp-OutputArea-output")).to_have_text(
        re.compile(r"^3 names, on air: true, <lock studio: held by notebook>\s*$"), timeout=CELL_MS
    )
    picture(page, "stop-gone-on", tmp_path)
    page.context.close()
