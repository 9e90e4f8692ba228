"""The certified regressions of NIST's Statistical Reference Datasets."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Certified:
    """A regression and the coefficients that are known to be right.

    Args:
        name: as NIST calls it.
        X: the design without the column of ones, (N, D).
        Y: (N, 1).
        intercept: whether there is one.
        coefficients: certified, to 15 digits, the intercept first.
        exact: the coefficients that are exact for the design in float64.
    """

    name: str
    X: Tensor
    Y: Tensor
    intercept: bool
    coefficients: list[float]
    exact: list[float]


def read(folder: Path, name: str) -> Certified:
    facts = json.loads((folder / f"{name}.json").read_text("utf-8"))
    table = np.loadtxt(folder / f"{name}.csv", delimiter=",", skiprows=1)
    X = table[:, 1:]
    if facts["degree"]:
        X = np.stack([X[:, 0] ** power for power in range(1, facts["degree"] + 1)], 1)
    certified, exact = (
        [float(value) for value in facts[key]["coef"]] for key in ("certified", "exact_for_float64_design")
    )
    return Certified(
        name, torch.from_numpy(X), torch.from_numpy(table[:, :1]), facts["intercept"], certified, exact
    )


def digits(measured: Sequence[float], right: Sequence[float]) -> float:
    """NIST's log relative error of the worst coefficient, at most 15; absolute where the right one is 0."""

    def one(a: float, b: float) -> float:
        error = abs(a - b) / (abs(b) or 1.0)
        return 15.0 if error == 0 else min(15.0, -math.log10(error))

    return min(one(a, b) for a, b in zip(measured, right, strict=True))


def coefficients(theta: Tensor, intercept: bool) -> list[float]:
    """A model (1, D + 1) as NIST writes it, the intercept first."""
    *weights, bias = theta[0].tolist()
    return [bias, *weights] if intercept else weights


NAMES = [
    "Norris", "Pontius", "NoInt1", "NoInt2", "Filip", "Longley",
    "Wampler1", "Wampler2", "Wampler3", "Wampler4", "Wampler5",
]  # fmt: skip
AT_LEAST = {"Filip": 7.5}  # what rounding its powers to float64 leaves
