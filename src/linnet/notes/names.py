"""Names that notes use but never import, because an earlier chapter did."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from linnet.notes import language

_BOOK = """
    DATA_HUB DATA_URL Accumulator Animator Timer accuracy download download_all download_extract
    evaluate_accuracy evaluate_loss get_dataloader_workers get_fashion_mnist_labels linreg load_array
    load_data_fashion_mnist plot predict_ch3 set_axes set_figsize sgd show_images squared_loss synthetic_data
    train_ch3 train_epoch_ch3 use_svg_display

    FlattenLayer data_iter semilogy show_fashion_mnist

    Classifier DataModule HyperParameters LinearRegression LinearRegressionScratch Module ProgressBoard
    SoftmaxRegression SoftmaxRegressionScratch SyntheticRegressionData Trainer add_to_class cpu gpu num_gpus
    try_all_gpus try_gpu
""".split()  # noqa: SIM905

_MODULES = """
    collections copy functools hashlib inspect itertools json math os random re requests shutil sys tarfile
    time torch zipfile
""".split()  # noqa: SIM905

SUPPLIED: dict[str, str] = {
    **{name: f"import {name}" for name in _MODULES},
    "F": "from torch.nn import functional as F",
    "Path": "from pathlib import Path",
    "backend_inline": "from matplotlib_inline import backend_inline",
    "d2l": "from d2l import torch as d2l",
    "data": "from torch.utils import data",
    "display": "from IPython import display",
    "init": "from torch.nn import init",
    "multinomial": "from torch.distributions import multinomial",
    "nn": "from torch import nn",
    "np": "import numpy as np",
    "optim": "from torch import optim",
    "pd": "import pandas as pd",
    "partial": "from functools import partial",
    "plt": "from matplotlib import pyplot as plt",
    "torchvision": "import torchvision",
    "transforms": "from torchvision import transforms",
    **{name: f"from d2l.torch import {name}" for name in _BOOK},
}
"""Name to the line that brings it."""


def missing(sources: Iterable[str]) -> dict[str, str]:
    """What to supply for some cells, and the lines that bring it.

    That is each name of the table that a cell looks up before any statement has given it, or that a function
    looks up and no cell gives at all.

    Args:
        sources: the cells in order, magics and all; one that is no Python counts for nothing.
    """
    texts = [text for text in map(language.plain, sources) if text]
    given: set[str] = set()
    wanted: dict[str, None] = {}
    later: dict[str, None] = {}
    for statement in (statement for text in texts for statement in ast.parse(text).body):
        found = language.names(ast.unparse(statement))
        if not isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign):
            given |= found.bound  # `for data in …: data.mean()`
        wanted |= dict.fromkeys(sorted(found.used - given))  # `data = data.TensorDataset(…)`
        given |= found.bound
        later |= dict.fromkeys(sorted(found.used_later))
    wanted |= {name: None for name in later if name not in given}
    if not _is_module(texts):
        wanted.pop("display", None)
    return {name: SUPPLIED[name] for name in wanted if name in SUPPLIED}


def _is_module(texts: Iterable[str]) -> bool:
    """Whether the notes mean IPython's module by `display`, not the function that every notebook has."""
    nodes = [node for text in texts for node in ast.walk(ast.parse(text))]
    called = any(isinstance(node, ast.Call) and _is_display(node.func) for node in nodes)
    return not called and any(isinstance(node, ast.Attribute) and _is_display(node.value) for node in nodes)


def _is_display(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "display"
