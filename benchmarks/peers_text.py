"""L1 and L2 of sparse texts beside liblinear, saga, lbfgs, skglm and adelie, to an objective of equal worth.

    python benchmarks/peers_text.py [--quick | --full] [--json FILE]

The texts are made up: 8,500 rows of 24,000 words whose counts fall as Zipf's law has it, 20 classes that
prefer words of their own, TF-IDF of unit length. Peers, tolerances and clock are as in `peers_l1.py`.
`--quick` leaves out 20 classes with L1, of which saga alone is a peer and does not come near. adelie's
softmax of sparse rows ends in an error with numpy 2.4, so it is a peer of two classes alone.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is there

import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

import linnet
from environment import find
from linnet.data.dataset import Dataset
from linnet.errors import GridEdgeWarning
from linnet.estimators import SoftmaxClassifier
from measure import Figure, finish
from peers_l1 import parse
from race import Judge, Maker, Race, loosen, mean_entropy, run_all

ROWS, WORDS, CLASSES = 8500, 24_000, 20

FOLDS, PENALTIES = 5, 20


class Model(NamedTuple):
    """Weights and biases of any library's model."""

    coef_: Any
    intercept_: Any


def texts(seed: int = 0) -> tuple[Any, NDArray[np.int64]]:
    """TF-IDF, (N, D), scipy's CSR, and classes."""
    source = np.random.default_rng(seed)
    y = source.integers(0, CLASSES, ROWS)
    often = 1 / np.arange(1, WORDS + 1) ** 1.05
    rows, words = [], []
    for k in range(CLASSES):
        liked = often.copy()
        own = source.choice(WORDS, WORDS // 50, replace=False)
        liked[own] *= source.gamma(1.0, 8.0, len(own))
        for row in np.flatnonzero(y == k):
            length = max(5, int(source.lognormal(np.log(80), 0.6)))
            rows.append(np.full(length, row))
            words.append(source.choice(WORDS, length, p=liked / liked.sum()))
    where = np.concatenate(rows), np.concatenate(words)
    X = sparse.coo_matrix((np.ones(len(where[0])), where), (ROWS, WORDS)).tocsr()
    held = np.bincount(X.indices, minlength=WORDS)
    X.data = (1 + np.log(X.data)) * (np.log((1 + ROWS) / (1 + held)) + 1)[X.indices]
    lengths = np.sqrt(np.asarray(X.power(2).sum(1)).ravel())
    X = sparse.csr_matrix(sparse.diags(1 / lengths) @ X)
    X.sort_indices()  # as vectorizers give them
    return X, y


def judge_of(X: Any, y: NDArray[np.int64], l1: float, l2: float) -> Judge:
    """The mean cross-entropy and the penalties, of one row of weights for two classes or one a class."""

    def judge(model: Any) -> float:
        W, b = np.atleast_2d(np.asarray(model.coef_, np.float64)), np.ravel(model.intercept_)
        scores = np.asarray(X @ W.T + b)
        if len(W) == 1:
            scores = np.column_stack([np.zeros(len(y)), scores])
        return mean_entropy(scores, y) + float(l1 * np.abs(W).sum() + l2 / 2 * np.square(W).sum())

    return judge


def binary_peers(X: Any, y: NDArray[np.int64], l1: float) -> dict[str, Maker]:
    """Two classes with L1; what shares linnet's environment, and what is in the folder."""
    n = len(y)
    found: dict[str, Maker] = {
        # Its bias is penalised with the weights, so it is a weight of a large number.
        "liblinear": lambda tol: (
            lambda: LogisticRegression(
                C=1 / (l1 * n),
                l1_ratio=1.0,
                solver="liblinear",
                tol=tol,
                intercept_scaling=1000,
                max_iter=200,
            ).fit(X, y)
        )
    }
    columns = X.tocsc()
    if (skglm := find("skglm")) is not None:
        found["skglm"] = lambda tol: (
            lambda: skglm.SparseLogisticRegression(alpha=l1, tol=tol).fit(columns, 2 * y - 1)
        )
    if (adelie := find("adelie")) is not None:

        def fit(tol: float) -> Model:
            state = adelie.grpnet(
                X=adelie.matrix.sparse(columns, method="naive", n_threads=1), tol=tol, lmda_path=[l1],
                glm=adelie.glm.binomial(y.astype(float)), progress_bar=False, early_exit=False,
            )  # fmt: skip
            return Model(state.betas[-1].toarray(), state.intercepts[-1])

        found["adelie"] = lambda tol: lambda: fit(tol)
    return found


def multinomial_peers(X: Any, y: NDArray[np.int64], l1: float, l2: float) -> dict[str, Maker]:
    """All classes; with L1 saga alone minimises the same."""
    C = 1 / ((l1 or l2) * len(y))
    solvers = ("saga",) if l1 else ("lbfgs", "newton-cg")

    def maker(solver: str) -> Maker:
        return lambda tol: (
            lambda: LogisticRegression(C=C, l1_ratio=float(l1 > 0), solver=solver, tol=tol, max_iter=200).fit(
                X, y
            )
        )

    return {solver: maker(solver) for solver in solvers}


def race(name: str, X: Any, y: NDArray[np.int64], l1: float, l2: float, makers: dict[str, Maker]) -> Race:
    """Linnet beside peers that are good enough."""
    # Of two classes linnet's l2 is of softmax's two rows, half of which is the difference's.
    judge = judge_of(X, y, l1, l2 / 2 if y.max() == 1 else l2)

    def ours() -> Any:
        return SoftmaxClassifier(l1=l1, l2=l2).fit(X, y)

    def fit(model: Callable[[], Any]) -> Any:
        return model()

    return Race(name, ours, loosen(makers, fit, judge, judge(ours())), 1.0, judge)


def paths(X: Any, y: NDArray[np.int64]) -> list[Figure]:
    """20 penalties, and 5 folds of them, in times of a fit, of the least of them, in processor's seconds."""
    data = Dataset(X, torch.from_numpy(y), "texts", ("first", "second"))
    l1s = np.geomspace(1e-2, 1e-4, PENALTIES)

    def timed(folds: int | None, penalties: list[float]) -> float:
        began = time.process_time()
        linnet.regularization_path(data, l1s=penalties, folds=folds)
        return time.process_time() - began

    one = statistics.median(timed(None, [1e-4]) for _ in range(5))
    path, many = timed(None, list(l1s)), timed(FOLDS, list(l1s))
    return [
        Figure("two classes, L1 1e-4, one fit with its proof", one, "{:.2f} s"),
        Figure(f"{PENALTIES} penalties from 1e-2 to 1e-4 / one fit", path / one, "{:.1f} ×"),
        Figure(
            f"{FOLDS} folds × {PENALTIES} penalties from 1e-2 to 1e-4 / one fit",
            many / one,
            "{:.1f} ×",
            "≤ 8 ×",
            many <= 8 * one,
        ),
    ]


def main() -> None:
    """Run all and print beside the targets."""
    asked = parse("Measure texts beside liblinear, saga, skglm and adelie.", ".peers_text.json")
    warnings.simplefilter("ignore", GridEdgeWarning)  # the ends are as good as any to be timed by
    X, y = texts()
    half = (y < CLASSES // 2).astype(np.int64)
    races = [
        race("two classes, L1 1e-3", X, half, 1e-3, 0.0, binary_peers(X, half, 1e-3)),
        race("two classes, L1 1e-4", X, half, 1e-4, 0.0, binary_peers(X, half, 1e-4)),
        race("20 classes, L2 1e-4", X, y, 0.0, 1e-4, multinomial_peers(X, y, 0.0, 1e-4)),
    ]
    if not asked.quick:
        races.append(race("20 classes, L1 1e-3", X, y, 1e-3, 0.0, multinomial_peers(X, y, 1e-3, 0.0)))
    lines = run_all(races, 2 if asked.quick else 5, time.process_time)
    finish([*lines, *paths(X, half)], asked.json, ".peers_text.json")


if __name__ == "__main__":
    main()
