"""`regularization_path`: the optima of many penalties, each started where the one before ended."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd
import torch
from torch import Tensor

from linnet.config.requests import SolveRequest
from linnet.core.bank import Bank
from linnet.core.grids import edge_of
from linnet.core.losses import Loss
from linnet.core.penalties import Penalty
from linnet.data.arguments import dataset_of, parts_of, refuse_stream
from linnet.data.dataset import Dataset, Splits
from linnet.data.origin import Origin
from linnet.data.split import split_folds
from linnet.device import pick_dtype
from linnet.errors import GridEdgeWarning, ShapeError, ShortfallWarning, UsageError, warn
from linnet.model.card import Card, card_of
from linnet.model.history import History
from linnet.model.optimum import Optimum
from linnet.model.run import Run
from linnet.solvers.l1.absolute_error import InteriorPoint
from linnet.solvers.l1.proximal import ProximalNewton
from linnet.solvers.least_squares.direct import Direct, goes_by_sums
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.path_folds import FoldSaid, cross_validate
from linnet.solvers.path_side import SparsePath
from linnet.solvers.penalty_grid import spread_penalties
from linnet.solvers.prepare import Preparation
from linnet.solvers.problem.curvature import Grams
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.standard import Framed, standardise, stays_as_stored
from linnet.solvers.solution import INTERRUPTED, Minimum, Status
from linnet.solvers.solve import choose, pick_loss

Said = Callable[[dict[str, float]], object]


@dataclass(frozen=True, eq=False)
class Path:
    """The models of many penalties.

    Args:
        penalty_name: "l1" or "l2": which penalty differs.
        table: a row a penalty, the largest first: penalty, objective, gap, nonzeros, train_loss, iterations,
            seconds, and validation_loss where there was a validation set; of folds that is their mean, with
            its standard error, validation_se.
        bank: the models in that order, (P, K, D + 1).
        statuses: how each ended.
        card: what the models need beside their parameters.
        request: the options that they share.
        origin: of the rows.
        dataset_checksum: of the rows.
    """

    penalty_name: str
    table: pd.DataFrame
    bank: Bank
    statuses: list[Status]
    card: Card
    request: SolveRequest
    origin: Origin | None
    dataset_checksum: str

    def __str__(self) -> str:
        return "\n".join([self.table.to_string(), *([self.edge] if self.edge else [])])

    @property
    def best(self) -> int:
        """The model with the least validation loss.

        Raises:
            UsageError: there was no validation set.
        """
        if "validation_loss" not in self.table:
            raise UsageError("the best of a path is chosen on rows held out: give path a validation set")
        return int(self.table["validation_loss"].to_numpy().argmin())

    @property
    def simplest(self) -> int:
        """The model of the largest penalty whose validation loss is within a standard error of the least.

        Source: Breiman and others 1984, 3.4.3; Hastie, Tibshirani and Friedman 2009, 7.10.

        Raises:
            UsageError: there were no folds, by which a standard error is known.
        """
        if "validation_se" not in self.table:
            raise UsageError("a standard error is of folds: give the path folds")
        row = self.table.iloc[self.best]
        is_near = self.table["validation_loss"] <= row["validation_loss"] + row["validation_se"]
        return int(is_near.to_numpy().argmax())

    @property
    def edge(self) -> str:
        """A sentence where the best penalty lies at the edge of those that were tried; empty where not.

        Above an L1 that leaves no weight there is nothing to try.
        """
        if "validation_loss" not in self.table:
            return ""
        row = self.table.iloc[self.best]
        values, losses = self.table["penalty"].tolist(), self.table["validation_loss"].tolist()
        error = float(row.get("validation_se", math.nan))
        edge = edge_of(self.penalty_name, values, losses, float(row["penalty"]), error=error)
        is_empty = self.penalty_name == "l1" and not row["nonzeros"]
        return "" if edge is None or (is_empty and edge.widen == "upwards") else str(edge)

    @property
    def shortfall(self) -> str:
        """A sentence where some of the models are no optima; empty where all are, but for an interruption."""
        late = [one for one in self.statuses if not one.is_good and one.name != INTERRUPTED]
        return f"{len(late)} of {len(self.statuses)} models of the path: {late[0]}" if late else ""

    @property
    def notes(self) -> list[str]:
        """What the table does not say."""
        return [note for note in (self.shortfall, self.edge) if note]

    @property
    def weights(self) -> Tensor:
        """All weights of each model, (P, K·D)."""
        return self.bank.W.reshape(self.bank.models, -1)

    def run(self, model: int) -> Run:
        """One of the models as a run.

        Args:
            model: its row in the table; negative ones count from the end.
        """
        at = model % self.bank.models
        row = {str(k): float(v) for k, v in self.table.iloc[at].items()}
        record = {"epoch": 1, **{k: v for k, v in row.items() if k.endswith("loss")}}
        penalty = float(row["penalty"])
        request = (
            replace(self.request, l1=penalty)
            if self.penalty_name == "l1"
            else replace(self.request, l2=penalty)
        )
        return Run(
            self.bank.pick(at).clone(), History([record]), "completed", self.card, request,
            Optimum("path", str(self.statuses[at])), self.dataset_checksum, origin=self.origin,
        )  # fmt: skip


def regularization_path(
    dataset: Dataset | Splits,
    loss: Loss | str | None = None,
    *,
    l1s: Sequence[float] | int | None = None,
    l2s: Sequence[float] | int | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
    validation: Dataset | None = None,
    folds: int | None = None,
    class_weight: str = "none",
    standardize: bool = False,
    seed: int = 1,
    intercept: bool = True,
    dtype: str = "float64",
    tol: float = 1e-6,
    progress: Said | None = None,
    fold_progress: FoldSaid | None = None,
) -> Path:
    """Solve for many penalties, from the largest down.

    Args:
        dataset: the rows to fit; of a pair of parts the one to train on.
        loss: as of `solve`.
        l1s: L1 penalties, or how many: then from the smallest that leaves no weight, evenly in the logarithm
            down to a thousandth of it.
        l2s: in place of l1s: L2 penalties, or how many, from where the weights are all but 0.
        l1: besides l2s; the same all along.
        l2: besides l1s; likewise.
        validation: rows to measure each model on.
        folds: in place of validation: measure by cross-validation with so many folds, by groups or time where
            the rows have some. `Path.best` has the least mean loss, `Path.simplest` the largest penalty
            within a standard error of it.
        class_weight: as of `linnet.solve`.
        standardize: likewise; in each fold by its own rows to train on.
        seed: of the folds.
        intercept: whether there is a bias.
        dtype: of the products on the way.
        tol: of each, as a share of its objective.
        progress: called with each row of the table.
        fold_progress: called with a fold's number, from 1, before its turn, and how many there are.

    Raises:
        UsageError, ShapeError: as of `solve`; or neither or both of l1s and l2s are given.

    Warns:
        ShortfallWarning: some of the models are no optima.
        GridEdgeWarning: the best on the validation set is of the largest or the smallest penalty.
    """
    if (l1s is None) == (l2s is None):
        raise UsageError("give either l1s or l2s: the penalties, or how many")
    refuse_stream(dataset := parts_of(dataset, "regularization_path").train, "a path of penalties")
    if validation is not None:
        validation = dataset_of(validation, "regularization_path's validation")
    if folds is not None and validation is not None:
        raise UsageError("a path is measured on a validation set or by folds: give one")
    loss, penalty_name = pick_loss(loss, dataset), "l1" if l2s is None else "l2"
    intercept = intercept and dataset.has_intercept
    preparation = Preparation.of(dataset, class_weight, standardize, intercept=intercept)
    rows = preparation.apply(dataset)
    objective = Objective.of(rows, loss, Penalty(l2, l1), intercept=intercept, dtype=pick_dtype(dtype))
    if validation is not None and validation.features != dataset.features:
        raise ShapeError(
            f"the validation set has {validation.features} features, the training set {dataset.features}"
        )
    given = l1s if l2s is None else l2s
    assert given is not None, "one is given"
    penalties = spread_penalties(given, objective, penalty_name)
    card = card_of(dataset, loss)
    kept = None if validation is None else preparation.standardise(validation)
    held_out = None if kept is None else Objective.of(kept, loss, dtype=torch.float64)
    one = objective.replace(penalty=replace(objective.penalty, **{penalty_name: 1.0}))
    sums = Statistics.of(rows) if isinstance(choose(one), Direct) and goes_by_sums(rows) else None
    parts = [] if folds is None else split_folds(dataset, folds, seed)
    is_l1 = penalty_name == "l1" and min(penalties) > 0 and len(penalties) + len(parts) > 1
    aside = SparsePath.of(one, dataset, preparation, class_weight, parts, tol) if is_l1 else None
    found, table, grams = [], [], Grams()
    for value in penalties:
        penalty = replace(objective.penalty, **{penalty_name: value})
        if aside is not None:
            minimum, train_loss = aside.solve(penalty)
        else:
            start = found[-1].theta if found else None
            one = Objective(objective.rows, loss, penalty, intercept=intercept)
            minimum = _solve(one, start, tol, grams, sums)
            train_loss = _loss(objective, minimum.theta)
        found.append(minimum)
        table.append(_row(value, minimum, train_loss, held_out))
        if progress:
            progress(table[-1])
    theta = preparation.absorb(torch.cat([one.theta for one in found]), dataset.scale)
    bank = Bank(theta, len(found)).contiguous()
    request = SolveRequest(
        loss=card.loss, huber=card.huber, l2=l2, l1=l1, solver=None, intercept=intercept, dtype=dtype,
        class_weight=class_weight, standardize=standardize,
    )  # fmt: skip
    statuses, figures = [one.status for one in found], pd.DataFrame(table)
    if folds is not None and aside is not None:
        figures = figures.assign(**aside.figures())
    elif folds is not None:
        again = partial(
            regularization_path, loss=loss, l1=l1, l2=l2, class_weight=class_weight, standardize=standardize,
            intercept=intercept, dtype=dtype, tol=tol, **{f"{penalty_name}s": penalties},
        )  # fmt: skip
        figures = figures.assign(**cross_validate(again, parts, dataset, fold_progress))
    done = Path(penalty_name, figures, bank, statuses, card, request, dataset.origin, dataset.checksum)
    _warn(done)
    return done


def _warn(done: Path) -> None:
    """Say what a table of figures does not: models that are no optima, and a best one at the edge."""
    if late := done.shortfall:
        warn(late, ShortfallWarning)
    if done.edge:
        warn(done.edge, GridEdgeWarning)


def _solve(
    objective: Objective, start: Tensor | None, tol: float, grams: Grams, sums: Statistics | None
) -> Minimum:
    """One penalty; what squared errors sum over the rows is kept from one to the next."""
    spec = choose(objective)
    if isinstance(spec, ProximalNewton):
        return replace(spec, tol=tol).minimise(objective, start, memory=grams)
    if isinstance(spec, Direct):
        return spec.minimise(objective, statistics=sums)
    spec = replace(spec, tol=tol) if isinstance(spec, InteriorPoint) else spec
    return spec.minimise(objective, start)


def _row(value: float, found: Minimum, train_loss: float, held_out: Objective | None) -> dict[str, float]:
    """A row of the table."""
    at, W = found.certificate, found.theta[:, :-1]
    row = {
        "penalty": value, "objective": at.objective, "gap": at.gap, "nonzeros": int((W != 0).sum()),
        "train_loss": train_loss, "iterations": at.iterations, "seconds": at.seconds,
    }  # fmt: skip
    if held_out is not None:
        row["validation_loss"] = _loss(held_out, found.theta)
    return row


def _loss(objective: Objective, theta: Tensor) -> float:
    """The mean loss of a model, of columns that may lie far from 0."""
    wide = objective.with_dtype(torch.float64)
    framed = Framed(wide) if stays_as_stored(wide) else standardise(wide)
    return framed.objective.mean_loss(framed.objective.scores(framed.enter(theta)))
