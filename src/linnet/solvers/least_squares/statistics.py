"""`Statistics`: all that least squares needs of a data set, gathered once, added and taken away at will."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.dist.processes import Processes
from linnet.errors import ShapeError, UsageError
from linnet.solvers.least_squares import moments, whole_numbers
from linnet.solvers.least_squares.moments import Moments
from linnet.solvers.problem.double_double import DoubleDouble, matmul
from linnet.solvers.problem.error_free import two_product

SMALLEST = 1e-290
"""Sums of squares below it have lost digits, or all of themselves."""

FAINT = 1e-100
"""Weights whose sum is below it are why they did."""

PART = 2048
"""Sparse rows that are dense at a time."""


@dataclass(frozen=True, eq=False)
class Statistics:
    """Sums over rows about a fixed point, in float64: they merge, and rows can be taken out again.

    Whole numbers give exact sums, whatever the order; other numbers give them to rounding.

    Args:
        sums: over the stored rows, about `centre` and `level`.
        centre: the point amid the stored features, (D,).
        level: the point amid the targets, (K,).
        scale: the features that the model sees are stored features times this.
        is_exact: whether all sums are free of rounding.
    """

    sums: Moments
    centre: Tensor
    level: Tensor
    scale: float = 1.0
    is_exact: bool = False

    @classmethod
    def of(cls, dataset: Dataset, index: Tensor | None = None, like: Statistics | None = None) -> Statistics:
        """Gather them in one pass.

        Args:
            dataset: rows, with weights or without.
            index: which rows, (B,); all when None.
            like: statistics whose point to take, so that sums of both are about the same.

        Raises:
            UsageError: there is no row, or numbers are NaN or infinite.
            ShapeError: the rows have other features, outputs or scale than `like`.
        """
        if not len(dataset):
            raise UsageError(f"{dataset.name} has no rows")
        dataset, index = _leave_out_weightless(dataset, index)
        if dataset.is_sparse:
            return cls._of_sparse(dataset, like)
        if like is not None:
            like.check(dataset.features, dataset.outputs, dataset.scale)
        if index is None and (found := whole_numbers.gather_bytes(dataset)) is not None:
            sums, middle = found
            whole = cls(sums, middle, torch.zeros(dataset.outputs, dtype=torch.float64), dataset.scale, True)
            return whole.about(like.centre, like.level) if like else whole.near_means()
        centre, level = (like.centre, like.level) if like else moments.find_origin(dataset)
        sums = moments.gather(dataset, centre, level, index)
        overflows = not bool(sums.xy.isfinite().all())
        if overflows and not all(bool(part.isfinite().all()) for part in (dataset.stored, dataset.y)):
            raise UsageError(f"{dataset.name} has NaN or infinite numbers: fill in or leave out those rows")
        if tiny := _vanishing(dataset if index is None else dataset.rows(index), centre, sums):
            if sums.weight < FAINT:
                raise UsageError(
                    f"the weights of {dataset.name} sum to {sums.weight:.2g}, so that sums of squares "
                    "lose their digits: bring them near 1 by a common factor, which changes no model"
                )
            raise UsageError(
                f"column {tiny[0]} of {dataset.name} holds numbers too small to be squared: multiply it by a "
                "power of ten, or solve with the rows (solver qr)"
            )
        return cls(sums, centre, level, dataset.scale, moments.are_pixels(dataset))

    @classmethod
    def of_all(cls, dataset: Dataset, processes: Processes) -> Statistics:
        """The sums over the rows of all processes, of which each has some: whole numbers' to the last digit.

        Raises:
            UsageError, ShapeError: as of `of`.
        """
        if processes.size == 1:
            return cls.of(dataset)
        own = cls.of(dataset)
        own = own.about(*processes.gather((own.centre, own.level))[0])
        is_exact = not processes.any(not own.is_exact)
        found = dataclasses.replace(own, sums=own.sums.over(processes), is_exact=is_exact)
        return found.near_means() if is_exact else found

    @classmethod
    def _of_sparse(cls, dataset: Dataset, like: Statistics | None) -> Statistics:
        """The sums of sparse rows, of which a part is dense at a time."""
        parts = dataset.dense_parts(PART)
        total = cls.of(next(parts), like=like)
        for part in parts:
            total += cls.of(part, like=total)
        return total

    def check(self, features: int, outputs: int, scale: float) -> None:
        """Refuse what cannot be added.

        Raises:
            ShapeError: it is of another kind.
        """
        ours = (self.features, self.outputs, self.scale)
        if ours != (features, outputs, scale):
            raise ShapeError(
                f"statistics of (features, outputs, scale) {ours} and {(features, outputs, scale)} do not add"
            )

    @property
    def features(self) -> int:
        """D."""
        return len(self.centre)

    @property
    def outputs(self) -> int:
        """K."""
        return len(self.level)

    @property
    def rows(self) -> int:
        """How many rows of positive weight."""
        return self.sums.rows

    @property
    def weight(self) -> float:
        """The sum of their weights."""
        return self.sums.weight

    def __add__(self, other: Statistics) -> Statistics:
        """The statistics of both sets of rows."""
        return self._join(other, 1)

    def __sub__(self, other: Statistics) -> Statistics:
        """The statistics of the rows that are not in `other`.

        Raises:
            UsageError: `other` has more rows.
        """
        if other.rows > self.rows:
            raise UsageError(f"cannot take {other.rows} rows from {self.rows}")
        return self._join(other, -1)

    def _join(self, other: Statistics, sign: int) -> Statistics:
        self.check(other.features, other.outputs, other.scale)
        sums = self.sums.join(other.about(self.centre, self.level).sums, sign)
        return dataclasses.replace(self, sums=sums, is_exact=self.is_exact and other.is_exact)

    def about(self, centre: Tensor, level: Tensor) -> Statistics:
        """The same sums about another point."""
        d, e, s = self.centre - centre, self.level - level, self.sums
        if not bool(d.any()) and not bool(e.any()):
            return self
        cross = torch.outer(d, s.x)
        xx = s.xx + cross + cross.T + s.weight * torch.outer(d, d)
        xy = s.xy + torch.outer(d, s.y) + torch.outer(s.x, e) + s.weight * torch.outer(d, e)
        yy = s.yy + 2 * e * s.y + s.weight * e * e
        sums = Moments(s.rows, s.weight, s.x + s.weight * d, s.y + s.weight * e, xx, xy, yy)
        return dataclasses.replace(self, sums=sums, centre=centre, level=level)

    def near_means(self) -> Statistics:
        """The same sums about whole numbers near the means, which keeps those of whole numbers exact."""
        s = self.sums
        x, y = torch.round(s.x / s.weight), torch.round(s.y / s.weight)
        return self.about(self.centre + x, self.level + y)

    def loss(self, theta: Tensor) -> Tensor:
        """The mean of ½ Σ_k (ŷ_k − y_k)² over the rows, (P,), of models (P, K, D + 1).

        It is the difference of large sums where the fit is close: 1e-16 of the targets' variance is rounding.
        """
        s = self.sums
        W = theta[..., :-1] * self.scale  # (P, K, D), of stored features
        lift = theta[..., -1] + W @ self.centre - self.level  # (P, K), what a row at the centre is off by
        square = ((W @ s.xx) * W).sum(-1) + s.yy + s.weight * lift.square()
        cross = lift * (W @ s.x - s.y) - (W * s.xy.T).sum(-1)
        return (square + 2 * cross).sum(-1) / (2 * s.weight)

    def gradient(self, theta: Tensor, l2: float) -> Tensor:
        """Of the mean loss and the penalty at a model (K, D + 1): in double-double, rounded once."""
        s = self.sums
        V = DoubleDouble(
            *two_product(theta[:, :-1].T, theta.new_tensor(self.scale))
        )  # (D, K), of stored features
        b, weight = theta[:, -1][None], theta.new_tensor(s.weight)  # (1, K)
        lift = matmul(self.centre[None], V) + b - self.level  # (1, K), what a row at the centre is off by
        push = matmul(s.x[None], V) + lift.times(weight) - s.y  # (1, K)
        pull = matmul(s.xx, V) + lift.times(s.x[:, None]) - s.xy + push.times(self.centre[:, None])  # (D, K)
        mean = torch.cat([pull.high * self.scale, push.high]).T / s.weight
        mean[:, :-1] += l2 * theta[:, :-1]
        return mean


def _leave_out_weightless(dataset: Dataset, index: Tensor | None) -> tuple[Dataset, Tensor | None]:
    """Rows, and which of them, without those of weight 0: far off, these move the origin and cost digits.

    One is left where none counts. Of sparse rows only those of the index are left.
    """
    if index is not None and dataset.is_sparse:
        dataset, index = dataset.rows(index), None
    weights = dataset.weights if index is None or dataset.weights is None else dataset.weights[index]
    if weights is None or bool((weights > 0).all()):
        return dataset, index
    counting = (weights > 0).nonzero()[:, 0]
    counting = counting if len(counting) else counting.new_zeros(1)
    return (dataset.rows(counting), None) if index is None else (dataset, index[counting])


def _vanishing(dataset: Dataset, centre: Tensor, sums: Moments) -> list[int]:
    """Columns that differ from their centre, though the squares of that are not numbers of full precision."""
    few = (sums.xx.diagonal() < SMALLEST).nonzero().flatten().tolist()
    if not few or not dataset.X.is_floating_point():
        return []
    if dataset.is_streamed:
        differs = torch.zeros(len(few), dtype=torch.bool)
        for low in range(0, len(dataset), PART):
            X = dataset.X[low : low + PART]
            X = X if dataset.weights is None else X[dataset.weights[low : low + PART] > 0]
            differs |= (X[:, few].double() != centre[few]).any(0)
        return [j for j, is_other in zip(few, differs.tolist(), strict=True) if is_other]
    X = dataset.X if dataset.weights is None else dataset.X[dataset.weights > 0]
    return [j for j in few if bool((X[:, j].double().cpu() != centre[j]).any())]
