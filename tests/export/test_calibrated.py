"""A calibrated model gives the run's own probabilities, wherever it is used."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from linnet.core.calibration import Calibration
from linnet.errors import UsageError
from linnet.export import FORMATS, export_model
from linnet.model.predictor import Predictor
from linnet.model.run import Run
from tests.support.runs import make_run


def calibrated(loss: str) -> Run:
    run = make_run(loss)
    outputs = run.bank.outputs
    scale = tuple(0.5 + 0.1 * k for k in range(outputs))
    shift = tuple(0.2 * k - 0.3 for k in range(outputs))
    learnt = Calibration("vector", scale, shift, 10, "some rows")
    return dataclasses.replace(run, card=dataclasses.replace(run.card, calibration=learnt))


ROWS = torch.randint(0, 256, (30, 12), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("to", FORMATS)
def test_a_file_takes_the_calibration_into_its_weights(to: str, tmp_path: Path) -> None:
    run = calibrated("softmax")
    plain = run.calibrated(None).probabilities(ROWS)
    assert not torch.allclose(run.probabilities(ROWS), plain, atol=1e-3)
    done = export_model(run, to, tmp_path / "file", ROWS)  # which compares it with the run
    assert done.difference is not None
    assert done.difference < 1e-6


def test_one_against_the_rest_says_why_it_cannot(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--calibrate none"):
        export_model(calibrated("logistic"), "numpy", tmp_path / "file", ROWS)


@pytest.mark.parametrize("loss", ["softmax", "logistic"])
def test_the_service_s_predictor_applies_it(loss: str, tmp_path: Path) -> None:
    run = calibrated(loss)
    run.save(tmp_path / "run")
    predictor = Predictor.read(tmp_path / "run" / "model.safetensors")
    got = torch.from_numpy(predictor.answers(ROWS.numpy()))
    torch.testing.assert_close(got, run.probabilities(ROWS), rtol=1e-5, atol=1e-6)
