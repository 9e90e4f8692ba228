"""L1 beside celer, skglm and scikit-learn: milliseconds of one processor to an objective of equal worth.

    python benchmarks/peers_l1.py [--peers FOLDER] [--quick | --full] [--json FILE]

The rows are made up: columns that go with their neighbours, few weights that are not 0, noise. Each peer has
the loosest tolerance that brings it within a hundred-millionth of the best objective of all, which is
evaluated here in float64, as linnet's is, which is fitted as it comes. Sides take turns, on one thread each.

FOLDER is where the peers are that share no environment with linnet, whose versions of other things they pin:

    pip install --target FOLDER celer==0.7.4 skglm==0.5
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is there

import argparse
import importlib
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from linnet.estimators import LinearRegressor
from main_job import Figure, finish
from peers import WORSE, Judge, Race, run, squares

Values = NDArray[np.float64]

TOLERANCES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12)
"""Of peers, each by its own measure, from the loosest on."""

PATIENCE = 20.0
"""Seconds in which a peer must have a tolerance that is fine enough; what it compiles counts, too."""

SHAPES = ((1000, 3000), (500, 20_000), (20_000, 200))
SHARES = (0.3, 0.05)
"""Of the least l1 that leaves no weight."""

Maker = Callable[[float], Any]
"""A peer's model of a tolerance, not yet fitted."""


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


def find(package: str) -> Any:
    """A package; None where there is none."""
    try:
        return importlib.import_module(package)
    except ImportError:
        return None


def loosen(
    makers: dict[str, Maker], fit: Callable[[Any], Any], judge: Judge, best: float
) -> dict[str, Callable[[], Any]]:
    """Each peer with the loosest tolerance that is as good as the best; those that find none are left out."""
    found: dict[str, Callable[[], Any]] = {}
    for name, make in makers.items():
        end = time.process_time() + PATIENCE
        for tol in TOLERANCES:
            if judge(fit(make(tol))) <= best + WORSE * abs(best):
                found[name] = lambda make=make, tol=tol: fit(make(tol))
                break
            if time.process_time() > end:
                break
        if name not in found:
            print(f"{name} does not come within {WORSE:g} of the optimum in {PATIENCE:g} s: left out")
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


def parse(description: str, packages: Sequence[str]) -> argparse.Namespace:
    """The options; the peers' folder is searched from here on, and what is in no place is said."""
    parser = argparse.ArgumentParser(description=description)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--quick", action="store_true", help="three rounds")
    length.add_argument("--full", action="store_true", help="as without it: nothing here is cut short")
    parser.add_argument("--peers", type=Path, metavar="FOLDER", help="where the peers are installed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures beside FILE")
    asked = parser.parse_args()
    if asked.peers is not None:
        sys.path.append(str(asked.peers))
    if missing := [package for package in packages if find(package) is None]:
        what = " and ".join(missing)
        print(f"Without {what}, so beside the others alone: pip install --target FOLDER {' '.join(missing)}, "
              "then --peers FOLDER")  # fmt: skip
    return asked


def main() -> None:
    """Run all and print beside the targets."""
    asked = parse("Measure L1 beside celer, skglm and scikit-learn.", ("celer", "skglm"))
    warnings.simplefilter("ignore", ConvergenceWarning)
    lines: list[Figure] = []
    for race in lassos():
        lines += run(race, 3 if asked.quick else 11, time.process_time)
    finish(lines, asked.json, ".peers_l1.json")


if __name__ == "__main__":
    main()
