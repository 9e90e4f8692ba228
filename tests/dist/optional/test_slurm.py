from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.launchers import TRAIN, assert_same_weights, block, call, train_alone
from tests.support.slurm import slurm_of_one_node

pytestmark = pytest.mark.long

LINNET = (sys.executable, "-m", "linnet")


@pytest.fixture(scope="module")
def slurm() -> Iterator[dict[str, str]]:
    """The environment of commands of a SLURM of one node."""
    yield from slurm_of_one_node()


def test_tasks_of_srun_train_as_one_process_does(slurm: dict[str, str], tmp_path: Path) -> None:
    said = call(["srun", "--ntasks", "2", *LINNET, *TRAIN, "together"], tmp_path, slurm)
    assert said.count("test accuracy") == 1  # one of them prints
    assert_same_weights(tmp_path / "together", train_alone(tmp_path))


def test_the_script_of_the_page_trains_in_its_step_and_again_goes_on(
    slurm: dict[str, str], tmp_path: Path
) -> None:
    script = tmp_path / "job.sh"
    script.write_text(block("#SBATCH").replace("linnet ", " ".join(LINNET) + " "))
    for _ in range(2):  # as a job that is put back into the queue
        call(["sbatch", "--wait", "--output", "job.log", str(script)], tmp_path, slurm)
        assert (tmp_path / "job.log").read_text().count("test accuracy") == 1
    assert_same_weights(tmp_path / "runs" / "digits", train_alone(tmp_path))


def test_a_command_of_a_batch_script_outside_a_step_is_one_process(
    slurm: dict[str, str], tmp_path: Path
) -> None:
    script = tmp_path / "job.sh"
    script.write_text(f"#!/bin/bash\n{' '.join(LINNET)} {' '.join(TRAIN)} single\n")
    call(["sbatch", "--wait", "--ntasks", "2", "--output", "job.log", str(script)], tmp_path, slurm)
    assert_same_weights(tmp_path / "single", train_alone(tmp_path), tolerance=0)


def test_what_one_process_does_is_refused_in_a_step(slurm: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="linnet plot runs in one process"):
        call(["srun", "--ntasks", "2", *LINNET, "plot", "runs/digits"], tmp_path, slurm)
