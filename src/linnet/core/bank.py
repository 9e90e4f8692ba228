"""The parameters of M linear models, side by side, so that one product scores them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from linnet.core.parameters import check_parameters
from linnet.errors import ShapeError, UsageError


@dataclass(frozen=True, eq=False)
class Bank:
    """M models of K outputs over D features: `scores = W X^T + b`.

    Layout: `theta` is (M·K, D + 1); its row m·K + k is output k of model m, the weights and then the bias,
    which is the weight of a feature that is always 1. `W` and `b` are views of it. On a CPU the product
    `W @ X.T` in this layout runs about three times as fast as `X @ W.T`, and with the bias inside it a
    step is 5 % faster than with one added to each score and summed from each residual.
    The equation is (3.4.3) of Dive into Deep Learning, for M models at once; for theta, 3.1.1.3.

    Args:
        theta: weights and biases, (M·K, D + 1).
        models: M.

    Raises:
        ShapeError: theta is no matrix with a bias, or its rows do not divide by M.
    """

    theta: Tensor
    models: int = 1

    def __post_init__(self) -> None:
        if self.theta.ndim != 2 or not self.theta.shape[1]:
            raise ShapeError(f"expected theta (M·K, D + 1), got {tuple(self.theta.shape)}")
        if self.models < 1 or self.theta.shape[0] % self.models:
            raise ShapeError(f"{self.theta.shape[0]} rows of theta cannot be shared by {self.models} models")

    @classmethod
    def of(cls, W: Tensor, b: Tensor, models: int = 1) -> Bank:
        """A bank with memory of its own, of weights (M·K, D) and biases (M·K,).

        Raises:
            ShapeError: W and b do not fit, or their rows do not divide by M.
        """
        check_parameters(W, b, models)
        return cls(torch.cat([W, b[:, None]], 1), models)

    @property
    def W(self) -> Tensor:  # noqa: N802 (the equation's name)
        """The weights, (M·K, D): a view, whose rows lie D + 1 apart; see `contiguous`."""
        return self.theta[:, :-1]

    @property
    def b(self) -> Tensor:
        """The biases, (M·K,): a view."""
        return self.theta[:, -1]

    def contiguous(self) -> Bank:
        """The same models with W and b in memory of their own, each without gaps.

        A run gives these: libraries that read an array's memory as it lies, such as `safetensors.numpy`,
        would write a view of theta scrambled.
        """
        return ContiguousBank(self.theta, self.models)

    @property
    def outputs(self) -> int:
        """K, the outputs of one model."""
        return self.W.shape[0] // self.models

    @property
    def features(self) -> int:
        """D, the columns of W."""
        return self.W.shape[1]

    def scores(self, X: Tensor, scale: float = 1.0) -> Tensor:
        """The scores of all models, (M, K, B), for floating rows `X * scale`, X being (B, D)."""
        flat = torch.addmm(self.b[:, None], self.W, X.T, alpha=scale)  # (M·K, B)
        return flat.view(self.models, self.outputs, X.shape[0])

    def scores_into(self, out: Tensor, X1: Tensor, scale: float = 1.0) -> Tensor:
        """The scores of all models, (M, K, B), put into `out`, (M·K, B), by the one product that is quickest.

        Args:
            out: filled; the result is a view of it.
            X1: floating rows with a last column of 1/scale, (B, D + 1).
            scale: multiplies X1.
        """
        torch.addmm(out, self.theta, X1.T, beta=0, alpha=scale, out=out)
        return out.view(self.models, out.shape[0] // self.models, out.shape[1])

    def clone(self) -> Bank:
        """A copy that shares no memory."""
        return Bank(self.theta.clone(), self.models)

    def to(self, device: torch.device) -> Bank:
        """The bank on a device; itself where it is there already."""
        return Bank(self.theta.to(device), self.models)

    def rows_of(self, models: Tensor) -> Tensor:
        """Where some models stand in theta, (m·K,), in their order."""
        outputs = torch.arange(self.outputs, device=models.device)
        return (models[:, None] * self.outputs + outputs).flatten().to(self.theta.device)

    def take(self, models: Tensor) -> Bank:
        """Some models in their order as a bank with memory of its own."""
        return Bank(self.theta[self.rows_of(models)], len(models))

    def pick(self, model: int) -> Bank:
        """One model as a bank of its own, sharing memory with this one.

        Raises:
            UsageError: there is no such model.
        """
        return Bank(self.theta[self._rows(model)])

    def _rows(self, model: int) -> slice:
        """Where a model stands."""
        if not 0 <= model < self.models:
            raise UsageError(f"model must lie in 0…{self.models - 1}, not {model}")
        return slice(model * self.outputs, (model + 1) * self.outputs)

    def to_module(self, model: int = 0) -> nn.Sequential:
        """One model as the book's `nn.Sequential(nn.Flatten(), nn.Linear(D, K))`, with its own memory."""
        one = self.pick(model)
        linear = nn.Linear(self.features, self.outputs, device=one.W.device, dtype=one.W.dtype)
        one.fill_(linear)
        return nn.Sequential(nn.Flatten(), linear)

    def fill_(self, linear: nn.Linear) -> None:
        """Give a layer of PyTorch's the parameters of a bank of one."""
        with torch.no_grad():
            linear.weight.copy_(self.W)
            linear.bias.copy_(self.b)


class ContiguousBank(Bank):
    """A finished bank: it owns W and b, each contiguous, and `theta` is put together where it is asked for.

    What is changed in W and b stays, what is changed in theta is lost: train a `clone`, a plain bank.

    Args:
        theta: weights and biases, (M·K, D + 1), which are copied.
        models: M.
    """

    _W: Tensor
    _b: Tensor

    def __init__(self, theta: Tensor, models: int = 1) -> None:
        Bank(theta, models)  # refuses what does not fit
        self._own(_copy(theta[:, :-1]), _copy(theta[:, -1]), models)

    def _own(self, W: Tensor, b: Tensor, models: int) -> None:
        for name, value in (("_W", W), ("_b", b), ("models", models)):
            object.__setattr__(self, name, value)  # as a frozen dataclass does

    @property
    def theta(self) -> Tensor:  # pyright: ignore[reportIncompatibleVariableOverride]
        """A copy of the weights and biases, (M·K, D + 1)."""
        return torch.cat([self._W, self._b[:, None]], 1)

    @property
    def W(self) -> Tensor:  # noqa: N802
        """The weights, (M·K, D), contiguous."""
        return self._W

    @property
    def b(self) -> Tensor:
        """The biases, (M·K,), contiguous."""
        return self._b

    def contiguous(self) -> Bank:
        """The bank itself."""
        return self

    def clone(self) -> Bank:
        """A plain bank that shares no memory, to train on."""
        return Bank(self.theta, self.models)

    def to(self, device: torch.device) -> Bank:
        """The bank on a device; itself where it is there already."""
        return self if self._W.device == device else ContiguousBank(self.theta.to(device), self.models)

    def pick(self, model: int) -> Bank:
        """As of any bank, sharing memory with this one."""
        rows, made = self._rows(model), object.__new__(ContiguousBank)
        made._own(self._W[rows], self._b[rows], 1)
        return made


def _copy(part: Tensor) -> Tensor:
    return part.clone(memory_format=torch.contiguous_format)


def normal(
    outputs: int,
    features: int,
    generators: Sequence[torch.Generator],
    std: float = 0.01,
    dtype: torch.dtype = torch.float32,
) -> Bank:
    """Weights drawn from N(0, std²), biases zero: the book's start (D2L 3.2.3, 3.6.1).

    Args:
        outputs: K.
        features: D.
        generators: one of each of the M models, so that a model starts alike alone and in a bank.
        std: the standard deviation σ.
        dtype: float32 or float64; numbers are drawn in float64, so both start alike.
    """
    draws = [torch.randn(outputs, features, generator=g, dtype=torch.float64) * std for g in generators]
    W = torch.cat(draws).to(dtype)  # (M·K, D)
    return Bank.of(W, W.new_zeros(len(W)), len(generators))


def stack(banks: Sequence[Bank]) -> Bank:
    """The models of several banks in one, in order.

    Raises:
        UsageError: there is none.
        ShapeError: their K or D differ.
    """
    if not banks:
        raise UsageError("stack needs at least one bank")
    if len({(bank.outputs, bank.features) for bank in banks}) > 1:
        raise ShapeError("banks of different outputs or features cannot be stacked")
    return Bank(torch.cat([bank.theta for bank in banks]), sum(bank.models for bank in banks))


def from_module(module: nn.Module) -> Bank:
    """A bank of one from a module whose only parameters are one `nn.Linear`, with its own memory.

    Raises:
        UsageError: the module holds another number of linear layers, or other layers with parameters.
    """
    linears = [child for child in module.modules() if isinstance(child, nn.Linear)]
    if len(linears) != 1 or len(list(module.parameters())) != len(list(linears[0].parameters())):
        raise UsageError(f"expected a module with one nn.Linear and no other parameters, got {module}")
    linear = linears[0]
    W = linear.weight.detach()
    return Bank.of(W, W.new_zeros(len(W)) if linear.bias is None else linear.bias.detach())
