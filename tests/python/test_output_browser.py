"""Floods, limits and progress bars as JupyterLab shows and saves them."""

from __future__ import annotations

from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Locator, Page, expect

from frontend import eventually
from notebooks import code, notebook, save
from test_browser import (
    CELL_MS,
    SHOWN_MS,
    Lab,
    browser,  # noqa: F401 (a fixture)
    lab,  # noqa: F401 (a fixture)
    opened,
    picture,
    run_cell,
)

# What indicatif 0.18 writes for one bar and for two (taken from its `draw_target.rs`): erase the line, write it, fill
# it with blanks up to the 80th column, and let the terminal begin a new line there.
BARS = r"""// 80 columns, and 9 bytes for the colours.
fn line(name: &str, done: usize) -> String {
    format!("{:89}", format!("{name} \u{1b}[36m{}\u{1b}[0m {done}/40", "#".repeat(done)))
}
for done in 1..=40 {
    eprint!("\r\u{1b}[2K{}", line("copy", done));
    std::thread::sleep(std::time::Duration::from_millis(40));
}
eprintln!("copied");
for done in 0..=40 {
    eprint!("{}\r\u{1b}[2K{}{}", if done > 0 { "\u{1b}[1A" } else { "" }, line("left", done), line("right", done));
    std::thread::sleep(std::time::Duration::from_millis(20));
}
"""
# More than Jupyter Server would let through by itself; JupyterLab takes its time to show it.
FLOOD = ':output text_limit 4 MB\nfor n in 0..600_000 { println!("line {n}"); }\npanic!("after the flood");'
SCRATCH = notebook(code(BARS, run=None), code(FLOOD, run=None), kernel="rust-lessons")


def lines(cell: Locator) -> list[str]:
    """Returns the lines that a cell's stderr shows, blanks at their ends left out."""
    texts = cell.locator(".jp-OutputArea-output").all_inner_texts()
    return [line.rstrip() for line in "\n".join(texts).splitlines() if line.strip()]


def saved(page: Page, path: Path) -> list[nbformat.NotebookNode]:
    """Saves the notebook and returns its cells."""
    before = path.stat().st_mtime_ns
    page.keyboard.press("Control+s")
    cells = []

    def is_whole() -> bool:
        if path.stat().st_mtime_ns == before:
            return False
        try:
            cells[:] = nbformat.read(path, as_version=4).cells
        except ValueError:
            # It is being written.
            return False
        return True

    eventually(is_whole, 60, "JupyterLab saves the notebook")
    return cells


def test_bars_move_in_place_and_a_flood_ends_with_its_error(
    browser: Browser,  # noqa: F811
    lab: Lab,  # noqa: F811
    tmp_path: Path,
) -> None:
    path = lab.folder / "output.ipynb"
    save(SCRATCH, path)
    visit = opened(browser, lab, path.name)
    page = visit.page
    bars = run_cell(page, 0)
    moving = bars.locator(".jp-OutputArea-output").first
    expect(moving).to_contain_text("copy", timeout=CELL_MS)
    assert len(lines(bars)) == 1, "one bar is one line while it moves"
    expect(bars.locator(".jp-InputPrompt")).to_contain_text("[1]", timeout=CELL_MS)
    full = "#" * 40
    expected = [f"copy {full} 40/40", "copied", f"left {full} 40/40", f"right {full} 40/40"]
    eventually(lambda: lines(bars) == expected, 30, f"{expected}, not {lines(bars)}")
    picture(page, "output-bars", tmp_path)
    flood = run_cell(page, 1)
    outputs = flood.locator(".jp-OutputArea-output")
    expect(outputs.last).to_contain_text("of text not shown", timeout=CELL_MS)
    told = "\n".join(outputs.all_inner_texts()[1:])
    assert "[output limit: this cell has printed 4 MB." in told, told[:1000]
    assert "after the flood" in told, "the error has been dropped with the flood"
    picture(page, "output-flood", tmp_path)
    bar_cell, flood_cell, *_ = saved(page, path)
    assert sum(len(output.get("text", "")) for output in bar_cell.outputs) < 2_000, "states of the bars have been saved"
    assert 3_990_000 < sum(len(output.get("text", "")) for output in flood_cell.outputs) < 4_010_000
    page.context.close()
