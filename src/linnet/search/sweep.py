"""`sweep`: a grid, cross-validation or random search of linear models in one pass over the data."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from linnet.config import Knobs, Recipe, check_amount
from linnet.core.losses import by_name
from linnet.data.dataset import Dataset
from linnet.device import pick_device, pick_dtype
from linnet.errors import DivergedError, UsageError
from linnet.evaluate import selection
from linnet.folders import CHECKPOINT
from linnet.model.run import Card
from linnet.record.requests import SweepRequest
from linnet.search.result import SweepResult
from linnet.train import trials as making
from linnet.train.callbacks import INTERRUPTED, Callback, Callbacks, Checkpoints, State
from linnet.train.checkpoint import Checkpoint
from linnet.train.fit import check, check_knobs
from linnet.train.plan import Plan
from linnet.train.sweep import Sweep
from linnet.train.trials import LogUniform, Uniform, View

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
    grid, base_size = _base_batch(request.grid, request.batch_size)
    recipe = Recipe(
        epochs=request.epochs, batch_size=base_size, loss=request.loss, huber=request.huber,
        patience=request.patience, seed=request.seed, dtype=request.dtype, device=request.device,
        threads=request.threads,
    )  # fmt: skip
    shared = recipe.resolved(train.is_classification)
    check(train, None, shared)
    chosen = _settings(request, grid, Knobs(lr=shared.lr, seed=request.seed))
    for knobs in chosen:
        check_knobs(train, knobs, shared.loss)
    if wrong := [rung for rung in request.halving if not 1 <= rung < shared.epochs]:
        raise UsageError(f"halving takes epochs in 1…{shared.epochs - 1}, not {wrong[0]}")
    whole, views = _views(train, request)
    made = making.trials(chosen, len(views))
    name = metric_name(request.metric, train)
    plan = Plan(
        epochs=shared.epochs, batch_size=shared.batch_size, seed=request.seed, patience=request.patience,
        rungs=tuple(request.halving), metric=name, threads=request.threads,
    )  # fmt: skip
    check_amount("checkpoint_minutes", checkpoint_minutes)
    following = [*([_Lines(name)] if show else []), *callbacks]
    started = time.perf_counter()
    rows, kind = whole.to(pick_device(request.device)), by_name(shared.loss, request.huber)
    under_way = Sweep(rows, made, views, kind, plan, pick_dtype(request.dtype))
    if folder is not None:
        path = folder / CHECKPOINT
        if path.exists():
            under_way.resume_(Checkpoint.read(path))
        following = [Checkpoints(path, minutes=checkpoint_minutes), *following]
    under_way.run(Callbacks(following))
    reason = under_way.state.reason
    if reason and not under_way.epoch:  # there is nothing to show yet
        if reason == INTERRUPTED:
            raise KeyboardInterrupt
        raise UsageError(f"the sweep was stopped before an epoch had ended: {reason}")
    card = Card(
        train.name, train.classes, train.image_shape, train.scale, shared.loss, request.huber,
        columns=train.columns, target=train.target,
    )  # fmt: skip
    seconds = time.perf_counter() - started
    outcome = under_way.outcome()
    result = SweepResult(train, made, views, outcome, plan, name, card, recipe, seconds, request)
    if strict:
        _check_some_is_left(result, folder)
    return result


class _Lines(Callback):
    """A line an epoch: how many models are in, and the best of them."""

    def __init__(self, metric: str) -> None:
        self.metric = metric

    def epoch_end(self, state: State) -> None:
        """Print it."""
        if self.metric not in state.history.last:
            return
        count, best = int(state.figures[self.metric].isfinite().sum()), state.history.last[self.metric]
        words = self.metric.replace("_", " ")
        said = f"epoch {state.epoch:>3}  {count} of {len(state.trials)} models  best {words} {best:.4f}"
        print(said, file=sys.stderr)


def _settings(request: SweepRequest, grid: Mapping[str, Any], base: Knobs) -> list[Knobs]:
    """The settings, each once: the same twice are not two observations."""
    count = request.random
    if request.settings is not None:
        if grid or count is not None:
            raise UsageError("give settings, or a grid, not both")
        chosen = list(request.settings)
    elif count is not None:
        if count < 1:
            raise UsageError(f"random must be at least 1, not {count}")
        chosen = making.random(grid, base, count, request.seed)
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


def _views(train: Dataset, request: SweepRequest) -> tuple[Dataset, list[View]]:
    """The rows of a sweep, and which of them are trained on and judged by.

    Rows that are set aside to validate on judge all models; folds and bags are of the others alone.
    """
    folds, bags, seed = request.folds, request.bags, request.seed
    if folds is not None and bags is not None:
        raise UsageError("give folds or bags, not both")
    if folds is not None:
        return train, making.folded(train, folds, seed)
    if bags is not None:
        return train, making.bagged(train, bags, seed)
    if train.validation is not None:
        return making.set_aside(train, train.validation)
    return train, making.held_out(train, request.validation, seed)


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
