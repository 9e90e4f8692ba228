"""`sweep`: a grid, cross-validation or random search of linear models in one pass over the data."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from linnet.config import Knobs, Recipe, check_amount
from linnet.core.losses import by_name
from linnet.data.arguments import parts_of
from linnet.data.dataset import Dataset, Splits
from linnet.data.weights import weighted
from linnet.device import pick_device, pick_dtype
from linnet.errors import DivergedError, UsageError
from linnet.evaluate import selection
from linnet.folders import CHECKPOINT, new_folder
from linnet.model.run import Card
from linnet.record.requests import recorded
from linnet.report.rows import Rows
from linnet.report.write import written
from linnet.search.result import SweepResult
from linnet.train import trials as making
from linnet.train.fit import check, check_knobs
from linnet.train.interrupt import INTERRUPTED
from linnet.train.plan import Plan
from linnet.train.sweep import Sweep, Watch
from linnet.train.sweep_checkpoint import SweepCheckpoints, asked_of
from linnet.train.trials import LogUniform, Uniform, View

METRICS = ("accuracy", "loss")


def sweep(
    dataset: Dataset | Splits,
    grid: Mapping[str, Any] | None = None,
    *,
    settings: Sequence[Knobs] | None = None,
    random: int | None = None,
    folds: int | None = None,
    bags: int | None = None,
    validation: float = 0.1,
    metric: str | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    sample_weight: Tensor | np.ndarray | Sequence[float] | None = None,
    loss: str | None = None,
    huber: float = 1.0,
    patience: int | None = None,
    halving: Sequence[int] = (),
    seed: int = 1,
    dtype: str = "float32",
    device: str = "auto",
    threads: int | str = "auto",
    show: bool = True,
    watch: Watch | None = None,
    out: Path | str | None = None,
    resume: bool = False,
    checkpoint_minutes: float = 1.0,
    strict: bool = True,
    report: bool = True,
) -> SweepResult:
    """Train many linear models in one pass over the data and compare them on rows kept from training.

    All models share each minibatch, so that 64 of them take about as long as 15. The test part of a pair of
    splits is never looked at: score it once, with `result.refit(test=…)`. Ctrl-C ends the sweep after the
    current minibatch; what had been learned by the end of the last epoch is in the result, and with `out` the
    sweep can be gone on with.

    Args:
        dataset: the rows, or a pair of train and test parts, of which train is taken.
        grid: knob (see `linnet.config.Knobs`) to values; every combination is a model. `batch_size` may be
            one, its values being multiples of the least. For `random`, a value may be a `LogUniform(low,
            high)` or `Uniform(low, high)` of `linnet.train.trials`.
        settings: the settings themselves, in place of a grid.
        random: draw this many settings from the grid's values and ranges.
        folds: cross-validation: each model once a fold. None keeps a share of the rows from all.
        bags: bootstraps: each model once a bag, in which a row counts as often as a Poisson(1) number says;
            the rows that are out of a bag judge it. `result.ensemble()` is then bagging.
        validation: the share that is kept when there are neither folds nor bags, stratified by class; where
            the data set sets rows aside (`Dataset.validation`), those are kept in its place.
        metric: "accuracy", the default for classes, or "loss".
        epochs: 10 for classes, 3 for a regression.
        batch_size: 256 for classes, 10 for a regression.
        sample_weight: how much each row counts, (N,).
        loss: softmax, logistic, squared, absolute or huber.
        huber: Huber's threshold.
        patience: stop a model after so many epochs without a better validation loss, keeping its best
            weights.
        halving: epochs after which the worse half of the settings is dropped.
        seed: of the order of the rows, the folds and random draws.
        dtype: float32 or float64.
        device: auto, cpu, cuda or mps.
        threads: auto or a number.
        show: print a line an epoch.
        watch: follows the sweep, and may stop it.
        out: a folder to leave table, figure and summary in, new or empty.
        resume: go on, bit for bit, with the sweep that was interrupted or killed in `out`.
        checkpoint_minutes: between two checkpoints in `out`.
        strict: raise when every model diverged; else the result says so.
        report: leave report.html in `out`, too; see `linnet.report`.

    Returns:
        The table, the best settings, how sure the choice is, and the models.

    Raises:
        UsageError: the knobs or options cannot be.
        DivergedError: every model diverged.

    Example:
        >>> result = linnet.sweep(linnet.load("digits"), {"lr": [0.01, 0.1, 1.0], "seed": range(3)}, folds=5)
        >>> result.table
    """
    train = weighted(parts_of(dataset, "sweep").train, sample_weight)
    said = recorded(
        grid or {}, settings, random=random, folds=folds, bags=bags, validation=validation, metric=metric,
        epochs=epochs, batch_size=batch_size, loss=loss, huber=huber, patience=patience, halving=halving,
        seed=seed, dtype=dtype, device=device, threads=threads,
    )  # fmt: skip
    grid, base_size = _base_batch(grid or {}, batch_size)
    recipe = Recipe(
        epochs=epochs, batch_size=base_size, loss=loss, huber=huber, patience=patience, seed=seed,
        dtype=dtype, device=device, threads=threads,
    )  # fmt: skip
    asked = recipe.resolved(train.is_classification)
    check(train, None, asked)
    chosen = _settings(grid, settings, random, Knobs(lr=asked.lr, seed=seed), seed)
    for knobs in chosen:
        check_knobs(train, knobs, asked.loss)
    if wrong := [rung for rung in halving if not 1 <= rung < asked.epochs]:
        raise UsageError(f"halving takes epochs in 1…{asked.epochs - 1}, not {wrong[0]}")
    whole, views = _views(train, folds, bags, validation, seed)
    made = making.trials(chosen, len(views))
    name = metric_name(metric, train)
    plan = Plan(
        epochs=asked.epochs, batch_size=asked.batch_size, seed=seed, patience=patience, rungs=tuple(halving),
        metric=name, threads=threads,
    )  # fmt: skip
    folder = _folder(out, resume)
    check_amount("checkpoint_minutes", checkpoint_minutes)
    following = watch or (_Lines(len(made), name) if show else Watch())
    started = time.perf_counter()
    rows, kind = whole.to(pick_device(device)), by_name(asked.loss, huber)
    under_way = Sweep(rows, made, views, kind, plan, pick_dtype(dtype))
    if folder is not None:
        same = asked_of(under_way, train, views, f"{asked.loss} {huber:g}", dtype)
        following = SweepCheckpoints(folder / CHECKPOINT, same, checkpoint_minutes, following)
    under_way.run(following)
    if following.reason and not under_way.epoch:  # there is nothing to show yet
        if following.reason == INTERRUPTED:
            raise KeyboardInterrupt
        raise UsageError(f"the sweep was stopped before an epoch had ended: {following.reason}")
    card = Card(
        train.name, train.classes, train.image_shape, train.scale, asked.loss, huber,
        columns=train.columns, target=train.target,
    )  # fmt: skip
    seconds = time.perf_counter() - started
    result = SweepResult(train, made, views, under_way.outcome(), plan, name, card, recipe, seconds, said)
    if strict:
        _check_some_is_left(result, folder)
    if folder is not None:
        result.save(folder)
        if report:
            written(folder, Rows(train, None))
    return result


class _Lines(Watch):
    """A line an epoch: how many models are in, and the best of them."""

    def __init__(self, models: int, metric: str) -> None:
        self.models, self.metric = models, metric

    def epoch_end(self, state: Sweep, figures: dict[str, Tensor]) -> None:
        """Print it."""
        values = figures[self.metric]
        seen = values[values.isfinite()]
        if not len(seen):
            return
        best = float(seen.max() if self.metric.endswith("accuracy") else seen.min())
        words = self.metric.replace("_", " ")
        said = f"epoch {state.epoch:>3}  {len(seen)} of {self.models} models  best {words} {best:.4f}"
        print(said, file=sys.stderr)


def _settings(
    grid: Mapping[str, Any], settings: Sequence[Knobs] | None, count: int | None, base: Knobs, seed: int
) -> list[Knobs]:
    """The settings, each once: the same twice are not two observations."""
    if settings is not None:
        if grid or count is not None:
            raise UsageError("give settings, or a grid, not both")
        chosen = list(settings)
    elif count is not None:
        if count < 1:
            raise UsageError(f"random must be at least 1, not {count}")
        chosen = making.random(grid, base, count, seed)
    else:
        if ranges := [name for name, value in grid.items() if isinstance(value, LogUniform | Uniform)]:
            raise UsageError(f"{ranges[0]} is a range: say how many settings to draw with random=…")
        chosen = making.grid(grid, base)
    return list(dict.fromkeys(chosen))


def _base_batch(grid: Mapping[str, Any], batch_size: int | None) -> tuple[dict[str, Any], int | None]:
    """The grid with `accumulate` in place of batch sizes, and the least of these, which all models share."""
    if "batch_size" not in grid:
        return dict(grid), batch_size
    if batch_size is not None or "accumulate" in grid:
        raise UsageError("batch_size is in the grid: leave out the other")
    sizes = making.listed("batch_size", grid["batch_size"])
    if wrong := [size for size in sizes if isinstance(size, bool) or not isinstance(size, int) or size < 1]:
        raise UsageError(f"batch_size must be a whole number of at least 1, not {wrong[0]!r}")
    base = min(sizes)
    if wrong := [size for size in sizes if size % base]:
        raise UsageError(
            f"batch sizes of a sweep are multiples of the least, {base}, whose minibatches all models share, "
            f"and {wrong[0]} is none"
        )
    rest = {name: value for name, value in grid.items() if name != "batch_size"}
    return {**rest, "accumulate": [size // base for size in sizes]}, base


def _views(
    train: Dataset, folds: int | None, bags: int | None, validation: float, seed: int
) -> tuple[Dataset, list[View]]:
    """The rows of a sweep, and which of them are trained on and judged by.

    Rows that are set aside to validate on judge all models; folds and bags are of the others alone.
    """
    if folds is not None and bags is not None:
        raise UsageError("give folds or bags, not both")
    if folds is not None:
        return train, making.folded(train, folds, seed)
    if bags is not None:
        return train, making.bagged(train, bags, seed)
    if train.validation is not None:
        return making.set_aside(train, train.validation)
    return train, making.held_out(train, validation, seed)


def _check_some_is_left(result: SweepResult, folder: Path | None) -> None:
    """Raise when every model diverged, and leave no folder with nothing worth going on from."""
    try:
        selection.best(result.configurations)
    except DivergedError:
        if folder is not None:
            (folder / CHECKPOINT).unlink(missing_ok=True)
            if not any(folder.iterdir()):
                folder.rmdir()
        raise


def _folder(out: Path | str | None, resume: bool) -> Path | None:
    if out is None:
        if resume:
            raise UsageError("resume needs out=, the folder of the sweep to go on with")
        return None
    folder = Path(out)
    return folder if resume and (folder / CHECKPOINT).exists() else new_folder(folder)


def metric_name(metric: str | None, train: Dataset) -> str:
    """The curve that a sweep chooses by: "validation_accuracy" or "validation_loss".

    Raises:
        UsageError: there is no such metric, or not for a regression.
    """
    asked = metric or ("accuracy" if train.is_classification else "loss")
    if asked not in METRICS or (asked == "accuracy" and not train.is_classification):
        raise UsageError(f"metric must be {' or '.join(METRICS)} (accuracy for classes only), not {metric!r}")
    return f"validation_{asked}"
