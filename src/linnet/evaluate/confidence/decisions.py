"""Decisions by probabilities: abstaining where the model is unsure, and answers of least expected cost.

With `costs[i, j]` the cost of saying class j of a row that is of class i, the best answer is
argmin_j Σ_i p_i costs[i, j] (Elkan 2001; Hastie, Tibshirani and Friedman 2009, 2.4); it need not be the
likeliest class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from linnet.errors import ShapeError, UsageError
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.interval import Array


@dataclass(frozen=True, eq=False)
class AbstainCurve:
    """Accuracy and coverage at every threshold of confidence, the strictest first (El-Yaniv and Wiener 2010).

    Args:
        thresholds: answer where the confidence is at least so much; falling, (T,), float64.
        coverage: the share of rows that are answered, rising to 1, (T,).
        accuracy: the share of those that are right, (T,).
    """

    thresholds: Array
    coverage: Array
    accuracy: Array

    @property
    def area(self) -> float:
        """The mean error over all coverages (AURC, less is better): each row the last to be answered once."""
        return float(((1 - self.accuracy) * np.diff(self.coverage, prepend=0.0)).sum())

    def threshold(self, accuracy: float) -> float:
        """The threshold that answers most rows with at least such an accuracy on these rows.

        Raises:
            UsageError: no threshold gives it.
        """
        enough = np.flatnonzero(self.accuracy >= accuracy)
        if not len(enough):
            raise UsageError(
                f"no threshold gives an accuracy of {accuracy}: the best is {self.accuracy.max():.4f}"
            )
        return float(self.thresholds[enough[-1]])


def abstain_curve(evaluation: Evaluation) -> AbstainCurve:
    """Accuracy and coverage at every threshold, rows of the same confidence being answered together."""
    order = np.argsort(-evaluation.confidence, kind="stable")
    confidence, answered = evaluation.confidence[order], np.arange(1, len(order) + 1)
    accuracy = evaluation.hits[order].cumsum() / answered
    ends = np.append(confidence[1:] != confidence[:-1], True)
    return AbstainCurve(confidence[ends], answered[ends] / len(order), accuracy[ends])


def cheapest(probabilities: ArrayLike, costs: ArrayLike) -> Array:
    """The answer of least expected cost of each row, the first of equal ones, (N,).

    Args:
        probabilities: (N, K).
        costs: of saying j of a row of class i, (K, J); further columns than K are other answers, such as
            to hand the row to a person.

    Raises:
        ShapeError: costs do not have a row a class.
        UsageError: a cost is not finite.
    """
    probabilities, costs = np.asarray(probabilities, np.float64), np.asarray(costs, np.float64)
    if costs.ndim != 2 or costs.shape[0] != probabilities.shape[1] or not costs.shape[1]:
        raise ShapeError(
            f"expected costs with a row for each of {probabilities.shape[1]} classes and a column an answer, "
            f"got {costs.shape}"
        )
    if not np.isfinite(costs).all():
        raise UsageError("costs must be finite numbers")
    return (probabilities @ costs).argmin(1)


def mean_cost(evaluation: Evaluation, answers: ArrayLike, costs: ArrayLike) -> float:
    """What answers (N,) cost a row, given the rows' classes.

    Args:
        evaluation: of the rows.
        answers: the column of `costs` of each row's answer, (N,).
        costs: of saying j of a row of class i, (K, J).

    Raises:
        ShapeError: an answer has no column.
    """
    answers, costs = np.asarray(answers), np.asarray(costs, np.float64)
    if answers.max() >= costs.shape[1]:
        raise ShapeError(f"the costs have {costs.shape[1]} answers, and answer {answers.max()} was given")
    return float(costs[evaluation.targets, answers].mean())


def per_class(costs: ArrayLike) -> Array:
    """The costs (K, K) where missing a row of class i costs `costs[i]`, (K,), whatever is said instead."""
    costs = np.asarray(costs, np.float64)
    return np.where(np.eye(len(costs)), 0.0, costs[:, None])
