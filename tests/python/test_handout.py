"""A handout is one file that opens anywhere: no network, readable colours, words for every picture."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from commands import export, lessons
from playwright.sync_api import Browser

from browser import Visit, started
from lesson_check.network import requests
from lesson_handout.ansi import DARK_PAPER, PAPER, contrast, readable_ansi
from lesson_handout.page import NeedsNetworkError, put_in_order
from notebooks import TWO_ERRORS, code, notebook, save, text
from places import SHARED_DATA

# WCAG 2.2, success criterion 1.4.3 (AA), for text of normal size.
ENOUGH = 4.5

DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 40" role="img" aria-labelledby="t d">
<title id="t">A studio door</title><desc id="d">The light is on and the door is shut.</desc>
<style>text{fill:#222}</style><rect width="90" height="40" fill="#fff"/><text x="4" y="24">door</text></svg>"""
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="

# Every colour that a terminal program can ask for: 16 named ones, bold, inverse, 256 numbered ones, RGB, backgrounds.
RAINBOW = "".join(
    [
        *(f"\x1b[{n}mnamed{n}\x1b[0m " for n in [*range(30, 38), *range(90, 98), *range(40, 48), *range(100, 108)]),
        *(f"\x1b[1;{n}mbold{n}\x1b[0m " for n in range(30, 38)),
        "\x1b[7minverse\x1b[0m \x1b[4munderlined\x1b[0m \x1b[31;7minverse red\x1b[0m ",
        *(f"\x1b[38;5;{n}mnumber{n}\x1b[0m " for n in range(256)),
        "\x1b[38;2;255;255;255mwhite\x1b[0m \x1b[48;2;0;0;0mon black\x1b[0m \x1b[38;5;9;48;5;231mboth\x1b[0m\n",
    ]
)

# Rust in all its kinds of token, as a Markdown block: the cells below are Python, because its kernel is always there.
RUST = """```rust
/// Doc comment with `code`.
#[derive(Debug)]
pub struct Door<'a, T: Send> { light: &'a str, count: u32, inside: Option<T> } // comment
/* block */
fn open<'a>(door: &'a mut Door<'a, u8>) -> Result<(), String> {
    let text = format!("{} \\n {:?}", door.light, b"raw"); let c = 'x'; let f = 1.5e3_f64; let h = 0xff_u8;
    unsafe { loop { match door.inside { Some(ref n) if *n >= 3 => break, _ => return Err(text) } } }
    Ok(())
}
```"""

LESSON = notebook(
    text(f"# Doors and lights\n\nWhat a lock **is**, and [the docs](https://doc.rust-lang.org/std/sync/).\n\n{RUST}"),
    text("# Second main heading\n\n| lock | held |\n|---|---|\n| `studio` | yes |\n\n> A thought."),
    text("![A door in a file](img/door.svg)"),
    text("#### Far too deep\n\n![A dot](dot.png) and text around it.\n\n<img src='dot.png' alt='A dot in HTML'>"),
    text("## Third\n\n![An attached dot](attachment:a.png)", attachments={"a.png": {"image/png": PIXEL}}),
    text("<details>\n<summary>A hint</summary>\n\nLook at the **guard**.\n\n</details>\n\nAfter the hint."),
    text("## Third\n\nThe same heading again, with `code`, *emphasis* and $x^2$: [up](#Second-main-heading)."),
    text("$$\\frac{a}{b}$$\n\n```rust,no_run\nlet no_run = 1;\n```\n\n```nosuch\nplain\n```"),
    text(f"A long address: https://example.org/{'a_long_address/' * 20} and [the same](https://example.org/{'b' * 300})"),
    code("import sys  # a comment\nprint('to stdout', 1 + 2)\nprint('to stderr', file=sys.stderr)"),
    code(f"print({RAINBOW!r})"),
    code(
        f"class E0499(Exception): pass\nget_ipython()._showtraceback(E0499, E0499('x'), {[*TWO_ERRORS, RAINBOW]!r})",
        tags=["raises-exception"],
        lesson={"raises": ["E0373", "E0499"]},
    ),
    code("1 / 0", tags=["raises-exception"], lesson={"raises": ["ZeroDivisionError"], "message": "by zero"}),
    code(f"from IPython.display import SVG, display, HTML\ndisplay(SVG({DRAWING!r}))\nHTML({f'<p>{DRAWING}</p>'!r})"),
    code("print('the answer')", tags=["solution"]),
    text("### Why it works", metadata={"tags": ["solution"]}),
    text("<details>\n<summary>Why else</summary>\n\nSo.\n\n</details>", metadata={"tags": ["solution"]}),
    code(f"print({'a long line of prose ' * 20!r})"),
    code(f"print('error: no\\n --> cell:1:1\\n  |\\n1 | let x = {'x' * 100};\\n  |     ^\\n= note: {'words ' * 40}')"),
    code(f"long = 1  # {'a comment that goes on ' * 8}"),
    code("from IPython.display import Javascript\nJavascript('fetch(\"https://example.org/\")')"),
    code("from IPython.display import HTML\nHTML('<script src=\"https://example.org/x.js\"></script><b>bold</b>')"),
)  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The handout of a lesson that has everything in it."""
    folder = tmp_path_factory.mktemp("lesson")
    (folder / "img").mkdir()
    (folder / "img" / "door.svg").write_text(DRAWING, encoding="utf-8")
    (folder / "dot.png").write_bytes(b64decode(PIXEL))
    ran = export(save(LESSON, folder / "doors.ipynb"), folder / "out" / "deep")
    assert ran.returncode == 0, ran.stderr
    written = Path(ran.stdout.strip().splitlines()[-1])
    # Opened from another place than it was made in, without the files beside the notebook.
    return written.rename(tmp_path_factory.mktemp("elsewhere") / written.name)


@pytest.fixture(scope="module")
def soup(page: Path) -> BeautifulSoup:
    """The same page, parsed."""
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The distribution's Chromium."""
    with started() as running:
        yield running


@pytest.fixture(scope="module")
def visit(browser: Browser, page: Path) -> Iterator[Visit]:
    """The page in a browser that has no network."""
    context = browser.new_context(offline=True, viewport={"width": 1000, "height": 900})
    seen = Visit(context.new_page())
    seen.page.goto(page.as_uri(), wait_until="load", timeout=60_000)
    if folder := os.environ.get("LESSON_SCREENSHOTS"):
        seen.page.screenshot(path=Path(folder) / "handout.png", full_page=True)
    for details in seen.page.locator("summary").all():
        details.click(timeout=30_000)
    yield seen
    context.close()


def test_no_request_leaves_and_the_console_is_quiet(visit: Visit) -> None:
    visit.page.wait_for_timeout(500)
    assert visit.requests == []
    assert visit.complaints == []


def test_every_picture_is_shown(visit: Visit) -> None:
    widths = visit.page.evaluate("() => [...document.images].map((image) => image.naturalWidth)")
    assert len(widths) == 5
    assert all(width > 0 for width in widths)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_a_contrast_of_at_least_four_and_a_half(visit: Visit, scheme: str) -> None:
    visit.page.emulate_media(color_scheme=scheme)
    texts = visit.texts()
    visit.page.emulate_media(color_scheme="light")
    assert (max(texts[0]["paper"]) < 100) == (scheme == "dark"), "the page follows the system"
    assert len(texts) > 300, "the rainbow of terminal colours alone has more"
    pale = {
        f"{found['text']!r} in {found['name']}: {ratio:.2f}"
        for found in texts
        if (ratio := contrast(found["ink"], found["paper"])) < ENOUGH
    }
    assert not pale


def test_the_solution_opens_and_closes(visit: Visit) -> None:
    assert visit.page.locator("details[open]").count() == 4
    assert visit.page.get_by_text("the answer", exact=True).is_visible()


def test_what_scrolls_can_be_scrolled_by_keyboard_and_nothing_else_takes_the_focus(visit: Visit) -> None:
    blocks = visit.page.evaluate(
        """() => [...document.querySelectorAll('pre')].map((pre) => ({
          scrolls: pre.scrollWidth > pre.clientWidth + 1, focus: pre.tabIndex === 0,
          role: pre.getAttribute('role'), name: pre.getAttribute('aria-label'), text: pre.textContent.slice(0, 60)}))"""
    )
    assert sum(block["scrolls"] for block in blocks) >= 3, "a report, a long comment, the cell that prints the report"
    assert [block["text"] for block in blocks if block["scrolls"] and not block["focus"]] == []
    assert sum(block["focus"] for block in blocks) < len(blocks) / 2
    assert {block["role"] for block in blocks if block["focus"]} == {"group"}
    assert all(block["name"] for block in blocks if block["focus"])
    assert visit.page.get_by_role("region").count() == 0, "a landmark for each cell would hide the real ones"


def test_prose_of_an_output_wraps_and_columns_do_not(visit: Visit) -> None:
    wrapped = visit.page.locator(".output pre", has_text="a long line of prose").first
    assert wrapped.evaluate("(pre) => [pre.scrollWidth <= pre.clientWidth, pre.clientHeight > 40]") == [True, True]
    report = visit.page.locator(".output pre.columns", has_text="let x")
    heights = report.evaluate("(pre) => [...pre.querySelectorAll('.prose')].map((line) => line.getClientRects().length)")
    assert heights[-1] > 1, "the note below the report wraps"
    assert "let x" not in report.locator(".prose").all_text_contents()


def test_columns_of_words_stay_columns(tmp_path: Path) -> None:
    steps = "step by step:\n   Ada          Bea\n1  loads\n2               loads"
    page = "<html><head><title></title></head><body><main><h1>L</h1><div class='output'><pre>{}</pre></div></main></html>"
    kept = BeautifulSoup(put_in_order(page.format(steps), "l", tmp_path), "html.parser").pre
    wrapped = BeautifulSoup(put_in_order(page.format("not yet: a line of prose"), "l", tmp_path), "html.parser").pre
    assert kept["class"] == ["columns"]
    assert not wrapped.has_attr("class")


def test_long_lines_do_not_widen_the_page(visit: Visit) -> None:
    assert visit.page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")


def test_on_paper_nothing_is_cut_off(browser: Browser, page: Path) -> None:
    context = browser.new_context(offline=True, viewport={"width": 700, "height": 900})
    tab = context.new_page()
    tab.goto(page.as_uri(), timeout=60_000)
    tab.emulate_media(media="print")
    cut = tab.evaluate(
        """() => [...document.querySelectorAll('pre')]
          .filter((element) => element.scrollWidth > element.clientWidth + 1)
          .map((element) => element.textContent)"""
    )
    closed = tab.locator("details:not([open])").evaluate_all("(folds) => folds.map((fold) => fold.offsetHeight)")
    cited = tab.evaluate("() => getComputedStyle(document.querySelector('a.cited'), '::after').content")
    contents = tab.locator("nav").is_visible()
    context.close()
    assert cut == []
    assert closed == [0, 0, 0, 0], "what is folded stays the reader's own work"
    assert "https://doc.rust-lang.org/std/sync/" in cited
    assert contents


def test_on_paper_what_belongs_together_stays_together(browser: Browser, page: Path) -> None:
    context = browser.new_context(offline=True)
    tab = context.new_page()
    tab.goto(page.as_uri(), timeout=60_000)
    tab.emulate_media(media="print")
    rules = tab.evaluate(
        """() => [['.input:has(+ .output)', 'breakAfter'], ['.output.short', 'breakInside'], ['summary', 'breakAfter'],
                  ['summary', 'breakInside'], ['h2', 'breakAfter']]
          .map(([what, rule]) => [...document.querySelectorAll(what)].map((e) => getComputedStyle(e)[rule]))"""
    )
    context.close()
    for found in rules:
        assert set(found) == {"avoid"}


def test_the_page_has_a_language_a_title_and_one_main_heading(soup: BeautifulSoup) -> None:
    assert soup.html["lang"] == "en"
    assert soup.title.get_text() == "Doors and lights"
    assert [heading.get_text() for heading in soup.find_all("h1")] == ["Doors and lights"]


def test_headings_skip_no_level_and_have_addresses_of_their_own(soup: BeautifulSoup) -> None:
    headings = soup.select("h1, h2, h3, h4, h5, h6")
    levels = [int(heading.name[1]) for heading in headings]
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    addresses = [heading["id"] for heading in headings]
    assert len(set(addresses)) == len(addresses)


def test_the_contents_lead_to_each_section(soup: BeautifulSoup) -> None:
    links = soup.select("nav a")
    assert [link.get_text() for link in links] == ["Second main heading", "Third", "Third"]
    assert all(soup.find(id=str(link["href"]).removeprefix("#")) for link in links)


def test_pictures_keep_their_alt_text(soup: BeautifulSoup) -> None:
    assert [image["alt"] for image in soup.find_all("img")] == [
        "A door in a file",
        "A dot",
        "A dot in HTML",
        "An attached dot",
        "A studio door",
    ]


def test_a_drawing_is_followed_by_its_long_description(soup: BeautifulSoup) -> None:
    for alt in ("A door in a file", "A studio door"):
        image = soup.find("img", alt=alt)
        assert soup.find(id=image["aria-describedby"]).get_text() == "In words: The light is on and the door is shut."


def test_a_description_that_the_text_gives_is_not_repeated(tmp_path: Path) -> None:
    data = b64encode(DRAWING.encode()).decode()
    html = (
        "<html><head><title></title></head><body><main><section><h1>L</h1>"
        f"<p><img alt='A door' src='data:image/svg+xml;base64,{data}'></p><p>{{}}</p></section></main></body></html>"
    )
    described = "<strong>The picture in words.</strong> A lamp is on above a shut door."
    assert "In words:" not in put_in_order(html.format(described), "l", tmp_path)
    assert "In words: The light is on" in put_in_order(html.format("Something else."), "l", tmp_path)
    below = "</p></section><section class='cell code'>x</section><section class='cell text'><p>{}"
    assert "In words:" not in put_in_order(html.format(below.format(described)), "l", tmp_path)
    assert "In words:" in put_in_order(html.format(below.format(f"And now. {described}")), "l", tmp_path)


def test_rust_is_highlighted(soup: BeautifulSoup) -> None:
    kinds = {tuple(span["class"]) for span in soup.select(".text .highlight span[class]")}
    assert {("k",), ("kt",), ("s",), ("c1",), ("nf",)} <= kinds


def test_an_expected_error_is_called_so_in_words(soup: BeautifulSoup) -> None:
    labels = [box.get_text(" ", strip=True) for box in soup.select(".output.error .label")]
    assert labels == [
        "Expected error: E0499 (this cell is meant to fail)",
        "Expected error: ZeroDivisionError (this cell is meant to fail)",
    ]
    assert "error[E0499]: cannot borrow" in soup.select_one(".output.error pre").get_text()


def test_output_streams_are_told_apart_in_words(soup: BeautifulSoup) -> None:
    assert soup.select_one(".output.stdout .label").get_text() == "Output"
    assert soup.select_one(".output.stderr .label").get_text() == "Output (stderr)"


def test_solutions_are_folded(soup: BeautifulSoup) -> None:
    assert [summary.get_text() for summary in soup.select("details.solution > summary")] == [
        "Solution, in code",
        "Solution, in words",
    ]
    assert not soup.select("details details"), "what folds itself is not folded once more"
    assert not soup.select("details[open]")


def test_what_the_text_folds_stays_folded(soup: BeautifulSoup) -> None:
    hint = soup.find("summary", string="A hint").parent
    assert "Look at the guard." in hint.get_text()
    assert "After the hint." not in hint.get_text()


def test_a_picture_outside_the_notebooks_folder_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b64decode(PIXEL))
    (tmp_path / "lessons").mkdir()
    html = (
        "<html><head><title></title></head><body><main><h1>L</h1><img src='../secret.png' alt='x'></main></body></html>"
    )
    with pytest.raises(NeedsNetworkError, match=r"\.\./secret\.png"):
        put_in_order(html, "l", tmp_path / "lessons")


def test_a_narrow_screen_needs_no_scrolling_sideways(browser: Browser, page: Path) -> None:
    context = browser.new_context(offline=True, viewport={"width": 380, "height": 800})
    tab = context.new_page()
    tab.goto(page.as_uri(), timeout=60_000)
    width = tab.evaluate("() => document.documentElement.scrollWidth")
    context.close()
    assert width <= 380


def test_links_of_jupyterlabs_form_lead_to_their_section(soup: BeautifulSoup) -> None:
    link = soup.find("a", string="up")
    assert soup.find(id=str(link["href"]).removeprefix("#")).get_text() == "Second main heading"


def test_a_link_to_another_lesson_leads_to_its_page(tmp_path: Path) -> None:
    html = (
        "<html><head><title></title></head><body><main><h1>L</h1><a href='other%20one.ipynb#A-Place'>x</a>"
        "<a href='third.ipynb'>y</a><a href='notes.txt'>z</a></main></body></html>"
    )
    pages = {(tmp_path / "other one.ipynb").resolve(): "other one.html"}
    found = BeautifulSoup(put_in_order(html, "l", tmp_path, pages=pages), "html.parser").select("a")
    assert [link["href"] for link in found] == ["other%20one.html#A-Place", "third.ipynb", "notes.txt"]


def test_formulas_are_drawn_without_a_script(soup: BeautifulSoup) -> None:
    inline, block = soup.find_all("math")
    assert inline.find("msup").get_text() == "x2"
    assert block["display"] == "block"
    assert block.find("mfrac")
    assert "$" not in soup.main.get_text()


def test_a_block_is_coloured_whatever_follows_its_language(soup: BeautifulSoup) -> None:
    blocks = [pre for pre in soup.select(".text pre") if "no_run" in pre.get_text() or "plain" in pre.get_text()]
    assert [pre.get_text() for pre in blocks] == ["let no_run = 1;\n", "plain\n"]
    assert blocks[0].find("span", class_="kd") or blocks[0].find("span", class_="k")


def test_no_script_is_left(soup: BeautifulSoup) -> None:
    assert soup.find_all("script") == []
    assert "bold" in soup.select_one(".output .html b")


@pytest.mark.parametrize("number", range(256))
def test_every_numbered_colour_can_be_read_on_both_papers(number: int) -> None:
    html = str(readable_ansi(f"\x1b[38;5;{number}mx\x1b[0m"))
    if "style" in html:  # the first sixteen are classes, measured in the browser
        for colour, paper in zip(html.split("rgb(")[1:], (PAPER, DARK_PAPER), strict=True):
            assert contrast(tuple(int(part) for part in colour.split(")")[0].split(",")), paper) >= ENOUGH


def test_terminal_output_cannot_bring_markup_into_the_page() -> None:
    assert "<b>" not in readable_ansi("\x1b[31m<b>&amp;</b>\x1b[0m")


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ("<img src='https://example.org/a.png'>", "https://example.org/a.png"),
        ("<img src='img/a.png'>", "img/a.png"),
        ("<img src='data:,' srcset='a.png 2x'>", "a.png 2x"),
        ("<link rel=stylesheet href='//cdn.example.org/a.css'>", "//cdn.example.org/a.css"),
        ("<style>p { background: url(a.png) }</style>", "url(a.png)"),
        ("<style>@import 'a.css';</style>", "@import"),
        ("<p style=\"background: url('a.png')\">x</p>", "url('a.png')"),
        ("<iframe src='https://example.org/'></iframe>", "https://example.org/"),
        ("<svg><image href='a.png'/></svg>", "a.png"),
        ("<script>1</script>", "a script"),
    ],
)
def test_what_a_page_would_load_is_found(html: str, wanted: str) -> None:
    assert list(requests(BeautifulSoup(html, "html.parser"))) == [wanted]


def test_links_and_data_are_no_requests() -> None:
    html = "<a href='https://example.org/'>x</a><img src='data:,'><svg><use href='#a'/></svg>"
    html += "<style>p { fill: url(#a) }</style>"
    assert list(requests(BeautifulSoup(html, "html.parser"))) == []


def test_the_lesson_itself_becomes_a_page_that_needs_no_network(browser: Browser, tmp_path: Path) -> None:
    ran = lessons("handout", SHARED_DATA, "--out", tmp_path)
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    context = browser.new_context(offline=True, viewport={"width": 1000, "height": 900})
    visit = Visit(context.new_page())
    visit.page.goto((tmp_path / "02_shared_data.html").as_uri(), wait_until="load", timeout=60_000)
    if folder := os.environ.get("LESSON_SCREENSHOTS"):
        visit.page.screenshot(path=Path(folder) / "handout-of-the-lesson.png", full_page=True)
    visit.page.wait_for_timeout(500)
    texts = visit.texts()
    shown = visit.page.evaluate("() => [...document.images].map((image) => [image.alt, image.naturalWidth])")
    labels = visit.page.locator(".output.error .label strong").all_text_contents()
    keywords = visit.page.locator(".hl-rust .k").count()
    context.close()
    assert visit.requests == []
    assert visit.complaints == []
    assert [found for found in texts if contrast(found["ink"], found["paper"]) < ENOUGH] == []
    assert shown
    assert all(alt and width for alt, width in shown), shown
    assert keywords > 100, "code is not highlighted as Rust"
    lesson = nbformat.read(SHARED_DATA, as_version=4)
    failing = [cell for cell in lesson.cells if "raises-exception" in cell.metadata.get("tags", [])]
    assert [label.removeprefix("Expected error: ") for label in labels] == [
        next(output.ename for output in cell.outputs if output.output_type == "error") for cell in failing
    ]
