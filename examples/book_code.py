"""The book's own code for softmax regression (D2L 3.7), with only the import line changed.

    python examples/book_code.py

In a notebook the figure grows as it trains; with a display it is a window; elsewhere each epoch is a line and
the figures are files in d2l-figures.
"""

from __future__ import annotations

import torch
from torch import nn

from linnet.d2l import torch as d2l


def main() -> None:
    train_iter, test_iter = d2l.load_data_fashion_mnist(256)
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    loss = nn.CrossEntropyLoss(reduction="none")
    trainer = torch.optim.SGD(net.parameters(), lr=0.1)
    d2l.train_ch3(net, train_iter, test_iter, loss, 10, trainer)
    d2l.predict_ch3(net, test_iter)


if __name__ == "__main__":
    main()
