"""The closed-form way against the book's: the same numbers, and only where it is the same thing."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from linnet.core.bank import normal
from linnet.d2l import fast
from linnet.d2l.loaders import ImageLoader, load_data_fashion_mnist
from linnet.d2l.torchvision import Compose, Normalize, ToTensor
from linnet.d2l.training import evaluate_accuracy, train_epoch_ch3
from linnet.train.learners import BankLearner
from tests.support.images import images

Setup = tuple[nn.Module, ImageLoader, nn.Module, torch.optim.Optimizer]


def setup(rows: int = 700, batch: int = 64) -> Setup:
    net = normal(10, 784, [torch.Generator().manual_seed(5)]).to_module()
    loader = ImageLoader(images(rows), batch, True)
    return net, loader, nn.CrossEntropyLoss(reduction="none"), torch.optim.SGD(net.parameters(), lr=0.05)


def slowly(parts: Setup) -> tuple[float, float]:
    """The same epoch by autograd: a hook that does nothing makes it another case."""
    net, loader, loss, updater = parts
    with net.register_forward_hook(lambda *_: None):
        assert fast.train_epoch(net, loader, loss, updater) is None
        return train_epoch_ch3(net, loader, loss, updater)


@pytest.mark.parametrize(("rows", "batch"), [(700, 64), (640, 64), (50, 64), (65, 64), (6000, 256)])
def test_an_epoch_is_the_books(rows: int, batch: int) -> None:
    quick, slow = setup(rows, batch), setup(rows, batch)
    for _ in range(2):
        torch.manual_seed(9)
        figures = fast.train_epoch(*quick)
        after = torch.random.get_rng_state()
        torch.manual_seed(9)
        expected = slowly(slow)
        assert torch.equal(torch.random.get_rng_state(), after)  # what comes next is drawn alike
        assert figures == pytest.approx(expected, rel=1e-5)
        for a, b in zip(quick[0].parameters(), slow[0].parameters(), strict=True):
            assert torch.allclose(a, b, rtol=1e-4, atol=1e-6)
            assert a.grad is not None
            assert b.grad is not None
            assert torch.allclose(a.grad, b.grad, rtol=1e-3, atol=1e-5)
            assert a.requires_grad


def test_the_accuracy_is_the_books() -> None:
    net, loader, *_ = setup(1000)
    ordered = ImageLoader(loader.dataset, 256, False)
    share = fast.accuracy(net, ordered)
    assert share is not None
    with net.register_forward_hook(lambda *_: None):
        assert fast.accuracy(net, ordered) is None
        assert evaluate_accuracy(net, ordered) == share


def test_schedules_go_on() -> None:
    net, loader, loss, updater = setup(200)
    schedule = torch.optim.lr_scheduler.StepLR(updater, 1, 0.5)
    for _ in range(3):
        assert fast.train_epoch(net, loader, loss, updater) is not None
        schedule.step()  # torch warns here when the optimizer has not stepped
    assert updater.param_groups[0]["lr"] == pytest.approx(0.05 / 8)


def test_the_thread_count_is_put_back() -> None:
    before = torch.get_num_threads()
    fast.train_epoch(*setup(100))
    assert torch.get_num_threads() == before


def with_net(change: Callable[[nn.Sequential], object]) -> Callable[[Setup], Setup]:
    def changed(parts: Setup) -> Setup:
        net, *rest = parts
        assert isinstance(net, nn.Sequential)
        change(net)
        return (net, *rest)  # type: ignore[return-value]

    return changed


def with_updater(**options: object) -> Callable[[Setup], Setup]:
    return lambda parts: (*parts[:3], torch.optim.SGD(parts[0].parameters(), **{"lr": 0.1, **options}))


def with_loss(loss: nn.Module) -> Callable[[Setup], Setup]:
    return lambda parts: (*parts[:2], loss, parts[3])


def normalised(parts: Setup) -> Setup:
    dataset = images(100)
    dataset.transform = Compose([ToTensor(), Normalize([0.5], [0.5])])
    return parts[0], ImageLoader(dataset, 32, True), parts[2], parts[3]


def with_step_hook(parts: Setup) -> Setup:
    parts[3].register_step_post_hook(lambda *_: None)
    return parts


def of_some(parts: Setup) -> Setup:
    return (*parts[:3], torch.optim.SGD([next(parts[0].parameters())], lr=0.1))


class Augmented(ImageLoader):
    """A loader that may do anything."""


def with_own_step(name: str) -> Callable[[Setup], Setup]:
    def changed(parts: Setup) -> Setup:
        setattr(parts[3], name, lambda: None)
        return parts

    return changed


class Own(nn.Linear):
    """A layer that may do anything."""


OTHER_CASES: dict[str, Callable[[Setup], Setup]] = {
    "another layer": with_net(lambda net: net.append(nn.Softmax(1))),
    "a subclass": with_net(lambda net: net.__setitem__(1, Own(784, 10))),
    "float64": with_net(lambda net: net.double()),
    "a frozen weight": with_net(lambda net: net[1].weight.requires_grad_(False)),
    "a hook on the layer": with_net(lambda net: net[1].register_forward_pre_hook(lambda *_: None)),
    "a backward hook": with_net(lambda net: net[1].register_full_backward_hook(lambda *_: None)),
    "a hook on a weight": with_net(lambda net: next(net.parameters()).register_hook(lambda grad: grad * 0)),
    "a forward of its own": with_net(lambda net: vars(net).update(forward=lambda X: X)),
    "no bias": with_net(lambda net: net.__setitem__(1, nn.Linear(784, 10, bias=False))),
    "other classes": with_net(lambda net: net.__setitem__(1, nn.Linear(784, 11))),
    "momentum": with_updater(momentum=0.9),
    "weight decay": with_updater(weight_decay=1e-3),
    "maximise": with_updater(maximize=True),
    "Adam": lambda parts: (*parts[:3], torch.optim.Adam(parts[0].parameters())),
    "a step hook": with_step_hook,
    "some parameters": of_some,
    "a mean loss": with_loss(nn.CrossEntropyLoss()),
    "label smoothing": with_loss(nn.CrossEntropyLoss(reduction="none", label_smoothing=0.1)),
    "class weights": with_loss(nn.CrossEntropyLoss(torch.ones(10), reduction="none")),
    "an ignored class": with_loss(nn.CrossEntropyLoss(reduction="none", ignore_index=3)),
    "another loss": with_loss(nn.MultiMarginLoss(reduction="none")),
    "normalised pixels": normalised,
    "a loader of one's own": lambda parts: (parts[0], Augmented(images(100), 32, True), *parts[2:]),
    "a step of its own": with_own_step("step"),
    "a zero_grad of its own": with_own_step("zero_grad"),
    "a rate that is no number": with_updater(lr=float("nan")),
}


@pytest.mark.parametrize("case", OTHER_CASES)
def test_another_case_goes_by_autograd(case: str) -> None:
    assert fast.train_epoch(*setup(100)) is not None
    assert fast.train_epoch(*OTHER_CASES[case](setup(100))) is None


def test_a_hook_on_all_modules_is_another_case() -> None:
    with nn.modules.module.register_module_forward_hook(lambda *_: None):
        assert fast.train_epoch(*setup(100)) is None


def test_what_stands_around_the_call_is_another_case(monkeypatch: pytest.MonkeyPatch) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        assert fast.train_epoch(*setup(100)) is None
    parts = setup(100)
    with torch.device("cpu"):
        assert fast.train_epoch(*parts) is None
    monkeypatch.setattr(nn.Linear, "forward", lambda self, X: X)
    assert fast.train_epoch(*setup(100)) is None
    monkeypatch.undo()
    torch.set_default_dtype(torch.float64)
    try:
        assert fast.train_epoch(*setup(100)) is None
    finally:
        torch.set_default_dtype(torch.float32)
    with register_optimizer_step_post_hook(lambda *_: None):
        assert fast.train_epoch(*setup(100)) is None
    assert fast.train_epoch(*setup(100)) is not None


def test_an_interrupt_keeps_what_was_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = setup(6000, 256)
    before = [parameter.detach().clone() for parameter in parts[0].parameters()]
    train = BankLearner.train_
    calls: list[int] = []

    def interrupted(self: BankLearner, *args: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return train(self, *args)

    monkeypatch.setattr(BankLearner, "train_", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fast.train_epoch(*parts)
    after = [parameter.detach() for parameter in parts[0].parameters()]
    assert all(float((a - b).abs().max()) > 1e-4 for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize("lr", [1e30, 1e38])
def test_divergence_is_reported_alike(lr: float) -> None:
    quick, slow = setup(700), setup(700)
    for parts in (quick, slow):
        parts[3].param_groups[0]["lr"] = lr
    torch.manual_seed(9)
    figures = fast.train_epoch(*quick)
    torch.manual_seed(9)
    expected = slowly(slow)
    assert figures is not None
    assert math.isfinite(figures[0]) == math.isfinite(expected[0])
    assert figures[1] == pytest.approx(expected[1], abs=0.02)


def test_without_gradients_it_fails_as_the_book_does() -> None:
    with torch.no_grad():
        assert fast.train_epoch(*setup(100)) is None


def test_ten_epochs_of_the_book(fashion_folder: Path) -> None:
    torch.manual_seed(0)
    train_iter, test_iter = load_data_fashion_mnist(256)
    net = normal(10, 784, [torch.Generator().manual_seed(5)]).to_module()
    trainer = torch.optim.SGD(net.parameters(), lr=0.1)
    figures = (0.0, 0.0)
    for _ in range(10):
        figures = train_epoch_ch3(net, train_iter, nn.CrossEntropyLoss(reduction="none"), trainer)
    assert 0.44 < figures[0] < 0.455
    assert 0.84 < figures[1] < 0.86
    assert 0.81 < evaluate_accuracy(net, test_iter) < 0.85
