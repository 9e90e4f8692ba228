"""`Stream`: what gradient descent has to know of rows that have gone by."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.solvers.problem.rows import Rows
from linnet.solvers.stochastic.frame import Frame, squares_about, weights_of


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
        weights = weights_of(part)
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
