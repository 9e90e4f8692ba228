"""`linnet.sweep`: many models in one pass over the data, and the folder that they are left in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from linnet.config import Hyperparameters, SweepRequest
from linnet.data.arguments import parts_of, weigh
from linnet.data.dataset import Dataset, Splits
from linnet.dist.launch import warn_if_apart
from linnet.dist.processes import current
from linnet.i18n import Language, check
from linnet.runs.folder import leave_search, run_folder
from linnet.search.result import SweepResult
from linnet.search.sweep import run_sweep
from linnet.train.callbacks import Callback, State


def sweep(
    dataset: Dataset | Splits,
    grid: Mapping[str, Any] | None = None,
    *,
    settings: Sequence[Hyperparameters] | None = None,
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
    parallel: str = "auto",
    show: bool = True,
    callbacks: Sequence[Callback | Callable[[State], object]] = (),
    out: Path | str | None = None,
    resume: Path | str | None = None,
    checkpoint_minutes: float = 1.0,
    strict: bool = True,
    report: bool = True,
    language: Language = "en",
) -> SweepResult:
    """Train many linear models in one pass over the data and compare them on rows kept from training.

    All models share each minibatch, so that 64 of them take about as long as 15. The test part of a pair of
    splits never takes part in the choice: score it once, with `result.refit(test=…)`. Ctrl-C ends the sweep
    after the current minibatch; what had been learned by the end of the last epoch is in the result, and with
    `out` the sweep can be continued with `resume`.

    Args:
        dataset: the rows, or a pair of train and test parts, of which train is taken.
        grid: name of a hyperparameter (see `linnet.config.Hyperparameters`) to values; every combination is a
            model. `batch_size` may be one, its values being multiples of the least. For `random`, a value may
            be a `LogUniform(low, high)` or `Uniform(low, high)`.
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
        parallel: where torch.distributed is initialised, whose processes then sweep together: share the rows
            of each minibatch ("rows"), the models ("models"), or what a timed step finds cheaper.
        show: print a line an epoch.
        callbacks: called as the sweep goes on, as in `linnet.fit`; they may stop it.
        out: a folder to leave tables, figures and summary in, new or empty; and, in `best/`, the best setting
            trained again on all rows and scored once on the test part, as `linnet sweep` does.
        resume: the folder of a sweep that was interrupted or killed, to continue in, bit for bit, with the
            same options; one with nothing in it is begun.
        checkpoint_minutes: between two checkpoints in the folder.
        strict: raise when every model diverged; else the result says so.
        report: leave report.html in `out`, too; see `linnet.report`.
        language: of the figures and the report, "en" or "zh".

    Returns:
        The table, the best settings, how sure the choice is, and the models.

    Raises:
        UsageError: the hyperparameters or options cannot be.
        DivergedError: every model diverged.

    Example:
        >>> result = linnet.sweep(linnet.load("digits"), {"lr": [0.01, 0.1, 1.0], "seed": range(3)}, folds=5)
        >>> result.table
    """
    warn_if_apart()
    splits = parts_of(dataset, "sweep")
    request = SweepRequest(
        grid=dict(grid or {}), settings=None if settings is None else tuple(settings), random=random,
        folds=folds, bags=bags, validation=validation, metric=metric, epochs=epochs, batch_size=batch_size,
        loss=loss, huber=huber, patience=patience, halving=tuple(halving), seed=seed, dtype=dtype,
        device=device, threads=threads, parallel=parallel,
    )  # fmt: skip
    return sweep_request(
        Splits(weigh(splits.train, sample_weight), splits.test), request, show=show, callbacks=callbacks,
        out=out, resume=resume, checkpoint_minutes=checkpoint_minutes, strict=strict, report=report,
        language=language,
    )  # fmt: skip


def sweep_request(
    splits: Splits,
    request: SweepRequest,
    *,
    show: bool = True,
    callbacks: Sequence[Callback | Callable[[State], object]] = (),
    out: Path | str | None = None,
    resume: Path | str | None = None,
    checkpoint_minutes: float = 1.0,
    strict: bool = True,
    report: bool = True,
    language: Language = "en",
    is_catalog: bool = False,
) -> SweepResult:
    """`sweep` with its options as a request.

    Args:
        splits: the rows, with their weights, and those that the best model is scored on.
        request: what to train.
        show: as in `sweep`, for this and all that follows to `report`.
        callbacks: called as the sweep goes on.
        out: the folder.
        resume: the folder to continue in.
        checkpoint_minutes: between two checkpoints.
        strict: raise when every model diverged.
        report: leave report.html.
        language: of the figures and the report.
        is_catalog: whether the rows are known to be as linnet loads them by name.
    """
    check(language)
    folder = current().first(lambda: run_folder(out, resume))
    result = run_sweep(
        splits.train, request, callbacks=callbacks, show=show, folder=folder,
        checkpoint_minutes=checkpoint_minutes, strict=strict,
    )  # fmt: skip
    if folder is not None:
        leave_search(result, folder, splits, is_catalog=is_catalog, language=language, report=report)
    return result
