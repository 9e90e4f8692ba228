"""`linnet solve`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import linnet
from linnet.cli.console import load_rows, make_printer, print_json, without_warnings
from linnet.cli.options import Data, DataDir, Flag, Json, Lang, Quiet, SampleWeight
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
    from linnet.core.losses import Loss
    from linnet.evaluate.score import Score
    from linnet.solvers.path import Path as Penalties

HELD_OUT = 0.1
"""The share of the training rows that a path is measured on."""

SHORTFALLS = (ShortfallWarning, GridEdgeWarning)
DOUBTS = (CollinearWarning, SeparationWarning, WeightWarning)
"""Warnings of the solver and of the summary that the closing lines and the JSON say already."""


def solve(
    *,
    data: Data = "auto",
    l2: float | None = None,
    l1: float | None = None,
    loss: str | None = None,
    huber: float = 1.0,
    solver: str = "auto",
    intercept: bool = True,
    tol: float | None = None,
    max_iter: int | None = None,
    dtype: str = "float64",
    path: int | None = None,
    summary: Flag = False,
    covariance: str | None = None,
    level: float = 0.95,
    sample_weight: SampleWeight = None,
    weight_kind: Literal["frequency", "precision", "importance"] | None = None,
    hold_out: bool | None = None,
    data_dir: DataDir = None,
    seed: int = 1,
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

        linnet solve --data digits --path 20

        linnet solve --data synthetic --summary --covariance hc3

        linnet solve --data survey.csv --summary --sample-weight weights.txt --weight-kind importance

    Parameters
    ----------
    l2
        The weight of half the squared norm; with --path, held while l1 differs.
    l1
        The weight of the absolute sum, which gives exact zeros.
    loss
        softmax, logistic (each class against the rest), squared, huber or absolute.
    huber
        Huber's threshold.
    solver
        auto, qr, svd, cholesky, newton, lbfgs, staged, proximal or interior.
    intercept
        Whether there is a bias.
    tol
        As a share of the objective.
    max_iter
        Iterations at most.
    dtype
        Of the products on the way: float32 or float64.
    path
        Solve for so many L1 penalties, measured on a tenth of the training rows held out; the best is
        solved again on all of them.
    summary
        Print standard errors, confidence intervals and tests of the weights, and what is known of the fit.
    covariance
        How: hessian, sandwich, bootstrap; for a regression also hc0, hc1, hc2, hc3. The Hessian's when not
        given, or under importance weights the sandwich's.
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
    out
        The run's folder, new or empty; runs/NAME-TIME when not given.
    report
        Leave report.html in the folder: the certificate, figures, and how to do it again.
    """
    from linnet.core.losses import by_name
    from linnet.runs.folder import Source, leave_solution, rows_of
    from linnet.solvers.solution import UNATTAINED
    from linnet.solvers.solve import solve as solved

    if summary and (l1 or path is not None):
        raise UsageError(
            "--summary needs a model without an L1 penalty, which chooses the weights it keeps by the data"
        )
    if not summary and (covariance is not None or level != 0.95 or weight_kind is not None):
        raise UsageError("--covariance, --level and --weight-kind are of the summary: add --summary")
    if weight_kind is not None and sample_weight is None:
        raise UsageError("--weight-kind says what weights mean: give them, by --sample-weight")
    holds_out = not summary if hold_out is None else hold_out
    if huber != 1.0 and loss != "huber":
        raise UsageError("--huber is the threshold of one loss: add --loss huber")
    say = make_printer(quiet, sys.stderr if json else sys.stdout)
    train, test = load_rows(
        data, data_dir, seed, say, sample_weight=sample_weight, hold_out=holds_out, quiet=quiet
    )
    folder = new_folder(out or default_folder(train.name))
    chosen, penalties, notes = by_name(loss, huber) if loss is not None else None, None, list[str]()
    asked: dict[str, Any] = {"intercept": intercept, "dtype": dtype}
    if path is not None:
        if l1 is not None:
            raise UsageError("--path goes through l1 by itself: leave --l1 out")
        penalties, notes = _path(train, chosen, path, l2 or 0.0, seed, say, **asked)
        l1 = float(penalties.table["penalty"].iloc[penalties.best])
    with without_warnings(*SHORTFALLS):
        solution = solved(
            train, chosen, l2=l2, l1=l1, solver=solver, tol=tol, max_iter=max_iter,
            progress=IterationLines(say), **asked,
        )  # fmt: skip
    run = solution.value
    source = Source(data_dir, sample_weight, seed)
    run.asked |= {"seed": seed, **source.paths}
    run.asked |= {"path": path} if path is not None else {}
    run.asked |= {} if holds_out else {"hold_out": False}
    how: dict[str, Any] = {"covariance": covariance, "level": level, "weight_kind": weight_kind}
    run.asked |= {"summary": True, **how} if summary else {}
    parts = {"train": train, "test": test}
    scores = {name: linnet.score(run, part) for name, part in parts.items() if part is not None}
    with without_warnings(*DOUBTS):
        inference = linnet.infer(solution, train, seed=seed, **how) if summary else None
    rows = rows_of(train, test, source) if report else None
    leave_solution(solution, folder, inference=inference, path=penalties, rows=rows, language=lang)
    if json:
        said = summary_of(solution, scores, folder)
        known = {} if inference is None else {"inference": inference.summary()}
        known |= {"notes": notes} if path is not None else {}
        print_json({**said, **known})
    else:
        if inference is not None:
            say(str(inference))
        say("\n".join(closing_lines(solution, scores, folder)))
    is_summarised = inference is not None and solution.status.name == UNATTAINED  # by the limit
    if not solution.status.is_good and not is_summarised:
        sys.exit(INTERRUPTED_CODE if run.status == "interrupted" else 1)


class IterationLines:
    """Prints a line an iteration, though not more than a few a second, and none of short work.

    Args:
        say: prints it.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say, self._next = say, time.monotonic() + 0.5

    def __call__(self, record: Mapping[str, float]) -> None:
        """Say where a solver stands."""
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
        "asked": solution.value.asked,
    }


def closing_lines(solution: linnet.Solution, scores: dict[str, Score], folder: Path) -> list[str]:
    """The lines that end a run."""
    W = solution.value.bank.W
    lines = [str(solution)]
    if bool((W == 0).any()):
        lines.append(f"{int((W != 0).sum()):,} of {W.numel():,} weights are not 0")
    for name, score in scores.items():
        about = " about the mean" * (solution.value.asked.get("intercept") is False)
        said = f"accuracy {score.accuracy:.4f}" if score.classes else f"R²{about} {_r2(score)}"
        lines.append(f"{name}: loss {score.loss:.6g}, {said}")
    return [*lines, f"the run is in {folder}"]


def _r2(score: Score) -> str:
    from linnet.inference.remarks import CONSTANT

    known = (f"{value:.6f}" if value == value else f"— ({CONSTANT.name})" for value in score.r2.tolist())
    return ", ".join(known)


def _path(
    train: linnet.Dataset, loss: Loss | None, count: int, l2: float, seed: int, say: Callable[[str], None], *,
    intercept: bool, dtype: str,
) -> tuple[Penalties, list[str]]:  # fmt: skip
    """Go through the L1 penalties; their models, and what is to be said of them."""

    def line(row: dict[str, float]) -> None:
        say(
            f"l1 {row['penalty']:<10.4g} {row['nonzeros']:6,.0f} weights  train loss {row['train_loss']:.6g}"
            f"  validation loss {row['validation_loss']:.6g}  gap {row['gap']:.1e}"
        )

    fitted, kept = linnet.split(train, HELD_OUT, seed)
    with without_warnings(*SHORTFALLS):
        found = linnet.regularization_path(
            fitted, loss, l1s=count, l2=l2, validation=kept, intercept=intercept, dtype=dtype, progress=line
        )
    late = [status for status in found.statuses if not status.is_good]
    notes = [f"{len(late)} of {count} models of the path: {late[0]}"] if late else []
    notes += [found.edge] if found.edge else []
    for note in notes:
        say(note)
    return found, notes
