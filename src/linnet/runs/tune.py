"""`linnet.tune`: a search with Optuna, and the folder that it is left in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from linnet.config import SweepRequest, TuneRequest
from linnet.data.arguments import parts_of, weigh
from linnet.data.dataset import Dataset, Splits
from linnet.dist.processes import current
from linnet.errors import UsageError
from linnet.folders import new_folder
from linnet.i18n import Language, check
from linnet.runs.folder import leave_search
from linnet.search.tune import TuneResult, run_tune
from linnet.train.callbacks import Callback, State

if TYPE_CHECKING:
    import optuna


def tune(
    dataset: Dataset | Splits,
    space: Mapping[str, Any],
    *,
    trials: int = 100,
    batch: int = 20,
    storage: Path | str | None = None,
    study: str | None = None,
    sampler: optuna.samplers.BaseSampler | None = None,
    sample_weight: Tensor | np.ndarray | Sequence[float] | None = None,
    folds: int | None = None,
    bags: int | None = None,
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
    callbacks: Sequence[Callback | Callable[[State], object]] = (),
    out: Path | str | None = None,
    report: bool = True,
    language: Language = "en",
) -> TuneResult:
    """Search for good settings with Optuna, a batch of them in each pass over the data.

    Scores are of rows kept from training, as in `sweep`, whose options these are from `folds` on. A setting
    that diverges counts as failed, one that halving drops as pruned.

    Args:
        dataset: the rows, or a pair of train and test parts, of which train is taken.
        space: name of a hyperparameter (see `linnet.config.Hyperparameters`) to a `LogUniform` or `Uniform`
            range, a `range` of whole numbers, several values, or one. With several values of `seed` every
            setting is trained from each, and judged by the mean.
        trials: settings to try in this call.
        batch: of which so many are trained at once.
        storage: a file that keeps the study, or a URL of Optuna's; memory when None. With the same storage
            and study a second call goes on: earlier trials count in the sampler, but their models are not
            kept.
        study: its name; the data set's when None.
        sampler: of Optuna; the multivariate TPE (Bergstra et al., NeurIPS 2011; Falkner et al., ICML 2018)
            with constant liar when None.
        sample_weight: how much each row counts, (N,).
        folds: see `linnet.sweep`, for this and all that follows.
        bags: bootstraps: each setting once a bag.
        validation: the share of rows held out when there are neither folds nor bags.
        metric: "accuracy" or "loss".
        epochs: passes over the rows.
        batch_size: rows a minibatch.
        loss: of the models.
        huber: Huber's threshold.
        patience: epochs without a better validation loss before a model is stopped.
        halving: epochs after which the worse half of a batch is dropped.
        seed: of rows, folds and the sampler.
        dtype: float32 or float64.
        device: auto, cpu, cuda or mps.
        threads: auto or a number.
        show: print a line a batch.
        callbacks: called as the sweep of each batch goes on, as in `linnet.sweep`.
        out: a folder to leave table, figure and summary in, new or empty; and, in `best/`, the best setting
            trained again on all rows and scored once on the test part, as `linnet tune` does.
        report: leave report.html in it, too.
        language: of the figure and the report, "en" or "zh".

    Returns:
        The table, the best settings, the models of this call, and the study.

    Raises:
        UsageError: the space or options cannot be, or the stored study was judged otherwise.
        DivergedError: every model diverged.
        MissingExtraError: optuna is not installed.

    Example:
        >>> result = linnet.tune(linnet.load("digits"), {"lr": LogUniform(0.001, 10)}, trials=40)
        >>> result.best, result.study.best_value
    """
    request = TuneRequest(
        space=space, trials=trials, batch=batch, study=study, sampler="tpe" if sampler is None else None,
        sweep=SweepRequest(
            folds=folds, bags=bags, validation=validation, metric=metric, epochs=epochs,
            batch_size=batch_size, loss=loss, huber=huber, patience=patience, halving=tuple(halving),
            seed=seed, dtype=dtype, device=device, threads=threads,
        ),
    )  # fmt: skip
    splits = parts_of(dataset, "tune")
    splits = Splits(weigh(splits.train, sample_weight), splits.test)
    return tune_request(
        splits, request, storage=storage, sampler=sampler, show=show, callbacks=callbacks, out=out,
        report=report, language=language,
    )  # fmt: skip


def tune_request(
    splits: Splits,
    request: TuneRequest,
    *,
    storage: Path | str | None = None,
    sampler: optuna.samplers.BaseSampler | None = None,
    show: bool = True,
    callbacks: Sequence[Callback | Callable[[State], object]] = (),
    out: Path | str | None = None,
    report: bool = True,
    language: Language = "en",
    is_catalog: bool = False,
) -> TuneResult:
    """`tune` with its options as a request.

    Args:
        splits: the rows, and those that the best model is scored on.
        request: what to search.
        storage: as in `tune`, for this and all that follows to `report`.
        sampler: of Optuna.
        show: print a line a batch.
        callbacks: called as each batch goes on.
        out: the folder.
        report: leave report.html.
        language: of the figure and the report.
        is_catalog: whether the rows are known to be as linnet loads them by name.

    Raises:
        UsageError: several processes compute together, of which a study has one.
    """
    check(language)
    if current().size > 1:
        raise UsageError(
            "a study has one process, as it asks for settings by what came of others: tune in one, or sweep "
            "together (linnet.sweep with random=)"
        )
    folder = None if out is None else new_folder(Path(out))
    result = run_tune(splits.train, request, storage=storage, sampler=sampler, show=show, callbacks=callbacks)
    if folder is not None:
        leave_search(result, folder, splits, is_catalog=is_catalog, language=language, report=report)
    return result
