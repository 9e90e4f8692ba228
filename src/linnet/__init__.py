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
    from linnet.core.losses import AbsoluteError as AbsoluteError
    from linnet.core.losses import Huber as Huber
    from linnet.core.losses import Logistic as Logistic
    from linnet.core.losses import SoftmaxCrossEntropy as SoftmaxCrossEntropy
    from linnet.core.losses import SquaredError as SquaredError
    from linnet.core.penalties import Penalty as Penalty
    from linnet.data.dataset import Dataset as Dataset
    from linnet.data.dataset import Splits as Splits
    from linnet.data.registry import load as load
    from linnet.data.split import split as split
    from linnet.errors import LinnetError as LinnetError
    from linnet.estimators import LinearRegressor as LinearRegressor
    from linnet.estimators import LinearRegressorCV as LinearRegressorCV
    from linnet.estimators import SoftmaxClassifier as SoftmaxClassifier
    from linnet.estimators import SoftmaxClassifierCV as SoftmaxClassifierCV
    from linnet.evaluate.abstain import abstain_curve as abstain_curve
    from linnet.evaluate.assess import assess as assess
    from linnet.evaluate.compare import compare as compare
    from linnet.evaluate.conformal import coverage as coverage
    from linnet.evaluate.conformal import learn_sets as learn_sets
    from linnet.evaluate.contributions import contributions as contributions
    from linnet.evaluate.forecast import forecast as forecast
    from linnet.evaluate.held_out import held_out as held_out
    from linnet.evaluate.scaling import calibrate as calibrate
    from linnet.evaluate.score import score as score
    from linnet.export.choose import export as export_model
    from linnet.inference.infer import infer as infer
    from linnet.model.history import History as History
    from linnet.model.run import Run as Run
    from linnet.report.comparison import compare as compare_runs
    from linnet.report.write import write as write_report
    from linnet.runs.fit import fit as fit
    from linnet.runs.replay import Replay as Replay
    from linnet.runs.replay import replay as replay
    from linnet.runs.solve import solve as solve
    from linnet.runs.sweep import sweep as sweep
    from linnet.runs.tune import tune as tune
    from linnet.search.find_lr import RateCurve as RateCurve
    from linnet.search.find_lr import find_lr as find_lr
    from linnet.search.result import SweepResult as SweepResult
    from linnet.search.tune import TuneResult as TuneResult
    from linnet.solvers.path import regularization_path as regularization_path
    from linnet.solvers.solution import Solution as Solution
    from linnet.tracking import MLflow as MLflow
    from linnet.tracking import TensorBoard as TensorBoard
    from linnet.tracking import WandB as WandB
    from linnet.train.callbacks import Callback as Callback
    from linnet.train.trials import LogUniform as LogUniform
    from linnet.train.trials import Uniform as Uniform

_HOMES = {
    "AbsoluteError": "linnet.core.losses",
    "Bank": "linnet.core.bank",
    "Callback": "linnet.train.callbacks",
    "Dataset": "linnet.data.dataset",
    "History": "linnet.model.history",
    "Huber": "linnet.core.losses",
    "Knobs": "linnet.config",
    "LinearRegressor": "linnet.estimators",
    "LinearRegressorCV": "linnet.estimators",
    "LinnetError": "linnet.errors",
    "LogUniform": "linnet.train.trials",
    "Logistic": "linnet.core.losses",
    "MLflow": "linnet.tracking",
    "Penalty": "linnet.core.penalties",
    "RateCurve": "linnet.search.find_lr",
    "Recipe": "linnet.config",
    "Replay": "linnet.runs.replay",
    "Run": "linnet.model.run",
    "SoftmaxClassifier": "linnet.estimators",
    "SoftmaxClassifierCV": "linnet.estimators",
    "SoftmaxCrossEntropy": "linnet.core.losses",
    "Solution": "linnet.solvers.solution",
    "Splits": "linnet.data.dataset",
    "SquaredError": "linnet.core.losses",
    "SweepResult": "linnet.search.result",
    "TensorBoard": "linnet.tracking",
    "TuneResult": "linnet.search.tune",
    "Uniform": "linnet.train.trials",
    "WandB": "linnet.tracking",
    "abstain_curve": "linnet.evaluate.abstain",
    "assess": "linnet.evaluate.assess",
    "calibrate": "linnet.evaluate.scaling",
    "compare": "linnet.evaluate.compare",
    "contributions": "linnet.evaluate.contributions",
    "coverage": "linnet.evaluate.conformal",
    "find_lr": "linnet.search.find_lr",
    "fit": "linnet.runs.fit",
    "forecast": "linnet.evaluate.forecast",
    "held_out": "linnet.evaluate.held_out",
    "infer": "linnet.inference.infer",
    "learn_sets": "linnet.evaluate.conformal",
    "load": "linnet.data.registry",
    "regularization_path": "linnet.solvers.path",
    "replay": "linnet.runs.replay",
    "score": "linnet.evaluate.score",
    "solve": "linnet.runs.solve",
    "split": "linnet.data.split",
    "sweep": "linnet.runs.sweep",
    "tune": "linnet.runs.tune",
}
"""The module of each public name."""

_VERBS = {
    "compare_runs": ("linnet.report.comparison", "compare"),
    "export_model": ("linnet.export.choose", "export"),
    "write_report": ("linnet.report.write", "write"),
}
"""The module and the function of verbs that are longer here, as packages of linnet have the short names."""

__all__ = [
    "AbsoluteError", "Bank", "Callback", "Dataset", "History", "Huber", "Knobs", "LinearRegressor",
    "LinearRegressorCV", "LinnetError", "LogUniform", "Logistic", "MLflow", "Penalty", "RateCurve",
    "Recipe", "Replay", "Run", "SoftmaxClassifier", "SoftmaxClassifierCV", "SoftmaxCrossEntropy",
    "Solution", "Splits", "SquaredError", "SweepResult", "TensorBoard", "TuneResult", "Uniform", "WandB",
    "__version__", "abstain_curve", "assess", "calibrate", "compare", "compare_runs", "contributions",
    "coverage", "export_model", "find_lr", "fit", "forecast", "held_out", "infer", "learn_sets", "load",
    "regularization_path", "replay", "score", "solve", "split", "sweep", "tune", "write_report",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in _VERBS:
        home, function = _VERBS[name]
        return getattr(importlib.import_module(home), function)
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
