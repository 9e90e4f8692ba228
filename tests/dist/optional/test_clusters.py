from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.launchers import assert_same_weights, block, call, environment, train_alone

pytestmark = pytest.mark.long


def run_script(word: str, folder: Path) -> None:
    """Run the script of the page that has a word, as it stands, and compare what it leaves."""
    script = folder / "script.py"
    script.write_text(block(word))
    call([sys.executable, str(script)], folder, environment(PYSPARK_PYTHON=sys.executable))
    assert_same_weights(folder / "runs" / "digits", train_alone(folder))


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs Ray: pip install 'ray[train]'")
def test_workers_of_ray_train_as_one_process_does(tmp_path: Path) -> None:
    run_script("TorchTrainer", tmp_path)


@pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="needs Spark: pip install pyspark")
@pytest.mark.skipif(shutil.which("java") is None, reason="needs Java: apt-get install default-jre-headless")
def test_tasks_of_spark_train_as_one_process_does(tmp_path: Path) -> None:
    run_script("TorchDistributor", tmp_path)
