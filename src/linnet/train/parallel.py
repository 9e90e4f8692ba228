"""Several processes at one sweep: they share the rows of each minibatch, or the models."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.data.batches import Block
from linnet.data.dataset import Dataset
from linnet.dist.processes import Processes
from linnet.errors import UsageError
from linnet.train.checkpoint import Checkpoint
from linnet.train.chunk import ModelChunk
from linnet.train.inputs import InputPipeline
from linnet.train.plan import Plan

ROWS, MODELS = "rows", "models"

PARALLEL = "parallel"
"""What checkpoints of a sweep call the way."""

TRIES = 5
"""How often each operation is timed, the least counting."""

Entered = Mapping[InputPipeline, tuple[Tensor, Tensor, Tensor]]
"""A block as the models of each pipeline see it: rows (n, D), dense targets (K, n), what the loss is of."""


def take_summed(chunks: Sequence[ModelChunk], entered: Entered, block: Block, processes: Processes) -> None:
    """Take the block's minibatches, of which each process has some rows: one sum over processes a minibatch.

    Args:
        chunks: with models that are in, the same in each process.
        entered: the block's rows.
        block: the rows of this process.
        processes: that share them.
    """
    alike: dict[InputPipeline, list[ModelChunk]] = {}
    for chunk in chunks:
        alike.setdefault(chunk.inputs, []).append(chunk)
    flat = torch.cat([chunk.theta.flatten() for chunk in chunks])
    cuts = flat.split([chunk.theta.numel() for chunk in chunks])
    into = {chunk: cut.view_as(chunk.theta) for chunk, cut in zip(chunks, cuts, strict=True)}
    totals = list[Tensor]()
    for _, here, batch in block.minibatches(lambda: False):
        part, own = block.part(here, batch), dict[ModelChunk, Tensor]()
        for inputs, some in alike.items():
            X, target, labels = entered[inputs]
            X1 = inputs.rows(X[here], some[0].theta, block.epoch, batch, part)  # (B, D + 1)
            for chunk in some:
                own[chunk] = chunk.add_gradient_(into[chunk], X1, target[:, here], labels[..., here], here)
        processes.sum_(flat)
        for chunk in chunks:
            chunk.step_by_(into[chunk], block.whole(batch), block.epoch, batch)
        totals.append(torch.cat([own[chunk] for chunk in chunks], 1))
    for one in processes.sum_(torch.stack(totals)).unbind():
        for chunk, added in zip(chunks, one.split([len(chunk.active) for chunk in chunks], 1), strict=True):
            chunk.totals += added


@dataclass(frozen=True)
class StepCosts:
    """What a minibatch costs one of several processes, in seconds.

    Args:
        rows: where they share its rows: conversion and products of its part, and the sum of gradients.
        summing: of these, the sum.
        models: where they share the models: conversion of all rows, and products of some models.
    """

    rows: float
    summing: float
    models: float

    @property
    def choice(self) -> str:
        """The cheaper way."""
        return ROWS if self.rows <= self.models else MODELS

    def __str__(self) -> str:
        return (
            f"sharing rows {1e3 * self.rows:.2f} ms a minibatch, of which {1e3 * self.summing:.2f} are sums; "
            f"sharing models {1e3 * self.models:.2f} ms"
        )


def choose_parallel(
    plan: Plan, name: str, train: Dataset, models: int, dtype: torch.dtype, processes: Processes,
    checkpoint: Checkpoint | None = None,
) -> tuple[Plan, str]:  # fmt: skip
    """The plan of a sweep of several processes, and a sentence that says what they share, and why.

    Args:
        plan: what the models share.
        name: "auto", which times a step of either way, "rows" or "models".
        train: the rows.
        models: M.
        dtype: of the parameters.
        processes: that are to share them.
        checkpoint: that the sweep goes on from, in the way that it began.
    """
    kept = None if checkpoint is None else checkpoint.snapshot.notes.get(PARALLEL)
    why = "as the sweep began"
    if name != "auto":
        kept, why = name, "as was asked"
    if kept is None:
        costs = measure_costs(train, models, plan.batch_size, dtype, processes)
        kept, why = costs.choice, str(costs)
    return dataclasses.replace(plan, parallel=kept), f"{processes.size} processes share the {kept}: {why}"


def measure_costs(
    train: Dataset, models: int, batch_size: int, dtype: torch.dtype, processes: Processes
) -> StepCosts:
    """Time the operations of a step on rows and models as there are: the mean over the processes.

    Args:
        train: the rows.
        models: M, of all.
        batch_size: B.
        dtype: of the parameters.
        processes: that are to share them.
    """
    size = processes.size
    whole, part = min(batch_size, len(train)), -(-batch_size // size)
    few = -(-models // size)
    gradient = torch.zeros(models * train.outputs, train.features + 1, dtype=dtype, device=train.X.device)
    summing = _time(lambda: processes.sum_(gradient))
    sharing_rows = _time_step(train, models, min(part, whole), dtype)
    sharing_models = _time_step(train, few, whole, dtype)
    mean = processes.sum_(torch.tensor([sharing_rows, summing, sharing_models], dtype=torch.float64)) / size
    rows, summing, split = mean.tolist()
    return StepCosts(rows + summing, summing, split)


def _time_step(train: Dataset, models: int, rows: int, dtype: torch.dtype) -> float:
    """The seconds of converting some rows and of the two products of some models with them."""
    X = train.X[:rows]
    theta = torch.zeros(models * train.outputs, train.features, dtype=dtype, device=X.device)

    def step() -> None:
        floats = X.to(dtype)
        torch.mm(torch.mm(theta, floats.T), floats)

    return _time(step)


def _time(work: Callable[[], object]) -> float:
    work()
    found = list[float]()
    for _ in range(TRIES):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return min(found)


def check_parallel(name: str) -> None:
    """Refuse what is no way of sharing a sweep.

    Raises:
        UsageError: naming the ways.
    """
    if name not in ("auto", ROWS, MODELS):
        raise UsageError(f"parallel must be auto, {ROWS} or {MODELS}, not {name!r}")
