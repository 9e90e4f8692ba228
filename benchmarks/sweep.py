"""The sweep measured: many models in one pass, beside one model and beside scikit-learn's grid search.

    python benchmarks/sweep.py [--quick | --full] [--json FILE]

docs/benchmarks.md says what each figure means. Without the data files there is nothing to measure.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings

import numpy as np
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import GridSearchCV

import linnet
from linnet.data.dataset import Dataset
from main_job import IDLE, IMAGE_BYTES
from measure import Figure, finish, load_pictures, options, peak, peak_of, seconds

EPOCHS = 10
RATES = [float(rate) for rate in np.geomspace(0.005, 0.5, 64)]
CELLS = 2
FOLDED = """
import numpy as np
import linnet
from linnet.data.sources import fashion_mnist
train = fashion_mnist.SOURCE.load().train
grid = {"lr": [float(r) for r in np.geomspace(0.01, 0.5, 10)], "l2": [0.0, 1e-4]}
linnet.sweep(train, grid, folds=5, epochs=EPOCHS, show=False, device="cpu")
"""
USUAL = {
    "optimizer": ["momentum", "adam"],
    "lr": [0.001, 0.003, 0.01, 0.03, 0.1],
    "l2": [0.0, 1e-4],
    "schedule": ["cosine"],
}


def one(train: Dataset, test: Dataset) -> None:
    linnet.fit(train, test=test, epochs=EPOCHS, show=False, device="cpu")


def many(train: Dataset) -> None:
    linnet.sweep(train, {"lr": RATES}, epochs=EPOCHS, show=False, device="cpu")


def grid_search(train: Dataset) -> float:
    """Seconds of scikit-learn's grid search for all rates, from a few of them."""
    X = (train.X.numpy() / np.float32(255)).astype(np.float32)
    y = train.y.numpy()
    rows = np.random.default_rng(0).permutation(len(y))
    cut = len(y) // 10
    options = {"learning_rate": "constant", "max_iter": EPOCHS, "tol": None, "random_state": 0}
    model = SGDClassifier(loss="log_loss", **options)
    cells = {"eta0": RATES[:: len(RATES) // CELLS][:CELLS]}
    search = GridSearchCV(model, cells, cv=[(rows[cut:], rows[:cut])], n_jobs=2, refit=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return seconds(lambda: search.fit(X, y)) * len(RATES) / CELLS


def figures(train: Dataset, test: Dataset, rounds: int) -> list[Figure]:
    one(train, test)
    alone, together = [], []
    for _ in range(rounds):
        alone.append(seconds(lambda: one(train, test)))
        together.append(seconds(lambda: many(train)))
    single, sweep = statistics.median(alone), statistics.median(together)
    search = grid_search(train)
    code = FOLDED.replace("EPOCHS", str(EPOCHS))
    idle = statistics.median(peak(IDLE) for _ in range(3))
    beside = peak_of(lambda: one(train, test)), peak_of(lambda: many(train))
    start = time.perf_counter()
    memory = peak(code) - idle - IMAGE_BYTES
    folded = time.perf_counter() - start
    result = linnet.sweep(train, USUAL, epochs=20, show=False, device="cpu")
    accuracy = result.refit(test).history.last["test_accuracy"]
    times = sweep / single
    return [
        Figure("one model, 10 epochs", single, "{:.3f} s", memory=beside[0]),
        Figure("64 learning rates in one pass, 10 epochs", sweep, "{:.2f} s", memory=beside[1]),
        Figure("(e) 64 models / one", times, "{:.1f} ×", "≤ 12 (aim 11)", times <= 12),
        Figure(
            f"scikit-learn's grid search, 2 jobs ({CELLS} cells measured, × {len(RATES) // CELLS})",
            search,
            "{:.0f} s",
        ),
        Figure("(f) grid search / one pass", search / sweep, "{:.0f} ×", "(aim 100)"),
        Figure("5 folds × 20 settings (100 models), whole process", folded, "{:.1f} s"),
        Figure(
            "(g) its peak memory over torch and data", memory / 1e6, "{:.0f} MB", "≤ 600 MB", memory <= 600e6
        ),
        Figure("(h) test accuracy of the choice among 20", accuracy, "{:.4f}", "≥ 0.845", accuracy >= 0.845),
    ]


def main() -> None:
    parser = options("Measure linnet's sweep against its targets.", quick="one round of one model and of 64",
                     suffix=".sweep.json")  # fmt: skip
    asked = parser.parse_args()
    if (pictures := load_pictures()) is None:
        return
    train, test = pictures
    lines = figures(train, test, 1 if asked.quick else 3)
    finish(lines, asked.json, ".sweep.json")


if __name__ == "__main__":
    sys.exit(main())
