"""`linnet.solve`: an exact optimum with its certificate, and the folder that it is left in."""

from __future__ import annotations

from pathlib import Path

from linnet.core.losses import Loss
from linnet.core.penalties import Penalty
from linnet.data.arguments import parts_of
from linnet.data.dataset import Dataset, Splits
from linnet.folders import new_folder
from linnet.plot.words import Language
from linnet.solvers import solve as solvers
from linnet.solvers.solution import Progress, Solution, SolverSpec


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
        solver: a spec such as `LBFGS(memory=30)`, or "qr", "svd", "cholesky", "newton", "lbfgs", "staged",
            "proximal" or "interior"; "auto" or None chooses.
        intercept: whether there is a bias.
        dtype: of the products on the way, "float32" or "float64". The end and the certificate are float64.
        tol: of an iterative solver, as a share of the objective: the gap's with L1, Huber's and the absolute
            error, the expected gain's otherwise.
        max_iter: iterations at most.
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
    folder = None if out is None else new_folder(Path(out))
    splits = parts_of(dataset, "solve")
    solution = solvers.solve(
        splits.train, loss, penalty, l2=l2, l1=l1, solver=solver, intercept=intercept, dtype=dtype, tol=tol,
        max_iter=max_iter, progress=progress,
    )  # fmt: skip
    if folder is not None:
        from linnet.runs.folder import leave_solution, rows_of

        rows = rows_of(splits.train, splits.test, None) if report else None
        leave_solution(solution, folder, rows=rows, language=language)
    return solution
