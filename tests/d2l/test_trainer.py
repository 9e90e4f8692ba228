from __future__ import annotations

from typing import Any

import pytest
import torch

from linnet.d2l import torch as d2l


@pytest.fixture(autouse=True)
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(d2l.ProgressBoard, "_add", lambda board, label, x, y: points.append((label, x, y)))
    points.clear()


points: list[tuple[str, float, float]] = []


W = torch.tensor([2.0, -3.4])


@pytest.mark.parametrize("Model", [d2l.LinearRegressionScratch, d2l.LinearRegression])
def test_a_trainer_steps_as_plain_pytorch_does(Model: Any) -> None:
    torch.manual_seed(0)
    data = d2l.SyntheticRegressionData(W, 4.2, num_train=64, num_val=32, batch_size=16)
    model: Any = Model(2, lr=0.1) if Model is d2l.LinearRegressionScratch else Model(lr=0.1)
    if Model is d2l.LinearRegression:
        model(data.X[:1])  # takes its size
        model.net.weight.data.fill_(0.5)
        w = torch.full((2, 1), 0.5, requires_grad=True)
    else:
        w = model.w.detach().clone().requires_grad_()
    b = torch.zeros(1, requires_grad=True)
    half = 0.5 if Model is d2l.LinearRegressionScratch else 1.0
    torch.manual_seed(7)
    d2l.Trainer(max_epochs=2).fit(model, data)
    torch.manual_seed(7)
    for _ in range(2):
        for rows in torch.randperm(64).split(16):
            loss = half * ((data.X[rows] @ w + b - data.y[rows]) ** 2).mean()
            gradients = torch.autograd.grad(loss, (w, b))
            with torch.no_grad():
                w -= 0.1 * gradients[0]
                b -= 0.1 * gradients[1]
    found = (model.w, model.b) if Model is d2l.LinearRegressionScratch else model.get_w_b()
    torch.testing.assert_close(found[0].reshape(-1, 1), w)
    torch.testing.assert_close(found[1], b)
    assert [label for label, _, _ in points].count("train_loss") == 4  # two points an epoch
    assert [x for label, x, _ in points if label == "val_loss"] == [1, 2]


def test_gradients_are_clipped_to_a_norm() -> None:
    model = d2l.LinearRegression(lr=1.0)
    model(torch.ones(1, 2))
    model.net.weight.grad, model.net.bias.grad = torch.tensor([[3.0, 0]]), torch.tensor([4.0])
    d2l.Trainer(1, gradient_clip_val=1).clip_gradients(1, model)
    torch.testing.assert_close(model.net.weight.grad, torch.tensor([[0.6, 0]]))
    torch.testing.assert_close(model.net.bias.grad, torch.tensor([0.8]))
