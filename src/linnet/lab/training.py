"""/api/train: one model trained with live figures; the usual model, for pages that have trained none."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import Annotated, Any

import torch
from fastapi import APIRouter
from pydantic import Field

from linnet.config import Recipe
from linnet.core.bank import Bank
from linnet.data.dataset import Dataset, Splits
from linnet.errors import UsageError
from linnet.lab.jobs import Job, ProgressStream
from linnet.lab.live import Live, resolve
from linnet.lab.schemas import Amount, BatchSize, Body, DatasetName, Optimizer, Page, Share, Text
from linnet.lab.scripts import Code, render_command, render_load
from linnet.lab.state import LabState
from linnet.model.run import Card
from linnet.record.lines import call
from linnet.train.callbacks import Callback, State
from linnet.train.checks import check
from linnet.train.fit import fit

MAX_WEIGHTS = 2_000_000
"""Of a model, since each frame brings them all: 11 MB."""

EVERY = 0.15
"""Seconds between two frames within an epoch."""

FEW = 10_000
"""Rows below which the usual model is trained in more epochs and larger steps."""

OFTEN = 0.1
"""Seconds between two looks whether a page that waits for another's training of the usual model has gone."""


class TrainBody(Body):
    """The hyperparameters."""

    dataset: DatasetName = "fashion_mnist"
    lr: Amount = 0.1
    batch_size: BatchSize = 256
    epochs: Annotated[int, Field(ge=1, le=200)] = 10
    std: Amount = 0.01
    optimizer: Optimizer = "sgd"
    l2: Amount = 0.0
    l1: Amount = 0.0
    dropout: Share = 0.0
    augment: Text = "none"
    standardize: bool = False
    patience: Annotated[int, Field(ge=1, le=100)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1

    def recipe(self) -> Recipe:
        """As the library takes it.

        Raises:
            UsageError: a value that cannot be.
        """
        return Recipe(**self.model_dump(exclude={"dataset"}))


def router(lab: LabState) -> APIRouter:
    """The route of a training."""
    routes = APIRouter(prefix="/api/train", tags=["train"])

    @routes.post(
        "",
        summary="Train a model: frames of NDJSON while it goes on",
        response_class=ProgressStream,
        status_code=200,
    )
    async def train(body: TrainBody, page: Page) -> ProgressStream:
        recipe, splits = body.recipe(), await lab.ready(body.dataset)
        _check(splits.train)
        check(splits.train, splits.test, resolve(recipe, splits.train))
        return lab.jobs.stream(page, partial(_train, splits, recipe, lab, body.dataset))

    @routes.post("/code", summary="The same training as Python and as a command line")
    async def code(body: TrainBody) -> Code:
        body.recipe()
        await lab.ready(body.dataset)
        source = lab.source(body.dataset)
        usual = {"lr": body.lr, "batch_size": body.batch_size, "epochs": body.epochs}  # always shown
        options = usual | body.model_dump(exclude_defaults=True, exclude={"dataset"})
        loaded = render_load(source, lab.settings.data_dir)
        python = f"import linnet\n\nrun = {call('linnet.fit', [loaded], options)}\nprint(run.history.last)\n"
        line = render_command("train", source, options, lab.settings.data_dir)
        return Code(python=python, command=line)

    return routes


def _check(train: Dataset) -> None:
    """Refuse what cannot be shown."""
    if not train.is_classification and train.outputs > 1:
        raise UsageError(f"{train.name} has {train.outputs} columns to predict: a page shows one")
    if (weights := train.outputs * train.features) > MAX_WEIGHTS:
        raise UsageError(
            f"a model of {train.name} has {weights:,} weights, more than the {MAX_WEIGHTS:,} that a page can "
            "show: use fewer columns, or linnet train"
        )


def _train(splits: Splits, recipe: Recipe, lab: LabState, name: str, job: Job) -> None:
    """Train in this thread, telling the page."""
    live = Live(splits)
    job.tell(live.opening(splits.train, recipe))
    run, _ = fit(splits.train, recipe, test=splits.test, callbacks=[LiveTraining(live, job)])
    if job.is_over:
        job.tell({"kind": "aborted"})
        return
    job.tell({
        "kind": "end", "status": run.status, "seconds": run.seconds, "model": lab.add(run, name),
        **live.frame(run.bank, run.card), "figures": run.kept,
    })  # fmt: skip


class EpochProgress(Callback):
    """Tells the page after each epoch how far a training is; the job's end is the run's.

    Args:
        job: the training's.
    """

    def __init__(self, job: Job) -> None:
        self.job = job

    def start(self, state: State) -> None:
        """End the run when the job ends."""
        self.job.at_end(state.stop)

    def epoch_end(self, state: State) -> None:
        """Say how far it is."""
        self.job.tell({"kind": "progress", "epoch": state.epoch, "epochs": state.options["epochs"]})


class LiveTraining(EpochProgress):
    """Sends a frame after the first minibatches, then by time, and at the end of each epoch.

    Args:
        live: what is looked at.
        job: the training's.
    """

    def __init__(self, live: Live, job: Job) -> None:
        super().__init__(job)
        self.live, self.last = live, 0.0

    def block_end(self, state: State) -> None:
        """Send what is known within an epoch, if it is time."""
        if state.reason or state.batch == state.batches or time.perf_counter() - self.last < EVERY:
            return
        running = state.running
        assert running is not None  # a block has ended
        figures = {"train_loss": float(running.mean_loss[0])}
        if state.dataset.is_classification:
            figures["train_accuracy"] = float(running.accuracy[0])
        self._send("frame", state, {"epoch": state.epoch - 1 + state.batch / state.batches, **figures})

    def epoch_end(self, state: State) -> None:
        """Send the epoch's record."""
        if not state.reason or not self.job.is_over:
            self._send("epoch", state, state.history.last)

    @torch.inference_mode()
    def _send(self, kind: str, state: State, figures: dict[str, Any]) -> None:
        bank, data = state.current, state.dataset
        assert isinstance(bank, Bank)
        card = Card(data.name, data.classes, data.image_shape, data.scale, state.options["loss"])
        self.job.tell({"kind": kind, "figures": figures, **self.live.frame(bank, card)})
        self.last = time.perf_counter()


class UsualModel:
    """The model that pages try where they have trained none; its methods may be called from any thread.

    Args:
        lab: whose model.
    """

    def __init__(self, lab: LabState) -> None:
        self.lab, self._training, self._default = lab, threading.Lock(), ""

    def number(self) -> str | None:
        """The id of the model that `train` made; None where it has not, or where it is no longer kept."""
        return self._default if self.lab.has(self._default) else None

    def train(self, job: Job) -> None:
        """Train a model of the data set that pages begin with, once for all of them.

        Args:
            job: is told how far it is, and in the end the model's id.
        """
        while not self._training.acquire(timeout=OFTEN):  # another page's
            if job.is_over:
                return
        try:
            if self.number() is None:
                self._train(job)
        finally:
            self._training.release()
        if (number := self.number()) is not None:
            job.tell({"kind": "model", "id": number})

    def _train(self, job: Job) -> None:
        name = self.lab.first()
        train, test = self.lab.splits(name)
        run, _ = fit(train, usual_recipe(train), test=test, callbacks=[EpochProgress(job)])
        if not job.is_over:
            self._default = self.lab.add(run, name)


def usual_recipe(train: Dataset) -> Recipe:
    """How the model is trained that is tried where there is none, with rows held out for prediction sets."""
    if len(train) < FEW:
        return Recipe(epochs=40, batch_size=64, lr=0.5, validation=0.1, seed=0)
    return Recipe(epochs=10, batch_size=128, lr=0.1, validation=0.1, seed=0)
