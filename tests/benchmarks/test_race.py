"""Races: a faster answer that is a worse one is none, and peers are as loose as they may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

Module = Callable[[str], Any]


@pytest.mark.parametrize(("ours", "is_met"), [(1.0, True), (1.1, False)])
def test_a_worse_objective_misses_the_target_however_fast(module: Module, ours: float, is_met: bool) -> None:
    race = module("race")
    one = race.Race("a", lambda: ours, {"b": lambda: 1.0}, np.inf, lambda model: model)
    assert race.run(one, 1)[-1].met is is_met


def test_peers_have_the_loosest_tolerance_that_is_good_enough(
    module: Module, capsys: pytest.CaptureFixture[str]
) -> None:
    makers: dict[str, Callable[[float], float]] = {"near": lambda tol: 1 + tol / 100, "far": lambda tol: 2.0}
    found = module("race").loosen(makers, lambda value: value, lambda value: value, 1.0)
    assert {name: work() for name, work in found.items()} == {"near": 1 + 1e-8}
    assert "far does not come within 1e-08" in capsys.readouterr().out


@pytest.mark.parametrize("classes", [2, 3])
def test_the_objective_is_scikit_learns_log_loss_and_the_penalty(module: Module, classes: int) -> None:
    drawn = np.random.default_rng(0)
    X, y = drawn.normal(size=(60, 3)), np.arange(60) % classes
    model = LogisticRegression().fit(X, y)
    squares = np.square(model.coef_).sum() / (2 if classes == 2 else 1)  # softmax has half in each row
    expected = log_loss(y, model.predict_proba(X)) + 0.1 / 2 * squares
    assert module("race").entropy(X, y, 0.1)(model) == pytest.approx(expected, rel=1e-12)
