from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from sklearn import metrics

from linnet.config import Recipe
from linnet.data.dataset import Dataset
from linnet.data.sources import synthetic
from linnet.errors import ShapeError, UsageError
from linnet.evaluate.assess import assess
from linnet.evaluate.forecast import Forecast, forecast
from linnet.evaluate.ranking import Areas, precision_recall, roc
from linnet.evaluate.score import score
from linnet.train.fit import fit
from tests.support.forecasts import forecasts, make


def test_figures_equal_those_of_scikit_learn() -> None:
    made = make(400)
    P, y = made.probabilities.numpy(), made.labels.numpy()
    figures = {name: interval.value for name, interval in assess(made, top=[2, 3]).whole.items()}
    assert figures["log_loss"] == pytest.approx(metrics.log_loss(y, P))
    assert figures["accuracy"] == pytest.approx(metrics.accuracy_score(y, made.guesses))
    assert figures["top_2"] == pytest.approx(metrics.top_k_accuracy_score(y, P, k=2))
    assert figures["top_3"] == pytest.approx(metrics.top_k_accuracy_score(y, P, k=3))
    assert figures["macro_f1"] == pytest.approx(metrics.f1_score(y, made.guesses, average="macro"))
    assert figures["macro_roc_auc"] == pytest.approx(metrics.roc_auc_score(y, P, multi_class="ovr"))
    halves = sum(metrics.brier_score_loss(y == k, P[:, k]) for k in range(4))
    assert figures["brier"] == pytest.approx(halves)


@settings(max_examples=40)
@given(forecasts)
def test_areas_by_class_equal_scikit_learn_with_ties_too(made: Forecast) -> None:
    tied = Forecast(made.logits.round(), made.labels, made.classes)
    K = len(tied.classes)
    areas = Areas(tied)(torch.ones(len(tied), dtype=torch.float64)).tolist()
    for k in range(K):
        assert areas[k] == pytest.approx(roc(tied, k).area, nan_ok=True)
        assert areas[K + k] == pytest.approx(precision_recall(tied, k).area, nan_ok=True)


@given(forecasts)
def test_a_row_that_counts_twice_is_two_rows(made: Forecast) -> None:
    counts = 2 - torch.arange(len(made)) % 3
    rows = torch.arange(len(made)).repeat_interleave(counts)
    twice = Forecast(made.logits[rows], made.labels[rows], made.classes)
    ones = torch.ones(len(twice), dtype=torch.float64)
    torch.testing.assert_close(Areas(made)(counts.double()), Areas(twice)(ones), equal_nan=True)


def test_of_a_run(blobs: Dataset) -> None:
    run, _ = fit(blobs, Recipe(epochs=2, lr=0.1, batch_size=64))
    made = forecast(run, blobs)
    torch.testing.assert_close(made.probabilities.float(), run.probabilities(blobs.X))
    assert torch.equal(made.confusion, score(run, blobs).confusion)
    assert made.worst(3).tolist() == made.log_losses.topk(3).indices.tolist()
    with pytest.raises(UsageError, match="no rows"):
        forecast(run, blobs.rows(slice(0, 0)))
    with pytest.raises(UsageError, match="no class probabilities"):
        forecast(fit(synthetic.linear())[0], synthetic.linear())


def test_what_cannot_be_is_refused() -> None:
    made = make(5)
    with pytest.raises(UsageError, match=r"k in 1…4"):
        made.in_top(5)
    with pytest.raises(ShapeError, match="expected logits"):
        Forecast(made.logits, made.labels[:2], made.classes)
    with pytest.raises(UsageError, match="labels must lie in"):
        Forecast(made.logits, made.labels + 4, made.classes)
