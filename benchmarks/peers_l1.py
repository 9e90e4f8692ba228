"""L1 beside celer, skglm and scikit-learn: milliseconds of one processor to an objective of equal worth.

    python benchmarks/peers_l1.py [--quick | --full] [--json FILE]

The rows are made up: columns that go with their neighbours, few weights that are not 0, noise. Each peer has
the loosest tolerance that brings it within a hundred-millionth of the best objective of all, which is
evaluated here in float64, as linnet's is, which is fitted as it comes. Sides take turns, on one thread each.

celer and skglm, whose versions of other things are not linnet's, are installed at the first time into a
folder of their own, as benchmarks/peers.txt pins them.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is there

import argparse
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from environment import add_packages, find
from linnet.estimators import LinearRegressor
from measure import finish, options
from race import TOLERANCES, Maker, Race, Values, loosen, run_all, squares

SHAPES = ((1000, 3000), (500, 20_000), (20_000, 200))
SHARES = (0.3, 0.05)
"""Of the least l1 that leaves no weight."""


def correlated(rows: int, features: int, seed: int = 0, rho: float = 0.5) -> tuple[Values, Values]:
    """Columns that go with their neighbours by rho, and a target of a tenth of them, or of the rows."""
    source = np.random.default_rng(seed)
    X = source.standard_normal((rows, features))
    for j in range(1, features):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho * rho) * X[:, j]
    w = np.zeros(features)
    used = min(rows, features) // 10
    w[source.choice(features, used, replace=False)] = source.standard_normal(used)
    y = X @ w
    return X, y + 0.3 * y.std() * source.standard_normal(rows)


def regression_peers(l1: float) -> dict[str, Maker]:
    """Those that are here, by their names."""
    found: dict[str, Maker] = {}
    for package, name in (("celer", "celer"), ("skglm", "skglm"), ("sklearn.linear_model", "scikit-learn")):
        if (module := find(package)) is not None:
            more = {} if package == "celer" else {"max_iter": 10**5}
            found[name] = lambda tol, module=module, more=more: module.Lasso(alpha=l1, tol=tol, **more)
    return found


def lassos() -> Iterable[Race]:
    """Least squares with L1 of middle size."""
    for rows, features in SHAPES:
        X, y = correlated(rows, features)
        most = float(np.abs((y - y.mean()) @ X).max()) / rows
        for share in SHARES:
            l1 = share * most
            judge = squares(X, y, l1=l1)

            def fit(model: Any, X: Values = X, y: Values = y) -> Any:
                return model.fit(X, y)

            def ours(fit: Callable[[Any], Any] = fit, l1: float = l1) -> Any:
                return fit(LinearRegressor(l1=l1))

            makers = regression_peers(l1)
            best = min(judge(fit(make(TOLERANCES[-2]))) for make in makers.values())
            name = f"lasso, {rows:,} × {features:,}, {share:g} of the largest"
            yield Race(name, ours, loosen(makers, fit, judge, best), 1.0, judge)


def parse(description: str, suffix: str) -> argparse.Namespace:
    """The options; packages that linnet's environment lacks are there from here on, or it is said."""
    asked = options(description, quick="fewer rounds", suffix=suffix).parse_args()
    add_packages("peers.txt")
    warnings.simplefilter("ignore", ConvergenceWarning)
    return asked


def main() -> None:
    """Run all and print beside the targets."""
    asked = parse("Measure L1 beside celer, skglm and scikit-learn.", ".peers_l1.json")
    lines = run_all(list(lassos()), 3 if asked.quick else 11, time.process_time)
    finish(lines, asked.json, ".peers_l1.json")


if __name__ == "__main__":
    main()
