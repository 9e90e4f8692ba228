"""Ridge regression measured: ten one-hot targets of Fashion-MNIST, and a hundred penalties on five folds.

    python benchmarks/solvers_ridge.py [--quick | --full] [--json FILE]

scikit-learn gets the rows as float32, their conversion not counted; linnet reads the pixels as they are
stored. Coefficients are compared with the solution of the normal equations in float64 by numpy.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression, Ridge

from linnet.core.losses import SquaredError
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.data.split import split_folds
from linnet.model.run import Run
from linnet.solvers.least_squares.direct import Direct
from linnet.solvers.least_squares.folds import cross_validate
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.problem.objective import Objective
from linnet.solvers.solve import make_solution
from measure import Figure, finish, load_pictures, options, seconds

L2 = 1e-3
FOLDS = 5
PENALTIES = [float(value) for value in np.geomspace(1e-6, 10, 100)]


def folds(train: Dataset) -> float:
    first, *others = (fold.validation for fold in split_folds(train, FOLDS, seed=0))
    like = Statistics.of(train, first)
    judging = [like, *(Statistics.of(train, rows, like) for rows in others)]
    whole = sum(judging[1:], like)
    losses = cross_validate([whole - part for part in judging], judging, PENALTIES)
    return PENALTIES[int(losses.mean(1).argmin())]


def reference(train: Dataset) -> np.ndarray:
    """The coefficients, (K, D), by centred normal equations in float64."""
    X, Y = train.X.numpy() / 255.0, np.eye(10)[train.y.numpy()]
    X -= X.mean(0)
    H = X.T @ X / len(X) + L2 * np.eye(X.shape[1])
    return np.linalg.solve(H, X.T @ (Y - Y.mean(0)) / len(X)).T


def off(found: np.ndarray, right: np.ndarray) -> float:
    return float(np.linalg.norm(found - right) / np.linalg.norm(right))


def middle(work: Callable[[], object], rounds: int) -> float:
    return statistics.median(seconds(work) for _ in range(rounds))


def accuracy(scores: np.ndarray, test: Dataset) -> float:
    return float((scores.argmax(1) == test.y.numpy()).mean())


def solve_least_squares(train: Dataset, penalty: Penalty | None = None) -> Run:
    objective = Objective.of(train, SquaredError(), penalty)
    return make_solution(train, objective, Direct().minimise(objective), Direct()).value


def figures(train: Dataset, test: Dataset, rounds: int) -> list[Figure]:
    X, Y = (
        (train.X.numpy() / np.float32(255)).astype(np.float32),
        np.eye(10, dtype=np.float32)[train.y.numpy()],
    )
    X_test = test.X.numpy() / np.float32(255)
    ridge, plain = Ridge(alpha=L2 * len(X)), LinearRegression()
    runs: list[Run] = []

    def ours() -> None:
        runs.append(solve_least_squares(train, Penalty(L2)))

    ours()
    folds(train)
    times: dict[str, list[float]] = {"ours": [], "ridge": [], "folds": []}
    for _ in range(rounds):  # in turn, so that a change of the machine's pace falls on all
        times["ours"].append(seconds(ours))
        times["ridge"].append(seconds(lambda: ridge.fit(X, Y)))
        times["folds"].append(seconds(lambda: folds(train)))
    one, theirs, many = (statistics.median(times[key]) for key in ("ours", "ridge", "folds"))
    free = middle(lambda: solve_least_squares(train), rounds)
    regression = middle(lambda: plain.fit(X, Y), 1)
    right, scores = reference(train), runs[-1].scores(test.X).numpy()
    by_ridge: Any = ridge.coef_
    gain, gain_free, cost = theirs / one, regression / free, many / one
    error, error_ridge, share = (
        off(runs[-1].bank.W.numpy(), right),
        off(by_ridge, right),
        accuracy(scores, test),
    )
    share_ridge = accuracy(ridge.predict(X_test), test)
    return [
        Figure("linnet, ridge", one, "{:.3f} s"),
        Figure("scikit-learn's Ridge, float32", theirs, "{:.3f} s"),
        Figure("(a) Ridge / linnet", gain, "{:.2f} ×", "≥ 2", gain >= 2),
        Figure("linnet, no penalty", free, "{:.3f} s"),
        Figure("scikit-learn's LinearRegression, float32", regression, "{:.2f} s"),
        Figure("(b) LinearRegression / linnet", gain_free, "{:.1f} ×", "≥ 2", gain_free >= 2),
        Figure(
            "test accuracy, linnet",
            share,
            "{:.4f}",
            f"≥ {share_ridge - 5e-4:.4f}",
            share >= share_ridge - 5e-4,
        ),
        Figure("test accuracy, Ridge", share_ridge, "{:.4f}"),
        Figure(
            "relative error of coefficients, linnet",
            error,
            "{:.1e}",
            "≤ Ridge's",
            error <= error_ridge,
        ),
        Figure("relative error of coefficients, Ridge", error_ridge, "{:.1e}"),
        Figure(f"{len(PENALTIES)} penalties × {FOLDS} folds", many, "{:.3f} s"),
        Figure("(c) penalties and folds / one ridge", cost, "{:.2f} ×", "≤ 3", cost <= 3),
    ]


def main() -> None:
    asked = options(
        "Measure linnet's ridge regression against its targets.",
        quick="one round of each",
        full="nine rounds of each instead of five",
        suffix=".ridge.json",
    ).parse_args()
    if (pictures := load_pictures()) is None:
        return
    train, test = pictures
    lines = figures(train, test, 1 if asked.quick else 9 if asked.full else 5)
    finish(lines, asked.json, ".ridge.json")


if __name__ == "__main__":
    main()
