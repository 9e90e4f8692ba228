"""The estimators beside scikit-learn's on small tables: milliseconds of a fit or an answer.

    python benchmarks/peers.py [--quick | --full] [--cpu] [--json FILE]

Tables that scikit-learn ships, columns of the classifications standardised. The two sides take turns, and the
median of each counts. Each fit's objective is evaluated here, in float64 and by numpy alone: what linnet's is
above its peer's, as a share of it, is printed, and a row where that is more than a hundred-millionth misses
its target, for a faster answer that is a worse one is none.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from linnet.errors import GridEdgeWarning
from linnet.estimators import LinearRegressor, LinearRegressorCV, SoftmaxClassifier, SoftmaxClassifierCV
from main_job import Figure, finish

tables: Any = importlib.import_module("sklearn.datasets")
peers: Any = importlib.import_module("sklearn.linear_model")
pipeline: Any = importlib.import_module("sklearn.pipeline")
scale: Any = importlib.import_module("sklearn.preprocessing")
selection: Any = importlib.import_module("sklearn.model_selection")

Values = NDArray[np.float64]
Judge = Callable[[Any], float]
"""The objective of a fitted model."""

WORSE = 1e-8
"""As a share of the objective: linnet may be so far above its peer."""

PENALTIES = np.logspace(-3, 1, 10)


@dataclass(frozen=True)
class Race:
    """Linnet and the fastest of its peers, at one thing.

    Args:
        name: of what is done.
        ours: does it, and gives the fitted model.
        peers: likewise, by their names.
        target: at most so many times the fastest peer's time.
        judge: the objective of a model; None where there is nothing to compare.
    """

    name: str
    ours: Callable[[], Any]
    peers: dict[str, Callable[[], Any]]
    target: float
    judge: Judge | None = None


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
        scores = X @ W.T + b
        top = scores.max(1, keepdims=True)
        loss = np.log(np.exp(scores - top).sum(1)) + top[:, 0] - scores[np.arange(len(y)), y]
        return float(loss.mean() + l2 / 2 * (W * W).sum())

    return judge


def races() -> list[Race]:
    """All that is measured."""
    X, y = tables.load_diabetes(return_X_y=True)
    n, ridge = len(y), 1 / len(y)
    found = [
        Race("least squares, diabetes", lambda: LinearRegressor().fit(X, y),
             {"LinearRegression": lambda: peers.LinearRegression().fit(X, y)}, 1.2, squares(X, y)),
        Race("ridge, diabetes", lambda: LinearRegressor(l2=ridge).fit(X, y),
             {"Ridge": lambda: peers.Ridge(alpha=n * ridge).fit(X, y)}, 1.2, squares(X, y, ridge)),
        Race("lasso, diabetes", lambda: LinearRegressor(l1=1.0).fit(X, y),
             {"Lasso": lambda: peers.Lasso(alpha=1.0, tol=1e-10).fit(X, y)}, 1.5, squares(X, y, l1=1.0)),
    ]  # fmt: skip
    for name, load in (
        ("iris", tables.load_iris),
        ("wine", tables.load_wine),
        ("breast cancer", tables.load_breast_cancer),
    ):
        found.append(classify(name, *load(return_X_y=True)))
    digits, classes = tables.load_digits(return_X_y=True)
    ours, theirs = SoftmaxClassifier(l2=1e-2).fit(digits, classes), peers.LogisticRegression(max_iter=5000)
    theirs.fit(digits, classes)
    found.append(Race("predict_proba, digits", lambda: ours.predict_proba(digits),
                      {"LogisticRegression": lambda: theirs.predict_proba(digits)}, 1.2))  # fmt: skip
    found.extend(daily(X, y))
    l2s = list(PENALTIES / n)
    alone = list(PENALTIES / (n - 1))  # of the mean of all rows but one
    found.append(Race("ridge, 10 penalties, leaving one out, diabetes",
                      lambda: LinearRegressorCV(l2s=alone, cv="loo").fit(X, y),
                      {"RidgeCV": lambda: peers.RidgeCV(alphas=PENALTIES).fit(X, y)}, 2.0))  # fmt: skip
    found.append(Race("ridge, 10 penalties, 5 folds, diabetes",
                      lambda: LinearRegressorCV(l2s=l2s, cv=5).fit(X, y),
                      {"RidgeCV": lambda: peers.RidgeCV(alphas=PENALTIES, cv=5).fit(X, y)}, 1.0))  # fmt: skip
    return [*found, choose(*tables.load_wine(return_X_y=True))]


def daily(X: Values, y: Values) -> list[Race]:
    """What people call besides a fit: more rows, one row, a pipeline in folds."""
    source = np.random.default_rng(0)
    Z = source.normal(size=(5000, 20))
    t = Z @ source.normal(size=20) + source.normal(size=5000)
    ours, theirs = LinearRegressor().fit(X, y), peers.LinearRegression().fit(X, y)
    pipelines = [
        pipeline.make_pipeline(scale.StandardScaler(), model)
        for model in (LinearRegressor(l2=0.01), peers.Ridge(0.01 * 0.8 * len(y)))
    ]
    return [
        Race("least squares, 5,000 × 20 made up", lambda: LinearRegressor().fit(Z, t),
             {"LinearRegression": lambda: peers.LinearRegression().fit(Z, t)}, 1.2, squares(Z, t)),
        Race("predict, a row of diabetes", lambda: ours.predict(X[:1]),
             {"LinearRegression": lambda: theirs.predict(X[:1])}, 1.2),
        Race("ridge after a scaler in 5 folds, diabetes",
             lambda: selection.cross_val_score(pipelines[0], X, y, cv=5),
             {"Ridge": lambda: selection.cross_val_score(pipelines[1], X, y, cv=5)}, 1.2),
    ]  # fmt: skip


def classify(name: str, X: Values, y: NDArray[np.int64]) -> Race:
    """A classifier of a table, C being 1."""
    X = (X - X.mean(0)) / X.std(0)
    l2 = (2 if y.max() == 1 else 1) / len(y)

    def peer(solver: str, tol: float) -> Callable[[], Any]:
        model = peers.LogisticRegression(solver=solver, tol=tol, max_iter=5000)
        return lambda: model.fit(X, y)

    solvers = {"lbfgs": peer("lbfgs", 1e-8), "newton-cholesky": peer("newton-cholesky", 1e-6)}
    return Race(
        f"softmax, {name}", lambda: SoftmaxClassifier(l2=l2).fit(X, y), solvers, 1.5, entropy(X, y, l2)
    )


def choose(X: Values, y: NDArray[np.int64]) -> Race:
    """A classifier and its penalty by folds."""
    X = (X - X.mean(0)) / X.std(0)
    Cs = 1 / PENALTIES
    peer = peers.LogisticRegressionCV(
        Cs=Cs, cv=5, max_iter=5000, use_legacy_attributes=False, l1_ratios=(0.0,), scoring="accuracy"
    )
    return Race("softmax, 10 penalties, 5 folds, wine",
                lambda: SoftmaxClassifierCV(l2s=list(PENALTIES / (0.8 * len(y))), cv=5).fit(X, y),
                {"LogisticRegressionCV": lambda: peer.fit(X, y)}, 1.0)  # fmt: skip


def run(race: Race, rounds: int, clock: Callable[[], float] = time.perf_counter) -> list[Figure]:
    """Both sides in turn, and what came of it, by a clock of seconds."""
    sides = {"linnet": race.ours, **race.peers}
    models = {name: work() for name, work in sides.items()}  # which loads what is loaded once
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, work in sides.items():
            began = clock()
            work()
            times[name].append(clock() - began)
    median = {name: statistics.median(found) for name, found in times.items()}
    fastest = min(race.peers, key=lambda name: median[name])
    ratio = median["linnet"] / median[fastest]
    excess, lines = (
        0.0,
        [Figure(f"{race.name}: {name}", 1e3 * median[name], "{:.2f} ms") for name in ("linnet", fastest)],
    )
    if race.judge is not None:
        value, other = race.judge(models["linnet"]), race.judge(models[fastest])
        excess = (value - other) / other
        lines.append(Figure(f"{race.name}: objective above the peer's", excess, "{:.0e}"))
    is_met = ratio <= race.target and excess <= WORSE
    return [
        *lines,
        Figure(f"{race.name}: linnet / {fastest}", ratio, "{:.2f} ×", f"≤ {race.target:g} ×", is_met),
    ]


def main() -> None:
    """Run all and print beside the targets."""
    parser = argparse.ArgumentParser(description="Measure the estimators beside scikit-learn's.")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--quick", action="store_true", help="a tenth of the rounds")
    length.add_argument("--full", action="store_true", help="as without it: nothing here is cut short")
    parser.add_argument("--cpu", action="store_true", help="the processor's seconds, beside other programs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE.peers.json")
    asked = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.simplefilter("ignore", GridEdgeWarning)  # the ends are as good as any to be timed by
    clock = time.process_time if asked.cpu else time.perf_counter
    lines = [line for race in races() for line in run(race, 5 if asked.quick else 51, clock)]
    finish(lines, asked.json, ".peers.json")


if __name__ == "__main__":
    main()
