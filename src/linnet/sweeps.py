"""`sweep`: a grid, cross-validation or random search of linear models in one pass over the data."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from linnet import files
from linnet.config import Knobs, Recipe
from linnet.core.losses import by_name
from linnet.data.dataset import Dataset, Splits
from linnet.device import pick_device, pick_dtype
from linnet.errors import UsageError
from linnet.evaluate import selection
from linnet.evaluate.ensemble import Ensemble
from linnet.evaluate.score import score
from linnet.evaluate.selection import Configuration, Lead
from linnet.plot.save import save
from linnet.plot.sweeps import sweep_figure
from linnet.runs import new_folder
from linnet.train import trials as making
from linnet.train.fit import check, fit
from linnet.train.run import Card, Run
from linnet.train.sweep import Outcome, Plan, train_together
from linnet.train.trials import LogUniform, Uniform, View

if TYPE_CHECKING:
    import pandas as pd

METRICS = ("accuracy", "loss")


@dataclass(eq=False)
class SweepResult:
    """What a sweep came to. Its models were chosen by rows that were kept from training.

    Args:
        train: what was swept over.
        trials: the models.
        views: which rows each trained on and was judged by.
        outcome: what they came to.
        plan: what they shared.
        metric: "validation_accuracy" or "validation_loss".
        card: what the models predict.
        recipe: the shared recipe.
        seconds: the sweep took.
    """

    train: Dataset
    trials: list[making.Trial]
    views: list[View]
    outcome: Outcome
    plan: Plan
    metric: str
    card: Card
    recipe: Recipe
    seconds: float

    @cached_property
    def configurations(self) -> list[Configuration]:
        """Models that differ in fold and seed only, together; the best first."""
        return selection.configurations(self.outcome, self.trials, self.metric)

    @property
    def best(self) -> Knobs:
        """The settings with the best mean score over folds and seeds.

        Raises:
            DivergedError: every model diverged.
        """
        return selection.best(self.configurations).knobs

    @property
    def lead(self) -> Lead:
        """How far the best leads the next, and whether that is noise."""
        return selection.lead(self.configurations)

    @property
    def varied(self) -> list[str]:
        """The knobs with more than one value, apart from the seed."""
        return [
            name
            for name in making.NAMES
            if name != "seed" and len({getattr(trial.knobs, name) for trial in self.trials}) > 1
        ]

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a configuration, the best first, with means and standard errors over folds and seeds."""
        return selection.table(self.outcome, self.configurations, self.varied)

    def plot(self) -> Figure:
        """The score by the knob that was varied, or a heat map of the first two."""
        return sweep_figure(self.table, self.varied, self.metric, self.train.name)

    def refit(self, test: Dataset | None = None) -> Run:
        """The best settings trained on all rows, as many epochs as were found best.

        Args:
            test: rows that are only scored, once, at the end.
        """
        chosen = selection.best(self.configurations)
        knobs = {**dataclasses.asdict(chosen.knobs), "epochs": _epochs(self, chosen), "patience": None}
        run, _ = fit(self.train, dataclasses.replace(self.recipe, **knobs))
        run.asked["dataset"], run.dataset_checksum = self.train.name, self.train.checksum
        if test is not None:
            scored = score(run, test)
            run.history.last["test_loss"] = scored.loss
            if self.card.classes:
                run.history.last["test_accuracy"] = scored.accuracy
        return run

    def ensemble(self) -> Ensemble:
        """The models of the best configuration together, one a fold and seed."""
        members = torch.tensor(selection.best(self.configurations).members)
        return Ensemble(self.outcome.bank.take(members), self.card)

    def save(self, folder: Path | str) -> None:
        """Leave `table.csv`, `sweep.json` and, where a knob was varied, `sweep.svg` in a folder.

        Raises:
            OSError: it cannot be written.
        """
        folder = Path(folder)
        if self.varied:
            save(self.plot(), folder / "sweep.svg")
        files.write(folder / "table.csv", self.table.to_csv(index=False))
        files.write(folder / "sweep.json", json.dumps(self.summary(), indent=2, ensure_ascii=False) + "\n")

    def summary(self) -> dict[str, Any]:
        """What `sweep.json` holds, as plain values."""
        return {
            "dataset": self.train.name,
            "dataset_checksum": self.train.checksum,
            "models": len(self.trials),
            "metric": self.metric,
            "best": dataclasses.asdict(self.best),
            "lead": self.lead.as_dict(),
            "shared": dataclasses.asdict(self.plan),
            "seconds": round(self.seconds, 3),
        }


def sweep(
    dataset: Dataset | Splits,
    grid: Mapping[str, Any] | None = None,
    *,
    settings: Sequence[Knobs] | None = None,
    random: int | None = None,
    folds: int | None = None,
    validation: float = 0.1,
    metric: str | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    loss: str | None = None,
    huber: float = 1.0,
    patience: int | None = None,
    halving: Sequence[int] = (),
    seed: int = 1,
    dtype: str = "float32",
    device: str = "auto",
    threads: int | str = "auto",
    show: bool = True,
    out: Path | str | None = None,
    strict: bool = True,
) -> SweepResult:
    """Train many linear models in one pass over the data and compare them on rows kept from training.

    All models share each minibatch, so that 64 of them take about as long as 15. The test part of a pair of
    splits is never looked at: score it once, with `result.refit(test=…)`.

    Args:
        dataset: the rows, or a pair of train and test parts, of which train is taken.
        grid: knob (see `linnet.config.Knobs`) to values; every combination is a model. For `random`, a value
            may be a `LogUniform(low, high)` or `Uniform(low, high)` of `linnet.train.trials`.
        settings: the settings themselves, in place of a grid.
        random: draw this many settings from the grid's values and ranges.
        folds: cross-validation: each model once a fold. None keeps a share of the rows from all.
        validation: that share, stratified by class.
        metric: "accuracy", the default for classes, or "loss".
        epochs: 10 for classes, 3 for a regression.
        batch_size: 256 for classes, 10 for a regression.
        loss: softmax, squared, absolute or huber.
        huber: Huber's threshold.
        patience: stop a model after so many epochs without a better validation loss, keeping its best
            weights.
        halving: epochs after which the worse half of the settings is dropped.
        seed: of the order of the rows, the folds and random draws.
        dtype: float32 or float64.
        device: auto, cpu, cuda or mps.
        threads: auto or a number.
        show: print a line an epoch.
        out: a folder to leave table, figure and summary in, new or empty.
        strict: raise when every model diverged; else the result says so.

    Returns:
        The table, the best settings, how sure the choice is, and the models.

    Raises:
        UsageError: the knobs or options cannot be.
        DivergedError: every model diverged.

    Example:
        >>> result = linnet.sweep(linnet.load("digits"), {"lr": [0.01, 0.1, 1.0], "seed": range(3)}, folds=5)
        >>> result.table
    """
    train = dataset.train if isinstance(dataset, Splits) else dataset
    recipe = Recipe(
        epochs=epochs, batch_size=batch_size, loss=loss, huber=huber, patience=patience, seed=seed,
        dtype=dtype, device=device, threads=threads,
    )  # fmt: skip
    asked = recipe.resolved(train.is_classification)
    check(train, None, asked)
    several = _settings(grid or {}, settings, random, Knobs(lr=asked.lr, seed=seed), seed)
    chosen = list(dict.fromkeys(several))  # the same settings twice are not two observations
    if wrong := [rung for rung in halving if not 1 <= rung < asked.epochs]:
        raise UsageError(f"halving takes epochs in 1…{asked.epochs - 1}, not {wrong[0]}")
    is_folded = folds is not None
    views = making.folded(train, folds, seed) if is_folded else making.held_out(train, validation, seed)
    made = making.trials(chosen, len(views))
    name = metric_name(metric, train)
    plan = Plan(
        epochs=asked.epochs, batch_size=asked.batch_size, seed=seed, patience=patience, rungs=tuple(halving),
        metric=name, threads=threads,
    )  # fmt: skip
    folder = None if out is None else new_folder(Path(out))
    say = _Lines(len(made), name) if show else (lambda epoch, figures: None)
    started = time.perf_counter()
    outcome = train_together(
        train.to(pick_device(device)), made, views, by_name(asked.loss, huber), plan, pick_dtype(dtype), say
    )
    card = Card(train.name, train.classes, train.image_shape, train.scale, asked.loss, huber)
    seconds = time.perf_counter() - started
    result = SweepResult(train, made, views, outcome, plan, name, card, recipe, seconds)
    if strict:
        selection.best(result.configurations)
    if folder is not None:
        result.save(folder)
    return result


class _Lines:
    """A line an epoch: how many models are in, and the best of them."""

    def __init__(self, models: int, metric: str) -> None:
        self.models, self.metric = models, metric

    def __call__(self, epoch: int, figures: dict[str, Tensor]) -> None:
        values = figures[self.metric]
        seen = values[values.isfinite()]
        if not len(seen):
            return
        best = float(seen.max() if self.metric.endswith("accuracy") else seen.min())
        words = self.metric.replace("_", " ")
        print(
            f"epoch {epoch:>3}  {len(seen)} of {self.models} models  best {words} {best:.4f}", file=sys.stderr
        )


def _settings(
    grid: Mapping[str, Any], settings: Sequence[Knobs] | None, count: int | None, base: Knobs, seed: int
) -> list[Knobs]:
    if settings is not None:
        if grid or count is not None:
            raise UsageError("give settings, or a grid, not both")
        return list(settings)
    if count is not None:
        if count < 1:
            raise UsageError(f"random must be at least 1, not {count}")
        return making.random(grid, base, count, seed)
    if ranges := [name for name, value in grid.items() if isinstance(value, LogUniform | Uniform)]:
        raise UsageError(f"{ranges[0]} is a range: say how many settings to draw with random=…")
    return making.grid(grid, base)


def metric_name(metric: str | None, train: Dataset) -> str:
    """The curve that a sweep chooses by: "validation_accuracy" or "validation_loss".

    Raises:
        UsageError: there is no such metric, or not for a regression.
    """
    asked = metric or ("accuracy" if train.is_classification else "loss")
    if asked not in METRICS or (asked == "accuracy" and not train.is_classification):
        raise UsageError(f"metric must be {' or '.join(METRICS)} (accuracy for classes only), not {metric!r}")
    return f"validation_{asked}"


def _epochs(result: SweepResult, chosen: Configuration) -> int:
    """The epochs to refit for: the plan's, or with patience the mean of where the members were best."""
    if result.plan.patience is None:
        return result.plan.epochs
    curves = result.outcome.curves["validation_loss"][:, list(chosen.members)].nan_to_num(torch.inf)
    return max(1, round(float((curves.argmin(0) + 1).double().mean())))
