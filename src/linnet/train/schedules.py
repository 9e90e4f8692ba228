"""Learning rates that change as a run goes on: factors of the base rate, from 0 to 1.

A schedule is a function of the step, counted from 0, and of all steps of the run; torch's schedulers of the
same names, stepped after every minibatch, give the same rates (D2L 12.11).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from linnet.errors import UsageError

Schedule = Callable[[int, int], float]

STEP_FACTOR, STEPS = 0.1, (0.5, 0.75)
"""The step schedule multiplies the rate by this when these shares of the run are over."""


def constant(step: int, total: int) -> float:
    """Always the base rate."""
    return 1.0


def stepped(step: int, total: int) -> float:
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


SCHEDULES: dict[str, Schedule] = {
    "constant": constant,
    "step": stepped,
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

    Raises:
        UsageError: the name is unknown.
    """
    if name not in SCHEDULES:
        raise UsageError(f"unknown schedule {name!r}: expected {', '.join(SCHEDULES)}")
    first = round(warmup * total)
    if step < first:
        return (step + 1) / (first + 1)
    return SCHEDULES[name](step - first, max(total - first, 1))
