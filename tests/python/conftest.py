"""Kernels for the tests, and the folders of the Python side made importable, however the tests are started."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from places import CHECK, COMPARE, EXPORT

# For kernels that a test starts by other means than the test front end: the user's own is never written.
os.environ["RUST_LESSONS_HISTORY"] = "off"

for folder in (CHECK, COMPARE, EXPORT.parent):
    sys.path.insert(0, str(folder))

from frontend import START_S, FrontEnd  # noqa: E402 (it needs the folders above)

#: What a lesson's first cell brings in.
PRELUDE = "use lesson_support::prelude::*;"


@pytest.fixture(scope="module")
def kernel() -> Iterator[FrontEnd]:
    """A kernel that the tests of one file share; each uses names of its own."""
    with FrontEnd() as front_end:
        front_end.ok(PRELUDE, START_S)
        yield front_end


@pytest.fixture
def fresh() -> Iterator[FrontEnd]:
    """A kernel that has not run anything yet."""
    with FrontEnd() as front_end:
        yield front_end
