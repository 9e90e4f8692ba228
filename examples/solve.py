"""Exact optima on the built-in digits: the best softmax model, a sparse one, and a path between them.

python examples/solve.py
"""

from __future__ import annotations

import linnet
from linnet import score, split
from linnet.plot.optimum import path_figure
from linnet.plot.save import save


def main() -> None:
    """Solve, choose, and draw."""
    train, test = linnet.load("digits")
    assert test is not None, "the digits have a test part"
    dense = linnet.solve(train, l2=1e-3)
    print(dense)
    print(f"test accuracy {score(dense.value, test).accuracy:.4f}, all {dense.value.bank.W.numel()} weights")

    fitted, held_out = split(train, 0.2, seed=1)
    found = linnet.regularization_path(fitted, l1s=12, validation=held_out)
    print(found.table[["penalty", "nonzeros", "gap", "train_loss", "validation_loss"]].to_string())
    save(path_figure(found.table, found.weights.numpy(), "l1", "digits"), "path.svg")

    sparse = linnet.solve(train, l1=found.table["penalty"].tolist()[found.best])
    print(sparse)
    kept = int((sparse.value.bank.W != 0).sum())
    print(f"test accuracy {score(sparse.value, test).accuracy:.4f}, {kept} weights that are not 0")


if __name__ == "__main__":
    main()
