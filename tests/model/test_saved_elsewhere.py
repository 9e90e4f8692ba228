"""What linnet gives out comes back from another library's file as it was."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from torch import Tensor

import linnet
from linnet.core.bank import Bank
from linnet.data.dataset import Dataset
from linnet.evaluate.contributions import Contributions, contributions
from linnet.evaluate.evaluation import Evaluation
from linnet.model.run import Run
from tests.support.blobs import make_blobs

BLOBS = make_blobs(60)
X = torch.randn(40, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
NUMBERS = Dataset(X, X @ torch.tensor([[1.0, 2], [3, 4], [5, 6]]).double() + 1, "numbers", ())


def arrays(of: Any, name: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """The arrays that an object holds or works out, and what they are called."""
    if isinstance(of, Tensor | np.ndarray):
        yield name, np.asarray(of)
    elif isinstance(of, Dataset | Evaluation | Contributions):
        worked_out = [n for n, v in vars(type(of)).items() if isinstance(v, property | cached_property)]
        for each in {*vars(of), *worked_out}:
            try:
                value = getattr(of, each)
            except linnet.LinnetError:  # such as the classes' figures of a regression
                continue
            yield from arrays(value, f"{name}.{each}")


def comes_back(saved: dict[str, np.ndarray], path: Path) -> None:
    """Save arrays by a library that reads their memory as it lies, and look at what it wrote."""
    save_file(saved, path)
    for name, array in load_file(path).items():
        np.testing.assert_array_equal(array, saved[name], err_msg=name)


def runs() -> Iterator[tuple[str, Run, Dataset]]:
    """A run of each way to one."""
    yield "fit", linnet.fit(BLOBS, epochs=1), BLOBS
    yield "solve", linnet.solve(BLOBS, l2=0.1).value, BLOBS
    yield "regression", linnet.solve(NUMBERS, "squared").value, NUMBERS
    yield "path", linnet.regularization_path(BLOBS, l2s=[0.1, 0.01]).run(1), BLOBS


@pytest.mark.parametrize("kind", ["fit", "solve", "regression", "path"])
def test_weights_scores_and_probabilities_of_a_run(kind: str, tmp_path: Path) -> None:
    run, rows = next((run, rows) for name, run, rows in runs() if name == kind)
    run.save(tmp_path / "run")
    for one in (run, Run.load(tmp_path / "run")):
        given = {"W": one.bank.W, "b": one.bank.b, "scores": one.scores(rows.X)}
        if one.card.classes:
            given |= {"p": one.probabilities(rows.X), "logits": one.logits(rows.X)}
        comes_back({name: array.numpy() for name, array in given.items()}, tmp_path / "file")


def test_the_models_of_a_path_and_of_a_sweep(tmp_path: Path) -> None:
    path = linnet.regularization_path(BLOBS, l2s=[0.1, 0.01])
    swept = linnet.sweep(BLOBS, {"lr": [0.1, 0.01]}, epochs=1, folds=2, show=False)
    ensemble = swept.ensemble()
    given = {"path": path.bank.W, "weights": path.weights, "swept": swept.outcome.bank.W,
             "b": swept.outcome.bank.b, "ensemble": ensemble.bank.W,
             "p": ensemble.probabilities(BLOBS.X)}  # fmt: skip
    comes_back({name: array.detach().numpy() for name, array in given.items()}, tmp_path / "file")


def test_the_figures_of_an_evaluation(tmp_path: Path) -> None:
    classes, numbers = linnet.solve(BLOBS, l2=0.1).value, linnet.solve(NUMBERS, "squared").value
    first, second = Evaluation(classes, BLOBS), Evaluation(numbers, NUMBERS)
    found = {"classes": first, "numbers": second, "parts": contributions(classes, BLOBS.X[0])}
    given = dict(pair for name, of in found.items() for pair in arrays(of, name))
    assert len(given) > 10
    comes_back(given, tmp_path / "file")


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("classes", [2, 3])
def test_what_estimators_keep_and_answer(classes: int, order: Any, tmp_path: Path) -> None:
    from linnet.estimators import LinearRegressor, SoftmaxClassifier

    rows = np.asarray(X.numpy(), order=order)
    y = np.arange(len(rows)) % classes
    model = SoftmaxClassifier(l2=0.1).fit(rows, y)
    linear = LinearRegressor().fit(rows, NUMBERS.y.numpy())
    given = {
        "coef": model.coef_, "b": model.intercept_, "p": model.predict_proba(rows),
        "log p": model.predict_log_proba(rows), "scores": model.decision_function(rows),
        "linear": linear.coef_, "linear b": linear.intercept_, "y": linear.predict(rows),
    }  # fmt: skip
    comes_back(given, tmp_path / "file")


def test_what_is_changed_in_a_run_s_weights_stays() -> None:
    run = linnet.solve(BLOBS, l2=0.1).value
    before = run.scores(BLOBS.X)
    run.bank.b.add_(1.0)
    run.bank.pick(0).W[0] += 1.0
    lift = 1 + BLOBS.X.double().sum(1) * BLOBS.scale
    torch.testing.assert_close(run.scores(BLOBS.X)[:, 0] - before[:, 0], lift.to(before))
    torch.testing.assert_close(run.bank.theta[:, -1], run.bank.b)


def test_a_contiguous_bank_is_picked_stacked_and_changed_like_any_other() -> None:
    plain = Bank(torch.arange(24.0).view(6, 4), 2)
    bank = plain.contiguous()
    assert bank.contiguous() is bank
    assert (bank.models, bank.outputs, bank.features) == (2, 3, 3)
    for one, other in (
        (bank, plain),
        (bank.pick(1), plain.pick(1)),
        (bank.take(torch.tensor([1])), plain.pick(1)),
    ):
        assert torch.equal(one.theta, other.theta)
    rows = torch.randn(5, 3)
    torch.testing.assert_close(bank.scores(rows), plain.scores(rows))
    assert torch.equal(dataclasses.replace(bank, models=1).theta, plain.theta)
    assert type(bank.clone()) is Bank
