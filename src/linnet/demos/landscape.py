"""The mean loss over a plane of parameters: the surface that a linear regression descends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from linnet.core.bank import Bank
from linnet.core.losses import Loss
from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.evaluate.interval import Array

MOST = 1 << 24
"""Losses of a row at a point that are computed at most, 128 MiB of float64."""


@dataclass(frozen=True, eq=False)
class Landscape:
    """The mean loss of y = w x + b at each w and b.

    Args:
        w: (G,), float64.
        b: (H,), float64.
        loss: (H, G): the row is b's, the column w's.
    """

    w: Array
    b: Array
    loss: Array


def landscape(dataset: Dataset, loss: Loss, w: ArrayLike, b: ArrayLike) -> Landscape:
    """The mean loss of every pair of a weight and a bias; all of them are one bank of models.

    Args:
        dataset: a regression of one feature and one target.
        loss: in score space.
        w: weights, (G,).
        b: biases, (H,).

    Raises:
        UsageError: more features or targets than one, or too many points for the rows.
    """
    w, b = np.asarray(w, np.float64), np.asarray(b, np.float64)
    _check(dataset)
    _check_points(len(w) * len(b), dataset)  # before the grid is made
    at = np.stack(np.meshgrid(w, b), -1)  # (H, G, 2)
    return Landscape(w, b, losses_at(dataset, loss, at.reshape(-1, 2)).reshape(len(b), len(w)))


def losses_at(dataset: Dataset, loss: Loss, theta: ArrayLike) -> Array:
    """The mean loss of each of some weights and biases, (P,), float64; ∞ where it is too large for that.

    Args:
        dataset: a regression of one feature and one target.
        loss: in score space.
        theta: (w, b) of each, (P, 2), such as the path of a descent.

    Raises:
        UsageError: more features or targets than one, or too many points for the rows.
    """
    import torch

    theta = np.asarray(theta, np.float64)
    _check(dataset)
    _check_points(len(theta), dataset)
    bank = Bank(torch.from_numpy(theta), len(theta))
    scores = bank.scores(dataset.X.double(), dataset.scale)  # (P, 1, N)
    return loss.value(scores, dataset.y.double().T).mean(-1).numpy()


def window(centre: ArrayLike, start: ArrayLike, path: ArrayLike, size: int = 61) -> tuple[Array, Array]:
    """The weights and biases of a surface that shows an optimum and the way to it.

    Args:
        centre: the optimum (w, b), which comes to the middle.
        start: where the way begins, (2,); the window is at least as wide as its distance.
        path: further points to show, (P, 2), as far as they are not more than three times as far away as the
            start; a path that diverges leaves the window.
        size: G, points on each side.

    Returns:
        w and b, (size,) each.
    """
    centre, start, path = (np.asarray(points, np.float64) for points in (centre, start, path))
    reach = np.maximum(np.abs(start - centre), 0.5 + 0.1 * np.abs(centre))  # (2,)
    away = np.nan_to_num(np.abs(path - centre), nan=np.inf)  # (P, 2)
    furthest = np.minimum(away, 3 * reach).max(0) if len(away) else reach
    half = 1.2 * np.maximum(reach, furthest)
    w, b = np.linspace(centre - half, centre + half, size).T
    return w, b


def largest_rate(dataset: Dataset) -> float:
    """The learning rate 2/λ up to which full-batch descent on the squared error does not diverge.

    λ is the largest eigenvalue of the Hessian (1/N) X1ᵀX1 of the mean of ½ (w x + b − y)².

    Args:
        dataset: a regression of one feature.

    Raises:
        UsageError: more features or targets than one.
    """
    _check(dataset)
    x = dataset.X.double().numpy(force=True) * dataset.scale
    X1 = np.hstack([x, np.ones_like(x)])  # (N, 2)
    return 2 / float(np.linalg.eigvalsh(X1.T @ X1 / len(X1))[-1])


def _check(dataset: Dataset) -> None:
    if dataset.is_classification or (dataset.features, dataset.outputs) != (1, 1):
        raise UsageError(
            f"a surface over w and b is for one feature and one target, {dataset.name} has "
            f"{dataset.features} and {dataset.outputs}"
        )


def _check_points(points: int, dataset: Dataset) -> None:
    if not 0 < points * len(dataset) <= MOST:
        raise UsageError(
            f"{points:,} points over {len(dataset):,} rows cannot be: take 1 to "
            f"{MOST // max(1, len(dataset)):,} points"
        )
