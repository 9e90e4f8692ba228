"""`cross_validate`: held-out losses of many penalties on many folds, by a tridiagonal form of each fold.

It takes a fifth of the time of eigenvectors.

With second moments H = Q T Qᵀ, T tridiagonal (Householder), (H + l2) W = C is (T + l2) Z = Qᵀ C with W = Q Z:
a tridiagonal system for each penalty (Golub and Van Loan, 4.3.6 and 8.3). Q is never formed.

The sum of squares over outputs is the same for C R with R orthonormal. So outputs that say nothing new, as
one of K one-hot columns about their means, cost nothing: C R has as many columns as C has rank.

LAPACK and BLAS are called without Python's lock, so that threads can factor a matrix each: scipy's own
wrappers hold the lock for as long as a routine takes, and two threads take as long as one. The routines that
scipy offers to compiled code are called through ctypes, which lets go of it.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import LowLevelCallable
from torch import Tensor

from linnet.device import limit_blas, limit_threads
from linnet.errors import UsageError
from linnet.solvers.least_squares.normal import EPSILON, HIDDEN, Covariance, solve_path
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.problem.hessian import TOO_LARGE

Matrix = NDArray[np.float64]

BLOCK = 64
"""Columns that LAPACK works on at once."""


LAPACK, BLAS = "scipy.linalg.cython_lapack", "scipy.linalg.cython_blas"


@dataclass(frozen=True, eq=False)
class Judge:
    """The tridiagonal form of a fold, from which the held-out losses of any penalty follow.

    Args:
        packed: T's reflectors and T, as LAPACK leaves them, (D, D).
        tau: the reflectors' factors, (D − 1,).
        diagonal: of T, (D,).
        beside: T's other diagonal, (D − 1,).
        C: Qᵀ C R, (D, r).
        half: the judging rows' second moments, the lower triangle with half the diagonal, (D, D).
        cross: those of rows and targets, times R, (D, r).
        targets: the judging rows' Σ w ‖y‖².
        weight: their Σ w.
    """

    packed: Matrix
    tau: Matrix
    diagonal: Matrix
    beside: Matrix
    C: Matrix
    half: Matrix
    cross: Matrix
    targets: float
    weight: float

    @classmethod
    def of(cls, statistics: Statistics, others: Statistics, smallest: float, intercept: bool) -> Judge | None:
        """Make it ready.

        Args:
            statistics: of the rows that the models are of.
            others: of the rows that they are judged by.
            smallest: the least penalty that will be asked for.
            intercept: whether there is a bias.

        Returns:
            None where a penalty is so small that rounding decides, and where there is one feature.
        """
        about = Covariance.of(statistics, intercept)
        features = len(about.mean)
        if features < 2 or not bool(about.xx.isfinite().all()):
            return None
        packed, diagonal, beside, tau = tridiagonalise(about.xx.numpy())
        largest = float(np.abs(diagonal).max() + 2 * np.abs(beside).max(initial=0.0))
        if not smallest > max(HIDDEN, 8 * EPSILON * features) * largest:
            return None
        U, sizes, Rt = np.linalg.svd(about.xy.numpy(), full_matrices=False)
        kept = sizes > EPSILON * features * sizes.max(initial=0.0)
        C = apply_reflectors(packed, tau, (U * sizes)[:, kept], "T")
        s = others.about(about.mean / others.scale, about.level).sums
        half = (s.xx * others.scale**2).triu()  # by columns, as LAPACK reads it, the lower triangle
        half.diagonal().mul_(0.5)
        cross = (s.xy * others.scale).numpy() @ Rt[kept].T
        return cls(
            packed, tau, diagonal, beside, C, half.numpy().T, cross, float(s.yy.sum()), s.weight
        )  # fmt: skip

    def losses(self, l2s: Sequence[float]) -> Tensor | None:
        """The mean losses ½ Σ_k (y_k − xᵀw_k)² of penalties, (P,); None where one has no factor.

        They are those of the models of `solve_path`, quicker.
        """
        features, outputs = self.C.shape
        Z = np.empty((features, len(l2s) * outputs), order="F")
        for number, l2 in enumerate(l2s):
            solved = solve_tridiagonal(self.diagonal + l2, self.beside, self.C)
            if solved is None:
                return None
            Z[:, number * outputs : (number + 1) * outputs] = solved
        W = apply_reflectors(self.packed, self.tau, Z, "N")  # (D, P·r)
        # wᵀ S w is twice wᵀ L w, L being the lower triangle with half the diagonal: half the work.
        pulled = 2 * multiply_lower(self.half, W) - 2 * np.tile(self.cross, len(l2s))
        sums = np.einsum("ij,ij->j", W, pulled).reshape(len(l2s), outputs).sum(1)
        return torch.from_numpy((sums + self.targets) / (2 * self.weight))


def cross_validate(
    trained: Sequence[Statistics], judging: Sequence[Statistics], l2s: Sequence[float], intercept: bool = True
) -> Tensor:
    """Every penalty on every fold, at the cost of one tridiagonal form a fold and without a model.

    Args:
        trained: the statistics of the rows that each of F folds trains on.
        judging: of the rows that each is judged by.
        l2s: the penalties, P.
        intercept: whether there is a bias.

    Returns:
        The mean losses ½ Σ_k (ŷ_k − y_k)² on the rows that judge, (P, F), float64.

    Raises:
        UsageError: a penalty that cannot be, or features too large to be squared.
    """
    if not l2s or not all(math.isfinite(l2) and l2 >= 0 for l2 in l2s):
        raise UsageError(f"penalties must be finite numbers of at least 0, one or more, got {list(l2s)}")
    folds = list(zip(trained, judging, strict=True))
    # A core takes whole decompositions: two share one badly. scipy's LAPACK has threads of its own.
    shares = min(torch.get_num_threads(), len(folds))
    with limit_threads(1), limit_blas(1), ThreadPoolExecutor(shares, "linnet-folds") as pool:
        ready = [pool.submit(Judge.of, rows, kept, min(l2s), intercept) for rows, kept in folds]
        # Then penalties in pieces, so that no core is without work while the last fold is judged.
        waiting = [_submit(pool, judge.result(), l2s) for judge in ready]
        found = [_join(pieces) for pieces in waiting]
        losses = [
            kept.loss(solve_path(rows, l2s, intercept)) if one is None else one
            for (rows, kept), one in zip(folds, found, strict=True)
        ]
    table = torch.stack(losses, 1)
    if not bool(table.isfinite().all()):
        raise UsageError(TOO_LARGE)
    return table


def _submit(
    pool: ThreadPoolExecutor, judge: Judge | None, l2s: Sequence[float]
) -> list[Future[Tensor | None]]:
    """The losses of a fold in two pieces; none where the fold has no tridiagonal form."""
    if judge is None:
        return []
    cut = (len(l2s) + 1) // 2
    return [pool.submit(judge.losses, piece) for piece in (l2s[:cut], l2s[cut:]) if len(piece)]


def _join(pieces: list[Future[Tensor | None]]) -> Tensor | None:
    """The losses of all pieces, (P,), or None where one has none."""
    found = [losses for piece in pieces if (losses := piece.result()) is not None]
    return torch.cat(found) if found and len(found) == len(pieces) else None


@cache
def _routine(module: str, name: str) -> Callable[..., None]:
    """A routine of double precision, called with addresses; integers have 32 bits."""
    made = LowLevelCallable.from_cython(import_module(module), name)
    assert "int *" in made.signature, f"{name} of scipy takes integers of 32 bits"
    capsule = made.function
    pythonapi = ctypes.pythonapi
    pythonapi.PyCapsule_GetName.restype = ctypes.c_char_p
    pythonapi.PyCapsule_GetName.argtypes = [ctypes.py_object]
    pythonapi.PyCapsule_GetPointer.restype = ctypes.c_void_p
    pythonapi.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    address = pythonapi.PyCapsule_GetPointer(capsule, pythonapi.PyCapsule_GetName(capsule))
    count = made.signature.count(",") + 1
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * count)(address)


def _call(module: str, name: str, *arguments: str | int | float | NDArray[Any]) -> None:
    """Call a routine; arrays, by columns, are changed in place."""
    kept = [_kept(argument) for argument in arguments]  # lives as long as the call
    _routine(module, name)(*(address for address, _ in kept))


def _kept(argument: str | int | float | NDArray[Any]) -> tuple[int, object]:
    """Where an argument stands, and what it stands in."""
    if isinstance(argument, np.ndarray):
        return argument.ctypes.data, argument
    made = (
        ctypes.c_char(argument.encode()) if isinstance(argument, str)
        else ctypes.c_int(argument) if isinstance(argument, int)
        else ctypes.c_double(argument)
    )  # fmt: skip
    return ctypes.addressof(made), made


def tridiagonalise(H: Matrix) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """H = Q T Qᵀ of a symmetric matrix, (D, D): the reflectors, T's two diagonals, the reflectors' factors.

    Raises:
        UsageError: LAPACK refuses an argument.
    """
    packed, size = np.array(H, np.float64, order="F"), len(H)
    diagonal, beside, tau = np.empty(size), np.empty(size - 1), np.empty(size - 1)
    info = np.zeros(1, np.int32)
    work = np.empty(BLOCK * size)
    _call(LAPACK, "dsytrd", "L", size, packed, size, diagonal, beside, tau, work, len(work), info)
    _check("dsytrd", info)
    return packed, diagonal, beside, tau


def apply_reflectors(packed: Matrix, tau: Matrix, M: Matrix, how: str) -> Matrix:
    """Q M or Qᵀ M, (D, P), of the reflectors of `tridiagonalise`; how is "N" or "T".

    Q is 1 in the first coordinate and the reflectors of the rest.
    """
    out, size = np.array(M, np.float64, order="F"), len(M)
    rest, wide = size - 1, out.shape[1]
    info, work = np.zeros(1, np.int32), np.empty(max(1, wide) * BLOCK + 65 * BLOCK)
    below, reflectors = out[1:], packed[1:, :-1]  # by columns still, a row further down
    _call(
        LAPACK, "dormqr", "L", how, rest, wide, rest, reflectors, size, tau, below, size, work,
        len(work), info,
    )  # fmt: skip
    _check("dormqr", info)
    return out


def solve_tridiagonal(diagonal: Matrix, beside: Matrix, C: Matrix) -> Matrix | None:
    """T⁻¹ C, (D, K), of a positive definite tridiagonal T; None where it is not."""
    d, e, out = diagonal.copy(), beside.copy(), np.array(C, np.float64, order="F")
    info = np.zeros(1, np.int32)
    _call(LAPACK, "dptsv", len(d), out.shape[1], d, e, out, len(d), info)
    return None if _check("dptsv", info) else out


def multiply_lower(L: Matrix, M: Matrix) -> Matrix:
    """L M, (D, P), of the lower triangle of L; both by columns."""
    out = np.array(M, np.float64, order="F")
    assert L.flags.f_contiguous, "a copy would cost more than it saves"
    _call(BLAS, "dtrmm", "L", "L", "N", "N", len(out), out.shape[1], 1.0, L, len(L), out, len(out))
    return out


def _check(name: str, info: NDArray[np.int32]) -> int:
    if info[0] < 0:
        raise UsageError(f"LAPACK's {name} refuses its argument {-int(info[0])}")
    return int(info[0])
