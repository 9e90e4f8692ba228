from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.launchers import TRAIN, assert_same_weights, call, environment, train_alone

pytestmark = pytest.mark.long

WORDS = {"mpirun.openmpi": ("--oversubscribe",), "mpirun.mpich": ()}
AS_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


@pytest.mark.parametrize("name", WORDS)
def test_processes_of_mpirun_train_as_one_does(name: str, tmp_path: Path) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"needs {name}: apt-get install openmpi-bin mpich")
    variables = environment(**AS_ROOT if hasattr(os, "geteuid") and os.geteuid() == 0 else {})
    command = [name, *WORDS[name], "-n", "2", sys.executable, "-m", "linnet", *TRAIN, "together"]
    assert call(command, tmp_path, variables).count("test accuracy") == 1  # one of them prints
    assert_same_weights(tmp_path / "together", train_alone(tmp_path))
