"""Correct digits on NIST's certified regressions, beside numpy, scipy and scikit-learn as they stand.

    python benchmarks/solvers_nist.py [--quick | --full] [--json FILE]

The folder with the problems is the environment's LINNET_NIST, else ../shared/nist beside this repository.
Digits are NIST's log relative error of the worst coefficient, at most 15, against the certified values.
"""

from __future__ import annotations

import json
import math
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.linalg
import torch
from sklearn.linear_model import LinearRegression

from linnet.core.losses import SquaredError
from linnet.data.dataset import Dataset
from linnet.solvers.least_squares.direct import Direct
from linnet.solvers.problem.objective import Objective
from measure import Figure, finish, machine, options

FOLDER = Path(os.environ.get("LINNET_NIST") or Path(__file__).parents[2] / "shared" / "nist")
NAMES = [
    "Norris", "Pontius", "NoInt1", "NoInt2", "Filip", "Longley",
    "Wampler1", "Wampler2", "Wampler3", "Wampler4", "Wampler5",
]  # fmt: skip
REQUIRED = {"Filip": 7.0, **dict.fromkeys(["Longley", *(name for name in NAMES if "Wampler" in name)], 9.0)}
TIE = 1e-6


@dataclass(frozen=True)
class Problem:
    """A certified regression: X (N, D) without ones, y (N,), and the coefficients, the intercept first."""

    X: np.ndarray
    y: np.ndarray
    intercept: bool
    certified: list[float]


def read(name: str) -> Problem:
    facts = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    rows = np.loadtxt(FOLDER / f"{name}.csv", delimiter=",", skiprows=1)
    X = rows[:, 1:]
    if facts["degree"]:
        X = np.stack([X[:, 0] ** power for power in range(1, facts["degree"] + 1)], 1)
    return Problem(X, rows[:, 0], facts["intercept"], [float(text) for text in facts["certified"]["coef"]])


def digits(found: np.ndarray, certified: list[float]) -> float:
    """The log relative error of the worst coefficient; of the error itself where the certified one is 0."""
    errors = [abs(a - b) / (abs(b) or 1) for a, b in zip(found.tolist(), certified, strict=True)]
    return min(15.0, max(0.0, -math.log10(max(*errors, 1e-16))))


def ours(problem: Problem) -> np.ndarray:
    data = Dataset(torch.from_numpy(problem.X), torch.from_numpy(problem.y)[:, None])
    objective = Objective.of(data, SquaredError(), intercept=problem.intercept)
    theta = Direct().minimise(objective).theta[0].numpy()
    return np.r_[theta[-1], theta[:-1]] if problem.intercept else theta[:-1]


def theirs(problem: Problem) -> dict[str, np.ndarray]:
    A = np.c_[np.ones(len(problem.X)), problem.X] if problem.intercept else problem.X
    model, whole = _scikit(problem), _scikit(problem, tol=0.0)
    by_scipy: Any = scipy.linalg.lstsq(A, problem.y)
    return {
        "numpy": np.linalg.lstsq(A, problem.y)[0],
        "scipy": by_scipy[0],
        "scikit-learn": model,
        "scikit-learn, tol=0": whole,
    }


def _scikit(problem: Problem, tol: float | None = None) -> np.ndarray:
    """scikit-learn's coefficients: as it comes, 1.9 drops directions below its `tol` of 1e-6."""
    model: Any = LinearRegression(fit_intercept=problem.intercept)
    model = (model if tol is None else model.set_params(tol=tol)).fit(problem.X, problem.y)
    return np.r_[model.intercept_, model.coef_] if problem.intercept else model.coef_


def figure(name: str) -> Figure:
    problem = read(name)
    score = digits(ours(problem), problem.certified)
    others = {who: digits(found, problem.certified) for who, found in theirs(problem).items()}
    beside = ", ".join(f"{who} {value:.1f}" for who, value in others.items())
    best, least = max(others.values()), REQUIRED.get(name, 0.0)
    target = f"≥ {max(best, least):.1f}" + ("" if name == "Filip" else " (aim 13)")
    return Figure(f"{name} ({beside})", score, "{:.1f}", target, score >= max(best, least) - TIE)


def main() -> None:
    asked = options(
        "Measure linnet's least squares on NIST's regressions.",
        quick="as without it: nothing here takes long",
        suffix=".nist.json",
    ).parse_args()
    if not (FOLDER / "Longley.csv").is_file():
        print(f"Skipped: the benchmark needs NIST's regressions in {FOLDER}, or LINNET_NIST set.")
        return
    print(machine(), flush=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lines = [figure(name) for name in NAMES]
    finish(lines, asked.json, ".nist.json")


if __name__ == "__main__":
    main()
