"""A module of your own, with your own loss and optimizer, through the same loop.

    python examples/custom_module.py

The module is trained in place by autograd; history, callbacks and display are those of a linear model.
"""

from __future__ import annotations

import torch
from torch import nn

import linnet


def main() -> None:
    torch.manual_seed(0)  # the module draws its own first weights
    train, test = linnet.load("digits")
    layers = nn.Linear(train.features, 64), nn.ReLU(), nn.Linear(64, train.outputs)
    net = nn.Sequential(nn.Flatten(), *layers)  # images come as (B, 1, height, width)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    loss = nn.CrossEntropyLoss()
    run = linnet.fit(train, test=test, model=net, loss=loss, optimizer=optimizer, epochs=20, batch_size=64)
    print(run.history.last)


if __name__ == "__main__":
    main()
