"""What the benchmark of tables measures of a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Module = Callable[[str], Any]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells the peak of one process")
def test_the_peak_of_a_reader_is_its_own_whatever_the_benchmark_held_before(module: Module) -> None:
    held = 2**29
    np.ones(held, np.uint8).sum()  # as the benchmark held the table that it wrote
    found = module("tables").measure(Path("none.csv"), "read = lambda: None")
    assert found["numbers"] == 0
    assert 0 < found["peak"] < held
