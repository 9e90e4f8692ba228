"""`Memory`: what L-BFGS remembers of its steps, and the direction that it makes of them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from linnet.solvers.smooth.preconditioners import Inverse


class Memory:
    """The latest steps s and changes y of the gradient, (…, K, D + 1), of one model or of several.

    They are the rows of S and Y, (…, m, K·(D + 1)), the oldest first, and sᵢᵀyⱼ is kept beside them. So all
    products of a direction are four with S and Y and two triangular systems of m unknowns (the compact form;
    Byrd, Nocedal and Schnabel, Mathematical Programming 63, 1994), where the two-loop recursion of as many
    numbers takes 4m products of vectors, whose calls are longer than their arithmetic.

    Args:
        size: how many are kept.
    """

    def __init__(self, size: int) -> None:
        self.size, self.count, self._end = size, 0, 0
        self._S: Tensor | None = None  # (…, 2·size, K·(D + 1)): rows are written until the end is reached
        self._Y: Tensor | None = None
        self._SY: Tensor | None = None  # (…, 2·size, 2·size), above the diagonal and on it

    def keep(self, s: Tensor, y: Tensor) -> None:
        """Remember a step of each model, unless rounding has made its curvature nonsense."""
        curvature = dot(s, y)
        is_sound = curvature > 1e-14 * dot(s, s).sqrt() * dot(y, y).sqrt()
        if not bool(is_sound.any()):
            return
        if not bool(is_sound.all()):
            s, y = torch.where(is_sound, s, 0.0), torch.where(is_sound, y, 0.0)
        self._write(s.flatten(-2), y.flatten(-2))

    def pick_(self, index: Tensor) -> None:
        """Go on with some of the models."""
        if self._S is not None and self._Y is not None and self._SY is not None:
            self._S, self._Y, self._SY = self._S[index], self._Y[index], self._SY[index]

    def of(self, model: int) -> Memory:
        """That of one of several models."""
        one = Memory(self.size)
        for s, y in zip(*self._kept(), strict=True) if self.count else ():
            if bool(s[model].any()):
                one._write(s[model], y[model])
        return one

    @classmethod
    def join(cls, memories: Sequence[Memory], size: int) -> Memory:
        """Those of several models as one; where one remembers less, its early steps are of no weight."""
        joined, kept = cls(size), [list(zip(*one._kept(), strict=True)) for one in memories]
        for back in range(max(map(len, kept), default=0), 0, -1):
            steps = [own[-back] if len(own) >= back else None for own in kept]
            like, *_ = filter(None, steps)
            blank = torch.zeros_like(like[0]), torch.zeros_like(like[1])
            joined._write(
                *(torch.stack(parts) for parts in zip(*(step or blank for step in steps), strict=True))
            )
        return joined

    def direction(self, gradient: Tensor, inverse: Inverse | None) -> Tensor:
        """−H⁻¹ g, (…, K, D + 1), as the two-loop recursion gives it."""
        if self._S is None or self._Y is None or self._SY is None:
            return -(_shorten(gradient) if inverse is None else inverse(gradient))
        kept = slice(self._end - self.count, self._end)
        S, Y, R = self._S[..., kept, :], self._Y[..., kept, :], self._SY[..., kept, kept]
        curvature = R.diagonal(dim1=-2, dim2=-1)[..., None]  # (…, m, 1)
        # A step of no weight is a row of zeros, with 1 on the diagonal so that it can be divided by.
        R = R + torch.diag_embed((curvature == 0).to(R)[..., 0])
        g = gradient.flatten(-2)[..., None]  # (…, K·(D + 1), 1)
        share = torch.linalg.solve_triangular(R, S @ g, upper=True)
        q = (g - Y.mT @ share).view_as(gradient)
        q = self._scale(q, Y, curvature) if inverse is None else inverse(q)
        rest = curvature * share - Y @ q.flatten(-2)[..., None]
        back = torch.linalg.solve_triangular(R.mT, rest, upper=False)
        return -(q + (S.mT @ back).view_as(gradient))

    def _kept(self) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
        """The steps and the changes, the oldest first."""
        if self._S is None or self._Y is None:
            return (), ()
        kept = slice(self._end - self.count, self._end)
        return self._S[..., kept, :].unbind(-2), self._Y[..., kept, :].unbind(-2)

    def _write(self, s: Tensor, y: Tensor) -> None:
        """Remember one more of each model, (…, K·(D + 1)), and no more than `size`."""
        if self._S is None or self._Y is None or self._SY is None:
            shape = *s.shape[:-1], 2 * self.size
            self._S, self._Y = s.new_zeros(*shape, s.shape[-1]), s.new_zeros(*shape, s.shape[-1])
            self._SY = s.new_zeros(*shape, 2 * self.size)
        if self._end == 2 * self.size:
            kept, self._end = slice(self._end - self.size + 1, self._end), self.size - 1
            self._S[..., : self._end, :] = self._S[..., kept, :].clone()
            self._Y[..., : self._end, :] = self._Y[..., kept, :].clone()
            self._SY[..., : self._end, : self._end] = self._SY[..., kept, kept].clone()
        self._S[..., self._end, :], self._Y[..., self._end, :] = s, y
        self._end, self.count = self._end + 1, min(self.count + 1, self.size)
        latest = slice(self._end - self.count, self._end)
        self._SY[..., latest, self._end - 1] = (self._S[..., latest, :] @ y[..., None])[..., 0]

    def _scale(self, q: Tensor, Y: Tensor, curvature: Tensor) -> Tensor:
        """Q times sᵀy/yᵀy of the latest step, (…, K, D + 1); of one that counts nothing as without."""
        latest = curvature[..., -1:, :]
        size = Y[..., -1, :].square().sum(-1)[..., None, None]
        return torch.where(latest > 0, q * (latest / size), _shorten(q))


def _shorten(q: Tensor) -> Tensor:
    return q / dot(q, q).sqrt().clamp(min=1.0)


def dot(a: Tensor, b: Tensor) -> Tensor:
    """The product of each model's parameters, (…, 1, 1), of (…, K, D + 1)."""
    return (a * b).sum((-2, -1), keepdim=True)
