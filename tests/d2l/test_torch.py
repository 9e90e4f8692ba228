from __future__ import annotations

import subprocess
import sys
import types

import numpy as np
import pytest
import torch

import linnet.d2l as package
from linnet.d2l import torch as d2l
from linnet.errors import MissingExtraError

NAMES = """
    use_svg_display set_figsize set_axes plot plt Timer synthetic_data linreg squared_loss sgd
    load_array get_fashion_mnist_labels show_images get_dataloader_workers load_data_fashion_mnist
    accuracy evaluate_accuracy Accumulator train_epoch_ch3 Animator train_ch3 predict_ch3 evaluate_loss
    DATA_HUB DATA_URL download download_extract download_all tensor reshape reduce_sum reduce_mean
    float32 int32 matmul normal numpy ones zeros zeros_like argmax astype concat stack size exp log abs
    eye arange linspace meshgrid rand randn sin cos tanh sinh cosh to transpose nn_Module torch nn F
    data np pd os math random collections display
""".split()  # noqa: SIM905


@pytest.mark.parametrize("name", NAMES)
def test_both_imports_give_every_name(name: str) -> None:
    assert getattr(package, name) is not None
    assert name in dir(package)
    assert name in d2l.__all__
    if name != "torch":
        assert getattr(d2l, name) is getattr(package, name)


def test_modules_are_the_real_ones() -> None:
    assert d2l.torch is torch
    assert d2l.nn_Module is torch.nn.Module
    assert isinstance(d2l.pd, types.ModuleType)
    assert package.torch.nn is torch.nn  # `import linnet.d2l as d2l` gives d2l.torch.… too
    assert package.torch.Tensor is torch.Tensor


def test_names_beyond_the_book_are_pytorchs() -> None:
    assert d2l.manual_seed is torch.manual_seed
    with pytest.raises(AttributeError, match="d2l has no 'train_ch13'"):
        _ = d2l.train_ch13
    with pytest.raises(AttributeError):
        _ = package.train_ch13


def test_short_names_do_what_they_say() -> None:
    X = torch.arange(6.0, requires_grad=True).reshape(2, 3)
    assert torch.equal(d2l.reshape(X, (3, 2)), X.reshape(3, 2))
    assert torch.equal(d2l.reduce_sum(X, 0), X.sum(0))
    assert torch.equal(d2l.reduce_mean(X, 1, keepdim=True), X.mean(1, keepdim=True))
    assert torch.equal(d2l.argmax(X, 1), torch.tensor([2, 2]))
    assert d2l.astype(X, d2l.int32).dtype == torch.int32
    assert torch.equal(d2l.transpose(X), X.T)
    assert torch.equal(d2l.transpose(X, 0, 1), X.T)
    assert d2l.size(X) == 6
    assert (
        d2l.size(
            X,
        )
        == X.numel()
    )
    assert isinstance(d2l.numpy(X), np.ndarray)
    assert d2l.to(X, torch.float64).dtype == torch.float64
    assert torch.equal(d2l.concat((X, X), 0), torch.cat([X, X]))
    assert d2l.meshgrid(torch.arange(2), torch.arange(3))[0].shape == (2, 3)


def test_importing_it_is_free_of_warnings_and_of_what_is_not_needed() -> None:
    code = (
        "import sys; from linnet.d2l import torch as d2l; "
        "print([m for m in ('pandas', 'IPython', 'torchvision') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_star_import_gives_the_books_names() -> None:
    space: dict[str, object] = {}
    exec("from linnet.d2l.torch import *", space)
    assert set(NAMES) <= set(space)


@pytest.mark.parametrize(("name", "module"), [("pd", "pandas"), ("display", "IPython.display")])
def test_a_missing_part_names_its_extra(name: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"linnet\[notes\]"):
        getattr(d2l, name)
