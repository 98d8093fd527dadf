"""A pytest plugin on top of nbval: runs a lesson once, and holds it to more than its stored outputs.

    python -m pytest -p lesson_plugin -p no:cacheprovider --nbval notebooks/02_shared_data.ipynb

nbval runs the cells and compares their outputs. This plugin puts its own collector in the place of nbval's, so that it
sees the outputs of that same run, and asks in addition what the modules of `lesson_check` ask. It prints one line per
notebook that is well, and for any other what is wrong in which cell. `LESSON_CHECK_REPORT` names a file for the same as
JSON: an object per notebook, in a list where there are several.

Exit codes are pytest's: 0 if all is well, 1 if anything is wrong.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

from lesson_check import errors, limits, mirrors, outputs, pictures, prose
from lesson_check.findings import CellFindings, Finding, NotebookFindings, title_of

_FOUND: pytest.StashKey[dict[Path, NotebookFindings]] = pytest.StashKey()
# Whether -v was given: a line per cell, for whoever reads the progress through a pipe.
_VERBOSE: pytest.StashKey[bool] = pytest.StashKey()
# Notebooks that nbformat refused; there is one session per process.
_UNREADABLE: list[str] = []

# nbval's own default, half an hour for one cell, is no deadline for a lesson.
_NBVAL_CELL_TIMEOUT_S = 2000


class LessonError(Exception):
    """Carries what is wrong with a cell, or with a notebook, through pytest."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(finding.reason for finding in findings))
        self.findings = findings


class LessonFile(IPyNbFile):
    """A notebook whose cells are lesson cells, with one more item for the notebook as a whole."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yields nbval's cells as lesson cells, each with its place in the file, then the notebook itself."""
        found = self.config.stash[_FOUND].setdefault(self.path, NotebookFindings(self.path))
        cells: list[IPyNbCell] = list(super().collect())
        code = [index for index, cell in enumerate(self.nb.cells) if cell.cell_type == "code"]
        for index, cell in zip(code, cells, strict=True):
            yield LessonCell.from_parent(
                self, name=cell.name, cell_num=cell.cell_num, cell=cell.cell, options=cell.options, index=index
            )
        found.cells = len(cells)
        self.not_run: list[int] = []
        yield LessonPage.from_parent(self, name="the notebook")

    def setup(self) -> None:
        """Starts the kernel; the clock of the report starts with it."""
        self.config.stash[_FOUND][self.path].started = time.monotonic()
        super().setup()


class LessonCell(IPyNbCell):
    """A code cell: nbval's comparison, then the errors and pictures of the same run."""

    def __init__(self, *, index: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        #: Place among all cells of the file, from 0.
        self.index = index

    @property
    def title(self) -> str:
        """How a person finds the cell."""
        return title_of(self.index, self.parent.nb.cells)

    def runtest(self) -> None:
        """Runs the cell once and raises everything that is wrong with it."""
        if self.parent.timed_out:
            # The kernel was stopped in the middle of a cell: what comes behind it would tell nothing.
            self.parent.not_run.append(self.index)
            pytest.skip("a cell before this one did not end")
        findings = [Finding(problem) for problem in errors.metadata_problems(self.cell.metadata)]
        skipped = self.options["skip"]
        if skipped and "raises" in self.cell.metadata.get("lesson", {}):
            findings.append(Finding("the cell names an error, but its tag nbval-skip keeps it from running"))
            raise LessonError(findings)
        never_run = self.cell.source.strip() and self.cell.execution_count is None and not self.cell.outputs
        if never_run and self.options["check"] and not skipped:
            findings.append(
                Finding("the cell has never been run, so there is nothing to compare: run all cells, then save")
            )
        compared: list[Finding] = []
        try:
            super().runtest()
        except NbCellError as error:
            compared.append(self._explained(error))
        except RuntimeError as error:
            reason = str(error)
            if "Kernel dead" in reason:
                reason = "the kernel is dead: the cell before this one, or its threads, killed it"
            raise LessonError([*findings, Finding(reason)]) from error
        ran = self.test_outputs or []
        findings += [Finding(problem) for problem in errors.problems(self.cell.metadata, ran)]
        findings += compared
        findings += [Finding(problem) for problem in dict.fromkeys(pictures.output_problems(ran))]
        if findings:
            raise LessonError(findings)

    def sanitize(self, s: Any) -> Any:
        """Returns a text as it is compared: nbval's runs are not counted, so the numbers of cells differ."""
        return super().sanitize(outputs.without_cell_numbers(s) if isinstance(s, str) else s)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: str | None = None) -> str:
        """Returns what is wrong, in case something other than our own report asks."""
        return str(excinfo.value)

    def _explained(self, error: NbCellError) -> Finding:
        """Turns nbval's complaint into a sentence, with a diff or the traceback."""
        message = str(error)
        ran = self.test_outputs or []
        if message == "Cell outputs differ":
            stored, now = self.sanitize_outputs(self.cell.outputs), self.sanitize_outputs(ran)
            if outputs.only_pictures_differ(stored, now):
                return Finding(outputs.PICTURE_DIFFERS, differs=True)
            detail = outputs.difference(stored, now) or errors.strip_ansi(str(error.inner_traceback))
            return Finding("the output is not the stored one", detail, differs=True)
        if self.parent.timed_out:
            told = limits.too_long(self.config.option.nbval_cell_timeout)
            # nbval cannot tell a kernel that does not answer from one that is no longer there.
            return Finding(f"{told} (or the kernel has died)" if "Failed to interrupt" in message else told)
        if message == "Unrun reference cell has outputs":
            return Finding("the cell has stored outputs, but no number of a run: run all cells, then save")
        failed = [output for output in ran if output.output_type == "error"]
        if failed:
            last = failed[-1]
            return Finding(
                f"the cell fails, and is not meant to: {last.ename}: {errors.strip_ansi(last.evalue)}",
                errors.traceback_text(last),
            )
        return Finding(message)


class LessonPage(pytest.Item):
    """The notebook as a whole: counterparts of the source lesson, pictures in the text."""

    title = "the notebook as a whole"
    index = None

    def runtest(self) -> None:
        """Raises everything that is wrong outside the code cells."""
        notebook = self.parent.nb
        findings = [Finding(problem) for problem in mirrors.problems(notebook.metadata, notebook.cells)]
        findings += [
            Finding(f"{title_of(index, notebook.cells)}\n  {problem}")
            for index, problem in prose.problems(notebook.cells, self.path.parent)
        ]
        if behind := self.parent.not_run:
            which = f"cells {behind[0] + 1} to {behind[-1] + 1}" if len(behind) > 1 else f"cell {behind[0] + 1}"
            findings.append(Finding(f"{which} not run, because a cell before did not end"))
        if findings:
            raise LessonError(findings)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Says where the item is, in case something other than our own report asks."""
        return self.path, 0, f"{self.path.name}: {self.title}"

    def sanitize(self, s: Any) -> Any:
        """Returns a text as it is compared: nbval's runs are not counted, so the numbers of cells differ."""
        return super().sanitize(outputs.without_cell_numbers(s) if isinstance(s, str) else s)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: str | None = None) -> str:
        """Returns what is wrong, in case something other than our own report asks."""
        return str(excinfo.value)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Makes room for our own report, before the terminal reporter reads its options."""
    config.stash[_FOUND] = {}
    config.stash[_VERBOSE] = config.option.verbose > 0
    # No header, no dots, no Python tracebacks, no summary of pytest's own.
    config.option.verbose = -2
    config.option.tbstyle = "no"
    config.option.reportchars = "N"
    if config.option.nbval_cell_timeout == _NBVAL_CELL_TIMEOUT_S:
        config.option.nbval_cell_timeout = limits.CELL_S


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(parent: pytest.Collector) -> Generator[None, list[Any], list[Any]]:
    """Puts our collector in the place of nbval's."""
    collected = yield
    return [LessonFile.from_parent(parent, path=node.path) if type(node) is IPyNbFile else node for node in collected]


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Keeps pytest from printing a letter per cell."""
    return report.outcome if report.when == "call" or report.failed else "", "", ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Notes what a cell, or its kernel, ended with."""
    report = yield
    if isinstance(item, LessonCell | LessonPage):
        found = item.config.stash[_FOUND][item.path]
        found.ended = time.monotonic()
        if report.skipped and item.index in item.parent.not_run:
            found.not_run += 1
        elif report.skipped and not hasattr(report, "wasxfail"):
            found.skipped += 1
        error = call.excinfo.value if call.excinfo else None
        if not report.failed or error is None:
            return report
        if isinstance(error, LessonError):
            found.failed.append(CellFindings(item.index, item.title, error.findings))
        elif call.when == "setup":
            _note_once(found, Finding(f"the kernel did not start: {error}"))
        else:
            found.failed.append(
                CellFindings(
                    item.index, item.title, [Finding(f"the check itself failed: {error!r}", str(call.excinfo))]
                )
            )
    return report


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Notes a notebook that cannot be read."""
    if report.failed:
        _UNREADABLE.append(f"{report.nodeid}: {report.longreprtext.strip().splitlines()[-1]}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Shows which cell is about to run: in place on a terminal, else with `-v` on a line of its own."""
    terminal = item.config.pluginmanager.get_plugin("terminalreporter")
    if not isinstance(item, LessonCell) or terminal is None:
        return
    number, cells = item.cell_num + 1, item.config.stash[_FOUND][item.path].cells
    if terminal.isatty:
        terminal.rewrite(f"{item.path.name}: cell {number} of {cells} …", erase=True)
    elif item.config.stash[_VERBOSE]:
        terminal.write_line(f"{item.path.name}::Cell {number} of {cells}")
        terminal.flush()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Prints the report, and writes it as JSON where the environment asks for that."""
    found = list(config.stash[_FOUND].values())
    if terminalreporter.isatty:
        terminalreporter.rewrite("", erase=True)
    for line in _UNREADABLE:
        terminalreporter.write_line(line, red=True)
    for notebook in found:
        for line in notebook.lines():
            terminalreporter.write_line(line)
    if path := os.environ.get("LESSON_CHECK_REPORT"):
        reports = [notebook.as_json() for notebook in found]
        text = json.dumps(reports[0] if len(reports) == 1 else reports, indent=1, ensure_ascii=False)
        Path(path).write_text(f"{text}\n", encoding="utf-8")


def _note_once(found: NotebookFindings, finding: Finding) -> None:
    """Notes what every cell would repeat, such as a kernel that does not start, once for the notebook."""
    if not any(finding in noted.findings for noted in found.failed):
        found.failed.append(CellFindings(None, LessonPage.title, [finding]))
