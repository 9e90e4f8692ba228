"""`linnet.solve`: an exact optimum with its certificate, and the folder that it is left in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linnet.config import SolveRequest
from linnet.core.losses import Loss, by_name
from linnet.core.penalties import Penalty
from linnet.data.arguments import parts_of
from linnet.data.dataset import Dataset, Splits
from linnet.data.split import keep_apart
from linnet.dist.processes import current
from linnet.errors import UsageError
from linnet.folders import new_folder
from linnet.i18n import Language, check
from linnet.model.baseline import find_baseline
from linnet.model.optimum import UNATTAINED
from linnet.solvers import solve as solvers
from linnet.solvers.least_squares.kept_sums import KeptSums
from linnet.solvers.solution import Progress, Solution, SolverSpec

if TYPE_CHECKING:
    from linnet.inference.result import Inference
    from linnet.solvers.path import Path as PenaltyPath

HELD_OUT = 0.1
"""The share of the training rows that a path is measured on."""


def solve(
    dataset: Dataset | Splits,
    loss: Loss | str | None = None,
    penalty: Penalty | float | None = None,
    *,
    l2: float | None = None,
    l1: float | None = None,
    solver: SolverSpec | str | None = None,
    intercept: bool = True,
    dtype: str = "float64",
    tol: float | None = None,
    max_iter: int | None = None,
    class_weight: str = "none",
    standardize: bool = False,
    progress: Progress | None = None,
    out: Path | str | None = None,
    report: bool = True,
    language: Language = "en",
) -> Solution:
    """The linear model that minimises the mean loss and a penalty, and the proof of how near it is.

    Without a solver: squared error goes the direct way (QR, SVD or Cholesky), softmax and logistic with L2
    by Newton's method or L-BFGS, anything with L1 and Huber's loss by Newton steps on a working set, absolute
    error by an interior-point method. docs/solvers.md says how to choose.

    Args:
        dataset: rows, their targets and weights; of a pair of parts the one to train on.
        loss: a loss or its name: "softmax", "logistic", "squared", "huber", "absolute" or "poisson";
            softmax for classes and squared error for a regression when None.
        penalty: of the weights, never of the bias; a number is an L2.
        l2: the weight of ½‖W‖², in place of `penalty`.
        l1: the weight of ‖W‖₁, in place of `penalty`; gives exact zeros.
        solver: a spec such as `LBFGS(memory=30)`, or "qr", "svd", "cholesky", "newton", "newton-cg", "lbfgs",
            "staged", "proximal" or "interior"; "auto" or None chooses.
        intercept: whether there is a bias.
        dtype: of the products on the way, "float32" or "float64". The end and the certificate are float64.
        tol: of an iterative solver, as a share of the objective: the gap's with L1, Huber's and the absolute
            error, the expected gain's otherwise.
        max_iter: iterations at most.
        class_weight: "none", "balanced" (each class counts alike, however many rows it has), or a weight a
            class such as "1:1:2", by which rows count more, as in `linnet.fit`.
        standardize: bring each column to mean 0 and deviation 1 first: penalties are on these columns then,
            and the model is of the columns as they stand.
        progress: called with a record an iteration, `objective` and `seconds` among its keys.
        out: a folder to leave the model, its figures and its certificate in, new or empty.
        report: leave report.html in it, too.
        language: of the figures and the report, "en" or "zh".

    Returns:
        The model as a run, how the solver ended, and its certificate.

    Raises:
        UsageError, ShapeError: the data, the loss, the penalty and the solver do not fit each other.

    Warns:
        ShortfallWarning: it ended short of the optimum, or there is none; so does its status.
        CollinearWarning, PrecisionWarning: as of `Direct.minimise`.

    Example:
        >>> train, test = linnet.load("fashion_mnist")
        >>> solution = linnet.solve(train, l2=1e-4)
        >>> print(solution)
    """
    check(language)
    folder = None if out is None else current().first(lambda: new_folder(Path(out)))
    splits = parts_of(dataset, "solve")
    solution = solvers.solve(
        splits.train, loss, penalty, l2=l2, l1=l1, solver=solver, intercept=intercept, dtype=dtype, tol=tol,
        max_iter=max_iter, class_weight=class_weight, standardize=standardize, progress=progress,
    )  # fmt: skip
    solution.value.baseline = _find_baseline(splits, solution)
    if folder is not None:
        _leave(Solved(solution), folder, splits, language, report=report)
    return solution


@dataclass(frozen=True, eq=False)
class Solved:
    """What came of a request.

    Args:
        solution: the model, its status and its certificate.
        inference: the summary; None where none was wanted.
        path: the L1 penalties that its own was chosen from; None where it was given.
    """

    solution: Solution
    inference: Inference | None = None
    path: PenaltyPath | None = None


def solve_request(
    splits: Splits,
    request: SolveRequest,
    *,
    out: Path | str | None = None,
    report: bool = True,
    language: Language = "en",
    is_catalog: bool = False,
    progress: Progress | None = None,
    path_progress: Callable[[dict[str, float]], object] | None = None,
    say: Callable[[str], object] | None = None,
) -> Solved:
    """`solve` with its options as a request, which may want a path of L1 penalties or a summary.

    Where there is nothing to infer, for there is no optimum, a folder has the solution all the same.

    Args:
        splits: the rows to solve on, and those that a report judges by.
        request: what is wanted.
        out: a folder to leave it all in, new or empty.
        report: leave report.html in it, too.
        language: of the figures and the report.
        is_catalog: whether the rows are known to be as linnet loads them by name.
        progress: called with a record an iteration.
        path_progress: called with a row a penalty of the path.
        say: called with what the table of a path does not say, and before each fold.

    Raises:
        UsageError: as `solve`, `regularization_path` and `infer` do.
    """
    check(language)
    request = replace(request, intercept=request.intercept and splits.train.has_intercept)
    folder, path = None if out is None else current().first(lambda: new_folder(Path(out))), None
    if request.path is not None:
        path = _take_path(splits.train, request, path_progress, say)
        if say is not None and path.notes:
            say("\n".join(path.notes))
        chosen = float(path.table["penalty"].iloc[path.best if request.folds is None else path.simplest])
        request = replace(request, **{request.path_penalty: chosen})
    solution = solve_problem(splits.train, request, progress)
    baseline = _find_baseline(splits, solution)
    solution = replace(solution, value=replace(solution.value, request=request, baseline=baseline))
    solved, refusal = Solved(solution, path=path), None
    try:
        solved = replace(solved, inference=_infer(solution, splits.train) if request.summary else None)
    except UsageError as error:
        if solution.status.name != UNATTAINED or folder is None:
            raise
        refusal = error  # the model that shows why is kept
    if folder is not None:
        _leave(solved, folder, splits, language, is_catalog, report=report)
    if refusal is not None:
        raise UsageError(f"{refusal}; the model is in {folder}") from refusal
    return solved


def solve_problem(train: Dataset, request: SolveRequest, progress: Progress | None = None) -> Solution:
    """The solution of a request's problem, whatever path or summary was wanted beside it."""
    return solvers.solve(
        train, by_name(request.loss, request.huber), l2=request.l2, l1=request.l1, solver=request.solver,
        intercept=request.intercept, dtype=request.dtype, tol=request.tol, max_iter=request.max_iter,
        class_weight=request.class_weight, standardize=request.standardize, progress=progress,
    )  # fmt: skip


def _find_baseline(splits: Splits, solution: Solution) -> dict[str, Any]:
    """What answers that know no features come to on the rows that judge a solution."""
    train, test = splits
    return find_baseline(train, test or train.validation, solution.value.loss, is_test=test is not None)


def _take_path(
    train: Dataset,
    request: SolveRequest,
    progress: Callable[[dict[str, float]], object] | None,
    say: Callable[[str], object] | None,
) -> PenaltyPath:
    """The path of penalties, measured by folds, or on the data's own rows to validate on, or else a tenth."""
    name, other = request.path_penalty, "l2" if request.path_penalty == "l1" else "l1"
    if getattr(request, name):
        raise UsageError(f"a path goes through {name} by itself: leave {name} out")
    from linnet.solvers.path import regularization_path  # which loads pandas

    fitted, kept = (train, None) if request.folds else keep_apart(train, HELD_OUT, request.seed)
    along = {f"{name}s": request.path, other: getattr(request, other)}
    return regularization_path(
        fitted, by_name(request.loss, request.huber), validation=kept, folds=request.folds, seed=request.seed,
        class_weight=request.class_weight, standardize=request.standardize, intercept=request.intercept,
        dtype=request.dtype, progress=progress,
        fold_progress=None if say is None else lambda one, count: say(f"fold {one} of {count}"), **along,
    )  # fmt: skip


def _infer(solution: Solution, train: Dataset) -> Inference:
    from linnet.inference.infer import infer

    request = solution.value.solved
    return infer(solution, train, **({} if request is None else request.inference))


def _sums_of(solution: Solution, train: Dataset) -> KeptSums | None:
    """The sums over all rows of files, which `solve_since` adds new files to; None of other rows."""
    request = solution.value.solved
    if solution.sums is None or request is None or request.class_weight != "none":
        return None
    return KeptSums.of(train, solution.sums)


def _leave(
    solved: Solved,
    folder: Path,
    splits: Splits,
    language: Language,
    is_catalog: bool = False,
    *,
    report: bool,
) -> None:
    """Leave it in a folder, with a report or without. Of several processes the first does."""
    from linnet.runs.folder import leave_solution

    def leave() -> None:
        leave_solution(
            solved.solution, folder, inference=solved.inference, path=solved.path,
            sums=_sums_of(solved.solution, splits.train), splits=splits if report else None,
            is_catalog=is_catalog, language=language,
        )  # fmt: skip

    current().first(leave)
