"""Steps of gradient descent for a bank: each model with its own rule, rate, momentum and penalties.

With the minibatch's mean gradient of a model's loss, weighted where rows have weights, its norm bounded by
`clip`, and the penalty's (the bias is never penalised), `g = (1/Σw) Σ_i w_i r_i x_i + l2·W`, with the rate η
at this step and the momentum μ:

    sgd        θ ← θ − η g
    momentum   v ← μ v + g;  θ ← θ − η v                              (D2L 12.6)
    nesterov   v ← μ v + g;  θ ← θ − η (g + μ v)
    adam       v ← β1 v + (1 − β1) g;  s ← β2 s + (1 − β2) g²
               θ ← θ − η (v/(1 − β1^t)) / (√(s/(1 − β2^t)) + ε)       (D2L 12.10)

as torch.optim has them, β1 being the momentum. Before it `W ← W (1 − η·weight_decay)`, the decoupled decay of
AdamW; after it, for l1, the proximal step `W ← sign(W) max(|W| − η·l1, 0)`, which gives exact zeros.

Models of one rule stand together, so each rule is a few operations on some rows of θ. Plain SGD never forms
g: its step is one product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from linnet.config import OPTIMIZERS
from linnet.core.bank import Bank
from linnet.errors import UsageError

BETA2, EPSILON = 0.999, 1e-8
"""Adam's second decay and its guard against division by zero."""

CLIP_GUARD = 1e-6
"""What torch's clip_grad_norm_ adds to a norm before it divides by it."""


@dataclass(frozen=True)
class Settings:
    """How the M models of a bank step: vectors of length M, float64, on the CPU.

    Args:
        rules: each model's rule, equal ones together.
        momentum: μ, or β1 for Adam.
        l2: the weight of ½‖W‖² in the objective.
        l1: the weight of ‖W‖₁ in the objective.
        weight_decay: the decoupled decay.
        clip: the largest norm of the loss's gradient; infinite without a bound.

    Raises:
        UsageError: a rule is unknown, or the models of one rule do not stand together.
    """

    rules: tuple[str, ...]
    momentum: Tensor
    l2: Tensor
    l1: Tensor
    weight_decay: Tensor
    clip: Tensor

    def __post_init__(self) -> None:
        if wrong := [rule for rule in self.rules if rule not in OPTIMIZERS]:
            raise UsageError(f"unknown optimizer {wrong[0]!r}: expected {', '.join(OPTIMIZERS)}")
        if len(_runs(self.rules)) > len(set(self.rules)):
            raise UsageError(f"models of one rule must stand together, got {self.rules}")

    def keep(self, models: Tensor) -> Settings:
        """The settings of some of the models."""
        return Settings(tuple(self.rules[m] for m in models.tolist()), *(v[models] for v in self._vectors()))

    def _vectors(self) -> tuple[Tensor, ...]:
        return self.momentum, self.l2, self.l1, self.weight_decay, self.clip


class Update:
    """The state of a bank's steps: momenta, and how many steps were made.

    Args:
        bank: stepped in place.
        settings: of its models.
    """

    def __init__(self, bank: Bank, settings: Settings) -> None:
        self.bank = bank
        self.settings = settings
        self.steps = 0
        theta, K = bank.theta, bank.outputs
        self._groups = [
            _Group(rule, slice(low * K, high * K), slice(low, high))
            for rule, low, high in _runs(settings.rules)
        ]
        self._velocity = [
            theta.new_zeros(theta[g.rows].shape if g.rule != "sgd" else 0) for g in self._groups
        ]
        self._square = [theta.new_zeros(theta[g.rows].shape if g.rule == "adam" else 0) for g in self._groups]
        self._gradient = theta.new_empty(0)

    def step_(self, G: Tensor, X1: Tensor, scale: float, weight: Tensor, rate: Tensor) -> None:
        """One step of every model.

        Args:
            G: the residuals, already times the rows' weights, (M, K, B); overwritten.
            X1: floating rows with a last column of 1/scale, (B, D + 1).
            scale: multiplies X1.
            weight: Σw of each model's rows in the minibatch, (M,); 0 is no gradient.
            rate: η of each model at this step, (M,).
        """
        self.steps += 1
        share = torch.where(weight > 0, 1 / weight.clamp(min=1e-30), 0.0)  # (M,)
        for group, velocity, square in zip(self._groups, self._velocity, self._square, strict=True):
            theta, models = self.bank.theta[group.rows], group.models
            part = replace(self.settings, rules=self.settings.rules[models], **self._some(models))
            one, eta = share[models], rate[models]
            if bool(part.weight_decay.any()):
                theta[:, :-1].mul_(_rows(1 - eta * part.weight_decay, theta))
            if group.rule == "sgd" and bool(part.clip.isinf().all()):
                _plain_(theta, G[models], X1, scale, one, eta, part.l2)
            else:
                g = self._mean(theta, G[models], X1, scale, one, part)
                _ruled_(group.rule, theta, g, velocity, square, part, eta, self.steps)
            if bool(part.l1.any()):
                _shrink_(theta[:, :-1], _rows(eta * part.l1, theta))

    @property
    def state(self) -> dict[str, Tensor]:
        """What there is to keep of it besides the bank and the count of steps: momenta, by name."""
        parts = {"velocity": self._velocity, "square": self._square}
        return {name: self._whole(each) for name, each in parts.items() if any(len(part) for part in each)}

    def restore_(self, state: dict[str, Tensor], steps: int) -> None:
        """Go on from a state, as `state` gave it after so many steps."""
        self.steps = steps
        for name, parts in (("velocity", self._velocity), ("square", self._square)):
            for group, part in zip(self._groups, parts, strict=True):
                if len(part):
                    part.copy_(state[name][group.rows])

    def keep(self, models: Tensor) -> Update:
        """The update of some of the models, in order, in memory of its own."""
        rows = self.bank.rows_of(models)
        kept = Update(self.bank.take(models), self.settings.keep(models))
        kept.steps = self.steps
        whole = [self._whole(part) for part in (self._velocity, self._square)]
        for group, velocity, square in zip(kept._groups, kept._velocity, kept._square, strict=True):
            some = rows[group.rows]
            if len(velocity):
                velocity.copy_(whole[0][some])
            if len(square):
                square.copy_(whole[1][some])
        return kept

    def _whole(self, parts: list[Tensor]) -> Tensor:
        """A state of all rows, zeros where a rule keeps none."""
        whole = torch.zeros_like(self.bank.theta)
        for group, part in zip(self._groups, parts, strict=True):
            if len(part):
                whole[group.rows] = part
        return whole

    def _some(self, models: slice) -> dict[str, Tensor]:
        names = ("momentum", "l2", "l1", "weight_decay", "clip")
        return {name: getattr(self.settings, name)[models] for name in names}

    def _mean(
        self, theta: Tensor, G: Tensor, X1: Tensor, scale: float, share: Tensor, part: Settings
    ) -> Tensor:
        """G of some models, (m·K, D + 1), in a buffer that is used again."""
        if self._gradient.shape[0] < len(theta):
            self._gradient = theta.new_empty(len(theta), theta.shape[1])
        g = self._gradient[: len(theta)]
        G = G.mul_(_column(share, G).view(-1, 1, 1))
        torch.addmm(g, G.reshape(len(theta), -1), X1, beta=0, alpha=scale, out=g)
        if not bool(part.clip.isinf().all()):
            norm = g.view(len(share), -1).norm(dim=1)  # (m,)
            g.mul_(_rows((part.clip.to(norm) / (norm + CLIP_GUARD)).clamp(max=1), theta))
        if bool(part.l2.any()):
            g[:, :-1].add_(theta[:, :-1] * _rows(part.l2, theta))
        return g


@dataclass(frozen=True)
class _Group:
    """Models of one rule that stand together: which rows of θ, and which models."""

    rule: str
    rows: slice
    models: slice


def _plain_(
    theta: Tensor, G: Tensor, X1: Tensor, scale: float, share: Tensor, eta: Tensor, l2: Tensor
) -> None:
    """SGD as one product, the penalty's gradient as a factor before it."""
    if bool(l2.any()):
        theta[:, :-1].mul_(_rows(1 - eta * l2, theta))
    G = G.mul_(_column(share * eta, G).view(-1, 1, 1))
    theta.addmm_(G.reshape(len(theta), -1), X1, alpha=-scale)


def _ruled_(
    rule: str, theta: Tensor, g: Tensor, v: Tensor, s: Tensor, part: Settings, eta: Tensor, steps: int
) -> None:
    """A step along g by any rule."""
    rate, mu = _rows(eta, theta), _rows(part.momentum, theta)
    if rule == "sgd":
        theta.sub_(g.mul_(rate))
    elif rule == "momentum":
        theta.sub_(v.mul_(mu).add_(g) * rate)
    elif rule == "nesterov":
        v.mul_(mu).add_(g)
        theta.sub_(g.add_(v * mu).mul_(rate))
    else:
        v.mul_(mu).add_(g * (1 - mu))
        s.mul_(BETA2).addcmul_(g, g, value=1 - BETA2)
        root = (s / (1 - BETA2**steps)).sqrt_().add_(EPSILON)
        theta.sub_((v / (1 - mu**steps)).mul_(rate).div_(root))


def _shrink_(W: Tensor, threshold: Tensor) -> None:
    """The proximal step of l1, towards 0 by the threshold and not beyond."""
    W.copy_(W.sign() * (W.abs() - threshold).clamp_(min=0))


def _rows(values: Tensor, theta: Tensor) -> Tensor:
    """A value a model as a column over its rows of θ, (m·K, 1)."""
    return _column(values, theta).repeat_interleave(len(theta) // len(values))[:, None]


def _column(values: Tensor, like: Tensor) -> Tensor:
    return values.to(like.device, like.dtype)


def _runs(rules: Sequence[str]) -> list[tuple[str, int, int]]:
    """Neighbours of one rule: the rule, where they begin and where they end."""
    starts = [m for m, rule in enumerate(rules) if not m or rule != rules[m - 1]]
    return [(rules[low], low, high) for low, high in zip(starts, [*starts[1:], len(rules)], strict=True)]
