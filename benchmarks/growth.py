"""How cost grows: the main jobs with rows, features and classes 1, 4 and 16 times as many.

    python benchmarks/growth.py [--quick | --full] [--cpu] [--json FILE]

Rows are made up. Each job has seconds at 1, 4 and 16 times, linnet's and its peer's, and the exponent of
each: the slope of the logarithms by least squares. Where a fit of either takes longer than `PATIENCE`, larger
ones are left out for both, so that the exponents are of the same sizes, which are said. A classifier's peer
has the loosest tolerance at each size that brings it as near to the optimum as linnet's tolerance is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge

import linnet
from linnet.data.dataset import Dataset
from linnet.estimators import LinearRegressor, SoftmaxClassifier
from measure import Figure, clock_of, finish, options, take_turns
from race import entropy

TIMES = (1, 4, 16)
NEAR = 1e-5
"""As a share of the objective, how far from the optimum a classifier may be."""

TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
"""Of its peer."""

PATIENCE = 30.0
"""Seconds of a fit after which a side is not measured larger."""

Sides = dict[str, Callable[[], object]]
"""Linnet first, then its peer."""


@dataclass(frozen=True)
class Job:
    """A job whose size grows.

    Args:
        name: of it.
        size: N, D and K at once.
        grows: which of them does, by letters.
        make: the sides, of N, D and K.
    """

    name: str
    size: tuple[int, int, int]
    grows: str
    make: Callable[[int, int, int], Sides]


def table(rows: int, features: int, outputs: int) -> tuple[Any, Any]:
    """Normal columns and targets that they tell in part, (N, K)."""
    drawn = np.random.default_rng(0)
    X = drawn.normal(size=(rows, features))
    W = drawn.normal(size=(features, outputs)) / features**0.5
    return X, X @ W + drawn.normal(size=(rows, outputs))


def regression(ours: Callable[[int], Any], theirs: Callable[[int], Any]) -> Callable[[int, int, int], Sides]:
    """Sides of one target, each a model by the number of rows."""

    def make(rows: int, features: int, _: int) -> Sides:
        X, y = table(rows, features, 1)
        return {"linnet": lambda: ours(rows).fit(X, y[:, 0]), "peer": lambda: theirs(rows).fit(X, y[:, 0])}

    return make


def classifiers(X: Any, y: Any, l2: float) -> Sides:
    """Linnet to 1e-5 of the optimum, and lbfgs at the loosest tolerance that is as near."""
    C, judge = (2 if y.max() == 1 else 1) / (len(y) * l2), entropy(X, y, l2)

    def peer(tol: float) -> Any:
        return LogisticRegression(C=C, tol=tol, max_iter=5000).fit(X, y)

    enough = judge(peer(1e-8)) * (1 + NEAR)
    tol = next((tol for tol in TOLERANCES if judge(peer(tol)) <= enough), TOLERANCES[-1])
    return {"linnet": lambda: SoftmaxClassifier(l2=l2, tol=NEAR).fit(X, y), "peer": lambda: peer(tol)}


def softmax(rows: int, features: int, classes: int) -> Sides:
    """Dense rows."""
    X, scores = table(rows, features, classes)
    return classifiers(X, (2 * scores).argmax(1), 1e-4)


def sparse_softmax(rows: int, features: int, classes: int) -> Sides:
    """Rows of some fifty numbers that are not 0."""
    drawn = np.random.default_rng(0)
    X = sparse.random_array((rows, features), density=50 / features, format="csr", rng=drawn)
    y = (X @ drawn.normal(size=(features, classes)) + drawn.gumbel(size=(rows, classes))).argmax(1)
    return classifiers(X, y, 1e-3)


def bank(rows: int, features: int, models: int) -> Sides:
    """An epoch of K models of ten classes; its peer is as many runs of one."""
    import torch

    X, scores = table(rows, features, 10)
    data = Dataset(torch.from_numpy(X).float(), torch.from_numpy(scores.argmax(1)), "made up",
                   tuple("abcdefghij"))  # fmt: skip
    rates = [float(rate) for rate in np.geomspace(0.005, 0.5, models)]
    options = {"epochs": 1, "show": False, "device": "cpu"}

    def one_by_one() -> None:
        for rate in rates:
            linnet.fit(data, lr=rate, **options)

    return {"linnet": lambda: linnet.sweep(data, {"lr": rates}, **options), "peer": one_by_one}


def jobs() -> list[Job]:
    """All that is measured; a peer is scikit-learn's of the same name unless it says otherwise."""
    plain = regression(lambda _: LinearRegressor(), lambda _: LinearRegression())
    ridge = regression(lambda _: LinearRegressor(l2=0.1), lambda rows: Ridge(alpha=0.1 * rows))
    lasso = regression(
        lambda _: LinearRegressor(l1=0.05, tol=1e-6), lambda _: Lasso(alpha=0.05, tol=1e-6, max_iter=10**5)
    )
    found = []
    for name, make in (("least squares", plain), ("ridge", ridge), ("lasso", lasso)):
        found += [Job(name, (5000, 50, 1), grows, make) for grows in "ND"]
    found += [Job("softmax", (2000, 50, 5), grows, softmax) for grows in "NDK"]
    found.append(Job("logistic", (20_000, 20, 2), "N", softmax))
    found += [Job("sparse softmax", (1000, 2000, 5), grows, sparse_softmax) for grows in "NDK"]
    return [*found, Job("64 models", (5000, 100, 4), "K", bank)]


def grown(size: tuple[int, int, int], grows: str, times: int) -> tuple[int, int, int]:
    """N, D and K with one of them so many times as large."""
    rows, features, outputs = (
        value * times if letter in grows else value for letter, value in zip("NDK", size, strict=True)
    )
    return rows, features, outputs


def exponent(seconds: Sequence[float]) -> float:
    """The slope of log seconds by log size; of one size there is none."""
    if len(seconds) < 2:
        return float("nan")
    return float(np.polyfit(np.log(TIMES[: len(seconds)]), np.log(seconds), 1)[0])


def measure(job: Job, rounds: int, clock: Callable[[], float]) -> list[Figure]:
    """Both sides as far as both go."""
    taken: dict[str, list[float]] = {"linnet": [], "peer": []}
    for times in TIMES:
        sides = job.make(*grown(job.size, job.grows, times))
        if times == TIMES[0]:
            take_turns(sides, 1)  # what loads is loaded, and memory touched
        for side, took in take_turns(sides, rounds, clock).items():
            taken[side].append(took)
        if max(found[-1] for found in taken.values()) > PATIENCE:
            break
    far = TIMES[len(taken["linnet"]) - 1]
    N, D, K = job.size
    name = f"{job.name}, {N:,} × {D} × {K}, {job.grows} to {far} times"
    for side, found in taken.items():
        print(f"{name}: {side} {', '.join(f'{took:.4g}' for took in found)} s", flush=True)
    slopes = {side: exponent(found) for side, found in taken.items()}
    ratio = taken["linnet"][-1] / taken["peer"][-1]
    return [
        Figure(f"{name}: exponent, linnet", slopes["linnet"], "{:.2f}"),
        Figure(f"{name}: exponent, peer", slopes["peer"], "{:.2f}"),
        Figure(f"{name}: linnet / peer at the largest", ratio, "{:.2f} ×"),
    ]


def main() -> None:
    """Run all and print the exponents."""
    parser = options("Measure how cost grows.", quick="one round of each", suffix=".growth.json", is_cpu=True)
    asked = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    lines = [line for job in jobs() for line in measure(job, 1 if asked.quick else 3, clock_of(asked))]
    finish(lines, asked.json, ".growth.json")


if __name__ == "__main__":
    main()
