"""Sixty settings, proposed by Optuna twenty at a time, five folds each: which is best.

    python examples/tune.py

On the built-in digits it takes ten to twenty seconds; with a storage, as here, a second call goes on from the
first. It needs Optuna: pip install 'linnet[tune]'.
"""

from __future__ import annotations

import linnet
from linnet import LogUniform, Uniform


def main() -> None:
    train, test = linnet.load("digits")
    space = {
        "lr": LogUniform(0.001, 1),
        "l2": LogUniform(1e-6, 1e-2),
        "momentum": Uniform(0.5, 0.99),
        "optimizer": ["nesterov", "adam"],
    }
    result = linnet.tune(train, space, trials=60, batch=20, folds=5, storage="runs/tune.log")
    print(result.table.head(5).to_string(index=False))
    print(f"best: {result.best}\n{result.margin}\n{len(result.study.trials)} trials in the study")
    result.plot().savefig("runs/tune.svg")
    run = result.refit(test)
    print(f"trained again on all rows, test accuracy {run.history.last['test_accuracy']:.4f}")


if __name__ == "__main__":
    main()
