from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from linnet.d2l import torch as d2l
from linnet.d2l.loaders import ImageLoader, load_array
from linnet.d2l.models import sgd, squared_loss
from linnet.d2l.training import (
    MeanLossWarning,
    accuracy,
    evaluate_accuracy,
    evaluate_loss,
    predict_ch3,
    train_ch3,
    train_epoch_ch3,
)
from linnet.errors import UsageError
from tests.support.images import images

floats = st.floats(-100, 100, width=32)


@given(rows=st.integers(1, 20), classes=st.integers(2, 7), seed=st.integers(0, 999))
def test_accuracy_counts_highest_scores_at_their_label(rows: int, classes: int, seed: int) -> None:
    source = torch.Generator().manual_seed(seed)
    scores = torch.randn(rows, classes, generator=source)
    y = torch.randint(0, classes, (rows,), generator=source)
    expected = sum(
        max(range(classes), key=lambda k: float(row[k])) == int(t) for row, t in zip(scores, y, strict=True)
    )
    assert accuracy(scores, y) == expected
    predictions = scores.argmax(1)
    assert accuracy(predictions, y) == expected
    assert accuracy(predictions.view(-1, 1).float(), y.view(-1, 1)) == expected


def line(rows: int = 60) -> tuple[Tensor, Tensor]:
    X = torch.randn(rows, 3, generator=torch.Generator().manual_seed(4))
    return X, X @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.3


def steps_by_hand(X: Tensor, y: Tensor, w: Tensor, lr: float, batch: int) -> Tensor:
    for low in range(0, len(X), batch):
        A, b = X[low : low + batch], y[low : low + batch]
        w = w - lr * A.T @ (A @ w - b) / len(A)
    return w


def test_an_optimizer_steps_on_the_mean_and_an_updater_on_the_sum() -> None:
    X, y = line()
    start = torch.ones(3, 1)
    expected = steps_by_hand(X, y, start, 0.05, 16)

    net = nn.Linear(3, 1, bias=False)
    with torch.no_grad():
        net.weight.copy_(start.T)
    trainer = torch.optim.SGD(net.parameters(), lr=0.05)
    train_epoch_ch3(net, load_array((X, y), 16, False), squared_loss, trainer)
    assert torch.allclose(net.weight.T, expected, atol=1e-6)

    w = start.clone().requires_grad_()
    sizes: list[int] = []

    def updater(batch_size: int) -> None:
        sizes.append(batch_size)
        sgd([w], 0.05, batch_size)

    loss, _ = train_epoch_ch3(lambda A: A @ w, load_array((X, y), 16, False), squared_loss, updater)
    assert torch.allclose(w, expected, atol=1e-6)
    assert sizes == [16, 16, 16, 12]
    assert loss > 0


@pytest.mark.parametrize("kind", ["mean", "sum", "unsaid mean", "unsaid sum"])
def test_a_loss_that_is_a_scalar_is_reported_rightly(kind: str) -> None:
    torch.manual_seed(0)
    dataset = images(100)
    losses = {
        "mean": nn.CrossEntropyLoss(),
        "sum": nn.CrossEntropyLoss(reduction="sum"),
        "unsaid mean": lambda scores, y: nn.functional.cross_entropy(scores, y),
        "unsaid sum": lambda scores, y: nn.functional.cross_entropy(scores, y, reduction="sum"),
    }
    expected = []
    for loss in (nn.CrossEntropyLoss(reduction="none"), losses[kind]):
        torch.manual_seed(3)
        net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
        frozen = torch.optim.SGD(net.parameters(), lr=0.0)
        is_mean = loss is losses[kind] and "mean" in kind
        with pytest.warns(MeanLossWarning, match="too small") if is_mean else contextlib.nullcontext():
            expected.append(train_epoch_ch3(net, ImageLoader(dataset, 32, True), loss, frozen))
        with pytest.warns(MeanLossWarning) if is_mean else contextlib.nullcontext():
            assert evaluate_loss(net, ImageLoader(dataset, 32, False), loss) == pytest.approx(
                expected[0][0], rel=1e-5
            )
    assert expected[1] == pytest.approx(expected[0], rel=1e-5)


def test_a_mean_loss_steps_a_custom_updater_like_a_loss_a_row() -> None:
    X, y = line()
    weights = []
    for loss in (squared_loss, lambda a, b: squared_loss(a, b).mean()):
        w = torch.ones(3, 1, requires_grad=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MeanLossWarning)
            train_epoch_ch3(
                lambda A, w=w: A @ w, load_array((X, y), 16, False), loss, lambda n, w=w: sgd([w], 0.1, n)
            )
        weights.append(w.detach())
    assert torch.allclose(*weights, atol=1e-6)


def test_evaluation_puts_a_module_in_eval_mode_and_training_back() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(784, 10))
    loader = ImageLoader(images(50), 20, False)
    first = evaluate_accuracy(net, loader)
    assert not net.training
    assert evaluate_accuracy(net, loader) == first  # no dropout
    train_epoch_ch3(
        net, loader, nn.CrossEntropyLoss(reduction="none"), torch.optim.SGD(net.parameters(), lr=0.1)
    )
    assert net.training


def test_evaluate_loss_is_the_mean_over_all_rows() -> None:
    X, y = line(37)
    net = nn.Linear(3, 1)
    expected = float(squared_loss(net(X), y).detach().mean())
    for loss in (squared_loss, lambda a, b: squared_loss(a, b)):
        assert evaluate_loss(net, load_array((X, y.flatten()), 10, False), loss) == pytest.approx(
            expected, rel=1e-5
        )
    scores = nn.Linear(3, 4)
    labels = torch.arange(37) % 4
    expected = float(nn.functional.cross_entropy(scores(X), labels).detach())
    got = evaluate_loss(scores, load_array((X, labels), 10, False), nn.CrossEntropyLoss(reduction="none"))
    assert got == pytest.approx(expected, rel=1e-5)


class Plain:
    """A data set of nobody's that is gone through again and again."""

    def __init__(self, rows: int) -> None:
        self.loader = ImageLoader(images(rows), 32, False)

    def __iter__(self) -> Iterator[list[Tensor]]:
        yield from self.loader


def test_train_ch3_prints_and_draws_and_warns(capsys: pytest.CaptureFixture[str]) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    trainer = torch.optim.SGD(net.parameters(), lr=0.01)
    loss = nn.CrossEntropyLoss(reduction="none")
    with pytest.warns(UserWarning, match="ended at") as caught:
        assert train_ch3(net, Plain(64), Plain(64), loss, 2, trainer) is None
    assert len(caught) == 3  # noise cannot be learned: loss and both accuracies
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["epoch 1", "epoch 2", "figure"]
    assert all(word in lines[0] for word in ("train loss", "train acc", "test acc"))
    assert Path(lines[2].split(": ")[1]).read_text(encoding="utf-8").startswith("<?xml")
    with pytest.raises(AssertionError, match=r"not below 0\.5"):
        train_ch3(net, Plain(64), Plain(64), loss, 1, trainer, strict=True)


def test_predict_ch3_shows_true_and_predicted_names(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: dict[str, list[str]] = {}
    monkeypatch.setattr("linnet.d2l.training.show_images", lambda *args, titles: shown.update(titles=titles))
    dataset = images(8)

    def net(X: Tensor) -> Tensor:
        return nn.functional.one_hot(torch.full((len(X),), 9), 10)

    predict_ch3(net, ImageLoader(dataset, 4, False), n=6)
    assert len(shown["titles"]) == 4
    assert all(title.endswith("\nankle boot") for title in shown["titles"])


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_a_loss_of_ones_own_with_class_weights_steps_as_torch_does(reduction: str, smoothing: float) -> None:
    source = torch.Generator().manual_seed(0)
    X, y = torch.randn(12, 2, generator=source), torch.arange(12) % 3
    batches = [(X[k : k + 5], y[k : k + 5]) for k in (0, 5, 10)]
    loss = nn.CrossEntropyLoss(torch.tensor([1.0, 9.0, 0.2]), reduction=reduction, label_smoothing=smoothing)
    nets = [nn.Sequential(nn.Flatten(), nn.Linear(2, 3)) for _ in range(2)]
    nets[1].load_state_dict(nets[0].state_dict())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeanLossWarning)
        train_epoch_ch3(nets[0], batches, loss, torch.optim.SGD(nets[0].parameters(), lr=0.1))
    optimizer = torch.optim.SGD(nets[1].parameters(), lr=0.1)
    for part, labels in batches:
        optimizer.zero_grad()
        loss(nets[1](part), labels).mean().backward()  # divided by the minibatch's own weights, as torch does
        optimizer.step()
    for ours, theirs in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        assert torch.equal(ours, theirs)


def batches() -> list[tuple[torch.Tensor, torch.Tensor]]:
    source = torch.Generator().manual_seed(3)
    X = torch.rand(24, 1, 2, 2, generator=source)
    y = torch.randint(0, 3, (24,), generator=source)
    return list(zip(X.split(10), y.split(10), strict=True))


@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("is_optimizer", [True, False])
def test_the_first_editions_train_ch3_steps_on_the_sum_of_what_the_loss_gives(
    reduction: str, is_optimizer: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    net, loss = nn.Sequential(d2l.FlattenLayer(), nn.Linear(4, 3)), nn.CrossEntropyLoss(reduction=reduction)
    w, b = (p.detach().clone().requires_grad_() for p in net.parameters())
    params = None if is_optimizer else list(net.parameters())
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05) if is_optimizer else None
    d2l.train_ch3(net, batches(), batches(), loss, 2, 10, params, None if is_optimizer else 0.05, optimizer)
    losses = []
    for _ in range(2):
        total = 0.0
        for X, y in batches():
            values = nn.functional.cross_entropy(X.flatten(1) @ w.T + b, y, reduction="none")
            total += float(values.sum().detach())
            target = values.mean() if reduction == "mean" else values.sum()
            step = 0.05 if is_optimizer else 0.05 / 10
            gradients = torch.autograd.grad(target, (w, b))
            with torch.no_grad():
                w -= step * gradients[0]
                b -= step * gradients[1]
        losses.append(total / 24)
    torch.testing.assert_close(next(iter(net.parameters())).data, w.data)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(", train")[0] for line in lines] == [
        f"epoch {epoch}, loss {value:.4f}" for epoch, value in enumerate(losses, 1)
    ]


def test_evaluate_accuracy_takes_either_editions_order() -> None:
    net = nn.Sequential(d2l.FlattenLayer(), nn.Linear(4, 3))
    assert d2l.evaluate_accuracy(net, batches()) == d2l.evaluate_accuracy(batches(), net)
    assert d2l.evaluate_accuracy(batches(), lambda X: X.flatten(1)) <= 1


def test_a_batch_size_alone_is_not_enough() -> None:
    with pytest.raises(UsageError, match="params and lr, too, or an optimizer"):
        d2l.train_ch3(nn.Linear(1, 1), [], [], nn.MSELoss(), 1, 256)
