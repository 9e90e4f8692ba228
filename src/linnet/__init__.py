"""linnet: linear neural networks, complete.

    import linnet

    train, test = linnet.load("fashion_mnist")
    run = linnet.fit(train, test=test, out="runs/first")
    print(run.history.last)

Names are imported when they are first used, so `import linnet` stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from linnet._version import __version__

if TYPE_CHECKING:
    from linnet.config import Knobs as Knobs
    from linnet.config import Recipe as Recipe
    from linnet.core.bank import Bank as Bank
    from linnet.core.penalties import Penalty as Penalty
    from linnet.data.dataset import Dataset as Dataset
    from linnet.data.dataset import Splits as Splits
    from linnet.data.registry import load as load
    from linnet.errors import LinnetError as LinnetError
    from linnet.model.history import History as History
    from linnet.model.run import Run as Run
    from linnet.runs.fit import fit as fit
    from linnet.runs.replay import Replay as Replay
    from linnet.runs.replay import replay as replay
    from linnet.search.find_lr import RateCurve as RateCurve
    from linnet.search.find_lr import find_lr as find_lr
    from linnet.search.result import SweepResult as SweepResult
    from linnet.search.sweep import sweep as sweep
    from linnet.search.tune import TuneResult as TuneResult
    from linnet.search.tune import tune as tune
    from linnet.solvers.path import path as path
    from linnet.solvers.solution import Solution as Solution
    from linnet.solvers.solve import solve as solve
    from linnet.train.callbacks import Callback as Callback
    from linnet.train.trials import LogUniform as LogUniform
    from linnet.train.trials import Uniform as Uniform

_HOMES = {
    "Bank": "linnet.core.bank",
    "Callback": "linnet.train.callbacks",
    "Dataset": "linnet.data.dataset",
    "History": "linnet.model.history",
    "Knobs": "linnet.config",
    "LinnetError": "linnet.errors",
    "LogUniform": "linnet.train.trials",
    "Penalty": "linnet.core.penalties",
    "RateCurve": "linnet.search.find_lr",
    "Recipe": "linnet.config",
    "Replay": "linnet.runs.replay",
    "Run": "linnet.model.run",
    "Solution": "linnet.solvers.solution",
    "Splits": "linnet.data.dataset",
    "SweepResult": "linnet.search.result",
    "TuneResult": "linnet.search.tune",
    "Uniform": "linnet.train.trials",
    "find_lr": "linnet.search.find_lr",
    "fit": "linnet.runs.fit",
    "load": "linnet.data.registry",
    "path": "linnet.solvers.path",
    "replay": "linnet.runs.replay",
    "solve": "linnet.solvers.solve",
    "sweep": "linnet.search.sweep",
    "tune": "linnet.search.tune",
}

__all__ = [
    "Bank", "Callback", "Dataset", "History", "Knobs", "LinnetError", "LogUniform", "Penalty", "RateCurve",
    "Recipe", "Replay", "Run", "Solution", "Splits", "SweepResult", "TuneResult", "Uniform", "__version__",
    "find_lr", "fit", "load", "path", "replay", "solve", "sweep", "tune",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'linnet' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(ipython: object) -> None:
    """`%load_ext linnet`: the book's `from d2l import torch as d2l` resolves to linnet."""
    from linnet.d2l import activate

    activate()


def unload_ipython_extension(ipython: object) -> None:
    """`%unload_ext linnet`: undo it."""
    from linnet.d2l import deactivate

    deactivate()
