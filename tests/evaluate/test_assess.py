"""Figures of two classes are of the positive one, and equal scikit-learn's of the same name."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from sklearn import metrics

from linnet.errors import UsageError
from linnet.evaluate.assess import assess, draws, of_rows, resample, resample_classes
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.interval import Interval
from linnet.evaluate.one_vs_rest import ByClass, auc_interval, mean_of, percentiles
from linnet.evaluate.score import Score
from tests.support.evaluations import evaluations, make

NAMES = {
    "precision": metrics.precision_score, "recall": metrics.recall_score, "f1": metrics.f1_score,
    "roc_auc": metrics.roc_auc_score, "average_precision": metrics.average_precision_score,
    "brier": metrics.brier_score_loss,
}  # fmt: skip


@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize("weighted", [False, True])
def test_every_figure_is_scikit_learn_s_of_that_name(positive: int, weighted: bool) -> None:
    plain = make(300, classes=2, seed=3)
    w = torch.rand(300, generator=torch.Generator().manual_seed(1)) + 0.1 if weighted else None
    made = Evaluation.of_scores(plain.logits + np.array([0.0, 0.7]), plain.targets, ("no", "yes"), w)
    found = assess(made, positive=("no", "yes")[positive])
    assert found.positive == ("no", "yes")[positive]
    truth, P = made.targets == positive, made.probabilities[:, positive]
    weights = None if w is None else w.double().numpy()
    for name, metric in NAMES.items():
        said = P if name in ("roc_auc", "average_precision", "brier") else made.predictions == positive
        expected = metric(truth, said, sample_weight=weights)
        assert found.whole[name].value == pytest.approx(expected), name
    macro = metrics.f1_score(made.targets, made.predictions, average="macro", sample_weight=weights)
    assert found.whole["macro_f1"].value == pytest.approx(macro)


def test_the_second_class_is_the_positive_one_unless_another_is_chosen() -> None:
    made = make(50, classes=2)
    assert assess(made).positive == "b"
    assert assess(made).as_dict()["positive"] == "b"
    assert assess(make(50, classes=3)).positive == ""
    with pytest.raises(UsageError, match="'a' or 'b', not 'c'"):
        assess(made, positive="c")
    with pytest.raises(UsageError, match="of two classes, and the model has 3"):
        assess(make(50, classes=3), positive="a")


def test_means_over_more_classes_are_called_macro() -> None:
    made = make(400)
    whole, P, y = assess(made).whole, made.probabilities, made.targets
    assert not {"precision", "recall", "f1", "roc_auc", "average_precision"} & set(whole)
    assert whole["macro_roc_auc"].value == pytest.approx(metrics.roc_auc_score(y, P, multi_class="ovr"))
    expected = metrics.average_precision_score(np.eye(4)[y], P, average="macro")
    assert whole["macro_average_precision"].value == pytest.approx(expected)
    assert whole["brier"].value == pytest.approx(metrics.brier_score_loss(y, P, labels=range(4)))


def test_a_class_without_rows_is_a_dash_with_its_reason() -> None:
    z = torch.tensor([[2.0, 1, 0], [0, 1, 0], [3, 0, 1]] * 4)
    found = assess(
        Evaluation.of_scores(z, torch.tensor([0, 1, 1] * 4), ("ash", "elm", "oak")),
        intervals=True,
        resamples=20,
    )
    oak = found.classes["oak"]
    assert {name: str(one) for name, one in oak.items()} == dict.fromkeys(oak, "–")
    assert oak["recall"].reason == "no rows of this class"
    assert oak["precision"].reason == "never predicted"
    assert oak["f1"].reason == "no rows of this class, and never predicted"
    assert found.as_dict()["classes"]["oak"]["roc_auc"] == {
        "value": None, "low": None, "high": None, "reason": "no rows of this class"
    }  # fmt: skip
    assert all(math.isfinite(one.value) for one in found.whole.values())
    only = assess(Evaluation.of_scores(z[:2], torch.tensor([1, 1]), ("a", "b", "c"))).classes["b"]
    assert (only["roc_auc"].reason, only["recall"].value) == ("all rows are of this class", 0.5)


def test_the_scores_of_a_class_without_rows_say_why_too() -> None:
    confusion = np.array([[3, 0], [0, 0]])
    said = Score(3, 0.1, ("a", "b"), confusion, np.empty(0)).as_dict()["classes"]["b"]
    assert said["recall"] is None
    assert said["recall_reason"] == "no rows of this class"
    assert said["precision_reason"] == "never predicted"


def test_a_perfect_model_of_few_rows_has_room_for_mistakes_in_every_figure() -> None:
    """69 rows right: the accuracy's interval is exact, 0.948…1; no other figure's is a point either."""
    labels = torch.arange(69) % 2
    z = torch.eye(2)[labels] * torch.linspace(1, 9, 69)[:, None]
    whole = assess(Evaluation.of_scores(z, labels, ("a", "b")), intervals=True, resamples=50).whole
    assert whole["accuracy"].low == pytest.approx(0.025 ** (1 / 69))
    for name in ("precision", "recall", "f1", "roc_auc", "average_precision", "macro_f1"):
        assert (whole[name].value, whole[name].high) == (1.0, 1.0), name
        assert 0.85 < whole[name].low < 0.99, name


def test_the_interval_of_a_perfect_area_is_newcombe_s() -> None:
    """θ = 1 − z²·v of his equation, solved by hand for 10 rows against 10: (1 − θ)² = z²·V(θ)."""
    low, high = auc_interval(1.0, 10, 10)
    z, n = 1.959963985, 9
    V = low * (1 - low) * (1 + n * (1 - low) / (2 - low) + n * low / (1 + low)) / 100
    assert (1 - low) ** 2 == pytest.approx(z * z * V, rel=1e-6)
    assert high == 1.0
    assert auc_interval(0.0, 10, 10) == pytest.approx((0.0, 1 - low))
    assert auc_interval(0.5, 1, 1)[0] < 0.1


def figures(made: Evaluation) -> dict[str, Interval]:
    """Those of an evaluation, without what takes long."""
    statistic = ByClass(made, ranking=False)
    each, drawn = statistic.intervals(None, 0.95), resample_classes(statistic, 8, 0)
    found = {**of_rows(made, [], 0.95), **{name: intervals[1] for name, intervals in each.items()}}
    return {**found, "macro_f1": mean_of(each["f1"], drawn[:, 2])}


@pytest.mark.parametrize(("classes", "sharpness"), [(2, 1.0), (4, 3.0)])
def test_intervals_cover_the_figures_of_all_rows(classes: int, sharpness: float) -> None:
    truth = figures(make(30_000, classes, seed=99, sharpness=sharpness))
    draws = [figures(make(60, classes, seed, sharpness)) for seed in range(100)]
    for name in truth:
        held = [one[name].low <= truth[name].value <= one[name].high for one in draws]
        assert sum(held) / len(held) >= 0.9, name  # 0.95 less 2.3 standard errors of 100 draws


@settings(max_examples=6, deadline=None)
@given(evaluations)
def test_intervals_hold_the_figure(made: Evaluation) -> None:
    result = assess(made, intervals=True, resamples=4)
    assert result.whole["accuracy"].value == pytest.approx(float(made.hits.mean()))
    figures = [*result.whole.values(), *(f for several in result.classes.values() for f in several.values())]
    for interval in figures:
        assert interval.reason or interval.low <= interval.value <= interval.high


def test_a_class_that_one_resample_alone_has_leaves_the_means_an_interval() -> None:
    result = assess(make(7, 4), intervals=True, resamples=4)
    macro = result.whole["macro_f1"]
    assert 0 <= macro.low < macro.value < macro.high <= 1


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    values = torch.randn(2000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    drawn = resample(lambda rows: values.numpy()[rows].mean(keepdims=True), 2000, 2000, 0)
    mean, error = float(values.mean()), 1.96 * float(values.std()) / 2000**0.5
    (low,), (high,) = percentiles(drawn)
    assert low == pytest.approx(mean - error, abs=0.15 * error)
    assert high == pytest.approx(mean + error, abs=0.15 * error)


def test_draws_repeat_and_have_as_many_rows() -> None:
    first, again, other = (list(draws(7, 5, seed)) for seed in (0, 0, 1))
    assert all(len(rows) == 7 and 0 <= rows.min() <= rows.max() < 7 for rows in first)
    assert all(map(np.array_equal, first, again))
    assert not all(map(np.array_equal, first, other))
    with pytest.raises(UsageError, match="at least 2 resamples"):
        resample(lambda rows: rows, 3, 1, 0)


def test_pairs_of_resamples_are_counted_as_weights_of_rows_would_be() -> None:
    made = make(50, 3)
    statistic = ByClass(made, ranking=False)
    counted = resample(lambda rows: statistic(np.bincount(rows, minlength=50)), 50, 9, 0)
    np.testing.assert_array_equal(resample_classes(statistic, 9, 0), counted)
    with_areas = resample_classes(ByClass(made), 9, 0)
    np.testing.assert_array_equal(with_areas[:, :3], counted)
