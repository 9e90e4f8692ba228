"""`OptimizerGroup`: optimizer rules as vectors over models.

With the minibatch's mean gradient of a model's loss, weighted where rows have weights, its norm bounded by
`clip`, and the penalty's (the bias is never penalised), `g = Σ_i w_i r_i x_i / (B w̄) + l2·W` with w̄ the mean
weight of all training rows, the rate η at this step and the momentum μ:

    sgd        θ ← θ − η g
    momentum   v ← μ v + g;  θ ← θ − η v                              (D2L 12.6)
    nesterov   v ← μ v + g;  θ ← θ − η (g + μ v)
    adam       v ← β1 v + (1 − β1) g;  s ← β2 s + (1 − β2) g²
               θ ← θ − η (v/(1 − β1^t)) / (√(s/(1 − β2^t)) + ε)       (D2L 12.10)

as torch.optim has them, β1 being the momentum. Before it `W ← W (1 − η·weight_decay)`, the decoupled decay of
AdamW; after it, for l1, the proximal step `W ← sign(W) max(|W| − h·l1, 0)`, which gives exact zeros. h is
what a steady gradient of 1 moves a weight by: η for sgd, η/(1 − μ) for momentum and nesterov, and
η/(√(s/(1 − β2^t)) + ε) for adam. With η for all, momentum would rest where the penalty is only (1 − μ) l1.

A model may take the gradients of several minibatches together for one step (`accumulate`): g is then the mean
over all their rows. Its answer may be the mean of its weights over the last steps (averaged SGD, Polyak and
Juditsky 1992): `θ̄ ← θ̄ + (θ − θ̄)/n`.

Where columns were scaled, the penalties are of u W (`core.penalties.PenaltyUnits`), and a small column's can
be so strong that a step along its gradient overshoots. So all three come after the step, as one proximal map
that rests where the others do and never overshoots, for adam with u in place of the last u²:

    W ← sign(W) max(|W| − h·l1·u, 0) / (1 + h·l2·u² + η·weight_decay·u²)

Plain SGD never forms g: its step is one product.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from linnet.config import Hyperparameters
from linnet.core.bank import Bank
from linnet.core.penalties import MOST, PenaltyUnits, shrink

BETA2, EPSILON = 0.999, 1e-8
"""Adam's second decay and its guard against division by zero."""

CLIP_GUARD = 1e-6
"""What torch's clip_grad_norm_ adds to a norm before it divides by it."""

STATES = ("velocity", "square", "gradient", "mean")
"""What a group may keep of the shape of its rows of θ."""


class OptimizerGroup:
    """Models of one rule that stand together.

    Args:
        bank: of all models.
        hyperparameters: of this group's models.
        averages_from: the step after which the weights of each are averaged, (m,); infinite for never.
        models: which of the bank they are.
        units: of the penalties; None where they are of W itself.
    """

    def __init__(
        self, bank: Bank, hyperparameters: Sequence[Hyperparameters], averages_from: Tensor, models: slice,
        units: PenaltyUnits | None = None,
    ) -> None:  # fmt: skip
        K, first = bank.outputs, hyperparameters[0]
        self.rule, self.accumulate = first.optimizer, first.accumulate
        self.models, self.rows = models, slice(models.start * K, models.stop * K)
        self.theta = bank.theta[self.rows]  # a view
        names = ("momentum", "l2", "l1", "weight_decay")
        self.momentum, self.l2, self.l1, self.weight_decay = (
            vector([getattr(k, name) for k in hyperparameters]) for name in names
        )
        self.clip = vector([torch.inf if k.clip is None else k.clip for k in hyperparameters])
        self.averages_from = averages_from
        self.steps, self.pending = 0, 0
        self.weight = torch.zeros(len(hyperparameters), dtype=torch.float64)
        # What most settings do not have costs them nothing.
        self.has_l2, self.has_l1 = bool(self.l2.any()), bool(self.l1.any())
        self.has_decay, self.has_clip = bool(self.weight_decay.any()), bool(self.clip.isfinite().any())
        self.units = units if self.has_l2 or self.has_l1 or self.has_decay else None
        if self.units is not None:
            self.has_l2 = self.has_decay = False  # the proximal map has them
        self.is_product = self.rule == "sgd" and self.accumulate == 1 and not self.has_clip
        self.velocity = self._zeros(self.rule != "sgd")
        self.square = self._zeros(self.rule == "adam")
        self.gradient = self._zeros(not self.is_product)
        self.mean = self.theta.clone() if bool(averages_from.isfinite().any()) else None

    def has(self, name: str) -> bool:
        """Whether there is such a state to keep; a gradient only where it may wait."""
        if name == "gradient" and self.accumulate == 1:
            return False
        return getattr(self, name) is not None

    def take_(self, G: Tensor, X1: Tensor, scale: float, weight: Tensor, rate: Tensor, is_last: bool) -> None:
        """See `Update.step_`."""
        if self.is_product:
            self._decay_(rate)
            self._product_(G, X1, scale, _share(weight), rate)
            self._end_(rate)
            return
        self._gather_(G, X1, scale, weight)
        self._step_if_whole_(rate, is_last)

    def take_sum_(self, gradient: Tensor, weight: Tensor, rate: Tensor, is_last: bool) -> None:
        """See `Update.step_by_`."""
        if self.is_product:
            self._decay_(rate)
            if self.has_l2:
                self.theta[:, :-1].mul_(self._spread(1 - rate * self.l2))
            self.theta.sub_(gradient * self._spread(_share(weight) * rate))
            self._end_(rate)
            return
        assert self.gradient is not None
        if self.pending:
            self.gradient.add_(gradient)
        else:
            self.gradient.copy_(gradient)
        self._count_(weight)
        self._step_if_whole_(rate, is_last)

    def _step_if_whole_(self, rate: Tensor, is_last: bool) -> None:
        """Step where all the minibatches that are taken together are there."""
        if self.pending < self.accumulate and not is_last:
            return
        self._decay_(rate)
        self._step_(self._mean_gradient(), rate)
        self._end_(rate)

    def _end_(self, rate: Tensor) -> None:
        """What follows every step: penalties that are no gradient, and the mean of the weights."""
        if self.units is not None:
            self._pull_(self.units, rate)
        elif self.has_l1:
            W = self.theta[:, :-1]
            W.copy_(shrink(W, self._spread(self.l1) * self._length(rate)))
        self.steps += self.is_product
        if self.mean is not None:
            n = (self.steps - self.averages_from).clamp(min=1)
            self.mean.lerp_(self.theta, self._spread(1 / n))

    def _gather_(self, G: Tensor, X1: Tensor, scale: float, weight: Tensor) -> None:
        """Add a minibatch's gradient, a sum over rows, to those that wait."""
        assert self.gradient is not None
        flat = G.reshape(len(self.theta), -1)
        torch.addmm(self.gradient, flat, X1, beta=1 if self.pending else 0, alpha=scale, out=self.gradient)
        self._count_(weight)

    def _count_(self, weight: Tensor) -> None:
        """Count a minibatch among those that wait."""
        self.weight = self.weight + weight if self.pending else weight.clone()
        self.pending += 1

    def _mean_gradient(self) -> Tensor:
        """The waiting gradient over its rows' expected weights, bounded, with the penalty's: (m·K, D + 1)."""
        assert self.gradient is not None
        g = self.gradient.mul_(self._spread(_share(self.weight)))
        self.steps, self.pending = self.steps + 1, 0
        if self.has_clip:
            norm = g.view(len(self.weight), -1).norm(dim=1)  # (m,)
            g.mul_(self._spread((self.clip.to(norm) / (norm + CLIP_GUARD)).clamp(max=1)))
        if self.has_l2:
            g[:, :-1].add_(self.theta[:, :-1] * self._spread(self.l2))
        return g

    def _decay_(self, eta: Tensor) -> None:
        if self.has_decay:
            self.theta[:, :-1].mul_(self._spread(1 - eta * self.weight_decay))

    def _pull_(self, units: PenaltyUnits, eta: Tensor) -> None:
        """The proximal map of all penalties in their units."""
        W, length = self.theta[:, :-1], self._length(eta)
        l1, l2 = _like(units.l1, W), _like(units.l2, W)  # (D,)
        decay = _like(units.size.clamp(max=MOST), W) if self.rule == "adam" else l2
        if self.has_l1:
            W.copy_(shrink(W, self._spread(self.l1) * length * l1))
        W.div_(1 + self._spread(self.l2) * length * l2 + self._spread(eta * self.weight_decay) * decay)

    def _product_(self, G: Tensor, X1: Tensor, scale: float, share: Tensor, eta: Tensor) -> None:
        """SGD as one product, the penalty's gradient as a factor before it."""
        if self.has_l2:
            self.theta[:, :-1].mul_(self._spread(1 - eta * self.l2))
        G = G.mul_(_like(share * eta, G).view(-1, 1, 1))
        self.theta.addmm_(G.reshape(len(self.theta), -1), X1, alpha=-scale)

    def _step_(self, g: Tensor, eta: Tensor) -> None:
        """A step along g by any rule."""
        theta, v, s = self.theta, self.velocity, self.square
        rate, mu = self._spread(eta), self._spread(self.momentum)
        if v is None:
            theta.sub_(g.mul_(rate))
        elif self.rule == "momentum":
            theta.sub_(v.mul_(mu).add_(g) * rate)
        elif self.rule == "nesterov":
            v.mul_(mu).add_(g)
            theta.sub_(g.add_(v * mu).mul_(rate))
        else:
            assert s is not None
            v.mul_(mu).add_(g * (1 - mu))
            s.mul_(BETA2).addcmul_(g, g, value=1 - BETA2)
            theta.sub_((v / (1 - mu**self.steps)).mul_(rate).div_(self._root()))

    def _length(self, eta: Tensor) -> Tensor:
        """h, what a steady gradient of 1 moves each weight by, (m·K, 1) or (m·K, D)."""
        if self.rule in ("momentum", "nesterov"):
            eta = eta / (1 - self.momentum)
        return self._spread(eta) / self._root()[:, :-1] if self.rule == "adam" else self._spread(eta)

    def _root(self) -> Tensor:
        """√(s/(1 − β2^t)) + ε of Adam, (m·K, D + 1)."""
        assert self.square is not None
        return (self.square / (1 - BETA2**self.steps)).sqrt_().add_(EPSILON)

    def _spread(self, values: Tensor) -> Tensor:
        """A value a model as a column over its rows of θ, (m·K, 1)."""
        return _like(values, self.theta).repeat_interleave(len(self.theta) // len(values))[:, None]

    def _zeros(self, is_needed: bool) -> Tensor | None:
        return torch.zeros_like(self.theta) if is_needed else None


def vector(values: Sequence[float]) -> Tensor:
    """A number a model, (M,), float64, on the CPU."""
    return torch.tensor(values, dtype=torch.float64)


def _share(weight: Tensor) -> Tensor:
    """1/Σw, (m,), of expected sums of weights; 0 where there is no weight."""
    return torch.where(weight > 0, 1 / weight.clamp(min=1e-30), 0.0)


def _like(values: Tensor, like: Tensor) -> Tensor:
    return values.to(like.device, like.dtype)
