"""The benchmarks' modules, which are no package: they are imported as the scripts import each other."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Imports a benchmark's module by its name."""
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module
