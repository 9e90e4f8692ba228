"""Prepares a kernel for a learner's notes: imports that they leave out, figures in the cell, no shell."""

from __future__ import annotations

import ast
import contextlib
import sys
import warnings
from collections.abc import Iterable
from typing import Any

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


def find_missing(sources: Iterable[str]) -> dict[str, str]:
    """Find the names to supply for some cells, and the lines that bring them.

    That is each name of the table that a cell looks up before any statement has given it, or that a function
    looks up and no cell gives at all.

    Args:
        sources: the cells in order, magics and all; one that is no Python counts for nothing.
    """
    texts = [text for text in map(language.strip_magics, sources) if text]
    given: set[str] = set()
    wanted: dict[str, None] = {}
    later: dict[str, None] = {}
    for statement in (statement for text in texts for statement in ast.parse(text).body):
        found = language.find_names(ast.unparse(statement))
        if not isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign):
            given |= found.bound  # `for data in …: data.mean()`
        wanted |= dict.fromkeys(sorted(found.used - given))  # `data = data.TensorDataset(…)`
        given |= found.bound
        later |= dict.fromkeys(sorted(found.used_later))
    wanted |= {name: None for name in later if name not in given}
    if not _means_module("display", texts):
        wanted.pop("display", None)  # the function that every notebook has
    return {name: SUPPLIED[name] for name in wanted if name in SUPPLIED}


def _means_module(name: str, texts: Iterable[str]) -> bool:
    """Whether the notes look up attributes of a name, and never call it."""
    nodes = [node for text in texts for node in ast.walk(ast.parse(text))]
    called = {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}
    return name in {ast.unparse(node.value) for node in nodes if isinstance(node, ast.Attribute)} - called


SHELL_MAGICS = """
    bash cmd conda mamba micromamba perl pip pypy python python2 python3 ruby script sh sx system uv
""".split()  # noqa: SIM905
SHELL_LINES = ("cd", "pip", "conda", "mamba", "micromamba", "uv", "sx", "system", "alias", "bookmark")


def prepare(imports: Iterable[str], script: str = "") -> None:
    """Make this kernel ready for a learner's notes.

    The book's imports resolve to linnet, figures appear in the cell and have Chinese characters, nothing is
    run by a shell, and what the notes forgot to import is there.

    Args:
        imports: lines that bring the missing names.
        script: the path of a script that is run, which is what it finds in `__file__` and `sys.argv`.
    """
    from IPython import get_ipython

    from linnet import d2l
    from linnet.plot.style import use_cjk_font

    shell: Any = get_ipython()
    d2l.activate()
    shell.run_line_magic("matplotlib", "inline")
    _stay_inline(shell)
    shell.run_line_magic("config", "InlineBackend.figure_format = 'retina'")
    use_cjk_font()
    _disable_shell(shell)
    _have_threads_sleep(shell)
    if script:
        sys.argv = [script]
        shell.user_ns["__file__"] = script
    for line in imports:
        with contextlib.suppress(ImportError):  # the cell that needs it says so
            exec(line, shell.user_ns)
    # Five worker processes on two cores are the book's way; the reader can do nothing about the note on it.
    warnings.filterwarnings("ignore", message="This DataLoader will create .* worker processes")


def _have_threads_sleep(shell: Any) -> None:
    """Once notes have brought torch, have its threads sleep while they wait: many read by worker processes.

    linnet's loaders wake them where cores are free.
    """

    def begin(_info: object) -> None:
        if "torch" not in sys.modules:
            return
        from linnet.d2l import waiting

        shell.events.unregister("pre_run_cell", begin)
        waiting.sleep()

    shell.events.register("pre_run_cell", begin)


def _stay_inline(shell: Any) -> None:
    """Have figures appear in the cell whatever window the notes ask for; there is no screen."""
    import matplotlib
    from matplotlib import pyplot

    inline = shell.magics_manager.magics["line"]["matplotlib"]
    shell.magics_manager.magics["line"]["matplotlib"] = lambda line: inline("inline")
    matplotlib.use = lambda backend, *, force=True: None
    pyplot.switch_backend = lambda newbackend: None


def _disable_shell(shell: Any) -> None:
    """Have `!command` and the magics that start other programs say that they were not run."""

    def decline(command: str) -> None:
        print(f"not run: {command}  (linnet run calls no shell)")

    def decline_output(command: str, *args: Any, **kwargs: Any) -> list[str]:
        decline(command)
        return []

    shell.system = shell.system_raw = shell.system_piped = decline
    shell.getoutput = decline_output
    magics = shell.magics_manager.magics
    for name in SHELL_MAGICS:
        magics["cell"][name] = lambda line, cell, name=name: decline(f"%%{name} {line}".rstrip())
    for name in SHELL_LINES:
        magics["line"][name] = lambda line, name=name: decline(f"%{name} {line}".rstrip())
