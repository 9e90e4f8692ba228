"""Training with live output, which leaves a run folder with its figures.

`fit` is the entrance in Python; `linnet train` is `linnet.runs.job`. Both train with `linnet.train.fit`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from linnet.config import Recipe
from linnet.data.arguments import dataset_of, parts_of, weigh
from linnet.data.dataset import Dataset, Splits
from linnet.data.registry import load
from linnet.data.tensors import as_frame
from linnet.dist.launch import warn_if_apart
from linnet.dist.processes import alone, current
from linnet.errors import DivergedError, UsageError
from linnet.folders import CHECKPOINT, is_blank
from linnet.i18n import Language, check
from linnet.model.run import Run
from linnet.runs.display import display
from linnet.runs.folder import leave_run, run_folder
from linnet.train import fit as training
from linnet.train.callbacks import Callback, Checkpoints, State
from linnet.train.checkpoint import Checkpoint
from linnet.train.module_learner import ModuleLoss


def fit(
    dataset: Any,
    *,
    target: str | None = None,
    test: Any = None,
    model: nn.Module | None = None,
    loss: str | ModuleLoss | None = None,
    optimizer: str | torch.optim.Optimizer | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    lr: float | None = None,
    momentum: float = 0.9,
    average: float = 0.0,
    l2: float = 0.0,
    l1: float = 0.0,
    weight_decay: float = 0.0,
    clip: float | None = None,
    schedule: str = "constant",
    warmup: float = 0.0,
    label_smoothing: float = 0.0,
    class_weight: str | Sequence[float] = "none",
    sample_weight: Tensor | np.ndarray | Sequence[float] | None = None,
    dropout: float = 0.0,
    augment: str = "none",
    pool: int = 1,
    standardize: bool = False,
    raw_columns: bool = False,
    accumulate: int = 1,
    std: float = 0.01,
    huber: float = 1.0,
    measure: str | None = None,
    validation: float | None = None,
    patience: int | None = None,
    drop_last: bool = False,
    seed: int = 1,
    dtype: str = "float32",
    device: str = "auto",
    threads: int | str = "auto",
    callbacks: Sequence[Callback | Callable[[State], object]] = (),
    show: bool = True,
    out: Path | str | None = None,
    resume: Path | str | None = None,
    report: bool = True,
    language: Language = "en",
) -> Run:
    """Train a linear model, or any module, and watch it learn.

    In a notebook a figure follows the epochs; in a terminal a table and a bar; elsewhere plain lines.
    Ctrl-C ends the run after the current minibatch and keeps what was learned (`run.status`).

    Where torch.distributed is initialised, its processes train one model together: each of them makes this
    call, with the same arguments, the rows of every minibatch are shared, and the first shows and writes.

    Args:
        dataset: the rows to train on, or a pair of train and test parts as `linnet.load` gives; or a frame of
            pandas, polars or pyarrow, which is read as `linnet.load` does.
        target: of a frame, the column that is predicted.
        test: rows that are only measured, after every epoch: a data set, or a frame where the others are one.
        model: a module of yours, trained by autograd and changed in place; a linear model when None.
        loss: "softmax", "logistic", "squared", "absolute", "huber" or "poisson"; with a model, any
            `loss(scores, y)`.
        optimizer: "sgd", "momentum", "nesterov" or "adam"; with a model, a torch optimizer over its
            parameters, SGD when None.
        epochs: see `linnet.config.Recipe`, for this and all that follows to `threads`.
        batch_size: rows a minibatch.
        lr: learning rate.
        momentum: of momentum and nesterov; Adam's first decay.
        average: the share of the run, at its end, over which the weights are averaged.
        l2: the weight of ½‖W‖² in the objective.
        l1: the weight of ‖W‖₁; gives exact zeros.
        weight_decay: decoupled, as in AdamW.
        clip: the largest norm of a gradient.
        schedule: "constant", "step", "cosine", "linear" or "onecycle".
        warmup: the share of the run in which the rate first rises.
        label_smoothing: the share of each label that is spread evenly over the classes.
        class_weight: "none", "balanced", or a weight a class.
        sample_weight: how much each row counts, (N,).
        dropout: the share of the features that is left out at random.
        augment: how images are changed at random, such as "shift:2+rotate:10".
        pool: the side of the blocks of pixels whose mean is a feature.
        standardize: put penalties on columns of mean 0 and deviation 1.
        raw_columns: step on a table's columns as they stand, as the book does.
        accumulate: minibatches taken together for a step.
        std: σ of the initial weights.
        huber: Huber's threshold.
        measure: "running" or "after".
        validation: the share of the training rows that is kept from training and measured after every epoch;
            rows that the data set itself sets aside (`Dataset.validation`) are measured in any case.
        patience: stop after so many epochs without a better validation loss and keep the best weights.
        drop_last: leave out a short last minibatch.
        seed: of every random number.
        dtype: "float32" or "float64".
        device: "auto", "cpu", "cuda", "mps".
        threads: "auto" or a number.
        callbacks: `Callback`s, or functions called with the state after every epoch.
        show: show the progress.
        out: a folder to leave the run in, new or empty, with a checkpoint every minute.
        resume: a run's folder to continue in, bit for bit, with the same options and perhaps more epochs; one
            with nothing in it is begun.
        report: leave report.html in it, too; see `linnet.report`.
        language: of the figures and the report, "en" or "zh".

    Returns:
        The run: model, history, status.

    Raises:
        UsageError, ShapeError: an argument cannot be, or the parts do not fit each other.
        DivergedError: the loss became infinite or NaN.

    Example:
        >>> run = linnet.fit(linnet.load("digits"), epochs=5, lr=0.5)
        >>> run.history.last["test_accuracy"]
    """
    check(language)
    if as_frame(dataset) is not None:
        say = (lambda text: print(text, file=sys.stderr)) if show else None
        kept = test if as_frame(test) is not None else None
        dataset = load(dataset, target=target, hold_out=test is None, say=say, test=kept)
        test = test if kept is None else None
    elif target is not None:
        raise UsageError("target= is of a frame; a data set has its target")
    train, other = parts_of(dataset, "fit")
    test = other if test is None else dataset_of(test, "fit's test")
    train, name = weigh(train, sample_weight), loss if isinstance(loss, str) else None
    if not isinstance(class_weight, str):
        class_weight = ":".join(str(weight) for weight in class_weight)
    rule = optimizer if isinstance(optimizer, str) else "sgd"
    recipe = Recipe(
        epochs=epochs, batch_size=batch_size, lr=lr, optimizer=rule, momentum=momentum, l2=l2, l1=l1,
        weight_decay=weight_decay, clip=clip, schedule=schedule, warmup=warmup, average=average,
        label_smoothing=label_smoothing, class_weight=class_weight, dropout=dropout, augment=augment,
        pool=pool, standardize=standardize, raw_columns=raw_columns, accumulate=accumulate, std=std,
        loss=name, huber=huber, measure=measure, validation=validation, patience=patience,
        drop_last=drop_last, seed=seed, dtype=dtype, device=device, threads=threads,
    )  # fmt: skip
    warn_if_apart()
    processes = current()
    callbacks = [*callbacks, *([display()] if show and processes.is_first else [])]
    if model is not None:
        if isinstance(optimizer, str) or not recipe.hyperparameters(0.0).is_plain or validation or patience:
            raise UsageError(
                "with model=… give a torch optimizer; linnet's own and penalties are for linear models"
            )
        return _fit_module(model, train, recipe, loss, optimizer, test, callbacks, out or resume)
    if not (optimizer is None or isinstance(optimizer, str)) or not (loss is None or isinstance(loss, str)):
        raise UsageError(
            "a torch optimizer and a loss function need model=…; a linear model takes both by name"
        )
    folder, checkpoint = processes.first(lambda: _open(out, resume))
    if folder is None:
        return training.fit(train, recipe, test=test, callbacks=callbacks)[0]
    keeping = Checkpoints(folder / CHECKPOINT)
    run, ended = train_in(folder, train, test, recipe, callbacks, keeping, checkpoint)
    if processes.is_first:
        with alone():
            leave_run(run, ended, folder, Splits(train, test) if report else None, language=language)
    return run


def _open(out: Path | str | None, resume: Path | str | None) -> tuple[Path | None, Checkpoint | None]:
    """The folder of a run, if it has one, and what it goes on from."""
    return run_folder(out, resume), None if resume is None else last_checkpoint(Path(resume))


def last_checkpoint(folder: Path) -> Checkpoint | None:
    """What a folder's run goes on from; None where nothing is in it, as a kill at the start leaves it."""
    return None if is_blank(folder) else Checkpoint.read(folder / CHECKPOINT)


def train_in(
    folder: Path,
    train: Dataset,
    test: Dataset | None,
    recipe: Recipe,
    callbacks: Sequence[Callback | Callable[[State], object]],
    keeping: Checkpoints,
    checkpoint: Checkpoint | None,
) -> tuple[Run, Checkpoint]:
    """Train with checkpoints in a folder, which the first process keeps; the run, and where it ended."""
    is_new, is_first = not folder.exists(), current().is_first
    try:
        run, engine = training.fit(
            train, recipe, test=test, callbacks=[*callbacks, *([keeping] if is_first else [])],
            resume=checkpoint,
        )  # fmt: skip
    except DivergedError:
        if is_new and is_first:  # there is nothing in it worth going on from
            keeping.path.unlink(missing_ok=True)
            if not any(folder.iterdir()):  # trackers may have left how it diverged
                folder.rmdir()
        raise
    return run, engine.checkpoint()


def _fit_module(
    model: nn.Module,
    train: Dataset,
    recipe: Recipe,
    loss: str | ModuleLoss | None,
    optimizer: torch.optim.Optimizer | None,
    test: Dataset | None,
    callbacks: Sequence[Callback | Callable[[State], object]],
    out: Path | str | None,
) -> Run:
    if isinstance(loss, str):
        raise UsageError(f"with model=… the loss is a function such as nn.CrossEntropyLoss(), not {loss!r}")
    if out is not None:
        raise UsageError("out= and resume= keep linear models; save a module of yours with torch.save")
    return training.fit_module(
        model, train, recipe, loss=loss, optimizer=optimizer, test=test, callbacks=callbacks
    )
