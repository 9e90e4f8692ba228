"""Classifiers of many rows beside scikit-learn's: seconds until the objective is near enough to its optimum.

    python benchmarks/peers_many.py [--quick | --full] [--json FILE]

The tables are made up, as no package ships embeddings: a million rows of 20 columns, whose classes follow a
logistic model, and rows of unit length times 10 in which 20 or 100 classes lie about centres, with columns
whose sizes fall as those of a network's features do.

A tolerance does not mean the same in two solvers. So for each share that may be left, each side takes the
largest of its tolerances with which the objective, worked out here in float64 by numpy alone, comes as near
to the lowest that any side found. With these the sides take turns, and the median of each counts.
"""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from linnet.estimators import SoftmaxClassifier
from measure import Figure, clock_of, finish, options, peak_of, take_turns
from race import entropy

peers: Any = importlib.import_module("sklearn.linear_model")

TOLERANCES = tuple(10.0 ** (-step / 2) for step in range(4, 25))
"""From 1e-2 down to 1e-12, two a decade."""

AGREED = 0.1
"""Two rounds do where each side's differ by less than this share."""

STRIDE = 4
"""Tolerances at a time, from the largest on, until one is fine enough; then half of those between."""

L2 = 1e-4


@dataclass(frozen=True)
class Job:
    """A table and the penalty of its classifier.

    Args:
        name: as it is printed.
        X: rows, (N, D).
        y: classes, (N,).
        left: shares of the optimum that may be left to gain, each with how many times as long as linnet the
            fastest peer is to take, at least.
        solvers: scikit-learn's.
    """

    name: str
    X: NDArray[np.float64]
    y: NDArray[np.int64]
    left: dict[float, float]
    solvers: tuple[str, ...] = ("lbfgs",)


def rows_of_a_logistic_model(count: int, seed: int = 0) -> Job:
    """Normal columns, and classes that they tell to some degree."""
    drawn = np.random.default_rng(seed)
    X = drawn.normal(size=(count, 20))
    score = X @ (0.7 * drawn.normal(size=20))
    y = (score + drawn.logistic(size=count) > 0).astype(np.int64)
    return Job(f"logistic, {count:,} × 20", X, y, {1e-4: 1.5, 1e-9: 1.5}, ("lbfgs", "newton-cholesky"))


def embeddings(count: int, features: int, classes: int, seed: int = 0) -> Job:
    """Rows of length 10 about the centres of their classes, in turned columns of falling sizes."""
    drawn = np.random.default_rng(seed)
    y = drawn.integers(0, classes, count)
    size = np.arange(1, features + 1) ** -0.5
    X = (drawn.normal(size=(classes, features))[y] / 2 + drawn.normal(size=(count, features))) * size
    turn, _ = np.linalg.qr(drawn.normal(size=(features, features)))
    X = 10 * (X / np.linalg.norm(X, axis=1, keepdims=True)) @ turn
    name = f"softmax, {count:,} × {features}, {classes} classes"
    return Job(name, X, y, {1e-3: 2.0, 1e-5: 2.0, 1e-7: 2.0})


Fit = Callable[[float], Any]
"""Fits with a tolerance."""


def sides_of(job: Job) -> dict[str, Fit]:
    """Linnet and its peers, by name."""
    C = (2 if job.y.max() == 1 else 1) / (len(job.y) * L2)

    def peer(solver: str) -> Fit:
        return lambda tol: peers.LogisticRegression(C=C, solver=solver, tol=tol, max_iter=5000).fit(
            job.X, job.y
        )

    ours: Fit = lambda tol: SoftmaxClassifier(l2=L2, tol=tol).fit(job.X, job.y)  # noqa: E731
    return {"linnet": ours} | {solver: peer(solver) for solver in job.solvers}


def find_values(fit: Fit, judge: Callable[[Any], float], levels: Sequence[float]) -> dict[float, float]:
    """The objective at the largest tolerance that is low enough for each level, and at those that were tried.

    A smaller tolerance does not end higher, so half of those that are left are told by one fit: some ten in
    place of twenty, of which the last would take longest.
    """
    found: dict[float, float] = {}

    def value(place: int) -> float:
        tol = TOLERANCES[place]
        if tol not in found:
            found[tol] = judge(fit(tol))
        return found[tol]

    for level in levels:
        low = next(
            (at for at in range(0, len(TOLERANCES), STRIDE) if value(at) <= level), len(TOLERANCES) - 1
        )
        first = max(0, low - STRIDE + 1)
        while first < low:
            middle = (first + low) // 2
            first, low = (first, middle) if value(middle) <= level else (middle + 1, low)
        value(low)
    return found


def note_peak(memory: dict[str, float | None], name: str, work: Callable[[], object]) -> None:
    """Work, and note what it held at most; the first time counts, before the process has grown."""
    held = peak_of(work)
    if held is None:  # the system does not tell, and nothing was done
        work()
    memory.setdefault(name, held)


def run(job: Job, rounds: int, clock: Callable[[], float]) -> list[Figure]:
    """Linnet and the fastest peer at each share that may be left."""
    sides, judge = sides_of(job), entropy(job.X, job.y, L2)
    best = judge(sides["linnet"](TOLERANCES[-1]))
    levels = [best * (1 + left) for left in sorted(job.left, reverse=True)]
    values = {name: find_values(fit, judge, levels) for name, fit in sides.items()}
    best = min(best, *(value for found in values.values() for value in found.values()))
    lines: list[Figure] = []
    for left, target in job.left.items():
        tols = {
            name: max((tol for tol, value in found.items() if value <= best * (1 + left)), default=None)
            for name, found in values.items()
        }
        able = {name: tol for name, tol in tols.items() if tol is not None}
        if "linnet" not in able or len(able) < 2:
            said = f"{job.name}, {left:g} left: reached by {', '.join(able) or 'none'} alone"
            lines.append(Figure(said, math.nan, "–", f"≥ {target:g} ×", "linnet" in able))
            continue
        memory: dict[str, float | None] = {}
        work = {
            name: partial(note_peak, memory, name, partial(sides[name], tol)) for name, tol in able.items()
        }
        seconds = take_turns(work, rounds, clock, AGREED)
        peer = min((name for name in able if name != "linnet"), key=lambda name: seconds[name])
        ratio = seconds[peer] / seconds["linnet"]
        name = f"{job.name}, {left:g} left"
        lines += [
            Figure(f"{name}: {side}", seconds[side], "{:.2f} s", memory=memory[side])
            for side in ("linnet", peer)
        ]
        lines.append(
            Figure(f"{name}: {peer} / linnet", ratio, "{:.2f} ×", f"≥ {target:g} ×", ratio >= target)
        )
    return lines


def jobs(*, is_quick: bool) -> Sequence[Callable[[], Job]]:
    """What is measured, made one at a time."""
    share = 10 if is_quick else 1
    return [
        lambda: rows_of_a_logistic_model(1_000_000 // share),
        lambda: embeddings(20_000 // share, 384, 20),
        lambda: embeddings(12_000 // share, 512, 100),
    ]


def main() -> None:
    """Run all and print beside the targets."""
    parser = options("Measure classifiers of many rows beside scikit-learn's.", quick="a tenth of the rows",
                     full="at most seven rounds and not three", suffix=".many.json", is_cpu=True)  # fmt: skip
    asked = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    lines = [
        line
        for make in jobs(is_quick=asked.quick)
        for line in run(make(), 7 if asked.full else 3, clock_of(asked))
    ]
    finish(lines, asked.json, ".many.json")


if __name__ == "__main__":
    main()
