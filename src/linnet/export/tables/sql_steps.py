"""Expressions of SQL for the functions of a formula; NULL where one is not defined or too large for a double.

PostgreSQL fails over a result that is too large or too small for a double, and over the logarithm of 0, where
SQLite gives an infinite number or NULL and DuckDB either: each is asked for what it has alone.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

from linnet.export.sql_source import double

LARGEST, SMALLEST = sys.float_info.max, 5e-324
"""The largest double and the smallest, below which results are 0."""

MOST_EXP, LEAST_EXP = math.log(LARGEST), math.log(sys.float_info.min)
"""Beyond which the exponential is none, or 0: PostgreSQL 15 has none of those of fewer digits."""

MOST_FACTORS = 8
"""The power up to which a number is multiplied by itself, so that its powers are exact for whole numbers."""


def step(name: str, number: float, x: str) -> str:
    """A function of a formula.

    Args:
        name: of the function.
        number: that it takes, where it takes one.
        x: the name of the column it is of.
    """
    return STEPS[name](x, number)


def _times(x: str, number: float) -> str:
    if abs(number) <= 1:
        return f"{x} * {double(number)}"
    return f"CASE WHEN ABS({x}) <= {double(LARGEST / abs(number))} THEN {x} * {double(number)} END"


def _log2(x: str, _: float) -> str:
    """PostgreSQL has no LOG2."""
    return f"CASE WHEN {x} > 0 THEN LN({x}) / {double(math.log(2))} END"


def _log1p(x: str, _: float) -> str:
    """As in the graph of ONNX: with u = 1 + x, log(u) · x / (u − 1)."""
    u = f"(1.0e0 + {x})"
    return f"CASE WHEN {u} = 1.0e0 THEN {x} WHEN {u} > 0 THEN LN({u}) * ({x} / ({u} - 1.0e0)) END"


def _exp(x: str, _: float) -> str:
    return f"CASE WHEN {x} < {double(LEAST_EXP)} THEN 0.0e0 WHEN {x} <= {double(MOST_EXP)} THEN EXP({x}) END"


def _expm1(x: str, _: float) -> str:
    """Likewise: with u = exp(x), (u − 1) · x / log(u)."""
    u = f"EXP({x})"
    return (
        f"CASE WHEN {x} < -40.0e0 THEN -1.0e0 WHEN {x} <= {double(MOST_EXP)} THEN "
        f"CASE WHEN {u} = 1.0e0 THEN {x} ELSE ({u} - 1.0e0) * ({x} / LN({u})) END END"
    )


def _power(x: str, number: float) -> str:
    """A power: of whole numbers by products, of others by POWER, which no negative number has."""
    if number == 0:
        return f"CASE WHEN {x} IS NOT NULL THEN 1.0e0 END"
    is_whole = number == int(number)
    cases = [] if is_whole else [f"WHEN {x} < 0 THEN NULL"]
    for result, found in ((SMALLEST, "0.0e0"), (LARGEST, "NULL")):  # too small is 0, too large none
        bound, sign = _root(result, number), "<" if (result < 1) == (number > 0) else ">"
        cases += [f"WHEN ABS({x}) {sign} {double(bound)} THEN {found}"] if 0 < bound < math.inf else []
    cases += [f"WHEN {x} = 0 THEN NULL"] if number < 0 else []
    value = f"POWER({x}, {double(number)})"
    if is_whole and abs(number) <= MOST_FACTORS:
        product = " * ".join([x] * int(abs(number)))
        value = product if number > 0 else f"1.0e0 / ({product})"
    return f"CASE {' '.join(cases)} ELSE {value} END" if cases else value


def _root(result: float, number: float) -> float:
    """What has a result as its power; infinite or 0 where that is no double."""
    try:
        return result ** (1 / number)
    except OverflowError:
        return math.inf


STEPS: dict[str, Callable[[str, float], str]] = {
    "add": lambda x, number: f"{x} + {double(number)}",
    "times": _times,
    "power": _power,
    "log": lambda x, _: f"CASE WHEN {x} > 0 THEN LN({x}) END",
    "log2": _log2,
    "log10": lambda x, _: f"CASE WHEN {x} > 0 THEN LOG10({x}) END",
    "log1p": _log1p,
    "exp": _exp,
    "expm1": _expm1,
    "sqrt": lambda x, _: f"CASE WHEN {x} >= 0 THEN SQRT({x}) END",
    "abs": lambda x, _: f"ABS({x})",
}
"""The functions that a formula has."""
