"""LAPACK and BLAS without Python's lock, so that threads can factor a matrix each.

scipy's own wrappers hold the lock for as long as the routine takes: two threads take as long as one. The
routines that scipy offers to compiled code are called through ctypes, which lets go of it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import LowLevelCallable

from linnet.errors import UsageError

Matrix = NDArray[np.float64]

BLOCK = 64
"""Columns that LAPACK works on at once."""


LAPACK, BLAS = "scipy.linalg.cython_lapack", "scipy.linalg.cython_blas"


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


def tridiagonal(H: Matrix) -> tuple[Matrix, Matrix, Matrix, Matrix]:
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


def turned(packed: Matrix, tau: Matrix, M: Matrix, how: str) -> Matrix:
    """Q M or Qᵀ M, (D, P), of the reflectors of `tridiagonal`; how is "N" or "T".

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


def solved(diagonal: Matrix, beside: Matrix, C: Matrix) -> Matrix | None:
    """T⁻¹ C, (D, K), of a positive definite tridiagonal T; None where it is not."""
    d, e, out = diagonal.copy(), beside.copy(), np.array(C, np.float64, order="F")
    info = np.zeros(1, np.int32)
    _call(LAPACK, "dptsv", len(d), out.shape[1], d, e, out, len(d), info)
    return None if _check("dptsv", info) else out


def lower_product(L: Matrix, M: Matrix) -> Matrix:
    """L M, (D, P), of the lower triangle of L; both by columns."""
    out = np.array(M, np.float64, order="F")
    assert L.flags.f_contiguous, "a copy would cost more than it saves"
    _call(BLAS, "dtrmm", "L", "L", "N", "N", len(out), out.shape[1], 1.0, L, len(L), out, len(out))
    return out


def _check(name: str, info: NDArray[np.int32]) -> int:
    if info[0] < 0:
        raise UsageError(f"LAPACK's {name} refuses its argument {-int(info[0])}")
    return int(info[0])
