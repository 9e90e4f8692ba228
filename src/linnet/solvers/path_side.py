"""`SparsePath`: the path of L1 penalties on sparse rows, with those of its folds solved beside it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.data.split import Fold
from linnet.errors import ShortfallWarning, warn
from linnet.solvers.certificate.certify import DUALITY
from linnet.solvers.certificate.duality import rounding, smallest_subgradient
from linnet.solvers.certificate.unattained import explain_unheld
from linnet.solvers.l1.pair import as_pair, leave_pair
from linnet.solvers.l1.proximal import ProximalNewton
from linnet.solvers.l1.side_by_side import SideBySide, find_patterns
from linnet.solvers.l1.sparse import suits_sparse
from linnet.solvers.path_folds import summarise
from linnet.solvers.prepare import Preparation
from linnet.solvers.problem.objective import Objective
from linnet.solvers.solution import CONVERGED, INTERRUPTED, Certificate, Minimum, Status

FAR = 2.0
"""Derivatives, in units of l1, beyond which Newton steps on the whole alone lead to where all go on from."""

PATTERNS = 256
"""Ways in which folds weigh a row, up to which the products between columns of each are kept apart."""


@dataclass(frozen=True, eq=False)
class SparsePath:
    """Optima of one penalty after another, of the whole and of folds.

    Args:
        objective: of the whole; its penalty's L2 part holds all along.
        models: of the whole and of each fold.
        shares: of the rows that a fold's models are judged by, as the models have them, (F, N).
        tol: as of `regularization_path`.
        losses: the folds' losses so far, a row a penalty.
        statuses: how folds' models ended that other steps had to finish.
    """

    objective: Objective
    models: SideBySide
    shares: Tensor
    tol: float
    losses: list[list[float]] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        objective: Objective,
        dataset: Dataset,
        preparation: Preparation,
        class_weight: str,
        folds: Sequence[Fold],
        tol: float,
    ) -> SparsePath | None:
        """The path's start; None where rows, loss or folds are of another kind.

        Args:
            objective: of all rows as they were prepared, with any L1 penalty above 0.
            dataset: the rows as they are.
            preparation: of all rows.
            class_weight: as of `regularization_path`.
            folds: of the rows; none for a path alone.
            tol: as of `regularization_path`.
        """
        wide = objective.with_dtype(torch.float64)
        one = as_pair(wide) or wide
        if one.rows.outputs > 1 or not suits_sparse(one) or not one.rows.is_finite():
            return None
        if folds and preparation.standard is not None:  # of which each fold has its own
            return None
        own = one.rows.counts.new_ones(len(dataset)) if dataset.weights is None else dataset.weights.double()
        masks = [torch.ones_like(own), *(fold.weights.ne(0).double() for fold in folds)]
        if any(not (own * mask).sum() > 0 or explain_unheld(wide, own * mask > 0) for mask in masks):
            return None
        factors = [_factors(dataset, own * mask, class_weight) for mask in masks]
        multipliers = torch.stack([mask * own_ for mask, own_ in zip(masks, factors, strict=True)])
        judges = torch.zeros(len(folds), len(own), dtype=torch.float64)
        for row, fold in zip(judges, folds, strict=True):
            row[fold.validation] = own[fold.validation]
        if not bool((judges.sum(1) > 0).all()) or find_patterns(multipliers)[1].shape[1] > PATTERNS:
            return None
        models = SideBySide(one, own, multipliers)
        return cls(wide, models, (judges / judges.sum(1, keepdim=True))[:, models.order], tol)

    def solve(self, penalty: Penalty) -> tuple[Minimum, float]:
        """The optimum of the whole and its mean loss, the folds' losses being kept."""
        began, passes = time.perf_counter(), self.models.objectives[0].passes
        status = self._descend(penalty)
        one, at = self.models.objectives[0], self.models.stands[0].point
        slope = float(smallest_subgradient(one, at).norm())
        gap = self.models.gap + rounding(one, at)
        passes = one.passes - passes + self.models.iterations
        certificate = Certificate(
            at.value, slope, gap, self.models.iterations, passes, time.perf_counter() - began, DUALITY
        )
        found = Minimum(at.theta, status, certificate, [], ProximalNewton.__name__)
        return (leave_pair(found, self.objective) if self.objective.rows.outputs > 1 else found), at.loss

    def figures(self) -> dict[str, NDArray[np.float64]]:
        """As of `cross_validate`.

        Warns:
            ShortfallWarning: some of the folds' models are no optima.
        """
        late = [status for status in self.statuses if not status.is_good]
        if late:
            total = len(self.losses) * len(self.shares)
            warn(f"{len(late)} of {total} models of folds: {late[0]}", ShortfallWarning)
        return summarise(np.array(self.losses).T)

    def _descend(self, penalty: Penalty) -> Status:
        """All models go on to a penalty; how that of the whole ended."""
        models, status = self.models, Status(CONVERGED)
        pair = Penalty(penalty.l2 / self.objective.rows.outputs, penalty.l1)
        solver = ProximalNewton(self.tol)
        try:
            at = models.stands[0].point
            if float(at.gradient[:, :-1].abs().max()) > FAR * penalty.l1:
                start = solver.approach(models.objectives[0].replace(penalty=pair), at.theta).theta
                for model in range(len(models.stands)):
                    models.move_(model, start)
            done = models.descend_(pair, self.tol)
            for model in (m for m, is_there in enumerate(done) if not is_there):
                found = solver.minimise(models.objectives[model], models.stands[model].point.theta)
                models.move_(model, found.theta)
                if model:
                    self.statuses.append(found.status)
                else:
                    status, models.gap = found.status, found.certificate.gap
        except KeyboardInterrupt:
            status = Status(INTERRUPTED, "the model is the best so far: start from it to go on")
        rows, loss = models.objectives[0].rows, models.objectives[0].loss
        each = [loss.value(scores, rows.target()) for scores in models.scores[1:]]
        self.losses.append([float(row @ own) for row, own in zip(each, self.shares, strict=True)])
        return status


def _factors(dataset: Dataset, weights: Tensor, class_weight: str) -> Tensor:
    """How often each row counts for its class, (N,), where rows count so much."""
    weighed = dataclasses.replace(dataset, weights=weights)
    factors = Preparation.of(weighed, class_weight, standardize=False, intercept=True).factors
    return torch.ones_like(weights) if factors is None else factors[dataset.y]
