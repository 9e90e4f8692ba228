"""The estimators beside scikit-learn's on small tables: milliseconds of a fit or an answer.

    python benchmarks/peers.py [--quick | --full] [--cpu] [--json FILE]

Tables that scikit-learn ships, columns of the classifications standardised. The two sides take turns, and the
median of each counts. Each fit's objective is evaluated here, in float64 and by numpy alone: what linnet's is
above its peer's, as a share of it, is printed, and a row where that is more than a hundred-millionth misses
its target, for a faster answer that is a worse one is none.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from linnet.errors import GridEdgeWarning
from linnet.estimators import LinearRegressor, LinearRegressorCV, SoftmaxClassifier, SoftmaxClassifierCV
from measure import clock_of, finish, options
from race import Race, Values, entropy, run_all, squares

tables: Any = importlib.import_module("sklearn.datasets")
peers: Any = importlib.import_module("sklearn.linear_model")
pipeline: Any = importlib.import_module("sklearn.pipeline")
scale: Any = importlib.import_module("sklearn.preprocessing")
selection: Any = importlib.import_module("sklearn.model_selection")

PENALTIES = np.logspace(-3, 1, 10)


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
    found.append(classify("digits", digits, classes))
    found.extend(classify(f"5,000 × 50, {count} classes, made up", *made_up(count)) for count in (2, 10))
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
    X = (X - X.mean(0)) / np.where(X.std(0) > 0, X.std(0), 1.0)
    l2 = (2 if y.max() == 1 else 1) / len(y)

    def peer(solver: str, tol: float) -> Callable[[], Any]:
        model = peers.LogisticRegression(solver=solver, tol=tol, max_iter=5000)
        return lambda: model.fit(X, y)

    solvers = {"lbfgs": peer("lbfgs", 1e-8)}
    if y.max() < 3:  # of more classes it takes ten times as long as lbfgs
        solvers["newton-cholesky"] = peer("newton-cholesky", 1e-6)
    return Race(
        f"softmax, {name}", lambda: SoftmaxClassifier(l2=l2).fit(X, y), solvers, 1.5, entropy(X, y, l2)
    )


def made_up(classes: int) -> tuple[Values, NDArray[np.int64]]:
    """Rows whose classes follow a softmax of them."""
    source = np.random.default_rng(classes)
    X = source.normal(size=(5000, 50))
    scores = X @ source.normal(size=(50, classes)) * 0.3 + source.gumbel(size=(5000, classes))
    return X, scores.argmax(1)


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


def main() -> None:
    """Run all and print beside the targets."""
    parser = options("Measure the estimators beside scikit-learn's.", quick="a tenth of the rounds",
                     suffix=".peers.json", is_cpu=True)  # fmt: skip
    asked = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.simplefilter("ignore", GridEdgeWarning)  # the ends are as good as any to be timed by
    lines = run_all(races(), 5 if asked.quick else 51, clock_of(asked))
    finish(lines, asked.json, ".peers.json")


if __name__ == "__main__":
    main()
