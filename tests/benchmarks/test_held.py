"""The memory of its own that a process holds at most."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Module = Callable[[str], Any]

HELD = 2**28


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells anonymous memory")
def test_arrays_that_are_gone_count_and_mapped_files_do_not(module: Module, tmp_path: Path) -> None:
    path = tmp_path / "zeros"
    path.write_bytes(bytes(HELD // 2))
    held = module("held")
    peak = held.Peak()
    assert np.memmap(path, np.uint8, "r").sum() == 0
    assert peak.end() < HELD // 4
    peak = held.Peak()
    array = np.ones(HELD, np.uint8)
    array.sum()
    while peak._most - peak._before < HELD:
        time.sleep(0.001)
    del array
    assert HELD <= peak.end() < 1.5 * HELD
