from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from sklearn import metrics

from linnet.config import Recipe
from linnet.data.dataset import Dataset
from linnet.data.sources import synthetic
from linnet.errors import ShapeError, UsageError
from linnet.evaluate.assess import assess
from linnet.evaluate.ensemble import Ensemble
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.score import parameter_errors, score
from linnet.train.fit import fit
from tests.support.blobs import make_blobs


def test_figures_equal_those_of_scikit_learn(blobs: Dataset) -> None:
    run, _ = fit(blobs, Recipe(epochs=3, lr=0.1, batch_size=64))
    result = score(run, blobs)
    guesses, truth = run.scores(blobs.X).argmax(1).numpy(), blobs.y.numpy()
    np.testing.assert_array_equal(result.confusion, metrics.confusion_matrix(truth, guesses))
    assert result.accuracy == metrics.accuracy_score(truth, guesses)
    expected = metrics.precision_recall_fscore_support(truth, guesses)
    np.testing.assert_allclose(result.precision, expected[0])
    np.testing.assert_allclose(result.recall, expected[1])
    probabilities = torch.softmax(run.scores(blobs.X).double(), 1).numpy()
    assert result.loss == pytest.approx(metrics.log_loss(truth, probabilities), rel=1e-5)


def test_rows_count_by_their_weights_as_in_training(blobs: Dataset) -> None:
    counts = torch.arange(len(blobs)) % 4
    weighted = dataclasses.replace(blobs, weights=counts.double() / 2)
    repeated = blobs.rows(torch.arange(len(blobs)).repeat_interleave(counts))
    run, _ = fit(blobs, Recipe(epochs=2, lr=0.01, batch_size=64), test=weighted)
    found, expected = score(run, weighted), score(run, repeated)
    assert found.loss == pytest.approx(expected.loss)
    assert found.loss == pytest.approx(run.history.last["test_loss"])
    assert found.accuracy == pytest.approx(run.history.last["test_accuracy"])
    assert 0 < found.accuracy < 1
    np.testing.assert_allclose(found.confusion * 2, expected.confusion)
    np.testing.assert_allclose(found.f1, expected.f1)
    figures, others = (assess(Evaluation(run, rows)) for rows in (weighted, repeated))
    for name, interval in figures.whole.items():
        assert interval.value == pytest.approx(others.whole[name].value), name
    assert figures.whole["accuracy"].value == pytest.approx(found.accuracy)
    several = Ensemble(run.bank, run.card)
    assert several.accuracy(weighted) == pytest.approx(found.accuracy)
    nothing = dataclasses.replace(blobs, weights=torch.zeros(len(blobs)))
    for scored in (lambda: score(run, nothing), lambda: several.accuracy(nothing)):
        with pytest.raises(UsageError, match="weight 0"):
            scored()


def test_weights_of_a_regression() -> None:
    data = synthetic.linear(noise=1.0)
    run, _ = fit(data)
    weights = torch.rand(len(data), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    said = run.scores(data.X).numpy()
    expected = metrics.r2_score(data.y.numpy(), said, sample_weight=weights.numpy())
    found = score(run, dataclasses.replace(data, weights=weights))
    assert found.r2.item() == pytest.approx(expected, rel=1e-5)


def test_regression() -> None:
    data = synthetic.linear(noise=1.0)
    run, _ = fit(data)
    result = score(run, data)
    assert data.truth is not None
    assert result.r2.item() == pytest.approx(
        metrics.r2_score(data.y.numpy(), run.scores(data.X).numpy()), rel=1e-5
    )
    errors = parameter_errors(run.predictor, data.truth)
    np.testing.assert_allclose(errors.w + run.bank.W[0].double().numpy(), [2, -3.4])


def test_other_data_are_refused(blobs: Dataset) -> None:
    run, _ = fit(blobs, Recipe(epochs=1))
    with pytest.raises(ShapeError, match="the model takes 16 features"):
        score(run, make_blobs(10, features=8))
    with pytest.raises(UsageError, match="no rows"):
        score(run, blobs.rows(slice(0, 0)))
