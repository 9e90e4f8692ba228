"""The rows that a model was fitted to: what their weights mean, and an orthonormal basis of their columns.

A weight says how often a row was seen, how exactly, or for how many it stands. The best weights of a model
are the same for all three; their standard errors are not. In the basis covariances keep their digits.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.config.requests import SolveRequest
from linnet.data.arguments import refuse_stream
from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.solvers.least_squares.design import Design, check, factor_by_qr, find_collinear, prepare
from linnet.solvers.problem.double_double import DoubleDouble

FREQUENCY, PRECISION, IMPORTANCE = "frequency", "precision", "importance"

EXPOSURE = "exposure"
"""How long, or over how many, counts were made: no choice, but what the rows of rates have."""

WEIGHT_KINDS = {
    FREQUENCY: "2 is the same row twice",
    PRECISION: "the inverse of a variance, up to one factor",
    IMPORTANCE: "for how many a sampled row stands, up to one factor",
}

MEANINGS = {
    FREQUENCY: "frequencies", PRECISION: "precisions", IMPORTANCE: "importances (sampling weights)",
    EXPOSURE: "exposure of counts",
}  # fmt: skip

FITS = 2**27
"""Numbers in a design up to which copies in float64, 1 GiB each, are in order."""

SMALL = 2**22
"""Numbers in a design up to which a product in double-double takes no noticeable time."""

ALIASED = 1e-8
"""A column whose part in the null space is below this share of the whole is determined."""


@dataclass(frozen=True, eq=False)
class Weighting:
    """The weights of a data set's rows, and what they mean.

    Args:
        kind: "frequency", "precision", "importance" or "exposure"; empty where rows have no weights.
        w: of the rows, (N,), float64: of frequencies and exposure as they are, else with the mean 1 over rows
            that count.
    """

    kind: str
    w: Tensor

    @property
    def is_counted(self) -> bool:
        """Whether a weight is a number of rows."""
        return self.kind == FREQUENCY

    @property
    def is_precise(self) -> bool:
        """Whether a weight is the inverse of a variance, up to one factor."""
        return self.kind == PRECISION

    @property
    def is_sampled(self) -> bool:
        """Whether the rows are a sample of unequal chances."""
        return self.kind == IMPORTANCE

    @property
    def meaning(self) -> str:
        """What weights are taken for, in a word; empty without weights."""
        return MEANINGS.get(self.kind, "")

    def of(self, dataset: Dataset) -> Dataset:
        """The data set with these weights."""
        return dataclasses.replace(dataset, weights=self.w) if self.kind else dataset


def read_weighting(dataset: Dataset, weight_kind: str | None, covariance: str | None, kind: str) -> Weighting:
    """The weights of a data set and their meaning.

    Args:
        dataset: the rows.
        weight_kind: as it was asked for; where None, frequencies with the Hessian and importances with the
            sandwich and the bootstrap.
        covariance: as it was asked for.
        kind: of the model.

    Raises:
        UsageError: there is no such kind, or it does not go with the model or the covariance.
    """
    if weight_kind is not None and weight_kind not in WEIGHT_KINDS:
        known = "; ".join(f"{name}: {said}" for name, said in WEIGHT_KINDS.items())
        raise UsageError(f"weight_kind must be one of these, not {weight_kind!r}: {known}")
    if dataset.weights is None:
        return Weighting("", torch.ones(len(dataset), dtype=torch.float64))
    if dataset.has_exposure:
        if weight_kind is not None:
            raise UsageError(
                "the rows are counts with an exposure, which are no weights: leave out weight_kind"
            )
        return Weighting(EXPOSURE, dataset.weights.double().cpu())
    if weight_kind is None:
        weight_kind = FREQUENCY if covariance in (None, "hessian") else IMPORTANCE
    if weight_kind == PRECISION and kind != "regression":
        raise UsageError(
            "precision weights say how exactly a number was measured, and a class is no number: give "
            "weight_kind frequency (counts of rows) or importance (of sampling)"
        )
    if weight_kind == IMPORTANCE and covariance == "hessian":
        raise UsageError(
            "under importance weights the inverse Hessian is not the covariance of the estimates: leave "
            "covariance out, which gives the sandwich, or take bootstrap"
        )
    w = dataset.weights.double().cpu()
    if weight_kind == FREQUENCY or not bool((w > 0).any()):
        return Weighting(weight_kind, w)
    return Weighting(weight_kind, w * (int((w > 0).sum()) / math.fsum(w.tolist())))


def check_dense(dataset: Dataset) -> None:
    """Refuse rows that are not dense and in memory.

    Raises:
        UsageError: they are sparse, or stay in their files.
    """
    refuse_stream(dataset, "infer")
    if dataset.is_sparse:
        raise UsageError(
            f"the covariance of {dataset.features:,} features of sparse rows would be dense: infer from some "
            "of the columns, as linnet.Dataset(X[:, columns].toarray(), y)"
        )


def check_as_it_stands(request: SolveRequest) -> None:
    """Refuse a model of rows or a penalty that are not as the data set has them.

    Raises:
        UsageError: by class weights, or standardised under a penalty.
    """
    if request.class_weight != "none" or (request.standardize and request.l2):
        raise UsageError(
            "inference is of the rows and the penalty as they stand: solve without class_weight, and with l2 "
            "without standardize"
        )


def default_covariance(covariance: str | None, weight_kind: str | None, dataset: Dataset) -> str:
    """The covariance that was asked for; else of groups, or the sandwich of importances, or the Hessian's."""
    if covariance is not None:
        return covariance
    if dataset.groups is not None:
        return "cluster"
    return "sandwich" if weight_kind == IMPORTANCE and dataset.weights is not None else "hessian"


@dataclass(frozen=True, eq=False)
class Basis:
    """The rows in another basis: X1 T = Z, X1 being the scaled features and a column of ones.

    Scores that are linear in the features, X1 γ, are Z η with γ = T η. Z has about orthonormal columns, up to
    one factor and the weights of the rows, so the Hessian over η is well conditioned where that over γ is
    not.

    Args:
        Z: rows of positive weight, (N, r), float64.
        T: (D + 1, r), the last row being the bias's.
        w: the weights of those rows, (N,), float64.
        kept: which rows of the data set these are, (N,), int64.
        aliased: parameters that the rows do not determine, (D + 1,), bool.
        groups: of collinear columns, for messages.
        intercept: whether there is a bias.
    """

    Z: Tensor
    T: Tensor
    w: Tensor
    kept: Tensor
    aliased: Tensor
    groups: tuple[tuple[int, ...], ...]
    intercept: bool

    @property
    def rank(self) -> int:
        """R."""
        return self.Z.shape[1]

    def ridge(self, l2: float) -> Tensor:
        """The second derivative over η of ½ l2 Σ w ‖W‖², (r, r)."""
        weights = self.T[:-1]
        return weights.T @ weights * (l2 * self.w.sum())


def make_basis(dataset: Dataset, l2: float, intercept: bool) -> Basis:
    """The basis of a data set's rows, by QR with pivoting and once more in double-double.

    The second QR takes the first one's error out ("twice is enough", Giraud, Langou, Rozložník and van den
    Eshof 2005), so that standard errors of ill-conditioned columns have about all their digits.

    Raises:
        UsageError: the rows do not fit in memory in float64, or are not finite.
    """
    if len(dataset) * (dataset.features + 1) > FITS:
        raise UsageError(
            f"{len(dataset)} rows of {dataset.features} features are too many for inference, which holds "
            f"them in float64: take a random sample of at most {FITS // (dataset.features + 1)} rows"
        )
    w = torch.ones(len(dataset), dtype=torch.float64)
    if dataset.weights is not None:
        w = dataset.weights.double().cpu()
    X = dataset.X.cpu().double() * dataset.scale
    check(X, X.new_zeros(len(X), 1), w, l2)
    kept = (w > 0).nonzero().flatten()
    design = prepare(X[kept], X.new_zeros(len(kept), 1), w[kept], l2, intercept)
    factor = factor_by_qr(design)
    columns, T = _raw(design, factor.Q, factor.right)
    Z, T = _again(design, columns, T)
    groups = tuple(find_collinear(factor))
    return Basis(Z, T, w[kept], kept, _find_aliased(design, factor.null), groups, intercept)


def _raw(design: Design, Q: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """X1 T and T for T of the first QR, with the column of ones where there is a bias."""
    if design.A.numel() <= SMALL:
        zeros = design.A.new_zeros(len(design.A), right.shape[1])
        turned, level = dataclasses.replace(design, Y=zeros), DoubleDouble.of(zeros[:1])
        Z = -turned.against(DoubleDouble.of(right), level, DoubleDouble.of(zeros))[0]
        bias = turned.offset(DoubleDouble.of(right), level).high
    else:
        Z = Q / design.w.sqrt()[:, None]
        bias = -(design.centre[None] @ right)
    T = torch.cat([design.scale[:, None] * right, bias * design.intercept])
    if not design.intercept:
        return Z, T
    one = torch.zeros(len(T), 1, dtype=T.dtype)
    one[-1] = 1
    return torch.cat([Z, torch.ones(len(Z), 1, dtype=T.dtype)], 1), torch.cat([T, one], 1)


def _again(design: Design, columns: Tensor, T: Tensor) -> tuple[Tensor, Tensor]:
    """Orthonormal columns from nearly orthonormal ones; penalties are more rows."""
    root = design.w.sqrt()[:, None]
    share = (design.penalty / design.scale.square()).sqrt()[:, None]  # of the weights themselves, (D, 1)
    R = torch.linalg.qr(torch.cat([root * columns, share * T[:-1]]), mode="r")[1]

    def divide(part: Tensor) -> Tensor:
        return torch.linalg.solve_triangular(R, part, upper=True, left=False)

    return divide(columns), divide(T)


def _find_aliased(design: Design, null: Tensor) -> Tensor:
    """Parameters with a part in the null space, the bias last, (D + 1,)."""
    null = null / null.abs().amax(0, keepdim=True)
    parts = design.centre[:, None] * null
    bias = (parts.sum(0).abs() > ALIASED * parts.abs().sum(0)).any() & design.intercept
    return torch.cat([(null.abs() > ALIASED).any(1), bias.reshape(1)])


@dataclass(frozen=True, eq=False)
class Problem:
    """What a model was fitted to.

    Args:
        dataset: its rows, with the weights that count.
        basis: their columns.
        weighting: what the weights mean.
        l2: the penalty.
    """

    dataset: Dataset
    basis: Basis
    weighting: Weighting
    l2: float

    @property
    def rows(self) -> float:
        """How many count: of frequencies their sum."""
        return float(self.basis.w.sum()) if self.weighting.is_counted else float(len(self.basis.w))
