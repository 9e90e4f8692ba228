from __future__ import annotations

import math

import numpy as np
import pytest

from linnet.errors import UsageError
from linnet.evaluate.confidence.prediction_intervals import (
    interval_coverage,
    interval_curve,
    learn_intervals,
)
from linnet.evaluate.evaluation import Evaluation
from tests.support.evaluations import make


def draw(rows: int, seed: int, outputs: int = 1) -> Evaluation:
    """Predictions of a wrong model: errors that are skewed and grow."""
    source = np.random.default_rng(seed)
    scores = source.normal(size=(rows, outputs)) * 100
    return Evaluation.of_scores(scores, scores + source.exponential(10, size=(rows, outputs)))


def test_intervals_hold_as_many_new_rows_as_asked() -> None:
    """Over 200 draws of 99 rows to learn on and 500 to judge by."""
    rules = [learn_intervals(draw(99, seed), 0.1) for seed in range(200)]
    shares = [interval_coverage(rule, draw(500, 1000 + s)).coverage.value for s, rule in enumerate(rules)]
    error = float(np.std(shares)) / math.sqrt(len(shares))
    assert abs(float(np.mean(shares)) - 0.9) <= 3 * error  # ⌈100 · 0.9⌉/100 is 0.9 exactly


def test_a_half_width_is_the_error_at_its_place() -> None:
    rows = Evaluation.of_scores([[0.0]] * 9, [[float(n)] for n in range(9)])
    assert learn_intervals(rows, 0.5).half_widths == (4.0,)
    assert learn_intervals(rows, 0.05).half_widths == (math.inf,)


def test_each_output_has_a_width_of_its_own() -> None:
    rule = learn_intervals(draw(99, 0, outputs=3), 0.2)
    found = interval_coverage(rule, draw(2000, 1, outputs=3))
    assert len(set(rule.half_widths)) == 3
    np.testing.assert_allclose(found.mean_width, 2 * np.array(rule.half_widths))
    assert found.coverage.value + found.below + found.above == pytest.approx(1)


def test_the_curve_agrees_with_the_rules() -> None:
    seen, judged = draw(99, 0), draw(300, 1)
    curve = interval_curve(seen, judged, [0.5, 0.9])
    for place, share in enumerate((0.5, 0.9)):
        rule = learn_intervals(seen, 1 - share)
        found = interval_coverage(rule, judged)
        assert curve.coverage[place] == found.coverage.value
        assert curve.mean_width[place] == found.mean_width.mean()
        assert (curve.low[place], curve.high[place]) == rule.expected(300)


def test_classes_have_sets_and_not_intervals() -> None:
    with pytest.raises(UsageError, match="learn_sets"):
        learn_intervals(make(30), 0.1)
