"""The certified regressions of NIST's Statistical Reference Datasets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def nist_folder() -> Path:
    """The folder with NIST's data; skips the test without it."""
    folder = Path(os.environ.get("LINNET_NIST") or ROOT.parent / "shared" / "nist")
    if not (folder / "Longley.csv").is_file():
        pytest.skip(f"needs NIST's regressions: set LINNET_NIST to their folder (not in {folder})")
    return folder
