"""What tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from linnet.data.dataset import Dataset
from tests.support.blobs import make_blobs
from tests.support.node import supply_node

# The first call of anything in torch is slow: no deadline. The gate tries the same examples each time, so
# that what passes passes again; pytest --hypothesis-profile=other tries others, and thorough many others.
settings.register_profile("linnet", deadline=None, max_examples=50, derandomize=True)
settings.register_profile("other", deadline=None, max_examples=50, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("linnet")

supply_node()


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test in a folder of its own, with a cache of its own, so that none leaves files about."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LINNET_CACHE", str(tmp_path / ".cache"))


@pytest.fixture
def fashion_folder() -> Path:
    """The folder with the real Fashion-MNIST; skips the test without it."""
    folder = os.environ.get("LINNET_DATA", "")
    if not folder or not Path(folder, "train-images-idx3-ubyte.gz").is_file():
        pytest.skip("needs the real Fashion-MNIST: set LINNET_DATA to the folder with its four files")
    return Path(folder)


@pytest.fixture
def blobs() -> Dataset:
    """300 rows of uint8 pixels in three classes that a linear model can tell apart."""
    return make_blobs(300)


@pytest.fixture(scope="session")
def nist_folder() -> Path:
    """The folder with the certified regressions of NIST's Statistical Reference Datasets."""
    folder = Path(os.environ.get("LINNET_NIST") or Path(__file__).parents[2] / "shared" / "nist")
    if not (folder / "Longley.csv").is_file():
        pytest.skip(f"needs NIST's regressions: set LINNET_NIST to their folder (not in {folder})")
    return folder
