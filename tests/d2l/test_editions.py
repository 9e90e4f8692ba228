"""Edition 1.0 and the first edition's port, against loops of plain PyTorch written out here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from linnet.d2l import torch as d2l
from linnet.d2l.images import MNIST, FashionMNIST
from linnet.errors import UsageError
from tests.support.packages import package, run


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


def test_a_board_draws_means_of_every_n_calls_for_each_name() -> None:
    board = d2l.ProgressBoard("x")
    for x in range(4):
        board.draw(x, x * x, "square", every_n=2)
    board.draw(5, 7, "other")
    assert points == [("square", 0.5, 0.5), ("square", 2.5, 6.5), ("other", 5, 7)]
    d2l.ProgressBoard(display=False).draw(1, 1, "none")
    assert len(points) == 3


def test_arguments_are_kept_and_methods_added_to_what_exists() -> None:
    class Kept(d2l.HyperParameters):
        def __init__(self, a: int, b: int, _c: int = 0) -> None:
            self.save_hyperparameters(ignore=["b"])

    kept = Kept(1, 2)
    assert kept.hparams == {"a": 1}

    @d2l.add_to_class(Kept)
    def twice(self: Kept) -> int:
        return 2 * self.a  # pyright: ignore[reportAttributeAccessIssue]

    assert kept.twice() == 2  # pyright: ignore[reportAttributeAccessIssue]


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


def test_gradients_are_clipped_to_a_norm() -> None:
    model = d2l.LinearRegression(lr=1.0)
    model(torch.ones(1, 2))
    model.net.weight.grad, model.net.bias.grad = torch.tensor([[3.0, 0]]), torch.tensor([4.0])
    d2l.Trainer(1, gradient_clip_val=1).clip_gradients(1, model)
    torch.testing.assert_close(model.net.weight.grad, torch.tensor([[0.6, 0]]))
    torch.testing.assert_close(model.net.bias.grad, torch.tensor([0.8]))


def test_what_a_model_lacks_is_said() -> None:
    with pytest.raises(UsageError, match="neither forward nor net"):
        d2l.Module()(torch.ones(1))
    with pytest.raises(NotImplementedError, match="has no loss"):
        d2l.Module().loss(torch.ones(1), torch.ones(1))
    with pytest.raises(UsageError, match=r"before Trainer\.fit"):
        d2l.Module().plot("loss", 1.0, True)


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


def test_data_iter_gives_each_row_once() -> None:
    rows = torch.arange(7)
    found = list(d2l.data_iter(3, rows, rows * 2))
    assert [len(X) for X, _ in found] == [3, 3, 1]
    assert sorted(torch.cat([X for X, _ in found]).tolist()) == rows.tolist()
    assert all(torch.equal(y, X * 2) for X, y in found)


def test_the_classes_are_torchvisions() -> None:
    names = "T-shirt/top Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag".split()  # noqa: SIM905
    assert FashionMNIST.classes == [*names, "Ankle boot"]
    assert MNIST.classes[3] == "3 - three"


def test_devices_without_a_gpu() -> None:
    assert d2l.try_gpu(d2l.num_gpus() + 3) == d2l.cpu() == torch.device("cpu")
    assert d2l.gpu(1) == torch.device("cuda:1")
    assert len(d2l.try_all_gpus()) == max(1, d2l.num_gpus())


def test_names_of_other_editions_that_are_not_here_are_answered() -> None:
    answers = {
        "import d2lzh as d2l": "import d2lzh_pytorch as d2l",
        "from d2l import mxnet as d2l": "the book for MXNet: linnet has that for PyTorch",
        "from d2l import tensorflow as d2l": "the book for TensorFlow",
        "from d2l import torch as d2l; d2l.train_ch6": "later chapter: linnet offers the names of",
        "import d2lzh_pytorch as d2l; d2l.Residual": "edition 1.0",
    }
    code = f"""
import linnet.d2l; linnet.d2l.activate()
for line, said in {answers}.items():
    try: exec(line)
    except (ImportError, AttributeError) as error: assert said in str(error), (line, error)
    else: raise AssertionError(line)
"""
    assert run(code).stderr == ""


def test_the_ports_imports_resolve_to_linnet() -> None:
    code = """
import linnet.d2l; linnet.d2l.activate()
import sys; sys.path.append('..')
import d2lzh_pytorch as d2l
from d2lzh_pytorch import *
from d2lzh_pytorch.utils import FlattenLayer as same
from IPython.display import set_matplotlib_formats
assert d2l.FlattenLayer is FlattenLayer is same
set_matplotlib_formats('svg')
"""
    done = run(code)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_real_port_goes_first(tmp_path: Path) -> None:
    place = package(tmp_path, "d2lzh_pytorch", "real = True")
    done = run(
        "import linnet.d2l; linnet.d2l.activate()\nimport d2lzh_pytorch\nassert d2lzh_pytorch.real", place
    )
    assert done.stderr == ""
