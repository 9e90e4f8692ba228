"""Softmax regression on Fashion-MNIST, as in the book: about 0.83 test accuracy after ten epochs.

    python examples/train_softmax.py

The files are looked for on this machine first and downloaded when they are nowhere (29 MiB).
"""

from __future__ import annotations

import linnet


def main() -> None:
    train, test = linnet.load("fashion_mnist")
    run = linnet.fit(train, test=test, epochs=10, batch_size=256, lr=0.1, out="runs/softmax")
    print(f"final training loss {run.history.records[-1]['train_loss']:.3f}")


if __name__ == "__main__":
    main()
