"""`linnet solve`."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import linnet
from linnet.cli.console import load_rows, make_printer, print_json, without_warnings
from linnet.cli.options import Data, DataDir, Flag, Json, Lang, Quiet, SampleWeight, Table
from linnet.cli.since import add_files, check_others
from linnet.config import TableChoices, as_dict
from linnet.dist.processes import current
from linnet.errors import (
    INTERRUPTED_CODE,
    CollinearWarning,
    GridEdgeWarning,
    SeparationWarning,
    ShortfallWarning,
    UsageError,
    WeightWarning,
)
from linnet.folders import default_folder, new_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linnet.evaluate.score import Score
    from linnet.solvers.path import Path as PenaltyPath

SHORTFALLS = (ShortfallWarning, GridEdgeWarning)
DOUBTS = (CollinearWarning, SeparationWarning, WeightWarning)
"""Warnings of the solver and of the summary that the closing lines and the JSON say already."""


def solve(
    *,
    data: Data = "auto",
    table: Table = None,
    l2: float | None = None,
    l1: float | None = None,
    loss: str | None = None,
    huber: float = 1.0,
    solver: str = "auto",
    intercept: bool = True,
    tol: float | None = None,
    max_iter: int | None = None,
    dtype: str = "float64",
    class_weight: str = "none",
    standardize: Flag = False,
    path: int | None = None,
    path_penalty: Literal["l1", "l2"] = "l1",
    folds: int | None = None,
    summary: Flag = False,
    covariance: str | None = None,
    level: float = 0.95,
    sample_weight: SampleWeight = None,
    weight_kind: Literal["frequency", "precision", "importance"] | None = None,
    hold_out: bool | None = None,
    data_dir: DataDir = None,
    seed: int = 1,
    since: Path | None = None,
    out: Path | None = None,
    lang: Lang = "en",
    report: bool = True,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Go to the optimum of a linear model, prove how near it is, and leave the model in a run folder.

    Exit code 1 when it ended short of what was asked.

    Examples

        linnet solve --data fashion_mnist --l2 1e-4

        linnet solve --l1 1e-3 --tol 1e-5

        linnet solve --data synthetic --loss absolute

        linnet solve --data visits.csv --loss poisson --summary

        linnet solve --data digits --path 20

        linnet solve --data patients.csv --path 30 --path-penalty l2 --folds 10 --standardize

        linnet solve --data synthetic --summary --covariance hc3

        linnet solve --data 'days/*.parquet' --since runs/monday --out runs/tuesday

        linnet solve --data survey.csv --summary --sample-weight weights.txt --weight-kind importance

    Parameters
    ----------
    table
        How a table of your own is read.
    l2
        The weight of half the squared norm; with --path, held while l1 differs.
    l1
        The weight of the absolute sum, which gives exact zeros.
    loss
        softmax, logistic (each class against the rest), squared, huber, absolute or poisson (counts).
    huber
        Huber's threshold.
    solver
        auto, qr, svd, cholesky, newton, newton-cg, lbfgs, staged, proximal or interior.
    intercept
        Whether there is a bias.
    tol
        As a share of the objective.
    max_iter
        Iterations at most.
    dtype
        Of the products on the way: float32 or float64.
    class_weight
        none, balanced (each class counts alike, however many rows it has), or a weight a class such as 1:1:2.
    standardize
        Bring each column to mean 0 and deviation 1 first: penalties are on these columns then, and the model
        is of the columns as they stand.
    path
        Solve for so many penalties, measured on the rows that the data set aside to validate on, or else on a
        tenth of the training rows held out; the best is solved again on all rows to train on.
    path_penalty
        Which these are.
    folds
        Measure them by cross-validation with so many folds, and take the largest penalty whose loss is within
        a standard error of the least.
    summary
        Print standard errors, confidence intervals and tests of the weights, and what is known of the fit.
    covariance
        How: hessian, sandwich, bootstrap, cluster (by --groups); for a regression also hc0, hc1, hc2, hc3.
        When not given, cluster with --groups, the sandwich's under importance weights, else the Hessian's.
    level
        Of the intervals.
    weight_kind
        What the summary takes them for: frequency (2 is the same row twice), precision (the inverse of a
        variance) or importance (for how many a sampled row stands). Frequencies when not given, or
        importances with the sandwich and the bootstrap.
    hold_out
        Whether a fifth of your own rows is kept to test on where the data name none. It is, but for a
        summary, which is inferred from all rows.
    seed
        Of the rows held out, and of made-up data.
    since
        A run of least squares on whole streamed files (--stream --no-hold-out): of --data only files that are
        new since are read, and the model is of all rows.
    out
        The run's folder, new or empty; runs/NAME-TIME when not given.
    report
        Leave report.html in the folder: the certificate, figures, and how to do it again.
    """
    from linnet.config import SolveRequest

    say = make_printer(quiet, sys.stderr if json else sys.stdout)
    if since is not None:
        others = {"loss": loss, "l1": l1, "path": path, "summary": summary, "sample-weight": sample_weight}
        check_others({**others, "standardize": standardize}, table)
        how = {"l2": l2, "intercept": intercept, "data_dir": data_dir, "language": lang}
        return add_files(data, since, out=out, say=say, is_json=json, **how)
    if weight_kind is not None and sample_weight is None:
        raise UsageError("--weight-kind says what weights mean: give them, by --sample-weight")
    options: dict[str, Any] = {
        "huber": huber, "l2": l2 or 0.0, "l1": l1 or 0.0, "solver": solver, "tol": tol, "max_iter": max_iter,
        "intercept": intercept, "dtype": dtype, "class_weight": class_weight, "standardize": standardize,
        "path": path, "path_penalty": path_penalty, "folds": folds, "summary": summary,
        "covariance": covariance, "level": level, "weight_kind": weight_kind, "seed": seed,
    }  # fmt: skip
    SolveRequest(loss=loss or "", **options)  # what cannot be is refused before anything is loaded
    if out is not None:
        current().first(lambda: new_folder(out))
    has_split = table is not None and (table.split, table.test_size) != (None, None)
    holds_out = (has_split or not summary) if hold_out is None else hold_out
    if table is None or table.references is None:  # without a penalty levels that sum to 1 have no optimum
        table = replace(table or TableChoices(), references=(not l2 and not l1 and path is None) or None)
    splits = load_rows(
        data, data_dir, seed, say, table=table, sample_weight=sample_weight, hold_out=holds_out, quiet=quiet
    )
    # What solves imports torch, which data that are refused never wait for.
    from linnet.model.optimum import UNATTAINED
    from linnet.runs.solve import solve_request
    from linnet.solvers.solve import usual_loss

    folder = current().first(lambda: out or default_folder(splits.train.name))
    request = SolveRequest(loss=loss or usual_loss(splits.train), **options)
    with without_warnings(*SHORTFALLS, *(DOUBTS if summary else ())):
        solved = solve_request(
            splits, request, out=folder, report=report, language=lang, is_catalog=True,
            progress=IterationLines(say), say=say,
            path_progress=lambda row: say(path_line(row, path_penalty)),
        )  # fmt: skip
    solution = solved.solution
    scores = {
        name: linnet.score(solution.value, part)
        for name, part in splits._asdict().items()
        if part is not None
    }
    if json:
        known = {} if solved.inference is None else {"inference": solved.inference.summary()}
        known |= {} if solved.path is None else {"notes": solved.path.notes}
        known |= {"path": describe_path(solved.path)} if folds is not None and solved.path is not None else {}
        print_json({**summary_of(solution, scores, folder), **known})
    else:
        summarised = [] if solved.inference is None else [str(solved.inference)]
        summarised += [describe_path(solved.path)] if folds is not None and solved.path is not None else []
        say("\n".join([*summarised, *closing_lines(solution, scores, folder)]))
    is_summarised = solved.inference is not None and solution.status.name == UNATTAINED  # by the limit
    if not solution.status.is_good and not is_summarised:
        sys.exit(INTERRUPTED_CODE if solution.value.status == "interrupted" else 1)


class IterationLines:
    """Prints a line an iteration, though not more than a few a second, and none of short work.

    Args:
        say: prints it.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say, self._next = say, math.inf

    def __call__(self, record: Mapping[str, float]) -> None:
        """Say where a solver stands."""
        if math.isinf(self._next):  # it begins only now: a path may have gone before
            self._next = time.monotonic() + 0.5
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + 0.25
        parts = [f"iteration {record['epoch']:3.0f}", f"objective {record['objective']:.10g}"]
        if "gradient_norm" in record:
            parts.append(f"gradient {record['gradient_norm']:.1e}")
        if "nonzeros" in record:
            parts.append(f"{record['nonzeros']:,.0f} weights")
        self.say("  ".join([*parts, f"{record['seconds']:.1f} s"]))


def summary_of(solution: linnet.Solution, scores: dict[str, Score], folder: Path) -> dict[str, object]:
    """What --json prints."""
    W = solution.value.bank.W
    return {
        "folder": str(folder),
        "status": solution.status.name,
        "advice": solution.status.advice,
        "certificate": solution.stats.as_dict(),
        "nonzeros": int((W != 0).sum()),
        "weights": W.numel(),
        "scores": {name: score.as_dict() for name, score in scores.items()},
        "baseline": solution.value.baseline,
        "request": solution.value.request and as_dict(solution.value.request),
        "solver": solution.value.optimum and solution.value.optimum.solver,
    }


def closing_lines(solution: linnet.Solution, scores: dict[str, Score], folder: Path) -> list[str]:
    """The lines that end a run."""
    from linnet.model.baseline import baseline_lines

    W = solution.value.bank.W
    lines = [str(solution)]
    if bool((W == 0).any()):
        lines.append(f"{int((W != 0).sum()):,} of {W.numel():,} weights are not 0")
    for name, score in scores.items():
        about = " about the mean" * (not solution.value.has_intercept)
        said = f"accuracy {score.accuracy:.4f}" if score.classes else f"R²{about} {_show_shares(score.r2)}"
        said += f", D²{about} {_show_shares(score.d2)}" if len(score.d2) else ""
        lines.append(f"{name}: loss {score.loss:.6g}, {said}")
    figures = {f"{part}_loss": score.loss for part, score in scores.items()}
    figures |= {f"{part}_accuracy": score.accuracy for part, score in scores.items() if score.classes}
    lines += baseline_lines(solution.value.baseline, figures, is_solved=True)
    return [*lines, f"the run is in {folder}"]


def _show_shares(values: NDArray[Any]) -> str:
    """R² or D² of each output, or why it is not defined."""
    from linnet.inference.remarks import CONSTANT

    return ", ".join(f"{each:.6f}" if each == each else f"— ({CONSTANT.name})" for each in values.tolist())


def describe_path(path: PenaltyPath) -> str:
    """Which penalty was chosen by folds, and which has the least loss."""
    best, chosen = (path.table.iloc[place] for place in (path.best, path.simplest))
    return (
        f"{path.penalty_name} {chosen['penalty']:.4g} was chosen: the largest whose loss, "
        f"{chosen['validation_loss']:.6g}, is within a standard error of the least, "
        f"{best['validation_loss']:.6g} ± {best['validation_se']:.2g} at {best['penalty']:.4g}"
    )


def path_line(row: Mapping[str, float], penalty: str) -> str:
    """A penalty of a path."""
    judged = f"  validation loss {row['validation_loss']:.6g}" if "validation_loss" in row else ""
    return (
        f"{penalty} {row['penalty']:<10.4g} {row['nonzeros']:6,.0f} weights  "
        f"train loss {row['train_loss']:.6g}{judged}  gap {row['gap']:.1e}"
    )
