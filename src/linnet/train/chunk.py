"""Models of a sweep that are trained in one bank, and what has become of each."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from linnet.core.bank import Bank
from linnet.core.losses import Loss
from linnet.data.batches import Block
from linnet.train.inputs import Inputs
from linnet.train.learners import Scorer
from linnet.train.model_group import ModelGroup, StepSchedule, Weighing, start_bank
from linnet.train.plan import EarlyStopping, Plan, Rows
from linnet.train.trials import Trial

COMPLETED, DIVERGED = "completed", "diverged"


class ModelChunk:
    """Models of one bank that see the same: those that are in go on, the others are kept as they ended.

    Args:
        rows: what they are trained on and judged by.
        trials: the models.
        inputs: what they see.
        loss: in score space.
        plan: what they share.
        schedule: of the run's steps.
        dtype: of the parameters.
    """

    def __init__(
        self, rows: Rows, trials: Sequence[Trial], inputs: Inputs, loss: Loss, plan: Plan,
        schedule: StepSchedule, dtype: torch.dtype,
    ) -> None:  # fmt: skip
        self.rows, self.trials, self.inputs, self.loss = rows, list(trials), inputs, loss
        knobs = [trial.knobs for trial in trials]
        bank = start_bank(knobs, inputs.features, rows.train, dtype)
        weights = [rows.weights_of(trial.view) for trial in trials]
        weighing = Weighing.of(loss, knobs, rows.train, weights)
        self.group = ModelGroup(bank, loss, knobs, inputs.scale, schedule, weighing)
        self.active = torch.arange(len(trials))
        self.status = [COMPLETED] * len(trials)
        first = inputs.plain(bank)
        self.finished = Bank(torch.full_like(first.theta, torch.nan), len(trials))
        self.stopping = EarlyStopping(len(trials), plan.patience)
        self.totals = self._no_totals()
        self._scores = bank.theta.new_empty(0)
        self._weight: Tensor | None = None

    @property
    def theta(self) -> Tensor:
        """The parameters of the models that are in, as they are trained."""
        return self.group.bank.theta

    @property
    def diverged(self) -> list[int]:
        """Which models' numbers stopped being finite."""
        return [m for m, said in enumerate(self.status) if said.startswith(DIVERGED)]

    def enter(self, block: Block) -> None:
        """Look up how much a block's rows count for each model, (M, n)."""
        if self.rows.weights is not None:
            self._weight = self.rows.weights[:, block.rows][self._numbers("view").to(self.theta.device)]

    def take_(self, X1: Tensor, target: Tensor, labels: Tensor, here: slice, epoch: int, batch: int) -> None:
        """Take a minibatch of the block.

        Args:
            X1: as the inputs give it, (B, D + 1).
            target: dense, (K, B).
            labels: what the loss is of, (B,) or dense.
            here: its place in the block.
            epoch: which it is in, from 0.
            batch: its number in the epoch.
        """
        weight = None if self._weight is None else self._weight[:, here]
        scores = self.group.step_(X1, target, weight, self._room(X1.shape[0]), epoch, batch)
        values = self.loss.value(scores, labels)  # (M, B)
        if weight is None:
            self.totals[0] += values.sum(1, dtype=torch.float64)
            self.totals[1] += X1.shape[0]
        else:
            self.totals[0] += torch.where(weight > 0, values * weight, 0).sum(1, dtype=torch.float64)
            self.totals[1] += weight.sum(1, dtype=torch.float64)

    def close_(self, epoch: int) -> dict[str, Tensor]:
        """End an epoch: judge, keep and drop; the figures of each model, (M,), NaN for those that are out."""
        plain = self.inputs.plain(self.group.update.answer)
        trained = (self.totals[0] / self.totals[1]).cpu()
        found = {"train_loss": trained, **self._judge(plain)}
        figures = {
            name: torch.full((len(self.trials),), torch.nan, dtype=torch.float64).index_copy_(
                0, self.active, values
            )
            for name, values in found.items()
        }
        self._keep_or_drop(plain, epoch, found["validation_loss"], trained)
        self.totals = self._no_totals()
        return figures

    def drop(self, settings: set[int], epoch: int) -> None:
        """Take the models of some settings out, that have lost at a rung."""
        lost = torch.isin(self._numbers("setting"), torch.tensor(sorted(settings)))
        self._note_end(lost, f"dropped after epoch {epoch + 1}")
        self._narrow(~lost)
        self.totals = self._no_totals()

    @property
    def state(self) -> dict[str, Tensor]:
        """What there is to keep of it, by name, besides `status`."""
        return {
            "active": self.active, "theta": self.theta, "finished": self.finished.theta,
            **self.stopping.state, "totals": self.totals,
            **{f"update.{name}": tensor for name, tensor in self.group.update.state.items()},
        }  # fmt: skip

    def restore_(self, state: dict[str, Tensor], status: Sequence[str]) -> None:
        """Go on from a state."""
        self.status = list(status)
        stays = torch.zeros(len(self.trials), dtype=torch.bool).index_fill_(0, state["active"], True)
        self._narrow(stays)
        if len(self.active):
            self.theta.copy_(state["theta"])
            prefix = "update."
            update = {name.removeprefix(prefix): t for name, t in state.items() if name.startswith(prefix)}
            self.group.update.restore_(update)
        self.finished.theta.copy_(state["finished"])
        self.stopping.restore_(state)
        self.totals = state["totals"].to(self.theta.device)

    def _judge(self, plain: Bank) -> dict[str, Tensor]:
        """The validation figures of the models that are in, each on its own view's rows."""
        loss = torch.full((plain.models,), torch.nan, dtype=torch.float64)
        accuracy, views = loss.clone(), self._numbers("view")
        train = self.rows.train
        for view in views.unique().tolist():
            members = (views == view).nonzero()[:, 0]
            part = plain.take(members) if len(members) < plain.models else plain
            measured = Scorer(part, self.loss, train.scale).measure(self.rows.validation[view])
            loss[members], accuracy[members] = measured.mean_loss.cpu(), measured.accuracy.cpu()
        named = {"validation_loss": loss, "validation_accuracy": accuracy}
        return named if train.is_classification else {"validation_loss": loss}

    def _keep_or_drop(self, plain: Bank, epoch: int, judged: Tensor, trained: Tensor) -> None:
        """Keep what is best of each model, and take out those that are through."""
        finite = judged.isfinite() & trained.isfinite()
        finite &= self.theta.view(len(self.active), -1).isfinite().all(1).cpu()
        better = self.stopping.note(judged.where(finite, torch.inf), self.active)
        # Without patience the last weights count, with it the best.
        which = finite if self.stopping.patience is None else better
        into = self.finished.rows_of(self.active[which])
        self.finished.theta[into] = plain.theta[plain.rows_of(which.nonzero()[:, 0])]
        late = finite & self.stopping.is_late[self.active]
        for m in self.active[~finite].tolist():
            self.finished.pick(m).theta.fill_(torch.nan)
        self._note_end(~finite, f"{DIVERGED} in epoch {epoch + 1}")
        self._note_end(late, f"stopped in epoch {epoch + 1}")
        self._narrow(finite & ~late)

    def _note_end(self, which: Tensor, status: str) -> None:
        for m in self.active[which].tolist():
            self.status[m] = status

    def _narrow(self, stays: Tensor) -> None:
        """Go on with some of the models that are in; they go faster."""
        if bool(stays.all()):
            return
        self.active = self.active[stays]
        if len(self.active):
            self.group = self.group.keep(stays.nonzero()[:, 0])

    def _numbers(self, name: str) -> Tensor:
        """The view or the setting of the models that are in, (m,)."""
        return torch.tensor([getattr(self.trials[m], name) for m in self.active.tolist()], dtype=torch.int64)

    def _room(self, rows: int) -> Tensor:
        """A buffer for a minibatch's scores, (M·K, B), that stays in the cache."""
        if self._scores.shape != (len(self.theta), rows):
            self._scores = self.theta.new_empty(len(self.theta), rows)
        return self._scores

    def _no_totals(self) -> Tensor:
        """Sums over an epoch of the models' losses before each step, and of their rows' weights: (2, M)."""
        return torch.zeros(2, len(self.active), dtype=torch.float64, device=self.theta.device)
