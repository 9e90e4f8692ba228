"""Naive and stable forms of softmax in each floating type, and the reasons where they fail (D2L 3.7.2).

The steps are taken apart as a machine goes through them: the exponentials, their sum, the quotients, the
logarithms. Each exponential is marked where it left the range of the type, and each form says what that led
to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from linnet.core import functional
from linnet.errors import ShapeError, UsageError

Strike = Literal["", "overflow", "underflow", "subnormal"]
"""What befell an exponential: it became ∞, became 0, or lost digits near 0."""

Cause = Literal[
    "logit_overflow", "exp_overflow", "sum_overflow", "sum_underflow", "log_of_zero", "small_lost", "fine"
]
"""What a form came to, the worst first:

- logit_overflow: a logit itself is more than the type can hold.
- exp_overflow: exp(o) is ∞ for some class, and ∞/∞ is NaN.
- sum_overflow: each exponential is finite but their sum is not, so every probability is 0.
- sum_underflow: all exponentials are 0, and 0/0 is NaN.
- log_of_zero: some probability became 0, whose logarithm is −∞ although the true one is finite.
- small_lost: some probability is too small for the type; its logarithm is right all the same.
- fine: nothing was lost but rounding.
"""


@dataclass(frozen=True)
class TypeLimits:
    """What a floating type can hold.

    Args:
        largest: its largest finite number.
        overflow_above: exp(o) is ∞ for o above this.
        underflow_below: exp(o) is 0 for o below this.
        epsilon: the gap between 1 and the next number.
    """

    largest: float
    overflow_above: float
    underflow_below: float
    epsilon: float

    @classmethod
    def of(cls, dtype: torch.dtype) -> TypeLimits:
        """The limits of a type: numbers round to the nearest, so half the smallest subnormal becomes 0."""
        info = torch.finfo(dtype)
        underflow = math.log(info.smallest_normal) + math.log(info.eps) - math.log(2)
        return cls(info.max, math.log(info.max), underflow, info.eps)


@dataclass(frozen=True, eq=False)
class Form:
    """One way to softmax, step by step.

    Args:
        exponentials: exp(o), or exp(o − max o) in the stable form, (K,).
        total: their sum.
        softmax: the probabilities, (K,).
        log_softmax: their logarithms, (K,).
        cross_entropy: −log of the target's probability.
        strikes: of each exponential.
        cause: what it came to.
        error: the largest distance of a probability from float64's; NaN where one is NaN.
    """

    exponentials: Tensor
    total: float
    softmax: Tensor
    log_softmax: Tensor
    cross_entropy: float
    strikes: tuple[Strike, ...]
    cause: Cause
    error: float


@dataclass(frozen=True, eq=False)
class Forms:
    """Both forms in one floating type.

    Args:
        logits: divided by the temperature and rounded to the type, (K,).
        limits: of the type.
        naive: as the formula is written.
        stable: with the largest logit taken out first.
    """

    logits: Tensor
    limits: TypeLimits
    naive: Form
    stable: Form


def forms(logits: Tensor, target: int, dtype: torch.dtype, temperature: float = 1.0) -> Forms:
    """Softmax of one row in a floating type, naively and stably, with what went wrong.

    Args:
        logits: o, (K,), floating.
        target: the row's class.
        dtype: float16, bfloat16, float32 or float64.
        temperature: the logits are divided by it before they are rounded.

    Raises:
        ShapeError: the logits are not one floating row.
        UsageError: the temperature is not positive, or the target is no class.
    """
    if logits.ndim != 1 or not len(logits) or not logits.is_floating_point():
        raise ShapeError(
            f"expected one row of floating logits, (K,), got {logits.dtype} {tuple(logits.shape)}"
        )
    if not (temperature > 0 and math.isfinite(temperature)):
        raise UsageError(f"temperature must be positive and finite, not {temperature}")
    exact = logits.double() / temperature
    held = exact.to(dtype)
    y = torch.tensor([target])
    reference = functional.softmax(exact)
    naive = _form(
        held, held.exp(), functional.naive_softmax(held), functional.naive_log_softmax(held),
        functional.naive_cross_entropy(held[None], y), reference,
    )  # fmt: skip
    stable = _form(
        held, (held - held.amax()).exp(), functional.softmax(held), functional.log_softmax(held),
        functional.cross_entropy(held[None], y), reference,
    )  # fmt: skip
    return Forms(held, TypeLimits.of(dtype), naive, stable)


def _form(
    held: Tensor, powers: Tensor, softmax: Tensor, log_softmax: Tensor, loss: Tensor, reference: Tensor
) -> Form:
    strikes: tuple[Strike, ...] = tuple(_strike(float(power), held.dtype) for power in powers)
    total = powers.sum()
    error = float((softmax.double() - reference).abs().amax())
    cause = _cause(held, strikes, float(total), softmax, log_softmax)
    return Form(powers, float(total), softmax, log_softmax, float(loss), strikes, cause, error)


def _strike(power: float, dtype: torch.dtype) -> Strike:
    if math.isinf(power):
        return "overflow"
    if power == 0:
        return "underflow"
    return "subnormal" if power < torch.finfo(dtype).smallest_normal else ""


def _cause(
    held: Tensor, strikes: tuple[Strike, ...], total: float, softmax: Tensor, log_softmax: Tensor
) -> Cause:
    signs: dict[Cause, bool] = {
        "logit_overflow": not bool(held.isfinite().all()),
        "exp_overflow": "overflow" in strikes,
        "sum_overflow": math.isinf(total),
        "sum_underflow": total == 0,
        "log_of_zero": bool(log_softmax.isinf().any()),
        "small_lost": bool((softmax < torch.finfo(held.dtype).smallest_normal).any()),
        "fine": True,
    }
    return next(cause for cause, is_so in signs.items() if is_so)
