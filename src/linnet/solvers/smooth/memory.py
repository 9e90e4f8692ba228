"""`Memory`: what L-BFGS remembers of its steps, and the direction that it makes of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import torch
from torch import Tensor

from linnet.solvers.smooth.preconditioners import Inverse


class Memory:
    """The latest steps s and changes y of the gradient, (…, K, D + 1), of one model or of several.

    Args:
        size: how many are kept.
    """

    def __init__(self, size: int) -> None:
        self.kept: deque[tuple[Tensor, Tensor, Tensor]] = deque(maxlen=size)

    def keep(self, s: Tensor, y: Tensor) -> None:
        """Remember a step of each model, unless rounding has made its curvature nonsense."""
        curvature = dot(s, y)
        is_sound = curvature > 1e-14 * dot(s, s).sqrt() * dot(y, y).sqrt()
        if bool(is_sound.any()):
            self.kept.append((s, y, torch.where(is_sound, 1 / curvature, 0.0)))

    def pick_(self, index: Tensor) -> None:
        """Go on with some of the models."""
        kept = [(s[index], y[index], rho[index]) for s, y, rho in self.kept]
        self.kept = deque(kept, self.kept.maxlen)

    def of(self, model: int) -> Memory:
        """That of one of several models."""
        one = Memory(self.kept.maxlen or 0)
        one.kept.extend((s[model], y[model], rho[model]) for s, y, rho in self.kept if bool(rho[model] > 0))
        return one

    @classmethod
    def join(cls, memories: Sequence[Memory], size: int) -> Memory:
        """Those of several models as one; where one remembers less, its early steps are of no weight."""
        joined = cls(size)
        for back in range(max((len(one.kept) for one in memories), default=0), 0, -1):
            steps = [one.kept[-back] if len(one.kept) >= back else None for one in memories]
            like, *_ = filter(None, steps)
            blank = [torch.zeros_like(part) for part in like]
            s, y, rho = (torch.stack(parts) for parts in zip(*(step or blank for step in steps), strict=True))
            joined.kept.append((s, y, rho))
        return joined

    def direction(self, gradient: Tensor, inverse: Inverse | None) -> Tensor:
        """−H⁻¹ g by the two-loop recursion, (…, K, D + 1)."""
        q, shares = gradient.clone(), []
        for s, y, rho in reversed(self.kept):
            shares.append(rho * dot(s, q))
            q -= shares[-1] * y
        q = self._scale(q) if inverse is None else inverse(q)
        for (s, y, rho), share in zip(self.kept, reversed(shares), strict=True):
            q += (share - rho * dot(y, q)) * s
        return -q

    def _scale(self, q: Tensor) -> Tensor:
        if not self.kept:
            return q / dot(q, q).sqrt().clamp(min=1.0)
        _, y, rho = self.kept[-1]
        return q / (rho * dot(y, y))


def dot(a: Tensor, b: Tensor) -> Tensor:
    """The product of each model's parameters, (…, 1, 1), of (…, K, D + 1)."""
    return (a * b).sum((-2, -1), keepdim=True)
