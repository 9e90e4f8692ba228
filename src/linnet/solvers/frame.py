"""`Frame`, rows about their mean with a bias as long as a row; `Stream`, sums of rows that have gone by."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.errors import UsageError
from linnet.solvers.problem.rows import Rows


@dataclass(frozen=True, eq=False)
class Frame:
    """Rows about their mean, with a column of their typical length in place of the ones.

    Scores are W x + b = W (x − m) + c β with β = (b + W m)/c. The bias has no penalty, so a problem in (W, β)
    is that in (W, b), and descent in it does not wait for the bias, whose column of ones is short beside long
    rows, or for the part of W that acts as a bias. Without a bias m and c are 0.

    Args:
        centre: m, the weighted mean of the rows, (D,), float64.
        size: c, the root of the mean of ‖x − m‖².
    """

    centre: Tensor
    size: float

    @classmethod
    def of(cls, rows: Rows, intercept: bool) -> Frame:
        """The frame of the rows that count.

        Raises:
            UsageError: features are not finite, or their squares are not.
        """
        weights = rows.counts
        mean = rows.gradient_of(weights[None])[0][:-1] / rows.total  # (D,)
        mean = mean if intercept else torch.zeros_like(mean)
        size = float(weights @ squares_about(rows, mean) / rows.total) ** 0.5 or 1.0
        return cls(mean, size if intercept else 0.0)

    def lengths(self, rows: Rows) -> Tensor:
        """The squared lengths of rows in the frame, ‖x − m‖² + c², (N,), float64."""
        return squares_about(rows, self.centre) + self.size**2

    def enter(self, theta: Tensor) -> Tensor:
        """θ of rows, (…, D + 1), as θ of the frame."""
        lift = theta[..., -1:] + theta[..., :-1] @ self.centre.to(theta)[:, None]
        return torch.cat([theta[..., :-1], lift / self.size if self.size else 0 * lift], -1)

    def leave(self, theta: Tensor) -> Tensor:
        """θ of the frame, (…, D + 1), as θ of rows."""
        b = self.size * theta[..., -1:] - theta[..., :-1] @ self.centre.to(theta)[:, None]
        return torch.cat([theta[..., :-1], b], -1)

    def rows_(self, X1: Tensor) -> Tensor:
        """Rows with a column of ones, (B, D + 1), in the frame, in place."""
        X1[:, :-1] -= self.centre.to(X1)
        X1[:, -1] = self.size
        return X1


def squares_about(rows: Rows, centre: Tensor) -> Tensor:
    """‖x − m‖² of each row, (N,), float64.

    Raises:
        UsageError: features are not finite, or their squares are not.
    """
    theta = torch.cat([centre, centre.new_zeros(1)])[None]  # (1, D + 1)
    squares = rows.square_norms() - 2 * rows.scores(theta)[0].double() + centre.square().sum()
    if not bool(squares.isfinite().all()):
        raise UsageError("features are NaN, infinite or too large to be squared: mend or scale them")
    return squares.clamp(min=0)


@dataclass(frozen=True, eq=False)
class Stream:
    """All rows of a stream so far, those of weight 0 aside.

    A part of a stream may be a single row. Its own mean and size would be a frame in which the weights never
    move, and its own weight would cancel: both are taken of all rows so far.

    Args:
        rows: how many.
        weight: the sum of their weights, each as it was when it came.
        mean: the mean weight of a row, as they weigh now.
        centre: their weighted mean, (D,), float64.
        spread: the weighted sum of ‖x − m‖².
        longest: the largest w ‖x‖² about 0, and about the means there were.
    """

    rows: int
    weight: float
    mean: float
    centre: Tensor
    spread: float
    longest: tuple[float, float, float]

    @classmethod
    def empty(cls, features: int) -> Stream:
        """A stream of no rows."""
        return cls(0, 0.0, 0.0, torch.zeros(features, dtype=torch.float64), 0.0, (0.0, 0.0, 0.0))

    def with_rows(self, part: Rows, weight: float | None = None) -> Stream:
        """The stream with its next rows (Chan, Golub and LeVeque 1983 for the sums).

        Args:
            part: the rows.
            weight: the sum of the weights of all rows, these included, where it is not as they came.
        """
        weights = part.counts
        share = part.total / (self.weight + part.total)
        own = part.gradient_of(weights[None])[0][:-1].cpu() / part.total  # (D,)
        moved = own - self.centre
        centre = self.centre + share * moved
        within = float(weights @ squares_about(part, own.to(weights.device)))
        spread = self.spread + within + self.weight * share * float(moved.square().sum())
        about = [squares_about(part, m.to(weights.device)) for m in (torch.zeros_like(centre), centre)]
        new = (float(weights.max()), *(float((weights * squares).max()) for squares in about))
        heaviest, about_zero, about_mean = map(max, self.longest, new)
        rows, summed = self.rows + int((weights > 0).sum()), self.weight + part.total
        return Stream(
            rows,
            summed,
            (summed if weight is None else weight) / rows,
            centre, spread, (heaviest, about_zero, about_mean),
        )  # fmt: skip

    def frame(self, intercept: bool) -> Frame:
        """The frame of the rows."""
        if not intercept:
            return Frame(torch.zeros_like(self.centre), 0.0)
        return Frame(self.centre, (self.spread / self.weight) ** 0.5 or 1.0)

    def reach(self, intercept: bool) -> float:
        """The longest row by weight, for a safe rate: its w/w̄ times its squared length in the frame."""
        heaviest, about_zero, about_mean = self.longest
        size = self.frame(intercept).size
        return ((about_mean if intercept else about_zero) + heaviest * size**2) / self.mean
