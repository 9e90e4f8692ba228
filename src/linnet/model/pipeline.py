"""`run_of`: a fitted scikit-learn pipeline as a run, to be judged, reported, exported, saved and served."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.config.table import Task
from linnet.data.coerce import describe
from linnet.errors import UsageError
from linnet.lazy import torch
from linnet.model.card import Card
from linnet.model.folding import Weights, fold
from linnet.model.history import History
from linnet.model.run import Run
from linnet.schema.classes import class_names
from linnet.schema.schema import Schema, Target

ENCODER = "TableEncoder"

LOSSES: Mapping[str, str] = {
    **dict.fromkeys(
        ("SoftmaxClassifier", "SoftmaxClassifierCV", "LogisticRegression", "LogisticRegressionCV"), "softmax"
    ),
    **dict.fromkeys(
        ("LinearRegressor", "LinearRegressorCV", "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV",
         "ElasticNet", "ElasticNetCV"), "squared",
    ),
    "PoissonRegressor": "poisson",
}  # fmt: skip
"""The linear models of linnet and of scikit-learn that can be a run, each with its loss."""

ROWS = 16
"""That the run is compared to the pipeline on."""

TOLERANCE = 1e-4
"""How far their answers may be apart, as a share: float32 is allowed for."""

WHY = "it is what the pipeline was fitted to"


def run_of(model: Any, *, name: str = "pipeline") -> Run:
    """A fitted pipeline, or a linear model alone, as a run; a run as it is.

    A pipeline is a `TableEncoder` or none, linear steps (scalers, PCA, selections of columns), which are
    taken into the weights, and a linear model: one of linnet's estimators or a plain one of scikit-learn. Its
    answers are compared to the pipeline's own. The schema of the encoder goes into the card, so that the
    run takes raw rows; `Run.save` leaves it in a folder, without a pickle.

    Args:
        model: a fitted pipeline or model; of a search its best.
        name: what to call the rows that it was fitted to.

    Returns:
        The run, which knows neither its rows nor what was asked for.

    Raises:
        UsageError: it is no pipeline, a step is not linear, or the last one is no linear model; or the run's
            answers would not be the pipeline's.
        NotFittedError: it is not fitted (scikit-learn's ValueError).

    Example:
        >>> pipeline = make_pipeline(TableEncoder(), StandardScaler(), SoftmaxClassifier()).fit(frame, y)
        >>> linnet.run_of(pipeline).save("runs/penguins")
    """
    if isinstance(model, Run):
        return model
    encoder, *steps = _steps(model)
    last = steps.pop()
    weights, loss = _weights_of(last)
    for step in reversed(steps):
        weights = fold(step, weights)
    classes = () if loss != "softmax" else _classes(last)
    schema = None if encoder is None else _schema(encoder, classes, loss)
    columns = _names([*steps, last][0]) if schema is None else schema.features
    dtype = np.float64 if steps else last.coef_.dtype
    W, b = (torch.from_numpy(np.array(part, dtype)) for part in weights)
    target = "" if schema is None else schema.target.name
    card = Card(name, classes, None, 1.0, loss, columns=columns, target=target, schema=schema)
    from linnet.core.bank import Bank

    run = Run(Bank.of(W, b), History(), "completed", card)
    _check(run, steps, last)
    return run


def _steps(model: Any) -> list[Any]:
    """The encoder or None, the steps behind it, and the linear model."""
    from sklearn.base import BaseEstimator
    from sklearn.utils.validation import check_is_fitted

    if not isinstance(model, BaseEstimator):
        raise UsageError(f"expected a run, or a fitted pipeline of scikit-learn, not {describe(model)}")
    check_is_fitted(model)
    steps = _flatten(model)
    last = steps[-1]
    if type(last).__name__ not in LOSSES or _library(last) not in ("linnet", "sklearn"):
        raise UsageError(
            f"{type(last).__name__} is no linear model that can be a run: {', '.join(LOSSES)} are"
        )
    is_table = type(steps[0]).__name__ == ENCODER and _library(steps[0]) == "linnet"
    return steps if is_table else [None, *steps]


def _flatten(model: Any) -> list[Any]:
    """The steps of pipelines within pipelines; of a search those of its best."""
    from sklearn.model_selection._search import BaseSearchCV
    from sklearn.pipeline import Pipeline

    if isinstance(model, BaseSearchCV):
        return _flatten(model.best_estimator_)
    if isinstance(model, Pipeline):
        return [one for _, step in model.steps for one in _flatten(step)]
    return [model]


def _library(step: Any) -> str:
    return type(step).__module__.split(".")[0]


def _weights_of(last: Any) -> tuple[Weights, str]:
    """The weights of a linear model, a row for each of two classes, and its loss."""
    loss = LOSSES[type(last).__name__]
    coef = last.coef_.toarray() if hasattr(last.coef_, "toarray") else last.coef_
    W = _numpy(coef)
    W = W.reshape(-1, W.shape[-1])
    b = np.broadcast_to(_numpy(last.intercept_).reshape(-1), len(W))
    if loss == "softmax" and len(W) == 1:  # how much the second class is ahead
        W, b = np.concatenate([-W / 2, W / 2]), np.concatenate([-b / 2, b / 2])
    return Weights(W, b), loss


def _numpy(array: Any) -> NDArray[np.float64]:
    """An array of any library and device as numpy's."""
    return torch.as_tensor(array).detach().cpu().double().numpy()


def _classes(last: Any) -> tuple[str, ...]:
    import pandas as pd

    names = class_names(pd.Series(np.asarray(last.classes_)))
    return tuple(map(str, names))


def _schema(encoder: Any, classes: tuple[str, ...], loss: str) -> Schema:
    """The encoder's schema with the target that the model predicts."""
    schema: Schema = encoder.schema_
    tasks: dict[str, Task] = {"softmax": "classification", "poisson": "counts", "squared": "regression"}
    target = Target(schema.target.name, tasks[loss], classes, WHY)
    strict = "levels that training did not see are let be and counted, where the encoder refused them"
    notes = (*schema.notes, *((strict,) if encoder.handle_unknown == "error" else ()))
    return dataclasses.replace(schema, target=target, notes=notes)


def _names(first: Any) -> tuple[str, ...]:
    """The columns that the first step was fitted to; none where they had no names."""
    return tuple(map(str, vars(first).get("feature_names_in_", ())))


def _check(run: Run, steps: Sequence[Any], last: Any) -> None:
    """Compare the run's answers to the pipeline's own, behind its encoder, on rows drawn at random.

    Raises:
        UsageError: they differ.
    """
    from sklearn.pipeline import make_pipeline

    drawn = np.random.default_rng(0).normal(size=(ROWS, run.bank.features))
    behind = make_pipeline(*steps, last)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names, which these rows do not have
        theirs = behind.predict_proba(drawn) if run.card.classes else behind.predict(drawn)
    rows = torch.from_numpy(drawn)
    ours = (run.probabilities(rows) if run.card.classes else run.predictions(rows)).numpy()
    theirs = np.asarray(theirs).reshape(ours.shape)
    finite = np.isfinite(theirs) & np.isfinite(ours)  # e to a large score is neither
    if not finite.any():
        raise UsageError(f"{type(last).__name__} answers rows of usual size with no finite number")
    ours, theirs = ours[finite], theirs[finite]
    if not np.allclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE * max(1.0, np.abs(theirs).max())):
        raise UsageError(
            f"{type(last).__name__} does not answer as softmax or a linear sum of its weights does "
            f"(they differ by {np.abs(ours - theirs).max():.2g}): it cannot be a run"
        )
