"""Linear regression on synthetic data, as in the book: the loss falls to the noise in three epochs.

python examples/linear_regression.py
"""

from __future__ import annotations

import linnet


def main() -> None:
    train, _ = linnet.load("synthetic", seed=0)  # y = Xw + b + ε with w = (2, −3.4) and b = 4.2
    run = linnet.fit(train, epochs=3, batch_size=10, lr=0.03, show=False)
    for record in run.history.records:
        print(f"epoch {record['epoch']}: loss {record['train_loss']:.6f}")


if __name__ == "__main__":
    main()
