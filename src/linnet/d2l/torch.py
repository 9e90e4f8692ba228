"""The book's names, as `from d2l import torch as d2l` gave them (Dive into Deep Learning, chapters 2 to 4).

Its editions: the first in its port to PyTorch (`d2lzh_pytorch`), the second, and 1.0 with its classes.

    from linnet.d2l import torch as d2l

    train_iter, test_iter = d2l.load_data_fashion_mnist(256)
    d2l.train_ch3(net, train_iter, test_iter, loss, 10, trainer)

Beside the book's own functions there are its short names for PyTorch's (`d2l.matmul`, `d2l.reduce_sum`) and
the modules that its file imported (`d2l.nn`, `d2l.plt`). Any other name is PyTorch's own.
"""

from __future__ import annotations

import collections
import hashlib
import inspect
import math
import os
import random
import re
import shutil
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from matplotlib import pyplot as plt
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (the book's name)
from torch.utils import data

from linnet.d2l import switch
from linnet.d2l.animator import Animator
from linnet.d2l.figures import (
    plot,
    semilogy,
    set_axes,
    set_figsize,
    show_fashion_mnist,
    show_images,
    use_svg_display,
)
from linnet.d2l.hub import DATA_HUB, DATA_URL, download, download_all, download_extract
from linnet.d2l.loaders import (
    data_iter,
    get_dataloader_workers,
    get_fashion_mnist_labels,
    load_array,
    load_data_fashion_mnist,
    synthetic_data,
)
from linnet.d2l.models import (
    SGD,
    Classifier,
    FlattenLayer,
    LinearRegression,
    LinearRegressionScratch,
    Module,
    SoftmaxRegression,
    SoftmaxRegressionScratch,
    linreg,
    sgd,
    squared_loss,
)
from linnet.d2l.trainer import DataModule, FashionMNIST, SyntheticRegressionData, Trainer
from linnet.d2l.training import (
    accuracy,
    evaluate_accuracy,
    evaluate_loss,
    predict_ch3,
    train_ch3,
    train_epoch_ch3,
)
from linnet.d2l.utilities import (
    Accumulator,
    HyperParameters,
    ProgressBoard,
    Timer,
    add_to_class,
    cpu,
    gpu,
    num_gpus,
    try_all_gpus,
    try_gpu,
)
from linnet.errors import needs_extra

if TYPE_CHECKING:
    import pandas as pd
    from IPython import display

nn_Module = nn.Module  # noqa: N816 (the book's name)

float32, int32 = torch.float32, torch.int32

tensor = torch.tensor
ones, zeros, zeros_like, eye = torch.ones, torch.zeros, torch.zeros_like, torch.eye
arange, linspace = torch.arange, torch.linspace
rand, randn, normal = torch.rand, torch.randn, torch.normal
concat, stack = torch.cat, torch.stack
matmul = torch.matmul
exp, log, abs = torch.exp, torch.log, torch.abs
sin, cos, tanh, sinh, cosh = torch.sin, torch.cos, torch.tanh, torch.sinh, torch.cosh


def _call_method(name: str) -> Callable[..., Any]:
    """A function that calls a method of its first argument."""

    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(x, name)(*args, **kwargs)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"`x.{name}`."
    return call


size, reshape, to, astype = map(_call_method, ("numel", "reshape", "to", "type"))
reduce_sum, reduce_mean, argmax = map(_call_method, ("sum", "mean", "argmax"))


def meshgrid(*tensors: Tensor) -> tuple[Tensor, ...]:
    """`torch.meshgrid` with matrix indexing, which is what the book relies on."""
    return torch.meshgrid(*tensors, indexing="ij")


def numpy(x: Tensor) -> np.ndarray:
    """A tensor as a numpy array, taken out of its graph and from its device."""
    return x.numpy(force=True)


def transpose(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """`x.t()` without further arguments, `x.transpose` with them."""
    return x.transpose(*args, **kwargs) if args or kwargs else x.t()


__all__ = [
    "DATA_HUB", "DATA_URL", "SGD", "Accumulator", "Animator", "Classifier", "DataModule", "F", "FashionMNIST",
    "FlattenLayer", "HyperParameters", "LinearRegression", "LinearRegressionScratch", "Module",
    "ProgressBoard", "SoftmaxRegression", "SoftmaxRegressionScratch", "SyntheticRegressionData", "Timer",
    "Trainer", "abs", "accuracy", "add_to_class", "arange", "argmax", "astype", "collections", "concat",
    "cos", "cosh", "cpu", "data", "data_iter", "display", "download", "download_all", "download_extract",
    "evaluate_accuracy", "evaluate_loss", "exp", "eye", "float32", "get_dataloader_workers",
    "get_fashion_mnist_labels", "gpu", "hashlib", "inspect", "int32", "linreg", "linspace", "load_array",
    "load_data_fashion_mnist", "log", "math", "matmul", "meshgrid", "nn", "nn_Module", "normal", "np",
    "num_gpus", "numpy", "ones", "os", "pd", "plot", "plt", "predict_ch3", "rand", "randn", "random", "re",
    "reduce_mean", "reduce_sum", "reshape", "semilogy", "set_axes", "set_figsize", "sgd",
    "show_fashion_mnist", "show_images", "shutil", "sin", "sinh", "size", "squared_loss", "stack",
    "synthetic_data", "sys", "tanh", "tarfile", "tensor", "time", "to", "torch", "train_ch3",
    "train_epoch_ch3", "transpose", "try_all_gpus", "try_gpu", "use_svg_display", "zeros", "zeros_like",
    "zipfile",
]  # fmt: skip

_LATE = {
    "pd": ("pandas", "d2l.pd, which is pandas,"),
    "requests": ("requests", "d2l.requests"),
    "display": ("IPython.display", "d2l.display, which is IPython's,"),
}
"""Modules that are imported when they are first used, and what an error calls them."""


def __getattr__(name: str) -> Any:
    if name in ("torchvision", "transforms"):
        switch.activate()  # where torchvision is missing, what stands in for it
        vision = import_module("torchvision")
        return vision if name == "torchvision" else vision.transforms
    if name in _LATE:
        module, feature = _LATE[name]
        with needs_extra(feature, "notes"):
            return import_module(module)
    try:
        return getattr(torch, name)
    except AttributeError:
        raise AttributeError(switch.explain_absence(name)) from None


def __dir__() -> list[str]:
    return sorted(__all__)
