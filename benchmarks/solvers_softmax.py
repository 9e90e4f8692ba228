"""The exact optimum of softmax regression measured beside scikit-learn's two solvers.

    python benchmarks/solvers_softmax.py [--quick | --full] [--json FILE]

Multinomial logistic regression on Fashion-MNIST: pixels/255, 60,000 rows, the mean cross-entropy and
½·1e-4·‖W‖², the bias free. Measured is the wall time to a relative suboptimality, set-up included.

linnet's times are read off the trace of a run, which keeps the time of each iterate: the first from
which on all are below the level, the median of several runs, spread over the call. scikit-learn has no
callback, so each of its points is a run of its own with another `max_iter` and a tolerance out of reach,
C = 1/(n·l2), and its coefficients are scored by linnet's objective in float64. The time to a level lies
on the straight line, in (log suboptimality, time), between the first of these runs that is below it and
the one before. `--full` runs newton-cg and lbfgs, each on features of float32 and of float64, for eight
minutes. In each newton-cg on float32 was the fastest to every level: without it that runs alone.
"""

from __future__ import annotations

import itertools
import math
import statistics
import time
import warnings

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from linnet.core.losses import SoftmaxCrossEntropy
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.device import available_cores, limit_threads
from linnet.evaluate.score import score
from linnet.solvers.problem.objective import Objective
from linnet.solvers.smooth.staged import Staged
from linnet.solvers.solution import Solution
from linnet.solvers.solve import make_solution
from measure import Figure, finish, load_pictures, options

L2 = 1e-4
OPTIMUM = 0.379477078444722
LEVELS = {5e-2: (5, 10), 1e-3: (3, 5), 1e-6: (2, 3), 1e-9: None}
"""Relative suboptimality, and how many times faster at least and at best."""
ITERATIONS = {"newton-cg": (8, 10, 12, 13, 16), "lbfgs": (110, 300, 1000)}
SHARED = [level for level, goal in LEVELS.items() if goal]
LONGEST = 100.0
"""Seconds after which a solver is given no more iterations."""

Points = list[tuple[float, float]]
"""(relative suboptimality, seconds), in the order of time."""


def linnet_points(train: Dataset) -> tuple[Points, Solution]:
    """The trace of a run to 1e-9, and what came of it."""
    objective = Objective.of(train, SoftmaxCrossEntropy(), Penalty(L2))
    spec = Staged(tol=5e-10)
    solution = make_solution(train, objective, spec.minimise(objective), spec)
    records = solution.value.history.records
    points = [(left(r["objective"]), r["seconds"]) for r in records]
    return [*points, (left(solution.stats.objective), solution.stats.seconds)], solution


def left(objective: float) -> float:
    """An objective's relative distance from the optimum."""
    return (objective - OPTIMUM) / OPTIMUM


def sklearn_points(train: Dataset, exact: Objective, solver: str, dtype: type) -> Points:
    """Runs of scikit-learn with more and more iterations, until below the last target or too slow."""
    X, y = (train.X.numpy() / dtype(255)).astype(dtype), train.y.numpy()
    points: Points = [(math.log(10) / OPTIMUM - 1, 0.0)]
    for iterations in ITERATIONS[solver]:
        model = LogisticRegression(C=1 / (len(y) * L2), solver=solver, max_iter=iterations, tol=1e-14)
        began = time.perf_counter()
        model.fit(X, y)
        seconds = time.perf_counter() - began
        theta = torch.from_numpy(np.c_[model.coef_, model.intercept_]).double()
        points.append((left(exact.value(theta)), seconds))
        print(f"  {solver} {dtype.__name__} {iterations}: {points[-1][0]:.2e} in {seconds:.2f} s", flush=True)
        if seconds > LONGEST or points[-1][0] < min(SHARED):
            break
    return points


def reached(points: Points, level: float) -> float:
    """The seconds to a level: between the first point below it and the one before, logarithmically."""
    for (before, early), (after, late) in itertools.pairwise(points):
        if after <= level < before:
            share = math.log(before / level) / math.log(before / max(after, 1e-12))
            return early + share * (late - early)
    return math.inf


def first(points: Points, level: float) -> float:
    """The seconds of the first iterate from which on all are below a level."""
    late = [seconds for distance, seconds in points if distance > level]
    after = [seconds for distance, seconds in points if distance <= level and seconds > max(late, default=0)]
    return after[0] if after else math.inf


def figures(
    ours: list[Points], theirs: dict[str, Points], solution: Solution, accuracy: float
) -> list[Figure]:
    lines = []
    for level, goal in LEVELS.items():
        mine = statistics.median(first(points, level) for points in ours)
        lines.append(Figure(f"linnet, to {level:g}", mine, "{:.2f} s"))
        if goal is None:
            continue
        times = {name: reached(points, level) for name, points in theirs.items()}
        lines += [Figure(f"{name}, to {level:g}", seconds, "{:.1f} s") for name, seconds in times.items()]
        gain = min(times.values()) / mine
        lines.append(
            Figure(f"the fastest of these / linnet, to {level:g}", gain, "{:.1f} ×",
                   f"≥ {goal[0]} (aim {goal[1]})", gain >= goal[0])
        )  # fmt: skip
    stats = solution.stats
    distance = left(stats.objective)
    return [
        *lines,
        Figure("linnet, whole run, certificate included", stats.seconds, "{:.2f} s"),
        Figure("its relative suboptimality", distance, "{:.1e}", "≤ 1e-9", distance <= 1e-9),
        Figure("its certified relative gap", stats.gap / OPTIMUM, "{:.1e}", "≥ the truth",
               stats.gap / OPTIMUM >= distance),
        Figure("passes over the data", stats.passes, "{:.1f}"),
        Figure("test accuracy", accuracy, "{:.4f}"),
    ]  # fmt: skip


def main() -> None:
    asked = options(
        "Measure the softmax solver beside scikit-learn's.",
        quick="one run of linnet less",
        full="all of scikit-learn's solvers and types, not its fastest alone",
        suffix=".softmax.json",
    ).parse_args()
    warnings.simplefilter("ignore")  # scikit-learn is stopped early on purpose
    if (pictures := load_pictures()) is None:
        return
    train, test = pictures
    exact = Objective.of(train, SoftmaxCrossEntropy(), Penalty(L2), dtype=torch.float64)
    theirs: dict[str, Points] = {}
    with limit_threads(available_cores()):
        linnet_points(train)  # the first also pays for loading libraries and touching memory
        ours = [linnet_points(train)[0] for _ in range(1 if asked.quick else 2)]
        for solver in list(ITERATIONS)[: None if asked.full else 1]:
            for dtype in (np.float32, np.float64) if asked.full else (np.float32,):
                name = f"scikit-learn {solver} {dtype.__name__}"
                theirs[name] = sklearn_points(train, exact, solver, dtype)
            ours.append(linnet_points(train)[0])
        points, solution = linnet_points(train)
        ours.append(points)
    lines = figures(ours, theirs, solution, score(solution.value, test).accuracy)
    finish(lines, asked.json, ".softmax.json", linnet=ours, theirs=theirs)


if __name__ == "__main__":
    main()
