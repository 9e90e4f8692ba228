"""Twenty-four settings, five folds each, in one pass: which is best, and whether its lead is noise.

    python examples/sweep.py

On Fashion-MNIST it takes half a minute on two cores, and on the built-in digits (--digits) a second.
"""

from __future__ import annotations

import sys

import linnet


def main() -> None:
    train, test = linnet.load("digits" if "--digits" in sys.argv else "fashion_mnist")
    grid = {
        "optimizer": ["momentum", "adam"],
        "lr": [0.001, 0.003, 0.01, 0.03],
        "l2": [0, 1e-4, 1e-3],
        "schedule": ["cosine"],
    }
    result = linnet.sweep(train, grid, folds=5, epochs=10, out="runs/sweep")
    print(result.table.head(8).to_string(index=False))
    print(f"best: {result.best}\n{result.margin}")
    run = result.refit(test)
    print(f"trained again on all rows, test accuracy {run.history.last['test_accuracy']:.4f}")
    if test is not None:
        print(f"its folds' models together: {result.ensemble().accuracy(test):.4f}")


if __name__ == "__main__":
    main()
