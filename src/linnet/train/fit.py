"""`fit`: a data set and a recipe in, a trained `Run` out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import nn

from linnet.config import FitRequest, Recipe, as_dict
from linnet.core.losses import by_name
from linnet.core.step import Step, fused_sgd_
from linnet.data.batches import Batches
from linnet.data.dataset import Dataset
from linnet.data.split import keep_apart
from linnet.device import pick_device, pick_dtype
from linnet.dist.processes import Processes, current
from linnet.errors import UsageError
from linnet.model.baseline import find_baseline
from linnet.model.card import card_of
from linnet.model.run import Run
from linnet.train.callbacks import Callback, Callbacks, State
from linnet.train.checkpoint import Checkpoint
from linnet.train.checks import check, check_counting
from linnet.train.engine import Engine, Learner
from linnet.train.inputs import InputOptions, InputPipeline
from linnet.train.learners import BankLearner, GroupLearner, Measured
from linnet.train.model_group import ModelGroup, Weighing, start_bank
from linnet.train.module_learner import ModuleLearner, ModuleLoss
from linnet.train.schedules import StepSchedule


def fit(
    train: Dataset,
    recipe: Recipe | None = None,
    *,
    test: Dataset | None = None,
    callbacks: Sequence[Callback | Callable[[State], object]] = (),
    resume: Checkpoint | None = None,
    step: Step = fused_sgd_,
) -> tuple[Run, Engine]:
    """Train a bank of one.

    Args:
        train: the rows to train on; those set aside in its `validation` are measured after every epoch.
        recipe: how; the book's when None.
        test: rows that are only measured, after every epoch.
        callbacks: called as the run goes on; plain functions are called after every epoch.
        resume: go on from here, bit for bit, to the recipe's epochs.
        step: the fused step or its reference.

    Returns:
        The run, and the engine that trained it, whose `checkpoint()` says where it ended.

    Raises:
        UsageError, ShapeError: the recipe, the data and the checkpoint do not fit each other.
        DivergedError: the loss became infinite or NaN.
    """
    request = (recipe or Recipe()).resolved(train.is_classification, train.is_counts, train.table_rows)
    check(train, test, request)
    if train.validation is not None:
        request = _without_share(request, recipe, train.name)
    rows, kept = keep_apart(train, request.validation, request.seed)
    check_counting(rows, "to train on")
    if kept is not None:
        check_counting(kept, "kept for validation")
    rows, measured = _place(rows, request, kept, test)
    processes = current()
    if processes.size > 1 and step is not fused_sgd_:
        raise UsageError("a step of your own is taken by one process: leave it out, or train in one")
    learner = _make_learner(rows, request, measured, step, processes)
    engine = _make_engine(learner, rows, train, request, processes)
    if resume is not None:
        engine.resume_(resume, _free(request))
    run = _run(engine, train, request, callbacks)
    run.baseline = find_baseline(train, test or train.validation or kept, run.loss, is_test=test is not None)
    if learner.best is not None:
        run.model = learner.best.clone()
    return run, engine


def fit_module(
    module: nn.Module,
    train: Dataset,
    recipe: Recipe | None = None,
    *,
    loss: ModuleLoss | None = None,
    optimizer: torch.optim.Optimizer | None = None,
    test: Dataset | None = None,
    callbacks: Sequence[Callback | Callable[[State], object]] = (),
) -> Run:
    """Train any module by autograd, through the same loop.

    Args:
        module: changed in place; images reach it as (B, 1, height, width), other rows as (B, D).
        train: the rows to train on.
        recipe: how; its loss, lr and std count only where `loss` and `optimizer` are not given.
        loss: `loss(scores, y)`; cross-entropy for classes, mean squared error for a regression.
        optimizer: over the module's parameters; SGD at the recipe's rate when None.
        test: rows that are only measured.
        callbacks: as in `fit`.

    Returns:
        The run, whose `model` is the module.

    Raises:
        UsageError, ShapeError, DivergedError: as `fit` does.
    """
    request = (recipe or Recipe()).resolved(train.is_classification, train.is_counts, train.table_rows)
    check(train, test, request)
    if train.weights is not None:
        raise UsageError(
            "row weights are for linear models: with a module of yours, weigh the losses in its loss"
        )
    dtype = pick_dtype(request.dtype)
    module.to(pick_device(request.device), dtype)
    loss = loss or (nn.CrossEntropyLoss(reduction="none") if train.is_classification else nn.MSELoss())
    optimizer = optimizer or torch.optim.SGD(module.parameters(), lr=request.lr)
    rows, measured = _place(train, request, train.validation, test)
    processes = current()
    learner = ModuleLearner(module, loss, optimizer, dtype, rows, measured, processes)
    return _run(_make_engine(learner, rows, train, request, processes), train, request, callbacks)


def _without_share(request: FitRequest, recipe: Recipe | None, name: str) -> FitRequest:
    """The recipe of data that bring their own rows to validate on.

    Raises:
        UsageError: a share was asked for beside them.
    """
    if recipe is not None and recipe.validation is not None:
        raise UsageError(
            f"{name} has a validation part of its own: leave out validation={recipe.validation:g}"
        )
    return replace(request, validation=None)


def _place(
    rows: Dataset, request: FitRequest, validation: Dataset | None, test: Dataset | None
) -> tuple[Dataset, Measured]:
    """The training rows on the device, and what is measured when an epoch ends."""
    device = pick_device(request.device)
    rows = rows.to(device)
    parts = (None if part is None else part.to(device) for part in (validation, test))
    return rows, Measured(rows.is_classification, rows if request.measure == "after" else None, *parts)


def _make_learner(
    train: Dataset, request: FitRequest, measured: Measured, step: Step, processes: Processes
) -> BankLearner:
    """What trains a bank of one: the shortest step where nothing but a rate was asked for."""
    loss, hyperparameters, dtype = (
        by_name(request.loss, request.huber),
        request.hyperparameters,
        pick_dtype(request.dtype),
    )
    options = InputOptions.of(hyperparameters, train.is_table)
    inputs = InputPipeline(train, options, request.seed, loss, train.weights, processes)
    if hyperparameters.is_plain and train.weights is None:
        bank = start_bank([hyperparameters], train.features, train, dtype)
        return BankLearner(
            bank, loss, train.scale, float(torch.tensor(request.lr, dtype=dtype)), columns=inputs.columns,
            step=step, measured=measured, patience=request.patience, processes=processes,
        )  # fmt: skip
    bank = start_bank([hyperparameters], inputs.features, train, dtype)
    schedule = StepSchedule(len(_batches(train, request, processes)), request.epochs)
    weighing = Weighing.of(loss, [hyperparameters], train, [train.weights])
    group = ModelGroup(bank, inputs.loss, [hyperparameters], inputs.scale, schedule, weighing, inputs.units)
    return GroupLearner(group, inputs, measured, request.patience, processes)


def _batches(rows: Dataset, request: FitRequest, processes: Processes) -> Batches:
    return Batches(
        rows, request.batch_size, seed=request.seed, drop_last=request.drop_last, processes=processes
    )


def _make_engine(
    learner: Learner, rows: Dataset, train: Dataset, request: FitRequest, processes: Processes
) -> Engine:
    """The engine of one model, which is told from others by its recipe and all rows of the job."""
    batches, options = _batches(rows, request, processes), as_dict(request)
    state = State(
        rows, request.epochs, len(batches), learner.model, options=options, latest=lambda: learner.model
    )
    return Engine(
        learner,
        batches,
        state,
        threads=request.threads,
        processes=processes,
        identity=lambda: {**options, "data": train.checksum},
    )


def _free(request: FitRequest) -> tuple[str, ...]:
    """The options that a run may go on with others of.

    A schedule runs over all epochs, so more of them would have been another run from the start.
    """
    is_fixed = request.schedule != "constant" or request.warmup > 0 or request.average > 0
    return ("threads", "device") if is_fixed else ("epochs", "threads", "device")


def _run(
    engine: Engine,
    train: Dataset,
    request: FitRequest,
    callbacks: Sequence[Callback | Callable[[State], object]],
) -> Run:
    """Train, and gather the run."""
    started = time.perf_counter()
    engine.run(Callbacks(callbacks))
    seconds, state = time.perf_counter() - started, engine.state
    card = card_of(train, by_name(request.loss, request.huber))
    run = Run(state.model, state.history, state.status, card, request, seconds=seconds, truth=train.truth)
    run.origin = train.origin
    return run
