"""Schedules of rates over the steps of a run, and which step a minibatch is for.

A rate schedule is a function of the step, counted from 0, and of all steps of the run, with values from 0 to
1; torch's schedulers of the same names, stepped after every minibatch, give the same rates (D2L 12.11).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from linnet.config import Hyperparameters

RateSchedule = Callable[[int, int], float]

STEP_FACTOR, STEPS = 0.1, (0.5, 0.75)
"""The step schedule multiplies the rate by this when these shares of the run are over."""


def constant(step: int, total: int) -> float:
    """Always the base rate."""
    return 1.0


def step_down(step: int, total: int) -> float:
    """A tenth of the rate when half of the run is over, a tenth of that after three quarters."""
    return STEP_FACTOR ** sum(step >= share * total for share in STEPS)


def cosine(step: int, total: int) -> float:
    """Half a cosine from the base rate to 0."""
    return (1 + math.cos(math.pi * step / total)) / 2


def linear(step: int, total: int) -> float:
    """A straight line from the base rate to 0."""
    return 1 - step / total


def onecycle(step: int, total: int, peak: float = 0.3, start: float = 1 / 25) -> float:
    """Up from a twenty-fifth of the rate to all of it by three tenths of the run, then down to 0 (Smith)."""
    top = peak * total
    if step < top:
        return start + (1 - start) * (1 - math.cos(math.pi * step / top)) / 2
    return (1 + math.cos(math.pi * (step - top) / max(total - top, 1))) / 2


SCHEDULES: dict[str, RateSchedule] = {
    "constant": constant,
    "step": step_down,
    "cosine": cosine,
    "linear": linear,
    "onecycle": onecycle,
}


def factor(name: str, step: int, total: int, warmup: float = 0.0) -> float:
    """The factor of a schedule at a step.

    Args:
        name: one of `SCHEDULES`.
        step: from 0.
        total: steps of the run.
        warmup: the share of the run in which the rate first rises in a line from nearly 0; the schedule
            runs over what is left.
    """
    first = round(warmup * total)
    if step < first:
        return (step + 1) / (first + 1)
    return SCHEDULES[name](step - first, max(total - first, 1))


@dataclass(frozen=True)
class StepSchedule:
    """The steps of a run: how many there are, and which of them a minibatch is for.

    Args:
        batches: minibatches an epoch.
        epochs: of the run.
    """

    batches: int
    epochs: int

    def steps(self, accumulate: int) -> int:
        """Steps of the run of a model that takes so many minibatches together; none goes beyond an epoch."""
        return self.epochs * -(-self.batches // accumulate)

    def step(self, accumulate: int, epoch: int, batch: int) -> int:
        """The number, from 0, of the step that a minibatch is for."""
        return epoch * -(-self.batches // accumulate) + batch // accumulate

    def first_averaged(self, hyperparameters: Hyperparameters) -> float:
        """The step after which a model's weights are averaged; infinite for never."""
        share = hyperparameters.average
        return int((1 - share) * self.steps(hyperparameters.accumulate)) if share else math.inf

    def is_last(self, batch: int) -> bool:
        """Whether a minibatch ends its epoch."""
        return batch == self.batches - 1
