"""What a regression gets wrong, with bootstrap intervals, and whether two of them differ beyond noise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.evaluate.bootstrap import RESAMPLES, Interval, bootstrap
from linnet.evaluate.named import taken
from linnet.train.run import Run

ROWS_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class Errors:
    """Predictions of N rows less their targets.

    Args:
        residuals: (N, K), float64.
        y: the targets, less any constant, (N, K), float64.

    Raises:
        UsageError: there are no rows.
    """

    residuals: Tensor
    y: Tensor

    def __post_init__(self) -> None:
        if not len(self.y):
            raise UsageError("errors need at least one row")

    def figures(self, *, resamples: int = RESAMPLES, seed: int = 0) -> dict[str, Interval]:
        """The root mean square error, the mean absolute error and R², of all outputs together.

        R² is the mean over the outputs of 1 − Σ(ŷ − y)²/Σ(y − ȳ)²; NaN where a target never differs.

        Args:
            resamples: of the bootstrap.
            seed: of it.
        """
        means, square = self._means(), self.y.square()

        def statistic(counts: Tensor) -> Tensor:
            rmse, mae = means @ counts / counts.sum()
            spread = counts @ square - (counts @ self.y).square() / counts.sum()  # (K,)
            r2 = 1 - counts @ self.residuals.square() / spread  # (K,)
            return torch.stack([rmse.sqrt(), mae, r2.masked_fill(spread <= 0, torch.nan).mean()])

        found = bootstrap(statistic, len(self.y), resamples=resamples, seed=seed)
        return dict(zip(("rmse", "mae", "r2"), found, strict=True))

    def less(self, other: Errors, *, resamples: int = RESAMPLES, seed: int = 0) -> dict[str, Interval]:
        """By how much root mean square and mean absolute error are larger than another model's.

        Args:
            other: errors on the same rows in the same order.
            resamples: of the paired bootstrap: each draws rows for both models together.
            seed: of it.

        Raises:
            UsageError: they are on other rows.
        """
        if self.y.shape != other.y.shape or not bool((self.y == other.y).all()):
            raise UsageError("two models are compared on the same rows, and these have other targets")
        both = torch.cat([self._means(), other._means()])  # (4, N)

        def statistic(counts: Tensor) -> Tensor:
            ours, mae, theirs, other_mae = both @ counts / counts.sum()
            return torch.stack([ours.sqrt() - theirs.sqrt(), mae - other_mae])

        found = bootstrap(statistic, len(self.y), resamples=resamples, seed=seed)
        return dict(zip(("rmse", "mae"), found, strict=True))

    def _means(self) -> Tensor:
        """Of each row the mean square and the mean absolute residual, (2, N)."""
        return torch.stack([self.residuals.square().mean(1), self.residuals.abs().mean(1)])


def errors_of(run: Run, dataset: Dataset | Path | str) -> Errors:
    """What a run's model gets wrong on a data set.

    Args:
        run: of a linear regression.
        dataset: rows of the same features and targets, or the path of a file, all of whose rows count.

    Raises:
        ShapeError: the data set is not one the model was made for.
        UsageError: it has no rows, or classes.
    """
    dataset = taken(run, dataset)
    if dataset.classes:
        raise UsageError(f"{dataset.name} has classes: its errors are no differences of numbers")
    parts = [run.scores(rows).cpu().double() for rows in dataset.X.split(ROWS_AT_ONCE)]
    scores = torch.cat(parts) if parts else torch.empty(0, dataset.outputs)
    y = dataset.y.cpu().double()
    return Errors(scores - y, y - y.mean(0) if len(y) else y)
