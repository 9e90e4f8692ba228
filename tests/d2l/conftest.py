"""What tests of the book's functions share."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib
import pytest


@pytest.fixture(autouse=True)
def _own_style() -> Iterator[None]:
    """Run each test in a style of its own: the book's functions set matplotlib's for good."""
    with matplotlib.rc_context():
        yield
