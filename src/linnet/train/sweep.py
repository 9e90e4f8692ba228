"""The models of a sweep as a learner: each minibatch is read and converted once, for all of them.

A bank holds the models; one product scores all of them and a step is a few operations for each kind of
optimizer. Folds and row weights enter as a factor on the residual, so models of all folds share the
minibatches. Models that see the inputs in another way (augmented, pooled, standardised, with dropout) are
banks of their own, and what each kind sees is made once a minibatch. A model whose numbers stop being finite,
that has stopped getting better, or that has lost at a rung is taken out of its bank, and the others go
faster.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from linnet.core.bank import Bank, stack
from linnet.core.losses import Loss
from linnet.core.update import in_order
from linnet.data.batches import Batches, Block
from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.model.history import Record
from linnet.train.callbacks import INTERRUPTED, Callback, State
from linnet.train.checkpoint import Snapshot
from linnet.train.chunk import COMPLETED, ModelChunk
from linnet.train.engine import Engine, Learner
from linnet.train.inputs import Inputs, Look
from linnet.train.model_group import StepSchedule
from linnet.train.plan import Outcome, Plan, Rows, SuccessiveHalving, blank
from linnet.train.trials import Trial, View


@dataclass(frozen=True, eq=False)
class InputGroup:
    """Chunks of models that see the same, and where their models are among the trials."""

    inputs: Inputs
    chunks: list[tuple[ModelChunk, list[int]]]


class SweepLearner(Learner):
    """Models under way together.

    Args:
        rows: what they are trained on and judged by.
        trials: one model each.
        loss: in score space.
        plan: what they share.
        schedule: of the run's steps.
        dtype: of the parameters.
    """

    kind, is_timed = "sweep", False

    def __init__(
        self, rows: Rows, trials: Sequence[Trial], loss: Loss, plan: Plan, schedule: StepSchedule,
        dtype: torch.dtype,
    ) -> None:  # fmt: skip
        if not trials:
            raise UsageError("a sweep needs at least one model")
        self.rows, self.trials, self.loss, self.plan = rows, list(trials), loss, plan
        self.curves = blank(rows.train, plan.epochs, len(trials))
        self.figures: dict[str, Tensor] = {}
        self.halving = SuccessiveHalving(trials, plan)
        self.epoch = 0
        self.groups = self._group(schedule, dtype)

    @property
    def chunks(self) -> list[tuple[ModelChunk, list[int]]]:
        """All chunks, with the numbers of their trials."""
        return [pair for group in self.groups for pair in group.chunks]

    @property
    def model(self) -> Bank:
        """The models in the order of the trials; NaN until their first epoch has ended."""
        order = torch.tensor([m for _, some in self.chunks for m in some])
        return stack([chunk.finished for chunk, _ in self.chunks]).take(order.argsort()).contiguous()

    @property
    def width(self) -> int:
        """Scores a row of the widest chunk."""
        return max(len(some) for _, some in self.chunks) * self.rows.train.outputs

    @property
    def is_over(self) -> bool:
        """Whether every model is through."""
        return self.epoch == self.plan.epochs or not any(len(chunk.active) for chunk, _ in self.chunks)

    def outcome(self, reason: str = "") -> Outcome:
        """What the models have come to so far.

        Args:
            reason: why the sweep was stopped; empty where it goes on.
        """
        status = [COMPLETED] * len(self.trials)
        under_way = INTERRUPTED if reason in ("", INTERRUPTED) else f"stopped: {reason}"
        for chunk, some in self.chunks:
            active = [] if self.is_over else chunk.active.tolist()
            for place, m in enumerate(some):
                status[m] = under_way if place in active else chunk.status[place]
        return Outcome(self.model, status, self.curves, self.plan.patience is not None)

    @torch.inference_mode()
    def train_(self, block: Block, stopped: Callable[[], bool]) -> int:
        """Take the block's minibatches, each with every model that is in."""
        chunks = [chunk for chunk, _ in self.chunks if len(chunk.active)]
        target = self.loss.encode(block.y, self.rows.train.outputs, chunks[0].theta.dtype)  # (K, n)
        labels = target if block.y.is_floating_point() else block.y
        for chunk in chunks:
            chunk.enter(block)
        done, low = 0, 0
        for X in block.X.split(block.sizes):
            here = slice(low, low + len(X))
            self._step(X, target[:, here], labels[..., here], here, block.epoch, block.first + done)
            done, low = done + 1, here.stop
            if stopped():
                break
        return done

    def _step(self, X: Tensor, target: Tensor, labels: Tensor, here: slice, epoch: int, batch: int) -> None:
        """Take a minibatch, (B, D), with every model that is in."""
        for group in self.groups:
            live = [chunk for chunk, _ in group.chunks if len(chunk.active)]
            if not live:
                continue
            X1 = group.inputs.rows(X, live[0].theta, epoch, batch)
            for chunk in live:
                chunk.take_(X1, target, labels, here, epoch, batch)

    def close_(self) -> Record:
        """Judge, keep, drop; the figures of the model that was best in the epoch."""
        for chunk, some in self.chunks:
            for name, values in (chunk.close_(self.epoch) if len(chunk.active) else {}).items():
                self.curves[name][self.epoch, some] = values
        self.figures = {name: values[self.epoch] for name, values in self.curves.items()}
        lost = [some[m] for chunk, some in self.chunks for m in chunk.diverged]
        diverged = torch.zeros(len(self.trials), dtype=torch.bool)
        diverged[lost] = True
        self.halving.note(self.figures[self.plan.metric], diverged)
        if self.epoch + 1 in self.plan.rungs:
            losers = self.halving.losers()
            for chunk, _ in self.chunks:
                chunk.drop(losers, self.epoch)
        self.epoch += 1
        return self._record()

    def _record(self) -> Record:
        """The figures of the model that was best in the epoch; none where all were out."""
        sign = -1 if self.plan.metric.endswith("accuracy") else 1
        cost = (sign * self.figures[self.plan.metric]).nan_to_num(torch.inf)
        best = int(cost.argmin())
        return {} if cost[best].isinf() else {n: float(values[best]) for n, values in self.figures.items()}

    def snapshot(self) -> Snapshot:
        """Curves, costs and the chunks' states."""
        tensors = {f"curve.{name}": values for name, values in self.curves.items()}
        tensors["cost"] = self.halving.cost
        for number, (chunk, _) in enumerate(self.chunks):
            tensors |= {f"chunk{number}.{name}": tensor for name, tensor in chunk.state.items()}
        status = [chunk.status for chunk, _ in self.chunks]
        return Snapshot(tensors, {"epoch": self.epoch, "out": sorted(self.halving.out), "status": status})

    def restore_(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot."""
        self.epoch = snapshot.notes["epoch"]
        for name, values in self.curves.items():
            values.copy_(snapshot.tensors[f"curve.{name}"])
        self.halving.cost.copy_(snapshot.tensors["cost"])
        self.halving.out = set(snapshot.notes["out"])
        for number, (chunk, _) in enumerate(self.chunks):
            chunk.restore_(snapshot.part(f"chunk{number}."), snapshot.notes["status"][number])

    def _group(self, schedule: StepSchedule, dtype: torch.dtype) -> list[InputGroup]:
        """The models by what they see, then in chunks of models of which those of one rule stand together."""
        looks: dict[Look, list[int]] = {}
        for m, trial in enumerate(self.trials):
            looks.setdefault(Look.of(trial.knobs, trial.view), []).append(m)
        across = max(1, self.plan.width // self.rows.train.outputs)
        groups = []
        for look, members in looks.items():
            inputs = Inputs(self.rows.train, look, self.plan.seed, self.rows.weights_of(look.view or 0))
            kinds = [(self.trials[m].knobs.optimizer, self.trials[m].knobs.accumulate) for m in members]
            order = [members[place] for place in in_order(kinds)]
            cuts = [order[low : low + across] for low in range(0, len(order), across)]
            made = [
                ModelChunk(
                    self.rows, [self.trials[m] for m in some], inputs, self.loss, self.plan, schedule, dtype
                )
                for some in cuts
            ]
            groups.append(InputGroup(inputs, list(zip(made, cuts, strict=True))))
        return groups


class Sweep(Engine):
    """A sweep under way: the engine with its models.

    Args:
        train: the rows, on the device to compute on.
        trials: one model each.
        views: which rows count, by the trials' `view`.
        loss: in score space.
        plan: what they share.
        dtype: of the parameters.

    Raises:
        UsageError: there is no model, or a knob is for images and the rows are none.
    """

    def __init__(
        self, train: Dataset, trials: Sequence[Trial], views: Sequence[View], loss: Loss, plan: Plan,
        dtype: torch.dtype,
    ) -> None:  # fmt: skip
        rows = Rows.of(train, views, dtype)
        batches = Batches(rows.train, plan.batch_size, seed=plan.seed)
        schedule = StepSchedule(len(batches), plan.epochs)
        self.models = learner = SweepLearner(rows, trials, loss, plan, schedule, dtype)
        state = State(
            rows.train, plan.epochs, len(batches), learner.model, asked=dataclasses.asdict(plan),
            latest=lambda: learner.model, trials=learner.trials, outcome=self.outcome,
        )  # fmt: skip
        super().__init__(
            learner, batches, state, threads=plan.threads,
            identity=lambda: _identity(train, learner, views, loss, dtype),
        )  # fmt: skip

    def outcome(self) -> Outcome:
        """What the models have come to so far."""
        return self.models.outcome(self.state.reason)


def train_together(
    train: Dataset,
    trials: Sequence[Trial],
    views: Sequence[View],
    loss: Loss,
    plan: Plan,
    dtype: torch.dtype,
    callback: Callback | None = None,
) -> Outcome:
    """Train the models of a sweep, sharing every minibatch; what they come to.

    Args:
        train: as `Sweep` takes it, and all that follows to `dtype`.
        trials: likewise.
        views: likewise.
        loss: likewise.
        plan: likewise.
        dtype: likewise.
        callback: called as the sweep goes on.
    """
    sweep = Sweep(train, trials, views, loss, plan, dtype)
    sweep.run(callback)
    return sweep.outcome()


def _identity(
    train: Dataset, learner: SweepLearner, views: Sequence[View], loss: Loss, dtype: torch.dtype
) -> dict[str, Any]:
    """What a sweep must have in common with one that goes on from it, by name."""
    shared = dataclasses.asdict(learner.plan)
    del shared["threads"]
    settings = [[trial.setting, trial.view, dataclasses.asdict(trial.knobs)] for trial in learner.trials]
    return {
        "data": train.checksum,
        "folds": _digest([part for view in views for part in (view.weights, view.validation)]),
        "settings": settings,
        "loss": repr(loss),
        "dtype": str(dtype),
        **shared,
    }


def _digest(parts: Sequence[Tensor | None]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"-" if part is None else part.cpu().contiguous().view(torch.uint8).numpy().data)
    return digest.hexdigest()
