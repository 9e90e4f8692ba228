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
    from linnet.data.catalog import load as load
    from linnet.data.dataset import Dataset as Dataset
    from linnet.data.dataset import Splits as Splits
    from linnet.errors import LinnetError as LinnetError
    from linnet.replays import Replay as Replay
    from linnet.replays import replay as replay
    from linnet.runs import fit as fit
    from linnet.solvers.path import path as path
    from linnet.solvers.solution import Solution as Solution
    from linnet.solvers.solve import solve as solve
    from linnet.sweeps import RateCurve as RateCurve
    from linnet.sweeps import SweepResult as SweepResult
    from linnet.sweeps import find_lr as find_lr
    from linnet.sweeps import sweep as sweep
    from linnet.train.callbacks import Callback as Callback
    from linnet.train.history import History as History
    from linnet.train.run import Run as Run
    from linnet.train.trials import LogUniform as LogUniform
    from linnet.train.trials import Uniform as Uniform
    from linnet.tunes import TuneResult as TuneResult
    from linnet.tunes import tune as tune

_HOMES = {
    "Bank": "linnet.core.bank",
    "Callback": "linnet.train.callbacks",
    "Dataset": "linnet.data.dataset",
    "History": "linnet.train.history",
    "Knobs": "linnet.config",
    "LinnetError": "linnet.errors",
    "LogUniform": "linnet.train.trials",
    "Penalty": "linnet.core.penalties",
    "RateCurve": "linnet.sweeps",
    "Recipe": "linnet.config",
    "Replay": "linnet.replays",
    "Run": "linnet.train.run",
    "Solution": "linnet.solvers.solution",
    "Splits": "linnet.data.dataset",
    "SweepResult": "linnet.sweeps",
    "TuneResult": "linnet.tunes",
    "Uniform": "linnet.train.trials",
    "find_lr": "linnet.sweeps",
    "fit": "linnet.runs",
    "load": "linnet.data.catalog",
    "path": "linnet.solvers.path",
    "replay": "linnet.replays",
    "solve": "linnet.solvers.solve",
    "sweep": "linnet.sweeps",
    "tune": "linnet.tunes",
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
