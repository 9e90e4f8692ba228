"""How the benchmark of many rows looks for the largest tolerance that is fine enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Module = Callable[[str], Any]


@pytest.mark.parametrize("share", [1.0, 0.02, 3e-9])
def test_halves_find_the_tolerance_that_one_by_one_would_find(module: Module, share: float) -> None:
    many = module("peers_many")
    levels, fitted = [1e-3, 1e-5, 1e-9], []

    def fit(tol: float) -> float:
        fitted.append(tol)
        return tol * share

    found = many.find_values(fit, lambda value: value, levels)
    for level in levels:
        first = next(tol for tol in many.TOLERANCES if tol * share <= level)
        assert max(tol for tol, value in found.items() if value <= level) == first
    assert len(fitted) == len(set(fitted)) < len(many.TOLERANCES)


def test_a_side_that_is_never_fine_enough_is_tried_to_the_end(module: Module) -> None:
    many = module("peers_many")
    found = many.find_values(lambda tol: 1.0, lambda value: value, [0.5])
    assert many.TOLERANCES[-1] in found


@pytest.mark.parametrize(("able", "is_met"), [("linnet", True), ("lbfgs", False)])
def test_a_side_that_alone_comes_near_enough_has_won(
    module: Module, monkeypatch: pytest.MonkeyPatch, able: str, is_met: bool
) -> None:
    many = module("peers_many")
    values = {name: 1.0 if name == able else 2.0 for name in ("linnet", "lbfgs")}
    monkeypatch.setattr(
        many, "sides_of", lambda job: {name: lambda tol, v=v: v for name, v in values.items()}
    )
    monkeypatch.setattr(many, "entropy", lambda *given: float)
    (line,) = many.run(many.Job("texts", None, None, {1e-3: 2.0}), 1, lambda: 0.0)
    assert line.row()[1:] == ("–", "", "≥ 2 ×", "yes" if is_met else "NO")
    assert line.name.endswith(f"reached by {able} alone")
