"""`Frame`: where gradient descent sees the rows: about their mean, the bias as long as a row."""

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
        weights = weights_of(rows)
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


def weights_of(rows: Rows) -> Tensor:
    """How much each row counts, (N,), float64."""
    return (
        torch.ones(len(rows), dtype=torch.float64, device=rows.y.device)
        if rows.weights is None
        else rows.weights
    )


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
