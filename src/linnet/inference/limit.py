"""The limit of a classification whose likeliest weights are infinite: what is set aside, and what is left.

Where columns tell some rows apart without error, the likelihood rises for ever along certain directions of
the weights, the recession cone: those in which no row's own class loses against another. Far out along one
from the cone's interior, a row keeps only the classes that do not lose; the likelihood of rows with what
classes they keep is the limit problem, whose optimum exists. It decides what no direction of the cone moves
(Albert and Anderson 1984; Geyer 2009). The largest set of losing classes is found by one linear programme
(Konis 2007).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from linnet.errors import UsageError
from linnet.inference.design import Basis
from linnet.inference.likelihood import Classes, prepend
from linnet.solvers.problem.hessian import factor as factor_definite

FAINT = 1e-4
"""A class less probable than this may be one that loses for ever: a solver's last steps leave it far less."""

FLAT = 1e-13
"""An eigenvalue below this share of the largest is rounding."""

UNMOVED = 1e-9
"""Scores that differ by this share of the most that any do are not moved."""

TAKES_PART = 1e-6
"""A parameter with this share of its length along endless directions has no end."""

LARGEST = 2**24
"""Numbers of a linear programme that is solved in reasonable time."""

TOO_LARGE = (
    "columns may tell classes apart without error, and there are too many rows and directions to find "
    "out which weights that leaves: give an l2"
)


@dataclass(frozen=True, eq=False)
class Limit:
    """What is left of a likelihood that has no optimum.

    Args:
        allowed: the classes that each row keeps, the reference first, (J + 1, N), bool.
        null: orthonormal directions of η that move none of what is left, (J·r, n).
        ends: where parameters go: 0 to an optimum, ±inf, or NaN where it may be either, (J, D + 1).
        apart: the classes that are told apart, the reference first, (J + 1,), bool.
    """

    allowed: Tensor
    null: Tensor
    ends: Tensor
    apart: Tensor


def find_limit(likelihood: Classes, basis: Basis, scores: Tensor, information: Tensor) -> Limit | None:
    """The limit that a model has been on its way to; None where the likelihood has an optimum.

    Args:
        likelihood: of classes, J against a reference.
        basis: of the rows, r columns.
        scores: where Newton's method ended, (J, N).
        information: the second derivative there, (J·r, J·r).

    Raises:
        UsageError: there are too many rows and directions to tell.
    """
    own = likelihood.shares() > 0  # (J + 1, N)
    if _is_curved(information, basis, len(own)):
        return None
    faint = likelihood.probabilities(scores) < FAINT
    allowed = own | ~torch.cat([1 - likelihood.probabilities(scores).sum(0, keepdim=True) < FAINT, faint])
    flat = null_space(allowed, basis)
    if not flat.shape[1]:
        return None
    losing = _losing(own, allowed, flat, basis)
    if not bool(losing.any()):
        return None
    allowed = ~losing
    null = null_space(allowed, basis)
    return Limit(allowed, null, _ends(own, allowed, null, basis), _apart(own, allowed))


def all_apart(likelihood: Classes, basis: Basis) -> Limit:
    """The limit of rows that are all told apart: nothing is left."""
    own = likelihood.shares() > 0
    null = torch.eye(likelihood.outputs * basis.rank, dtype=torch.float64)
    return Limit(own, null, _ends(own, own, null, basis), _apart(own, own))


def null_space(allowed: Tensor, basis: Basis) -> Tensor:
    """Directions of η that move no allowed class of any row against another, orthonormal, (J·r, n)."""
    J = len(allowed) - 1
    even = Classes(torch.zeros(J, allowed.shape[1], dtype=torch.float64), allowed)
    H = even.information(torch.zeros_like(even.Y), basis.Z, basis.w)
    total = float(basis.w @ basis.Z.square().sum(1))
    least = FLAT * total * torch.eye(len(H), dtype=torch.float64)
    if not bool(torch.linalg.cholesky_ex(H - 1e4 * least).info):  # far quicker than eigenvalues
        return H[:, :0]
    values, vectors = torch.linalg.eigh(H)
    return vectors[:, values <= FLAT * total]


def _is_curved(information: Tensor, basis: Basis, classes: int) -> bool:
    """Whether the curvature is more than faint in all directions, so that none is endless."""
    typical = float(basis.w @ basis.Z.square().sum(1)) / basis.rank  # of a direction's scores squared
    shift = 2 * classes * FAINT * typical
    found = torch.linalg.cholesky_ex(information - shift * torch.eye(len(information), dtype=torch.float64))
    return not bool(found.info)


def _margins(own: Tensor, wanted: Tensor, ways: Tensor, basis: Basis) -> tuple[Tensor, Tensor]:
    """How directions move own classes against wanted others, (P, n), the rows of length 1; and which.

    Returns:
        The margins, and where each of (J + 1, N) stands among them, −1 where it is not or does not move.
    """
    moved = ways.T.reshape(ways.shape[1], -1, basis.rank) @ basis.Z.T
    moved = prepend(torch.zeros_like(moved[:, :1]), moved)  # (n, J + 1, N)
    first = own.long().argmax(0)  # a class of each row, (N,)
    ours = moved.gather(1, first.expand(len(moved), 1, -1))
    places = wanted.nonzero()
    margins = (ours - moved)[:, places[:, 0], places[:, 1]].T  # (P, n)
    length = margins.norm(dim=1)
    moves = length > UNMOVED * float(moved.abs().amax())
    where = torch.full(wanted.shape, -1)
    found = (margins[moves] / length[moves, None]).numpy()
    if not len(found):
        return torch.empty(0, ways.shape[1], dtype=torch.float64), where
    _, once, again = np.unique(np.round(found, 9), axis=0, return_index=True, return_inverse=True)
    where[places[moves, 0], places[moves, 1]] = torch.from_numpy(again.reshape(-1))
    return torch.from_numpy(found[once]), where


def _losing(own: Tensor, allowed: Tensor, flat: Tensor, basis: Basis) -> Tensor:
    """Which classes can lose where no own class does, as many as can at once, (J + 1, N)."""
    from scipy import sparse
    from scipy.optimize import linprog

    if (own.numel() * flat.shape[1]) > 8 * LARGEST:
        raise UsageError(TOO_LARGE)
    margins, where = _margins(own, ~allowed, flat, basis)
    if not len(margins):
        return torch.zeros_like(own)
    P, n = margins.shape
    if margins.numel() > LARGEST:
        raise UsageError(TOO_LARGE)
    matrix = sparse.hstack([sparse.csr_array(-margins.numpy()), sparse.eye_array(P)])  # t − C δ ≤ 0
    bounds = [(None, None)] * n + [(0, 1)] * P
    found = linprog(np.r_[np.zeros(n), -np.ones(P)], matrix, np.zeros(P), bounds=bounds, method="highs")
    if found.x is None:
        raise UsageError(f"whether classes are told apart cannot be found out ({found.message}): give an l2")
    loses = torch.from_numpy(found.x[n:] > 0.5)
    return torch.where(where >= 0, loses[where.clamp_min(0)], False)


def _ends(own: Tensor, allowed: Tensor, null: Tensor, basis: Basis) -> Tensor:
    """Where parameters go, (J, D + 1): see `Limit`."""
    from scipy.optimize import linprog

    J, r = len(own) - 1, basis.rank
    parts = basis.T @ null.view(J, r, -1)  # (J, D + 1, n)
    length = basis.T.norm(dim=1, keepdim=True)
    takes_part = parts.norm(dim=2) > TAKES_PART * length.T
    ends = torch.zeros(J, len(basis.T), dtype=torch.float64)
    ends[takes_part] = torch.nan
    margins, _ = _margins(own, ~allowed, null, basis)
    if margins.numel() * int(takes_part.sum()) > LARGEST // 16:
        return ends
    for j, d in takes_part.nonzero().tolist():
        way = (parts[j, d] / parts[j, d].norm()).numpy()
        high, low = (
            linprog(sign * way, -margins.numpy(), np.zeros(len(margins)), bounds=(-1, 1), method="highs").fun
            for sign in (-1, 1)
        )
        rises, falls = -high > UNMOVED, low < -UNMOVED
        if rises != falls:
            ends[j, d] = torch.inf if rises else -torch.inf
    return ends


def _apart(own: Tensor, allowed: Tensor) -> Tensor:
    """Classes of which rows are told from all others, or that have no rows; else all that are told apart."""
    alone = own & (allowed.sum(0) == 1)
    never = ~own.any(1) & ~allowed.all(1)
    named = alone.any(1) | never
    return named if bool(named.any()) else (own & ~allowed.all(0)).any(1) | ~allowed.all(1)


def factor_with_null(information: Tensor, ridge: Tensor, null: Tensor) -> Tensor:
    """Cholesky's factor of information and ridge, made definite along directions that neither bends."""
    whole = information + ridge
    if not null.shape[1]:
        return factor_definite(whole)
    return factor_definite(whole + mean_diagonal(whole) * (null @ null.T))


def mean_diagonal(matrix: Tensor) -> float:
    """The mean diagonal of a matrix, 1 where that is 0."""
    return float(matrix.diagonal().mean()) or 1.0
