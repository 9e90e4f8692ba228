"""Models of float64 lose nothing in any format, whatever their features are like."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from linnet.core.bank import Bank
from linnet.core.calibration import Calibration
from linnet.export import FORMATS, export_model
from linnet.model.card import Card
from linnet.model.history import History
from linnet.model.predictor import Predictor
from linnet.model.run import Run
from tests.support.runs import make_run

YEARS = torch.tensor([[2026.123456789, 0.1], [1999.987654321, -0.3], [16777217.0, 1e-9]], dtype=torch.float64)
"""Numbers that float32 rounds away."""


def regression(outputs: int) -> Run:
    """A model of few numbers, so that it can be worked out by hand."""
    W = torch.tensor([[1.25, -3.0], [0.5, 1e-3], [1e-12, 7.0]], dtype=torch.float64)[:outputs]
    b = torch.tensor([-2026.0, 0.125, 1e6], dtype=torch.float64)[:outputs]
    return Run(Bank.of(W, b), History(), "completed", Card("years", (), None, 1.0, "squared"))


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("outputs", [1, 3])
def test_a_regression_keeps_digits_that_float32_has_not(to: str, outputs: int, tmp_path: Path) -> None:
    run = regression(outputs)
    path = tmp_path / FORMATS[to].file_name
    assert (export_model(run, to, path, YEARS).difference or 0) < 1e-12
    got, _ = FORMATS[to].answers(path, YEARS.numpy())
    exact = [
        [float(sum((Fraction(w) * Fraction(x) for w, x in zip(row, line, strict=True)), Fraction(bias)))
         for row, bias in zip(run.bank.W.tolist(), run.bank.b.tolist(), strict=True)]
        for line in YEARS.tolist()
    ]  # fmt: skip
    np.testing.assert_allclose(got, exact, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("loss", ["softmax", "logistic", "calibrated"])
def test_probabilities_agree_with_python_to_twelve_places(to: str, loss: str, tmp_path: Path) -> None:
    run = make_run(loss.replace("calibrated", "softmax"), torch.float64)
    if loss == "calibrated":
        learnt = Calibration("vector", (0.7, 1.1, 1.3), (0.2, -0.3, 0.1), 10, "some rows")
        run = dataclasses.replace(run, card=dataclasses.replace(run.card, calibration=learnt))
    rows = torch.rand(20, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 255
    path = tmp_path / FORMATS[to].file_name
    assert (export_model(run, to, path, rows).difference or 0) < 1e-12
    got, _ = FORMATS[to].answers(path, rows.numpy())
    np.testing.assert_allclose(got, run.probabilities(rows).numpy(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("to", ["js", "c", "sql", "numpy", "onnx"])
def test_numbers_of_every_size_are_read_back_as_they_were(to: str, tmp_path: Path) -> None:
    values = [
        5e-324,
        2.2250738585072014e-308,
        0.1,
        1 / 3,
        1e22,
        123456789.12345679,
        -7.2e75,
        1.7976931348623157e308,
    ]
    W = torch.tensor(values, dtype=torch.float64)[:, None]
    run = Run(
        Bank.of(W, torch.zeros(8, dtype=torch.float64)), History(), "completed",
        Card("sizes", (), None, 1.0, "squared"),
    )  # fmt: skip
    path = tmp_path / FORMATS[to].file_name
    export_model(run, to, path, torch.ones(1, 1, dtype=torch.float64))
    got, _ = FORMATS[to].answers(path, np.ones((1, 1)))
    if to == "sql":  # SQLite's own reading of a literal may miss by a bit
        np.testing.assert_allclose(got[0], values, rtol=1e-15)
    else:
        np.testing.assert_array_equal(got[0], values)


def test_more_classes_than_a_function_of_js_takes_arguments(tmp_path: Path) -> None:
    theta = torch.randn(150_000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    card = Card("many", tuple(map(str, range(len(theta)))), None, 1.0, "softmax")
    done = export_model(
        Run(Bank(theta), History(), "completed", card), "js", tmp_path / "file", torch.ones(1, 1)
    )
    assert (done.difference or 0) < 1e-12


def test_the_predictor_takes_a_float64_model_as_it_is(tmp_path: Path) -> None:
    run = regression(3)
    run.save(tmp_path)
    model = Predictor.read(tmp_path / "model.safetensors")
    np.testing.assert_allclose(model.answers(YEARS.numpy()), run.scores(YEARS).numpy(), rtol=1e-14)


@pytest.mark.parametrize("to", FORMATS)
def test_a_model_of_counts_answers_with_their_means(to: str, tmp_path: Path) -> None:
    theta = torch.tensor([[0.5, -1.0, 0.25]], dtype=torch.float64)
    run = Run(Bank(theta), History(), "completed", Card("counts", (), None, 1.0, "poisson"))
    rows = torch.tensor([[0.0, 0.0], [2.0, 1.0], [-3.0, 4.0]], dtype=torch.float64)
    path = tmp_path / FORMATS[to].file_name
    assert (export_model(run, to, path, rows).difference or 0) < 1e-12
    got, _ = FORMATS[to].answers(path, rows.numpy())
    np.testing.assert_allclose(got[:, 0], [math.exp(0.25), math.exp(0.25), math.exp(-5.25)], rtol=1e-12)
