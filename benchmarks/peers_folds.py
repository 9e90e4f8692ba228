"""5 folds of 20 penalties on embeddings, beside scikit-learn's grid search over the same.

    python benchmarks/peers_folds.py [--quick | --full] [--cpu] [--json FILE]

The embeddings are those of real texts where `real.py` has made them, else rows that are made up; both of
length 10. `SoftmaxClassifierCV` and `GridSearchCV(LogisticRegression)` get the same folds, the same 20 values
of C from 1e-3 to 100, and log loss as what to choose by. Each has the loosest of its tolerances with which
the validation loss of what it chooses is within a thousandth, above or below, of what the grid search finds
at its finest. With these each is run once more for its seconds.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

import real
from linnet.errors import GridEdgeWarning
from linnet.estimators import SoftmaxClassifierCV
from measure import Figure, clock_of, finish, options, peak_of, take_turns
from peers_many import embeddings
from race import Values

FOLDS, SETTINGS = 5, np.logspace(-3, 2, 20)
TOLERANCES = (1e-3, 1e-4, 1e-5, 1e-6)
EQUAL = 1e-3
"""As a share of the validation loss."""

TARGET, AIM = 10, 30

Search = Callable[[float], float]
"""Gives the mean validation loss of what it chooses, by a tolerance."""


def rows(count: int) -> tuple[str, Values, NDArray[np.int64]]:
    """A name, embeddings of length 10, and their classes."""
    held = real.load()
    if held is None:
        job = embeddings(count, 384, 20)
        return f"embeddings made up, {count:,} × 384, 20 classes", job.X, job.y
    X, y = held.X[:count].astype(np.float64), held.y[:count]
    X *= 10 / np.linalg.norm(X, axis=1, keepdims=True)
    return f"embeddings of texts, {len(y):,} × {X.shape[1]}, {len(held.names)} classes", X, y


def searches(X: Values, y: NDArray[np.int64]) -> dict[str, Search]:
    """Both sides."""
    l2s = list(1 / (SETTINGS * len(y) * (FOLDS - 1) / FOLDS))

    def ours(tol: float) -> float:
        return -SoftmaxClassifierCV(l2s=l2s, cv=FOLDS, scoring="neg_log_loss", tol=tol).fit(X, y).best_score_

    def theirs(tol: float) -> float:
        model: Any = LogisticRegression(tol=tol, max_iter=5000)
        search = GridSearchCV(model, {"C": SETTINGS}, cv=FOLDS, scoring="neg_log_loss")
        return -search.fit(X, y).best_score_

    return {"linnet": ours, "grid search": theirs}


def loosest(losses: dict[float, float], best: float) -> float:
    """The loosest tolerance whose validation loss is equal to the best; a finer one where none is."""
    return max(
        (tol for tol, loss in losses.items() if abs(loss - best) <= best * EQUAL), default=TOLERANCES[-1]
    )


def main() -> None:
    """Run both and print beside the target."""
    parser = options("Measure folds and penalties beside scikit-learn's.", quick="half of the 4,000 rows",
                     full="20,000 rows", suffix=".folds.json", is_cpu=True)  # fmt: skip
    asked = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.simplefilter("ignore", GridEdgeWarning)
    name, X, y = rows(2000 if asked.quick else 20_000 if asked.full else 4000)
    sides = searches(X, y)
    found = {side: {tol: search(tol) for tol in TOLERANCES[:-1]} for side, search in sides.items()}
    best = found["grid search"][TOLERANCES[-2]]
    tols = {side: loosest(losses, best) for side, losses in found.items()}

    def search(side: str) -> None:
        found[side][tols[side]] = sides[side](tols[side])

    work = {side: partial(search, side) for side in sides}
    seconds = take_turns(work, 1, clock_of(asked))
    ratio = seconds["grid search"] / seconds["linnet"]
    lines = [
        Figure(f"{name}: {side}, tol {tols[side]:g}", seconds[side], "{:.1f} s", memory=peak_of(work[side]))
        for side in sides
    ]
    for side, losses in found.items():
        excess = losses[tols[side]] / best - 1
        said = f"{name}: validation loss beside {best:.4f}, {side}"
        lines.append(Figure(said, excess, "{:.0e}", f"≤ {EQUAL:g} from 0", abs(excess) <= EQUAL))
    lines.append(
        Figure("grid search / linnet", ratio, "{:.1f} ×", f"≥ {TARGET} (aim {AIM})", ratio >= TARGET)
    )
    finish(lines, asked.json, ".folds.json")


if __name__ == "__main__":
    main()
