"""The models of a sweep as a learner: each minibatch is read and converted once, for all of them.

A bank holds the models; one product scores all of them and a step is a few operations for each kind of
optimizer. Folds and row weights enter as a factor on the residual, so models of all folds share the
minibatches. Models that see the inputs in another way (augmented, pooled, standardised, with dropout) are
banks of their own, and what each kind sees is made once a minibatch. A model that diverges, stops
getting better, or loses at a rung is taken out of its bank, which speeds up the rest.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from linnet.core.bank import Bank
from linnet.core.losses import Loss
from linnet.core.rules import order_by_rule
from linnet.data.batches import Block
from linnet.dist.processes import ALONE, Processes
from linnet.errors import UsageError
from linnet.model.history import Record
from linnet.train.callbacks import INTERRUPTED
from linnet.train.checkpoint import Snapshot
from linnet.train.chunk import ModelChunk
from linnet.train.engine import Learner
from linnet.train.inputs import InputOptions, InputPipeline
from linnet.train.parallel import MODELS, PARALLEL, take_summed
from linnet.train.plan import EarlyStopping, FoldedRows, Outcome, Plan, SuccessiveHalving, Trial
from linnet.train.schedules import StepSchedule
from linnet.train.workers import Workers, count_chunks

COMPLETED, DIVERGED = "completed", "diverged"


class SweepLearner(Learner):
    """Models under way together: those that are in go on, the others are kept as they ended.

    Args:
        rows: what they are trained on and judged by.
        trials: one model each.
        loss: in score space.
        plan: what they share.
        schedule: of the run's steps.
        dtype: of the parameters.
        processes: that share the rows or the models, as the plan says.
    """

    kind, is_timed = "sweep", False

    def __init__(
        self, rows: FoldedRows, trials: Sequence[Trial], loss: Loss, plan: Plan, schedule: StepSchedule,
        dtype: torch.dtype, processes: Processes = ALONE,
    ) -> None:  # fmt: skip
        if not trials:
            raise UsageError("a sweep needs at least one model")
        self.processes = processes
        self.rows, self.trials, self.loss, self.plan = rows, list(trials), loss, plan
        M, train, names = len(trials), rows.train, ["train_loss", "validation_loss"]
        names += ["validation_accuracy"] * train.is_classification
        self.curves = {n: torch.full((plan.epochs, M), torch.nan, dtype=torch.float64) for n in names}
        self.figures: dict[str, Tensor] = {}
        self.status = [COMPLETED] * M
        self.stopping, self.halving = EarlyStopping(M, plan.patience), SuccessiveHalving(trials, plan)
        self.epoch, self.dtype = 0, dtype
        self.chunks = self._cut(schedule, dtype)
        # What was learned over scaled columns is folded back, and kept, in float64.
        is_scaled = any(chunk.inputs.columns is not None for chunk in self.chunks)
        theta = torch.full((M * train.outputs, train.features + 1), torch.nan, dtype=dtype)
        self.finished = Bank(theta.to(train.X.device, torch.float64 if is_scaled else dtype), M)
        self.workers = Workers()

    @property
    def live_chunks(self) -> list[ModelChunk]:
        """The chunks with models that are in."""
        return [chunk for chunk in self.chunks if len(chunk.active)]

    @property
    def model(self) -> Bank:
        """The models in the order of the trials; NaN until their first epoch has ended."""
        return self.finished.contiguous()

    @property
    def width(self) -> int:
        """Scores a row of the widest chunk."""
        return max(len(chunk.places) for chunk in self.chunks) * self.rows.train.outputs

    @property
    def is_over(self) -> bool:
        """Whether every model is through."""
        return self.epoch == self.plan.epochs or not self.live_chunks

    def outcome(self, reason: str = "") -> Outcome:
        """What the models have come to so far.

        Args:
            reason: why the sweep was stopped; empty where it goes on.
        """
        status = list(self.status)
        under_way = INTERRUPTED if reason in ("", INTERRUPTED) else f"stopped: {reason}"
        for chunk in [] if self.is_over else self.chunks:
            for m in chunk.live.tolist():
                status[m] = under_way
        return Outcome(self.model, status, self.curves, self.plan.patience is not None)

    @property
    def is_divided(self) -> bool:
        """Whether each process trains chunks of its own."""
        return self.processes.size > 1 and self.plan.parallel == MODELS

    @property
    def _is_summed(self) -> bool:
        """Whether the processes add up the gradients of their rows."""
        return self.processes.size > 1 and not self.is_divided

    @property
    def own_chunks(self) -> list[ModelChunk]:
        """The chunks with models that are in and that this process trains."""
        own = self.chunks[self.processes.rank :: self.processes.size] if self.is_divided else self.chunks
        return [chunk for chunk in own if len(chunk.active)]

    def at_work(self) -> contextlib.AbstractContextManager[None]:
        """Workers for the chunks, on a CPU; sums over processes are taken one after another."""
        has_workers = self.rows.train.X.device.type == "cpu" and not self._is_summed
        return self.workers.open(len(self.own_chunks) if has_workers else 1)

    @torch.inference_mode()
    def train_(self, block: Block, stopped: Callable[[], bool]) -> None:
        """Take the block's minibatches, each with every model that is in; workers take the whole block."""
        chunks = self.own_chunks
        for chunk in chunks:
            chunk.enter(block)
        entered = {inputs: self._enter(inputs, block) for inputs in dict.fromkeys(c.inputs for c in chunks)}
        if self._is_summed:
            take_summed(chunks, entered, block, self.processes)
        elif self.workers.is_alone and not self.is_divided:
            self._take(chunks, entered, block, stopped)
            return
        else:
            self.workers.share(chunks, lambda share: self._take(share, entered, block, lambda: False))
        for _ in block.sizes:  # which counts the minibatches; who stops does so between two blocks
            stopped()

    @torch.inference_mode()
    def _take(
        self, chunks: Sequence[ModelChunk], entered: dict[InputPipeline, tuple[Tensor, Tensor, Tensor]],
        block: Block, stopped: Callable[[], bool],
    ) -> None:  # fmt: skip
        """Take the block's minibatches with some of the chunks, each minibatch made once for those alike."""
        alike: dict[InputPipeline, list[ModelChunk]] = {}
        for chunk in chunks:
            alike.setdefault(chunk.inputs, []).append(chunk)
        for _, here, batch in block.minibatches(stopped):
            for inputs, chunks in alike.items():
                X, target, labels = entered[inputs]
                X1 = inputs.rows(X[here], chunks[0].theta, block.epoch, batch)  # (B, D + 1)
                for chunk in chunks:
                    chunk.take_(X1, target[:, here], labels[..., here], here, block.epoch, batch)

    def _enter(self, inputs: InputPipeline, block: Block) -> tuple[Tensor, Tensor, Tensor]:
        """A block as models see it: rows (n, D), dense targets (K, n), and what the loss is of."""
        block = inputs.enter(block, self.dtype)
        target = self.loss.encode(block.y, self.rows.train.outputs, self.dtype)  # (K, n)
        return block.X, target, target if block.y.is_floating_point() else block.y

    def close_(self) -> Record:
        """Judge, keep, drop; the figures of the model that was best in the epoch."""
        chunks = self.live_chunks
        for chunk, figures in zip(chunks, self._measure(), strict=True):
            self._keep_or_drop(chunk, chunk.model, figures)
        self.figures = {name: values[self.epoch] for name, values in self.curves.items()}
        diverged = torch.tensor([said.startswith(DIVERGED) for said in self.status])
        self.halving.note(self.figures[self.plan.metric], diverged)
        if self.epoch + 1 in self.plan.rungs:
            self._halve()
        self.epoch += 1
        return self._record()

    def _measure(self) -> list[dict[str, Tensor]]:
        """The figures of each chunk with models that are in; chunks that are divided exchange states, too."""
        if self._is_summed:  # which judges together, chunk after chunk
            return [chunk.measure(self.processes) for chunk in self.live_chunks]
        own = self.workers.map(self.own_chunks, ModelChunk.measure)
        if not self.is_divided:
            return own
        self.meet_()
        return [
            figures
            for _, figures in sorted(
                (number, figures)
                for part in self.processes.gather(
                    [(self.chunks.index(chunk), one) for chunk, one in zip(self.own_chunks, own, strict=True)]
                )
                for number, figures in part
            )
        ]

    def meet_(self) -> None:
        """Take over the states of the chunks that other processes train."""
        if not self.is_divided:
            return
        own = {self.chunks.index(chunk): chunk.state for chunk in self.own_chunks}
        for rank, states in enumerate(self.processes.gather(own)):
            for number, state in states.items() if rank != self.processes.rank else ():
                self.chunks[number].restore_(state)

    def _keep_or_drop(self, chunk: ModelChunk, bank: Bank, figures: dict[str, Tensor]) -> None:
        """Keep what is best of each model, as it was measured, and take out those that are through."""
        live = chunk.live
        judged = figures["validation_loss"]
        finite = judged.isfinite() & figures["train_loss"].isfinite() & chunk.is_finite
        for name, values in figures.items():  # NaN scores name a class, too, which is no accuracy
            self.curves[name][self.epoch, live] = values.where(finite, torch.nan)
        better = self.stopping.note(judged.where(finite, torch.inf), live)
        # Without patience the last weights count, with it the best.
        kept = finite if self.plan.patience is None else better
        theta, into = self.finished.theta, self.finished.rows_of
        theta[into(live[kept])] = bank.theta[bank.rows_of(kept.nonzero()[:, 0])]
        theta[into(live[~finite])] = torch.nan
        late = finite & self.stopping.is_late[live]
        self._note_end(live[~finite], f"{DIVERGED} in epoch {self.epoch + 1}")
        self._note_end(live[late], f"stopped in epoch {self.epoch + 1}")
        chunk.keep_(finite & ~late)

    def _halve(self) -> None:
        """Take out the models of the settings that have lost at a rung."""
        losers = torch.tensor(sorted(self.halving.losers()))
        for chunk in self.live_chunks:
            lost = torch.isin(self.halving.settings[chunk.live], losers)
            self._note_end(chunk.live[lost], f"dropped after epoch {self.epoch + 1}")
            chunk.keep_(~lost)

    def _note_end(self, models: Tensor, status: str) -> None:
        for m in models.tolist():
            self.status[m] = status

    def _record(self) -> Record:
        """The figures of the model that was best in the epoch; none where all were out."""
        cost = self.plan.cost(self.figures[self.plan.metric]).nan_to_num(torch.inf)
        best = int(cost.argmin())
        return {} if cost[best].isinf() else {n: float(values[best]) for n, values in self.figures.items()}

    def snapshot(self) -> Snapshot:
        """Curves, costs, the models that are out, and the chunks' states."""
        tensors = {f"curve.{name}": values for name, values in self.curves.items()}
        tensors |= {"finished": self.finished.theta, "cost": self.halving.cost, **self.stopping.state}
        for number, chunk in enumerate(self.chunks):
            tensors |= {f"chunk{number}.{name}": tensor for name, tensor in chunk.state.items()}
        notes = {"epoch": self.epoch, "out": sorted(self.halving.out), "status": self.status}
        if self.processes.size > 1:
            notes[PARALLEL] = self.plan.parallel
        return Snapshot(tensors, notes)

    def restore_(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot."""
        tensors, notes = snapshot.tensors, snapshot.notes
        for name, values in self.curves.items():
            values.copy_(tensors[f"curve.{name}"])
        self.finished.theta.copy_(tensors["finished"])
        self.halving.cost.copy_(tensors["cost"])
        self.stopping.restore_(tensors)
        for number, chunk in enumerate(self.chunks):
            chunk.restore_(snapshot.part(f"chunk{number}."))
        self.epoch, self.status, self.halving.out = notes["epoch"], notes["status"], set(notes["out"])

    def _cut(self, schedule: StepSchedule, dtype: torch.dtype) -> list[ModelChunk]:
        """The models by what they see, then in chunks of models of which those of one rule stand together."""
        groups: dict[InputOptions, list[int]] = {}
        for m, trial in enumerate(self.trials):
            options = InputOptions.of(trial.hyperparameters, self.rows.train.is_table, trial.fold)
            groups.setdefault(options, []).append(m)
        chunks, rows = [], self.rows
        for options, members in groups.items():
            weights = rows.weights_of(options.fold or 0)
            inputs = InputPipeline(rows.train, options, self.plan.seed, self.loss, weights, self.processes)
            places = order_by_rule([self.trials[m].hyperparameters for m in members])
            order = [members[place] for place in places]
            count = count_chunks(len(order), rows.train.outputs, self.plan.width)
            if self.is_divided:  # as many for each process
                count = min(-(-count // self.processes.size) * self.processes.size, len(order))
            # In turns, so that those that are dropped early, or cost more, are of all chunks.
            chunks += [
                ModelChunk(rows, self.trials, order[first::count], inputs, schedule, dtype)
                for first in range(count)
            ]
        return chunks
