"""Decisions where mistakes are not alike: the answer of least expected cost need not be the likeliest.

With `costs[i, j]` the cost of saying class j of a row that is of class i, the best answer is
argmin_j Σ_i p_i costs[i, j] (Elkan 2001; Hastie, Tibshirani and Friedman 2009, 2.4).
"""

from __future__ import annotations

import torch
from torch import Tensor

from linnet.errors import ShapeError, UsageError
from linnet.evaluate.forecast import Forecast


def cheapest(probabilities: Tensor, costs: Tensor) -> Tensor:
    """The answer of least expected cost of each row, the first of equal ones, (N,).

    Args:
        probabilities: (N, K).
        costs: of saying j of a row of class i, (K, J); further columns than K are other answers, such as
            to hand the row to a person.

    Raises:
        ShapeError: costs do not have a row a class.
        UsageError: a cost is not finite.
    """
    if costs.ndim != 2 or costs.shape[0] != probabilities.shape[1] or not costs.shape[1]:
        raise ShapeError(
            f"expected costs with a row for each of {probabilities.shape[1]} classes and a column an answer, "
            f"got {tuple(costs.shape)}"
        )
    if not bool(costs.isfinite().all()):
        raise UsageError("costs must be finite numbers")
    return (probabilities.double() @ costs.double()).argmin(1)


def mean_cost(forecast: Forecast, answers: Tensor, costs: Tensor) -> float:
    """What answers (N,) cost a row, given the rows' classes.

    Args:
        forecast: of the rows.
        answers: the column of `costs` of each row's answer, (N,).
        costs: of saying j of a row of class i, (K, J).

    Raises:
        ShapeError: an answer has no column.
    """
    if int(answers.max()) >= costs.shape[1]:
        raise ShapeError(
            f"the costs have {costs.shape[1]} answers, and answer {int(answers.max())} was given"
        )
    return float(costs.double()[forecast.labels, answers].mean())


def per_class(costs: Tensor) -> Tensor:
    """The costs (K, K) where missing a row of class i costs `costs[i]`, (K,), whatever is said instead."""
    return costs.double()[:, None] * (1 - torch.eye(len(costs), dtype=torch.float64))
