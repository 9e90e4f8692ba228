"""Abstaining and costs."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given

from linnet.errors import ShapeError, UsageError
from linnet.evaluate.confidence.decisions import abstain_curve, cheapest, mean_cost, per_class
from linnet.evaluate.evaluation import Evaluation
from tests.support.evaluations import evaluations, make


@given(evaluations)
def test_every_point_of_the_curve_is_what_its_threshold_gives(made: Evaluation) -> None:
    curve = abstain_curve(made)
    for threshold, share, right in zip(curve.thresholds, curve.coverage, curve.accuracy, strict=True):
        answered = made.confidence >= threshold
        assert float(answered.mean()) == pytest.approx(float(share))
        assert float(made.hits[answered].mean()) == pytest.approx(float(right))
    assert float(curve.coverage[-1]) == pytest.approx(1)
    assert 0 <= curve.area <= 1


def test_a_threshold_for_an_accuracy() -> None:
    made = make(2000)
    curve = abstain_curve(made)
    threshold = curve.threshold(0.9)
    answered = made.confidence >= threshold
    assert float(made.hits[answered].mean()) >= 0.9
    assert float(answered.mean()) > 0.2
    with pytest.raises(UsageError, match="no threshold"):
        curve.threshold(1.1)


@given(evaluations)
def test_the_cheapest_answer_costs_least_of_all(made: Evaluation) -> None:
    K = len(made.classes)
    costs = torch.rand(K, K + 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    answers = cheapest(made.probabilities, costs)
    for row, answer in zip(made.probabilities.tolist(), answers.tolist(), strict=True):
        expected = [sum(row[i] * float(costs[i, j]) for i in range(K)) for j in range(K + 1)]
        assert expected[answer] == pytest.approx(min(expected))


def test_costs_change_the_answer() -> None:
    P = torch.tensor([[0.6, 0.4]])
    assert cheapest(P, per_class(torch.tensor([1.0, 1.0]))).tolist() == [0]
    assert cheapest(P, per_class(torch.tensor([1.0, 2.0]))).tolist() == [1]
    asks = torch.tensor([[0, 1, 0.3], [1, 0, 0.3]])
    assert cheapest(P, asks).tolist() == [2]
    made = make(3000)
    costs = per_class(torch.tensor([1.0, 1, 1, 20]))
    wise = mean_cost(made, cheapest(made.probabilities, costs), costs)
    assert wise < mean_cost(made, made.predictions, costs)
    with pytest.raises(ShapeError):
        cheapest(P, torch.eye(3))
    with pytest.raises(ShapeError, match="3 answers"):
        mean_cost(made, torch.full((3000,), 3), torch.ones(4, 3))
    with pytest.raises(UsageError, match="finite"):
        cheapest(P, torch.tensor([[0, torch.inf], [1, 0]]))
