from __future__ import annotations

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom

from linnet.core.conformal import (
    Abstention,
    Conformal,
    ConformalInterval,
    PredictionRules,
    place_of,
    spread_of,
    thresholds_of,
)
from linnet.errors import FormatError, UsageError

RULES = PredictionRules(
    sets=Conformal(method="aps", alpha=0.1, threshold=0.75, rows=99, source="validation rows"),
    abstention=Abstention(accuracy=0.9, threshold=0.6, rows=99),
)


@given(st.integers(1, 5000), st.integers(1, 99))
def test_the_place_is_that_of_exact_fractions(rows: int, percent: int) -> None:
    assert place_of(rows, percent / 100) == math.ceil((rows + 1) * (1 - Fraction(percent, 100)))


@given(
    st.integers(1, 2000), st.integers(1, 99), st.integers(1, 3000), st.sampled_from([0.5, 0.9, 0.95, 0.999])
)
def test_the_coverage_to_expect_is_of_the_beta_binomial_law(
    learnt: int, percent: int, rows: int, level: float
) -> None:
    rule = Conformal(method="lac", alpha=percent / 100, threshold=0.5, rows=learnt)
    place = place_of(learnt, rule.alpha)
    law = betabinom(rows, place, learnt + 1 - place) if place <= learnt else None
    tails = ((1 - level) / 2, (1 + level) / 2)
    ends = (1.0, 1.0) if law is None else tuple(float(law.ppf(tail)) / rows for tail in tails)
    assert rule.expected(rows, level) == ends


def test_a_threshold_is_the_score_at_its_place_or_infinite() -> None:
    scores = np.arange(9.0)[::-1]
    assert thresholds_of(scores, [0.1, 0.5, 0.05]).tolist() == [8.0, 4.0, math.inf]


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, math.nan])
def test_an_error_that_cannot_be_is_refused(alpha: float) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        thresholds_of(np.zeros(3), alpha)


def test_rules_survive_json() -> None:
    intervals = PredictionRules(intervals=ConformalInterval(alpha=0.2, rows=50, half_widths=(1.5, 2.0)))
    for rules in (RULES, intervals):
        assert PredictionRules.from_json(json.loads(json.dumps(rules.to_json()))) == rules


@pytest.mark.parametrize("values", [{"sets": {}}, {"unknown": {}}, [], {"intervals": 3}])
def test_what_is_no_rule_is_refused(values: object) -> None:
    with pytest.raises(FormatError, match="no rules"):
        PredictionRules.from_json(values)  # type: ignore[arg-type]


def test_rules_that_promise_nothing_or_draw_are_not_kept() -> None:
    with pytest.raises(UsageError, match="too few rows"):
        PredictionRules(intervals=ConformalInterval(alpha=0.1, rows=5, half_widths=(math.inf,)))
    drawn = Conformal(method="aps", alpha=0.1, threshold=0.5, rows=9, randomised=True)
    with pytest.raises(UsageError, match="at random"):
        PredictionRules(sets=drawn)


def test_intervals_of_counts_widen_with_the_root_of_the_mean_and_end_at_zero() -> None:
    rule = ConformalInterval(alpha=0.1, rows=99, half_widths=(2.0,), spread="root")
    low, high = rule.ends([[0.25], [1.0], [9.0]])
    assert low.ravel().tolist() == [0.0, 0.0, 3.0]
    assert high.ravel().tolist() == [2.25, 3.0, 15.0]


def test_a_spread_without_a_name_is_refused() -> None:
    with pytest.raises(UsageError, match="constant, root"):
        spread_of(np.ones(1), "wide")


def test_one_abstains_below_the_threshold() -> None:
    assert RULES.abstention is not None
    assert RULES.abstention.answered([[0.6, 0.4], [0.5, 0.5]]).tolist() == [True, False]
