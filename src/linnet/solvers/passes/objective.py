"""`PassObjective`: an objective whose rows are read anew in each pass, and a point with what a pass sums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.core.losses import Loss
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.dist.processes import current
from linnet.errors import UsageError
from linnet.solvers.passes.rows import PassRows
from linnet.solvers.passes.survey import Surveyor
from linnet.solvers.problem.affordable import FEW, PARAMETERS
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.score_hessian import score_hessian

BALANCED, ROUNDS = 1e-14, 6
"""The gradient of the biases, as a share of the objective, below which they are best; passes towards it."""

BENT = 32
"""Outputs up to which every pass sums the biases' second derivative, too."""


FEW_NUMBERS = 2**17
"""In X, up to which each of several processes solves the whole by itself, and all come to the same bits."""


def is_read_in_passes(dataset: Dataset, loss: Loss, penalty: Penalty) -> bool:
    """Whether rows are read in passes: those of streams are, and those that several processes share.

    Processes share dense rows in memory, more than columns, of a problem that sums over rows solve. Any
    other each of them solves as a whole.
    """
    if dataset.is_streamed:
        return True
    is_of_sums = loss.is_smooth and not penalty.l1
    if current().size == 1 or not is_of_sums or dataset.is_sparse or dataset.X.device.type != "cpu":
        return False
    return len(dataset) > dataset.features and dataset.X.numel() > FEW_NUMBERS


@dataclass(frozen=True, eq=False)
class PassPoint(Point):
    """A point with more sums of the pass that went there; of no row there are scores, (K, 0).

    Args:
        sizes: Σ ω |∂l/∂o| |o| and Σ ω o², (2,).
        bend: the second derivative of the mean loss by the biases, (K, K).
    """

    sizes: Tensor
    bend: Tensor


class PassObjective(Objective):
    """The mean loss of rows that are read anew in each pass; see `Objective`, of whose arguments it is."""

    rows: PassRows
    keeps_scores = False

    @classmethod
    def read(
        cls,
        dataset: Dataset,
        loss: Loss,
        penalty: Penalty | None = None,
        *,
        intercept: bool = True,
        dtype: torch.dtype = torch.float64,
    ) -> PassObjective:
        """The objective of a stream, or of rows that processes share.

        Args:
            dataset: all rows, in each process.
            loss: in score space.
            penalty: of the weights.
            intercept: whether there is a bias.
            dtype: of the products.

        Raises:
            UsageError: it has no rows that count, or fewer than there are processes; or these were given
                different things.
        """
        processes = current()
        if processes.size > 1:
            data = None if dataset.is_streamed else dataset.checksum  # files may be copies of other times
            processes.check_alike({
                "data": data, "loss": repr(loss), "penalty": repr(penalty), "intercept": intercept,
                "dtype": str(dtype),
            })  # fmt: skip
        if len(dataset) < processes.size:
            raise UsageError(
                f"{len(dataset):,} rows cannot be shared by {processes.size} processes: take fewer processes"
            )
        own = dataset if processes.size == 1 else dataset.rows(processes.share(len(dataset)))
        return cls(PassRows(own, Surveyor(own, processes), dtype), loss, penalty, intercept=intercept)

    @property
    def affords_hessian(self) -> bool:
        """See `Objective.affords_hessian`: its products take no longer than some passes."""
        return self.rows.outputs * (self.rows.features + 1) <= PARAMETERS

    @property
    def is_small(self) -> bool:
        """See `Objective.is_small`."""
        return self.rows.outputs * (self.rows.features + 1) <= FEW

    @property
    def passes(self) -> float:
        """How often the rows were read, that no solver asked for included."""
        return self.rows.passes

    def start(self) -> Tensor | None:
        """See `Objective.start`."""
        if not self.intercept:
            return None
        sums = torch.zeros(self.rows.outputs, dtype=torch.float64)
        for y, part in self.rows.targets():
            sums += y @ self.rows.shares[part]
        theta = self.zeros()
        theta[:, -1] = self.loss.level(self.rows.join(sums)[0])
        return theta if bool(theta.any()) else None

    def least(self) -> float:
        """See `Objective.least`."""
        total = torch.zeros(1, dtype=torch.float64)
        for _, part in self.rows.targets():
            total += self.loss.least(self.rows.y[part]).double() @ self.rows.shares[part]
        return float(self.rows.join(total)[0])

    def value(self, theta: Tensor) -> float:
        """See `Objective.value`."""
        return self.point(theta).value

    def point(self, theta: Tensor) -> PassPoint:
        """See `Objective.point`."""
        return self._pass(theta, is_bent=self.rows.outputs <= BENT)

    def _pass(self, theta: Tensor, *, is_bent: bool) -> PassPoint:
        """A pass: the point, with the biases' second derivative where that is wanted."""
        narrow, weights = theta.to(self.rows.dtype), self._weights

        def work(X1: Tensor, part: slice) -> tuple[Tensor, ...]:
            scores, target = narrow @ X1.T, self.rows.target(part)  # (K, B)
            value, residual = self.loss.value_and_residual(scores, target)
            own = None if weights is None else weights[part]
            residual = residual if own is None else residual.mul_(own)
            sums = (residual @ X1).double()
            slopes = (residual.abs() * scores.abs()).sum(dtype=torch.float64)
            sizes = torch.stack([slopes, _square(scores, own)])
            loss = torch.as_tensor(self._sum(value, part), dtype=torch.float64)
            bend = score_hessian(self.loss, scores, target, own) if is_bent else scores[:0, :0]
            return loss, sums, sizes, bend.double()

        loss, sums, sizes, bend = self.rows.fold(work)
        total = self.rows.total
        at = self._point(theta, sums.new_empty(len(theta), 0), sums, float(loss) / total)
        return PassPoint(at.theta, at.scores, at.loss, at.value, at.gradient, sizes / total, bend / total)

    def point_from(self, theta: Tensor, scores: Tensor) -> PassPoint:
        """See `Objective.point_from`; there are no scores to go on from."""
        return self.point(theta)

    def loss_at(self, theta: Tensor, scores: Tensor) -> float:
        """See `Objective.loss_at`: a pass."""
        return self.point(theta).loss

    def moved(self, point: Point, theta: Tensor, shift: Tensor) -> PassPoint:
        """See `Objective.moved`."""
        return self.point(theta)

    def scores_of(self, point: Point, X1: Tensor, index: Tensor) -> Tensor:
        """See `Objective.scores_of`."""
        return point.theta.to(X1) @ X1.T

    def each(self, theta: Tensor, scores: Tensor | None = None) -> Iterator[tuple[Tensor, slice]]:
        """See `Objective.each`."""
        narrow = theta.to(self.rows.dtype)
        for X1, part in self.rows.blocks():
            yield narrow @ X1.T, part

    def sizes(self, point: Point) -> tuple[float, float]:
        """See `Objective.sizes`."""
        own = point if isinstance(point, PassPoint) else self.point(point.theta)
        first, second = own.sizes.tolist()
        return first, second

    def near(self, point: Point) -> tuple[Objective, Point]:
        """See `Objective.near`."""
        sample = self.near_rows
        return sample, sample.point(point.theta)

    @property
    def near_rows(self) -> Objective:
        """See `Objective.near_rows`: of the survey's sample."""
        level = 0.0
        if self.rows.y.is_floating_point():
            level = self.rows.dataset.y[:1].double() - self.rows.y[:1].double()
        return Objective(
            self.rows.sampled(level), self.loss, self.penalty, intercept=self.intercept, units=self.units
        )

    def balance(self, point: Point) -> Point:
        """The point with its biases moved to their best for its weights, a Newton step a pass."""
        is_bent = isinstance(point, PassPoint) and len(point.bend) > 0
        at = point if isinstance(point, PassPoint) and is_bent else self._pass(point.theta, is_bent=True)
        for _ in range(ROUNDS if self.intercept else 0):
            slope = at.gradient[:, -1]
            if float(slope.abs().max()) <= BALANCED * max(1.0, abs(at.value)):
                break
            theta = at.theta.clone()
            theta[:, -1] -= torch.linalg.pinv(at.bend, rtol=1e-12, hermitian=True) @ slope
            if self.loss.couples_outputs:  # what they have in common softmax does not feel
                theta[:, -1] -= theta[:, -1].mean()
            following = self._pass(theta, is_bent=True)
            if not float(following.gradient[:, -1].norm()) < float(slope.norm()):
                break
            at = following
        return at


def _square(scores: Tensor, weights: Tensor | None) -> Tensor:
    """Σ w o² of some rows."""
    squares = scores.double().square().sum(0)  # (B,)
    return squares.sum() if weights is None else squares @ weights.double()
