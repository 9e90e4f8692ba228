"""`sweep`: a grid, cross-validation or random search of linear models in one pass over the data."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from linnet.config import FitRequest, Hyperparameters, Recipe, SweepRequest, check_option
from linnet.config.ranges import Range, list_values
from linnet.core.grids import draw_settings, expand_grid
from linnet.core.losses import by_name
from linnet.data.dataset import Dataset
from linnet.data.split import Fold, draw_bags, hold_out, set_aside, split_folds
from linnet.device import pick_device, pick_dtype
from linnet.dist.processes import current
from linnet.errors import DivergedError, UsageError
from linnet.evaluate import selection
from linnet.folders import CHECKPOINT
from linnet.i18n import show_figure
from linnet.model.card import card_of
from linnet.search.result import SweepResult
from linnet.train.callbacks import INTERRUPTED, Callback, Callbacks, Checkpoints, State
from linnet.train.checkpoint import Checkpoint
from linnet.train.checks import check, check_knobs
from linnet.train.parallel import check_parallel, choose_parallel
from linnet.train.plan import Plan, make_trials
from linnet.train.sweep import Sweep

METRICS = ("accuracy", "loss")


def run_sweep(
    train: Dataset,
    request: SweepRequest,
    *,
    callbacks: Sequence[Callback | Callable[[State], object]] = (),
    show: bool = False,
    folder: Path | None = None,
    checkpoint_minutes: float = 1.0,
    strict: bool = True,
) -> SweepResult:
    """Train the models of a request in one pass over the data.

    Args:
        train: the rows.
        request: what to train.
        callbacks: called as the sweep goes on; plain functions are called after every epoch.
        show: print a line an epoch.
        folder: to keep checkpoints in, and to go on from the one that is there.
        checkpoint_minutes: between two of them.
        strict: raise when every model diverged; else the result says so.

    Raises:
        UsageError: the request cannot be.
        DivergedError: every model diverged.
    """
    check_option("checkpoint_minutes", checkpoint_minutes)
    check_parallel(request.parallel)
    grid, base_size = _base_batch(request.grid, request.batch_size)
    recipe = Recipe(
        epochs=request.epochs, batch_size=base_size, loss=request.loss, huber=request.huber,
        patience=request.patience, seed=request.seed, dtype=request.dtype, device=request.device,
        threads=request.threads,
    )  # fmt: skip
    shared = recipe.resolved(train.is_classification, train.is_counts, train.table_rows)
    check(train, None, shared)
    plan = _make_plan(train, request, shared)
    settings = _list_settings(request, grid, Hyperparameters(lr=shared.lr, seed=request.seed))
    for hyperparameters in settings:
        check_knobs(train, hyperparameters, shared.loss)
    whole, folds = _make_folds(train, request)
    trials, loss, started = (
        make_trials(settings, len(folds)),
        by_name(shared.loss, request.huber),
        perf_counter(),
    )
    rows, dtype = whole.to(pick_device(request.device)), pick_dtype(request.dtype)
    processes, checkpoint = current(), None
    if folder is not None:
        path = folder / CHECKPOINT
        checkpoint = processes.first(lambda: Checkpoint.read(path) if path.exists() else None)
        if processes.is_first:
            callbacks = [Checkpoints(path, minutes=checkpoint_minutes), *callbacks]
    show = show and processes.is_first
    if processes.size > 1:
        plan, said = choose_parallel(plan, request.parallel, rows, len(trials), dtype, processes, checkpoint)
        if show:
            print(said, file=sys.stderr)
    sweep = Sweep(rows, trials, folds, loss, plan, dtype, processes)
    if checkpoint is not None:
        sweep.resume_(checkpoint)
    sweep.run(Callbacks([*([_Lines(plan.metric)] if show else []), *callbacks]))
    _check_an_epoch_ended(sweep)
    result = SweepResult(
        train, trials, folds, sweep.outcome(), plan, card_of(train, loss), recipe, perf_counter() - started,
        request,
    )  # fmt: skip
    if strict:
        _check_some_is_left(result, folder if processes.is_first else None)
    return result


class _Lines(Callback):
    """A line an epoch: how many models are in, and the best of them."""

    def __init__(self, metric: str) -> None:
        self.metric = metric

    def epoch_end(self, state: State) -> None:
        """Print it."""
        if self.metric not in state.history.last:
            return
        count = int(state.figures[self.metric].isfinite().sum())
        best = show_figure(self.metric, state.history.last[self.metric])
        words = self.metric.replace("_", " ")
        said = f"epoch {state.epoch:>3}  {count} of {len(state.trials)} models  best {words} {best}"
        print(said, file=sys.stderr)


def _make_plan(train: Dataset, request: SweepRequest, shared: FitRequest) -> Plan:
    """What the models share."""
    if wrong := [rung for rung in request.halving if not 1 <= rung < shared.epochs]:
        raise UsageError(f"halving takes epochs in 1…{shared.epochs - 1}, not {wrong[0]}")
    return Plan(
        epochs=shared.epochs, batch_size=shared.batch_size, seed=request.seed, patience=request.patience,
        rungs=tuple(request.halving), metric=metric_name(request.metric, train), threads=request.threads,
    )  # fmt: skip


def _list_settings(
    request: SweepRequest, grid: Mapping[str, Any], base: Hyperparameters
) -> list[Hyperparameters]:
    """The settings, each once: the same twice are not two observations."""
    count = request.random
    if request.settings is not None:
        if grid or count is not None:
            raise UsageError("give settings, or a grid, not both")
        chosen = list(request.settings)
    elif count is not None:
        if count < 1:
            raise UsageError(f"random must be at least 1, not {count}")
        chosen = draw_settings(grid, base, count, request.seed)
    else:
        if ranges := [name for name, value in grid.items() if isinstance(value, Range)]:
            raise UsageError(f"{ranges[0]} is a range: say how many settings to draw with random=…")
        chosen = expand_grid(grid, base)
    return list(dict.fromkeys(chosen))


def _base_batch(grid: Mapping[str, Any], batch_size: int | None) -> tuple[dict[str, Any], int | None]:
    """The grid with `accumulate` in place of batch sizes, and the least of these, which all models share."""
    if "batch_size" not in grid:
        return dict(grid), batch_size
    if batch_size is not None or "accumulate" in grid:
        raise UsageError("batch_size is in the grid: leave out the other")
    sizes = list_values("batch_size", grid["batch_size"])
    for size in sizes:
        check_option("batch_size", size)
    base = min(sizes)
    if wrong := [size for size in sizes if size % base]:
        raise UsageError(
            f"batch sizes of a sweep are multiples of the least, {base}, whose minibatches all models share, "
            f"and {wrong[0]} is none"
        )
    rest = {name: value for name, value in grid.items() if name != "batch_size"}
    return {**rest, "accumulate": [size // base for size in sizes]}, base


def _make_folds(train: Dataset, request: SweepRequest) -> tuple[Dataset, list[Fold]]:
    """The rows of a sweep, and which of them are trained on and judged by.

    Rows that are set aside to validate on judge all models; folds and bags are of the others alone.
    """
    folds, bags, seed = request.folds, request.bags, request.seed
    if folds is not None and bags is not None:
        raise UsageError("give folds or bags, not both")
    if folds is not None:
        return train, split_folds(train, folds, seed)
    if bags is not None:
        return train, draw_bags(train, bags, seed)
    if train.validation is not None:
        return set_aside(train, train.validation)
    return train, hold_out(train, request.validation, seed)


def _check_an_epoch_ended(sweep: Sweep) -> None:
    """Raise where a sweep was stopped so early that there is nothing to show."""
    if (reason := sweep.state.reason) and not sweep.epoch:
        if reason == INTERRUPTED:
            raise KeyboardInterrupt
        raise UsageError(f"the sweep was stopped before an epoch had ended: {reason}")


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


def metric_name(metric: str | None, train: Dataset) -> str:
    """The curve that a sweep chooses by: "validation_accuracy" or "validation_loss".

    Raises:
        UsageError: there is no such metric, or not for a regression.
    """
    asked = metric or ("accuracy" if train.is_classification else "loss")
    if asked not in METRICS or (asked == "accuracy" and not train.is_classification):
        raise UsageError(f"metric must be {' or '.join(METRICS)} (accuracy for classes only), not {metric!r}")
    return f"validation_{asked}"
