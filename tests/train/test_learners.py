"""Each knob of a single run against torch, or against what it means."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from linnet.config import Recipe
from linnet.core.bank import Bank
from linnet.core.losses import by_name
from linnet.data.batches import Batches
from linnet.data.dataset import Dataset
from linnet.device import generator
from linnet.errors import UsageError
from linnet.model.run import Run
from linnet.train.fit import fit
from linnet.train.learners import BankLearner
from tests.support.batches import minibatches
from tests.support.blobs import make_blobs

DATA = make_blobs(110)
RECIPE = Recipe(epochs=3, batch_size=20, lr=0.2, dtype="float64", seed=4)


def trained(data: Dataset = DATA, **hyperparameters: Any) -> Run:
    return fit(data, dataclasses.replace(RECIPE, **hyperparameters))[0]


def start() -> tuple[Tensor, Tensor]:
    W = torch.randn(3, 16, generator=generator(4, "init"), dtype=torch.float64) * 0.01
    return W.requires_grad_(), torch.zeros(3, dtype=torch.float64, requires_grad=True)


def epochs_of(data: Dataset, size: int = 20) -> Iterator[tuple[Tensor, Tensor]]:
    batches = Batches(data, size, seed=4)
    for epoch in range(3):
        yield from minibatches(batches, epoch, torch.float64)


def assert_is(run: Run, W: Tensor, b: Tensor) -> None:
    torch.testing.assert_close(run.bank.W, W.detach(), rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(run.bank.b, b.detach(), rtol=1e-10, atol=1e-12)


SHARES = torch.rand(110, 3, generator=generator(0, "shares"), dtype=torch.float64)
SOFT = dataclasses.replace(DATA, y=SHARES / SHARES.sum(1, keepdim=True))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", ["none", "1:2:0.5", "0:1:3"])
@pytest.mark.parametrize("data", [DATA, SOFT], ids=["hard", "soft"])
def test_a_rows_loss_is_torchs_and_a_step_divides_by_the_weight_that_all_rows_have_on_average(
    data: Dataset, weights: str, smoothing: float
) -> None:
    W, b = start()
    c = torch.ones(3) if weights == "none" else torch.tensor([float(part) for part in weights.split(":")])
    loss = nn.CrossEntropyLoss(c.double(), reduction="sum", label_smoothing=smoothing)
    # torch's mean divides class indices by the sum of their weights, and soft labels by their number
    mean = 1.0 if data is SOFT else float(c[DATA.y].double().mean())
    for X, y in epochs_of(data):
        value = loss(X @ W.T + b, y) / (len(y) * mean)
        gradients = torch.autograd.grad(value, [W, b])
        with torch.no_grad():
            for parameter, gradient in zip((W, b), gradients, strict=True):
                parameter -= 0.2 * gradient
    assert_is(trained(data, class_weight=weights, label_smoothing=smoothing), W, b)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("data", [DATA, SOFT], ids=["hard", "soft"])
def test_a_step_of_all_rows_is_one_on_torchs_mean(data: Dataset, smoothing: float) -> None:
    W, b = start()
    c = torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64)
    loss = nn.CrossEntropyLoss(c, label_smoothing=smoothing)
    ((X, y),) = minibatches(Batches(data, 110, seed=4), 0, torch.float64)
    gradients = torch.autograd.grad(loss(X @ W.T + b, y), [W, b])
    settings: dict[str, Any] = {"label_smoothing": smoothing, "class_weight": "1:2:0.5"}
    run = trained(data, batch_size=110, epochs=1, **settings)
    assert_is(run, W - 0.2 * gradients[0], b - 0.2 * gradients[1])


def test_one_against_the_rest_is_torchs_binary_cross_entropy_with_smoothing_to_a_half() -> None:
    W, b = start()
    for X, y in epochs_of(DATA):
        target = 0.9 * nn.functional.one_hot(y, 3).double() + 0.05
        loss = 3 * nn.functional.binary_cross_entropy_with_logits(X @ W.T + b, target)
        gradients = torch.autograd.grad(loss, [W, b])
        with torch.no_grad():
            for parameter, gradient in zip((W, b), gradients, strict=True):
                parameter -= 0.2 * gradient
    run = trained(loss="logistic", label_smoothing=0.1)
    assert_is(run, W, b)
    p = torch.sigmoid(run.scores(DATA.X))
    torch.testing.assert_close(run.probabilities(DATA.X), p / p.sum(1, keepdim=True))


def test_averaging_is_the_mean_of_the_last_iterates_as_torchs_averaged_model() -> None:
    W, b = start()
    model = nn.Linear(16, 3).double()
    with torch.no_grad():
        model.weight.copy_(W)
        model.bias.copy_(b)
    averaged = torch.optim.swa_utils.AveragedModel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    steps = list(epochs_of(DATA))
    for number, (X, y) in enumerate(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(X), y).backward()
        optimizer.step()
        if number >= len(steps) // 3:
            averaged.update_parameters(model)
    mean_W, mean_b = averaged.module.parameters()
    assert_is(trained(average=2 / 3), mean_W, mean_b)


def test_taking_minibatches_together_is_a_larger_batch() -> None:
    data = DATA.rows(slice(0, 100))  # no short batch, whose rows would weigh alike in one way only
    together, large = trained(data, accumulate=5, l2=1e-3), trained(data, batch_size=100, l2=1e-3)
    torch.testing.assert_close(together.bank.theta, large.bank.theta, rtol=1e-10, atol=1e-12)


def test_what_is_left_at_an_epochs_end_makes_a_step() -> None:
    W, b = start()
    gathered: list[tuple[Tensor, Tensor]] = []
    for number, (X, y) in enumerate(epochs_of(DATA)):
        gathered.append((X, y))
        if (number % 6) not in (3, 5):  # of six minibatches an epoch, four and then two
            continue
        X, y = (torch.cat(part) for part in zip(*gathered, strict=True))
        gathered.clear()
        gradients = torch.autograd.grad(nn.functional.cross_entropy(X @ W.T + b, y), [W, b])
        with torch.no_grad():
            for parameter, gradient in zip((W, b), gradients, strict=True):
                parameter -= 0.2 * gradient
    assert_is(trained(accumulate=4), W, b)


def test_row_weights_are_repetition() -> None:
    counts = torch.tensor([0, 1, 2, 3] * 5)
    few = DATA.rows(slice(0, 20))
    weighted = dataclasses.replace(few, weights=counts.float())
    repeated = few.rows(torch.arange(20).repeat_interleave(counts))
    first = trained(weighted, batch_size=20, measure="after")
    second = trained(repeated, batch_size=len(repeated), measure="after")
    torch.testing.assert_close(first.bank.theta, second.bank.theta, rtol=1e-10, atol=1e-12)
    for name in ("train_loss", "train_accuracy"):
        assert first.history.last[name] == pytest.approx(second.history.last[name], rel=1e-9)


def test_soft_labels_that_are_certain_are_labels() -> None:
    soft = dataclasses.replace(DATA, y=nn.functional.one_hot(DATA.y, 3).double())
    hard, by_shares = trained(), trained(soft)
    torch.testing.assert_close(by_shares.bank.theta, hard.bank.theta, rtol=1e-12, atol=1e-14)
    assert by_shares.history.last["train_accuracy"] == hard.history.last["train_accuracy"]
    assert by_shares.history.last["train_loss"] == pytest.approx(hard.history.last["train_loss"])
    validated = trained(soft, patience=2)
    assert 0 < validated.history.last["validation_accuracy"] <= 1


def test_soft_labels_have_torchs_gradient() -> None:
    shares = torch.rand(110, 3, generator=generator(0, "s"), dtype=torch.float64)
    soft = dataclasses.replace(DATA, y=shares / shares.sum(1, keepdim=True))
    W, b = start()
    for X, y in epochs_of(soft):
        gradients = torch.autograd.grad(nn.functional.cross_entropy(X @ W.T + b, y), [W, b])
        with torch.no_grad():
            for parameter, gradient in zip((W, b), gradients, strict=True):
                parameter -= 0.2 * gradient
    assert_is(trained(soft), W, b)


def test_balanced_classes_are_by_the_training_rows() -> None:
    skewed = DATA.rows(torch.cat([(DATA.y == k).nonzero()[: 30 // (k + 1), 0] for k in range(3)]))
    counts = torch.bincount(skewed.y).double()
    weights = ":".join(repr(float(w)) for w in len(skewed) / (3 * counts))
    torch.testing.assert_close(
        trained(skewed, class_weight="balanced").bank.theta, trained(skewed, class_weight=weights).bank.theta
    )


REGRESSION = Dataset(torch.randn(20, 3), torch.randn(20, 1))


@pytest.mark.parametrize(
    ("hyperparameters", "match"),
    [
        ({"label_smoothing": 0.1}, "label_smoothing is for classes"),
        ({"class_weight": "balanced"}, "class_weight is for classes"),
        ({"loss": "logistic"}, "needs class labels"),
        ({"pool": 2}, "pool is for images"),
    ],
)
def test_what_is_for_classes_or_images_is_refused_elsewhere(
    hyperparameters: dict[str, Any], match: str
) -> None:
    with pytest.raises(UsageError, match=match):
        trained(REGRESSION, **hyperparameters)


def test_what_does_not_fit_the_classes_is_refused() -> None:
    with pytest.raises(UsageError, match="2 weights for 3 classes"):
        trained(class_weight="1:2")
    with pytest.raises(UsageError, match="not with squared"):
        trained(loss="squared", label_smoothing=0.1)


@pytest.mark.parametrize("hyperparameters", [{"standardize": True}, {"class_weight": "balanced"}])
def test_rows_kept_for_validation_do_not_shape_the_training(hyperparameters: dict[str, Any]) -> None:
    from linnet.data.split import split

    kept = split(dataclasses.replace(DATA, X=torch.arange(110)[:, None], image_shape=None), 0.3, 4)[1].X[:, 0]
    X = DATA.X.clone()
    X[kept] = 255 - X[kept]
    changed = dataclasses.replace(DATA, X=X)
    first, second = (trained(data, validation=0.3, **hyperparameters) for data in (DATA, changed))
    torch.testing.assert_close(first.bank.theta, second.bank.theta, rtol=1e-9, atol=1e-12)
    assert first.history.last["validation_loss"] != second.history.last["validation_loss"]


def test_balanced_classes_of_soft_labels_go_by_their_shares() -> None:
    shares = torch.tensor([[0.6, 0.4]]).repeat(40, 1)
    soft = Dataset(torch.rand(40, 4, generator=generator(0, "x")), shares, classes=("a", "b"))
    weights = ":".join(repr(1 / (2 * share)) for share in (0.6, 0.4))
    torch.testing.assert_close(
        trained(soft, class_weight="balanced").bank.theta, trained(soft, class_weight=weights).bank.theta,
        rtol=1e-5, atol=1e-7,
    )  # fmt: skip


def test_rows_of_which_none_counts_are_refused() -> None:
    for weights in (torch.zeros(110), (torch.arange(110) < 1).float()):
        with pytest.raises(UsageError, match="has weight 0"):
            trained(dataclasses.replace(DATA, weights=weights), validation=0.3)


class Slices(TorchDispatchMode):
    """Counts how often a tensor is sliced."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func is torch.ops.aten.slice.Tensor
        return func(*args, **(kwargs or {}))


def stay(*_: Any, **__: Any) -> None:
    """A step of no cost."""


def test_a_block_is_cut_once_however_many_minibatches_it_has() -> None:
    counts = []
    for size in (110, 55, 10, 1):
        learner = BankLearner(Bank(torch.zeros(3, 17)), by_name("softmax"), 1.0, 0.1, step=stay)
        (block,) = Batches(DATA, size).blocks(0)
        with Slices() as found:
            learner.train_(block, lambda: False)
        counts.append(found.count)
    assert len(set(counts)) == 1


@pytest.mark.parametrize("batches", [1, 3, 6])
def test_what_is_left_of_a_block_after_a_stop_is_not_tallied(batches: int) -> None:
    learner = BankLearner(Bank(torch.zeros(3, 17)), by_name("softmax"), 1.0, 0.1)
    (block,) = Batches(DATA, 20).blocks(0)
    asked = iter(range(1, 7))
    learner.train_(block, lambda: next(asked) == batches)
    assert learner.running.rows == min(20 * batches, 110)
