from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from linnet.d2l import torch as d2l
from linnet.d2l.models import linreg, sgd, squared_loss
from linnet.errors import UsageError


def test_a_classifier_counts_and_weighs_as_torch_does() -> None:
    model = d2l.Classifier()
    scores, y = torch.tensor([[3.0, 1, 0], [0, 2, 1], [5, 0, 0]]), torch.tensor([0, 2, 0])
    assert model.accuracy(scores, y, averaged=False).tolist() == [1, 0, 1]
    assert float(model.accuracy(scores, y)) == pytest.approx(2 / 3)
    assert torch.equal(model.loss(scores, y), nn.CrossEntropyLoss()(scores, y))
    by_hand = d2l.SoftmaxRegressionScratch(4, 3, lr=0.1)
    p = by_hand(torch.rand(5, 2, 2))
    torch.testing.assert_close(p.sum(1), torch.ones(5))
    torch.testing.assert_close(by_hand.loss(p, torch.tensor([0, 1, 2, 0, 1])),
                               nn.NLLLoss()(p.log(), torch.tensor([0, 1, 2, 0, 1])))  # fmt: skip
    assert {id(one) for one in by_hand.parameters()} == {id(by_hand.W), id(by_hand.b)}


def test_what_a_model_lacks_is_said() -> None:
    with pytest.raises(UsageError, match="neither forward nor net"):
        d2l.Module()(torch.ones(1))
    with pytest.raises(NotImplementedError, match="has no loss"):
        d2l.Module().loss(torch.ones(1), torch.ones(1))
    with pytest.raises(UsageError, match=r"before Trainer\.fit"):
        d2l.Module().plot("loss", 1.0, True)


floats = st.floats(-100, 100, width=32)


@given(st.lists(st.tuples(floats, floats), min_size=1, max_size=9), st.booleans())
def test_squared_loss_is_half_the_square(pairs: list[tuple[float, float]], is_column: bool) -> None:
    y_hat, y = (torch.tensor(values, dtype=torch.float64) for values in zip(*pairs, strict=True))
    got = squared_loss(y_hat.view(-1, 1) if is_column else y_hat, y)
    assert got.shape == ((len(pairs), 1) if is_column else (len(pairs),))
    assert got.flatten().tolist() == pytest.approx([(a - b) ** 2 / 2 for a, b in pairs])


@given(st.lists(st.tuples(floats, floats), min_size=1, max_size=9), st.floats(1e-3, 10), st.integers(1, 64))
def test_sgd_subtracts_the_mean_gradient(pairs: list[tuple[float, float]], lr: float, batch: int) -> None:
    values, gradients = zip(*pairs, strict=True)
    param = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    param.grad = torch.tensor(gradients, dtype=torch.float64)
    sgd([param], lr, batch)
    assert param.tolist() == pytest.approx([v - lr * g / batch for v, g in pairs], abs=1e-9)
    assert param.grad is not None
    assert not param.grad.any()
    assert param.requires_grad


def test_sgd_without_a_gradient_says_so() -> None:
    with pytest.raises(UsageError, match="backward"):
        sgd([torch.ones(2, requires_grad=True)], 0.1, 1)


def test_linreg_is_the_line() -> None:
    X, w = torch.randn(5, 3), torch.randn(3, 1)
    assert torch.allclose(linreg(X, w, torch.tensor(2.0)), X @ w + 2)
