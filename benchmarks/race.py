"""`Race`: linnet and its peers at one thing, in turn, with objectives that are worked out here.

An objective is evaluated in float64 and by numpy alone, whoever minimised it: a faster answer that is a worse
one is none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from measure import Figure, peak_of, take_turns

Values = NDArray[np.float64]
Judge = Callable[[Any], float]
"""The objective of a fitted model."""

Maker = Callable[[float], Any]
"""A peer's model of a tolerance, not yet fitted."""

WORSE = 1e-8
"""As a share of the objective: linnet may be so far above its peer."""

TOLERANCES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12)
"""Of peers, each by its own measure, from the loosest on."""

PATIENCE = 20.0
"""Seconds in which a peer must have a tolerance that is fine enough; what it compiles counts, too."""


@dataclass(frozen=True)
class Race:
    """Linnet and the fastest of its peers, at one thing.

    Args:
        name: of what is done.
        ours: does it, and gives the fitted model.
        peers: likewise, by their names.
        target: at most so many times the fastest peer's time.
        judge: the objective of a model; None where there is nothing to compare.
        worse: as a share of the objective, how far linnet may be above the peer.
    """

    name: str
    ours: Callable[[], Any]
    peers: dict[str, Callable[[], Any]]
    target: float
    judge: Judge | None = None
    worse: float = WORSE


def squares(X: Values, y: Values, l2: float = 0.0, l1: float = 0.0) -> Judge:
    """The mean of half the squared residuals and the penalty, of a regression."""

    def judge(model: Any) -> float:
        w = np.asarray(model.coef_, np.float64)
        left = y - X @ w - model.intercept_
        return float(left @ left / (2 * len(y)) + l2 / 2 * (w @ w) + l1 * np.abs(w).sum())

    return judge


def entropy(X: Values, y: NDArray[np.int64], l2: float) -> Judge:
    """The mean cross-entropy and the penalty, of a classifier of two or more classes."""

    def judge(model: Any) -> float:
        W, b = np.asarray(model.coef_, np.float64), np.asarray(model.intercept_, np.float64)
        if len(W) == 1:  # how much the second is ahead, of which softmax has half in each row
            W, b = np.concatenate([-W, W]) / 2, np.concatenate([-b, b]) / 2
        return mean_entropy(X @ W.T + b, y) + l2 / 2 * float((W * W).sum())

    return judge


def mean_entropy(scores: Values, y: NDArray[np.int64]) -> float:
    """The mean cross-entropy of scores, (N, K)."""
    top = scores.max(1, keepdims=True)
    return float((np.log(np.exp(scores - top).sum(1)) + top[:, 0] - scores[np.arange(len(y)), y]).mean())


LONG, FEWEST = 6.0, 5
"""Seconds that a race takes, in fewer rounds if need be, but in so many."""


def loosen(
    makers: dict[str, Maker],
    fit: Callable[[Any], Any],
    judge: Judge,
    best: float,
    patience: float = PATIENCE,
) -> dict[str, Callable[[], Any]]:
    """Each peer with the loosest tolerance that is as good as the best; those that find none are left out."""
    found: dict[str, Callable[[], Any]] = {}
    for name, make in makers.items():
        end = time.process_time() + patience
        for tol in TOLERANCES:
            if judge(fit(make(tol))) <= best + WORSE * abs(best):
                found[name] = lambda make=make, tol=tol: fit(make(tol))
                break
            if time.process_time() > end:
                break
        if name not in found:
            print(f"{name} does not come within {WORSE:g} of the optimum in {patience:g} s: left out")
    return found


def run(race: Race, rounds: int, clock: Callable[[], float] = time.perf_counter) -> list[Figure]:
    """Both sides in turn, and what came of it, by a clock of seconds."""
    sides = {"linnet": race.ours, **race.peers}
    models = {name: work() for name, work in sides.items()}  # which loads what is loaded once
    began = time.perf_counter()
    for work in sides.values():
        work()
    once = time.perf_counter() - began
    median = take_turns(sides, max(min(rounds, FEWEST), min(rounds, int(LONG / once))), clock)
    fastest = min(race.peers, key=lambda name: median[name])
    ratio, excess = median["linnet"] / median[fastest], 0.0
    form, unit = ("{:.2f} ms", 1e3) if median[fastest] < 1 else ("{:.2f} s", 1.0)
    lines = [
        Figure(f"{race.name}: {name}", unit * median[name], form, memory=peak_of(sides[name]))
        for name in ("linnet", fastest)
    ]
    if race.judge is not None:
        value, other = race.judge(models["linnet"]), race.judge(models[fastest])
        excess = (value - other) / other
        lines.append(Figure(f"{race.name}: objective above the peer's", excess, "{:.0e}"))
    is_met = ratio <= race.target and excess <= race.worse
    target = f"≤ {race.target:.2g} ×"
    return [*lines, Figure(f"{race.name}: linnet / {fastest}", ratio, "{:.2f} ×", target, is_met)]


def run_all(races: Sequence[Race], rounds: int, clock: Callable[[], float]) -> list[Figure]:
    """Those races that have a peer."""
    return [line for race in races if race.peers for line in run(race, rounds, clock)]
