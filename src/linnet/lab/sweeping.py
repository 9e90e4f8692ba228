"""/api/sweep: many models trained at once with live figures."""

from __future__ import annotations

import dataclasses
import math
import time
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from linnet.config import Hyperparameters, SweepRequest
from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.evaluate import selection
from linnet.lab.jobs import Frame, Job, ProgressStream
from linnet.lab.schemas import Amount, BatchSize, Body, DatasetName, Optimizer, Page, Share, Text
from linnet.lab.scripts import Code, render_command, render_load, render_table
from linnet.lab.state import LabState
from linnet.record.lines import call
from linnet.search.result import SweepResult
from linnet.search.sweep import metric_name, run_sweep
from linnet.train.callbacks import Callback, State

MAX_MODELS = 512
MAX_NUMBERS = 50_000_000
"""Of all models together: 200 MB."""

EVERY = 0.1
"""Seconds between two words of how far it is."""

KNOBS = ("lr", "batch_size", "optimizer", "l2", "l1", "std", "dropout", "augment")
"""What may be swept."""

Several = Field(min_length=1, max_length=24)
Amounts = Annotated[tuple[Amount, ...], Several]


class SweepBody(Body):
    """The values of each hyperparameter, every combination of which is a model, and what all share."""

    dataset: DatasetName = "fashion_mnist"
    lr: Amounts = (0.01, 0.1, 1.0)
    batch_size: Annotated[tuple[BatchSize, ...], Several] = (256,)
    optimizer: Annotated[tuple[Optimizer, ...], Several] = ("sgd",)
    l2: Amounts = (0.0,)
    l1: Amounts = (0.0,)
    std: Amounts = (0.01,)
    dropout: Annotated[tuple[Share, ...], Several] = (0.0,)
    augment: Annotated[tuple[Text, ...], Several] = ("none",)
    standardize: bool = False
    epochs: Annotated[int, Field(ge=1, le=100)] = 5
    folds: Annotated[int, Field(ge=2, le=10)] | None = None
    seeds: Annotated[int, Field(ge=1, le=10)] = 1
    metric: Literal["accuracy", "loss"] = "accuracy"

    @property
    def models(self) -> int:
        """How many there are."""
        return math.prod(len(getattr(self, name)) for name in KNOBS) * self.seeds * (self.folds or 1)

    def grid(self) -> dict[str, Any]:
        """As the library takes it: the hyperparameters whose values have to be said."""
        fields = SweepBody.model_fields
        names = [n for n in KNOBS if n == "lr" or getattr(self, n) != fields[n].default]
        grid = {name: getattr(self, name) for name in names}
        if self.standardize:
            grid["standardize"] = (True,)
        return {**grid, "seed": tuple(range(1, self.seeds + 1))} if self.seeds > 1 else grid

    def shared(self) -> dict[str, Any]:
        """The sweep's options."""
        given = {"epochs": self.epochs, "folds": self.folds, "metric": self.metric}
        return {name: value for name, value in given.items() if value not in (None, "accuracy")}


def router(lab: LabState) -> APIRouter:
    """The routes of a sweep."""
    routes = APIRouter(prefix="/api/sweep", tags=["sweep"])

    @routes.post(
        "",
        summary="Train many models: frames of NDJSON meanwhile",
        response_class=ProgressStream,
        status_code=200,
    )
    async def run(body: SweepBody, page: Page) -> ProgressStream:
        train = (await lab.ready(body.dataset)).train
        _check(body, train)
        return lab.jobs.stream(page, partial(_sweep, body, train))

    @routes.post("/code", summary="The same sweep as Python and as a command line")
    async def code(body: SweepBody) -> Code:
        await lab.ready(body.dataset)
        source, folder = lab.source(body.dataset), lab.settings.data_dir
        made = call("linnet.sweep", [render_load(source, folder), "grid"], body.shared())
        python = (
            f"import linnet\n\n{render_table('grid', body.grid())}\nresult = {made}\nprint(result.table)\n"
        )
        values = {key: value for key, value in body.grid().items() if key != "seed"}
        values |= {"seeds": body.seeds} if body.seeds > 1 else {}
        options = {**values, **body.shared()}
        return Code(python=python, command=render_command("sweep", source, options, folder))

    return routes


def _check(body: SweepBody, train: Dataset) -> None:
    """Refuse what would take too long or too much memory."""
    metric_name(body.metric, train)  # or it is refused
    if body.models > MAX_MODELS:
        raise UsageError(f"these are {body.models:,} models, more than {MAX_MODELS}: choose fewer values")
    if body.models * train.outputs * train.features > MAX_NUMBERS:
        raise UsageError(f"{body.models:,} models of this data do not fit: choose fewer values")


def _sweep(body: SweepBody, train: Dataset, job: Job) -> None:
    """Sweep in this thread, telling the page."""
    live = LiveSweep(metric_name(body.metric, train), job)
    try:
        request = SweepRequest(grid=body.grid(), **body.shared())
        result = run_sweep(train, request, callbacks=[live], strict=False)
    except UsageError:
        if not job.is_over:
            raise
        return
    if not job.is_over:
        job.tell(_ending(result, live))


class LiveSweep(Callback):
    """Sends the figures of each epoch, and between epochs how far it is.

    Args:
        metric: that the sweep chooses by.
        job: the sweep's.
    """

    def __init__(self, metric: str, job: Job) -> None:
        self.metric, self.job, self.last = metric, job, 0.0
        self.members: list[tuple[int, ...]] = []

    def start(self, state: State) -> None:
        """Say which settings there are: models that differ in fold and seed only are one."""
        assert state.outcome is not None  # it is a sweep
        self.job.at_end(lambda: state.stop("the page asked"))
        found = selection.configurations(state.outcome(), state.trials, self.metric)
        found.sort(key=lambda configuration: configuration.members)
        self.members = [configuration.members for configuration in found]
        base = state.options["batch_size"]
        settings = [_setting(configuration.hyperparameters, base) for configuration in found]
        models = len(state.trials)
        self.job.tell({"kind": "start", "settings": settings, "models": models, "metric": self.metric})

    def block_end(self, state: State) -> None:
        """Say how far it is, if it is time."""
        if time.perf_counter() - self.last < EVERY:
            return
        self.last = time.perf_counter()
        self.job.tell({"kind": "progress", "epoch": state.epoch - 1 + state.batch / state.batches})

    def epoch_end(self, state: State) -> None:
        """Send each setting's figures, the means over folds and seeds."""
        means = {
            name: [float(values[list(members)].mean()) for members in self.members]
            for name, values in state.figures.items()
        }
        self.job.tell({"kind": "epoch", "epoch": state.epoch, "figures": means})


def _setting(hyperparameters: Hyperparameters, base: int) -> Frame:
    """The hyperparameters that the page knows, of one setting."""
    values = {name: getattr(hyperparameters, name) for name in KNOBS if name != "batch_size"}
    return {
        **values,
        "batch_size": base * hyperparameters.accumulate,
        "standardize": hyperparameters.standardize,
    }


def _ending(result: SweepResult, live: LiveSweep) -> Frame:
    """The last frame: the table, best first, and how sure the choice is."""
    places = {members: place for place, members in enumerate(live.members)}
    order = [places[configuration.members] for configuration in result.configurations]
    names = [name for name in result.table.columns if name.startswith(("train", "validation"))]
    table = result.table.filter(names).to_dict("records")
    return {
        "kind": "end", "order": order, "table": table, "margin": result.margin.as_dict(),
        "edges": [dataclasses.asdict(edge) for edge in result.edges], "seconds": result.seconds,
    }  # fmt: skip
