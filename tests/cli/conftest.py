"""A run that several commands are tried on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import call


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the built-in digits."""
    folder = tmp_path_factory.mktemp("runs") / "digits"
    assert call("train", "--dataset", "digits", "--epochs", 3, "--lr", 0.5, "--out", folder, "--quiet") == 0
    return folder
