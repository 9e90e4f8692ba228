from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linnet.core.conformal import fewest_rows
from linnet.errors import UsageError
from linnet.evaluate.confidence.prediction_sets import coverage, learn_sets, set_curve
from linnet.evaluate.evaluation import Evaluation
from tests.support.evaluations import evaluations, make, rows_of

KINDS = [("lac", False), ("aps", False), ("aps", True)]


@pytest.mark.parametrize(("method", "randomised"), KINDS)
@pytest.mark.parametrize("alpha", [0.05, 0.3])
def test_coverage_on_exchangeable_rows(method: str, randomised: bool, alpha: float) -> None:
    """Over 60 draws of 200 rows to learn on and 1,000 to judge by, of a model that is far too sure."""
    shares = []
    for seed in range(60):
        whole = make(1200, seed=seed, sharpness=4)
        parts = [rows_of(whole, part) for part in (slice(200), slice(200, None))]
        rule = learn_sets(parts[0], alpha, method, randomised=randomised, seed=seed)
        shares.append(coverage(rule, parts[1], seed).coverage)
    mean = torch.tensor(shares, dtype=torch.float64)
    error = float(mean.std()) / len(shares) ** 0.5
    assert float(mean.mean()) >= 1 - alpha - 3 * error
    if method == "lac" or randomised:  # continuous scores: no more than 1/(n + 1) above
        assert float(mean.mean()) <= 1 - alpha + 1 / 201 + 3 * error


@given(evaluations, st.sampled_from(KINDS), st.floats(0.01, 0.99))
def test_enough_of_the_rows_it_was_learnt_on_are_held(
    made: Evaluation, kind: tuple[str, bool], alpha: float
) -> None:
    rule = learn_sets(made, alpha, kind[0], randomised=kind[1])
    sets = rule.sets(made.probabilities)
    if not kind[1]:
        assert coverage(rule, made).coverage >= 1 - alpha - 1e-9
    if kind == ("aps", False):
        assert bool(np.take_along_axis(sets, made.probabilities.argmax(1)[:, None], 1).all())
    result = coverage(rule, made)
    assert result.mean_size == pytest.approx(float(sets.sum()) / len(made))
    assert int(result.sizes.sum()) == len(made)


def test_too_few_rows_promise_nothing() -> None:
    rule = learn_sets(make(5), 0.1)
    assert rule.threshold == math.inf
    assert bool(rule.sets(make(3).probabilities).all())
    assert learn_sets(make(9), 0.1).threshold < math.inf  # ⌈(9 + 1)(1 − 0.1)⌉ = 9


def test_aps_scores_by_hand() -> None:
    P = torch.tensor([[0.5, 0.2, 0.3]], dtype=torch.float64)
    rule = learn_sets(Evaluation.of_scores(P.log(), torch.tensor([2]), ("a", "b", "c")), 0.6, "aps")
    assert rule.threshold == pytest.approx(0.5)  # the mass of class a alone is likelier
    assert rule.sets(P).tolist() == [[True, False, True]]


@given(evaluations, st.sampled_from(KINDS), st.integers(0, 3))
def test_a_curve_of_sets_is_what_each_rule_gives(made: Evaluation, kind: tuple[str, bool], seed: int) -> None:
    other = make(37, len(made.classes), seed=seed + 1)
    asked = (0.3, 0.5, 0.9, 0.99)
    curve = set_curve(made, other, kind[0], randomised=kind[1], asked=asked, seed=seed)
    for k, share in enumerate(asked):
        rule = learn_sets(made, 1 - share, kind[0], randomised=kind[1], seed=seed)
        found = coverage(rule, other, seed)
        assert float(curve.coverage[k]) == pytest.approx(found.coverage)
        assert float(curve.mean_size[k]) == pytest.approx(found.mean_size)
        assert (float(curve.low[k]), float(curve.high[k])) == rule.expected(len(other))
    with pytest.raises(UsageError, match="between 0 and 1"):
        set_curve(made, other, asked=(0.5, 1.0))


def test_chance_leaves_as_much_as_is_said() -> None:
    """Nineteen in twenty of 400 measured coverages, of 99 rows to learn on and 200 to judge by."""
    inside = []
    for seed in range(400):
        whole = make(299, seed=seed)
        parts = [rows_of(whole, part) for part in (slice(99), slice(99, None))]
        rule = learn_sets(parts[0], 0.2)
        low, high = rule.expected(200)
        inside.append(low <= coverage(rule, parts[1]).coverage <= high)
    assert 0.92 <= sum(inside) / 400 <= 0.99
    rule = learn_sets(make(9), 0.1)
    assert rule.expected(50)[1] == 1
    assert learn_sets(make(8), 0.1).expected(50) == (1, 1)  # too few: every set holds all classes
    assert (fewest_rows(0.1), fewest_rows(0.05), fewest_rows(0.3)) == (9, 19, 3)


def test_refusals() -> None:
    for alpha, method, randomised in ((0.0, "lac", False), (0.1, "raps", False), (0.1, "lac", True)):
        with pytest.raises(UsageError):
            learn_sets(make(9), alpha, method, randomised=randomised)
