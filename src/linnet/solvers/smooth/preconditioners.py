"""`Spectral`, `Blocks`: approximate Hessians that are factored once and applied many times.

With S_i = ∂²l/∂o² of row i, (K, K), the Hessian of the mean loss is Σ_i ω_i S_i ⊗ x_i x_iᵀ, of (K (D + 1))²
numbers: 62 million for Fashion-MNIST. Pixels are so correlated that most of its weight lies in a few
hundred directions of feature space. `Spectral` keeps the Hessian whole there, and elsewhere one K × K block
a direction.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.core.losses import Loss
from linnet.device import limit_threads
from linnet.errors import UsageError
from linnet.solvers.problem.hessian import PAIRS, TOO_LARGE, draw, factor, gram, pairs
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.rows import Rows
from linnet.solvers.problem.sparse_rows import SparseRows

WIDEST = 2000
"""Features up to which an eigenbasis is worth D³ operations."""

SINGULAR = 1e-6
"""The share of a block's mean diagonal by which it is raised: softmax has a null direction in each."""


LEAST = 1e7
"""Multiplications that take as long as the calls of a pass: shorter passes are no cheaper."""

Inverse = Callable[[Tensor], Tensor]
"""An approximate inverse of the Hessian: H⁻¹ g, (…, K, D + 1), float64, of one gradient or of several."""


class Preconditioner(ABC):
    """A way to approximate the Hessian at a point."""

    @abstractmethod
    def build(self, objective: Objective, point: Point) -> Inverse:
        """The approximate inverse at a point."""

    @abstractmethod
    def work(self, objective: Objective) -> float:
        """About how many passes over the rows a build takes as long as, by multiplications."""


class Basis:
    """The eigenvectors of XᵀX, the leading first, of the first rows that it is asked for.

    Attributes:
        latest: the approximate inverse that was made in it last.
    """

    def __init__(self) -> None:
        self.U: Tensor | None = None
        self.latest: Inverse | None = None

    def of(self, X1: Tensor, weights: Tensor) -> Tensor:
        """The eigenbasis, (D + 1, D + 1), in the dtype of rows X1 (B, D + 1), weighted.

        Raises:
            UsageError: the features are too large to be squared.
        """
        if self.U is not None:
            return self.U.to(X1)
        squares = (X1.T * weights) @ X1
        if not bool(squares.isfinite().all()):
            raise UsageError(TOO_LARGE)
        self.U = U = torch.linalg.eigh(squares)[1].flip(1).contiguous()
        return U


@dataclass(frozen=True)
class Spectral(Preconditioner):
    """The Hessian on the leading eigenvectors of the features, and K × K blocks on the others.

    Rows are drawn in proportion to their curvature, 1 − Σ_k p_k² for softmax: those classified beyond doubt
    hardly curve it. Costs O(rows·K²·(head² + D) + D³).

    Args:
        head: eigenvectors of XᵀX on which the Hessian is whole; fewer where head·K is over 2500.
        rows: how many are drawn.
        seed: of the draw.
        basis: where the first build leaves its eigenbasis for later ones; each makes its own when None.
    """

    head: int = 200
    rows: int = 10_000
    seed: int = 0
    basis: Basis | None = None

    def build(self, objective: Objective, point: Point) -> Inverse:
        """See `Preconditioner.build`; for more than 2000 features as `Blocks` does."""
        objective, point = objective.near(point)
        rows, basis = objective.rows, self.basis or Basis()
        threads = torch.get_num_threads() if rows.y.device.type == "cpu" else 1
        if has_blocks(rows):
            basis.latest = Blocks(self.rows, self.seed).build(objective, point)
        else:
            with limit_threads(1):
                basis.latest = self._build(objective, point, basis, threads)
        return basis.latest

    def work(self, objective: Objective) -> float:
        """See `Preconditioner.work`."""
        rows = objective.rows
        if has_blocks(rows):
            return Blocks(self.rows, self.seed).work(objective)
        K, D = rows.outputs, rows.features + 1
        head = min(self.head, 2500 // K, D)
        sums = min(self.rows, len(rows)) * count_pairs(rows) * (head**2 + D - head)
        return count_passes(objective, sums + (K * head) ** 3 / 2 + 5 * D**3)

    def _build(self, objective: Objective, point: Point, basis: Basis, threads: int) -> Inverse:
        rows = objective.rows
        index, weights = draw(objective, point, self.rows, self.seed)
        X1, scores = rows.dense(index), point.scores[:, index]  # (B, D + 1), (K, B)
        U = basis.of(X1, weights)  # (D + 1, D + 1)
        Z = X1 @ U
        target = rows.target(index)
        head = min(self.head, 2500 // rows.outputs, Z.shape[1])
        ridge = ridge_of(objective, 1e-9 * float(Z.square().mean())).to(U)  # (D + 1,)
        H = Z.new_zeros(rows.outputs, 0, rows.outputs, 0)
        if head:
            H = gram(Z[:, :head].contiguous(), objective.loss, scores, target, weights, threads)
        T = _tail(Z[:, head:].square(), objective.loss, scores, target, weights)
        leading = (U[:, :head].T * ridge) @ U[:, :head]  # (head, head)
        H.diagonal(dim1=0, dim2=2).add_(leading[..., None])
        return _SpectralInverse(U, H, T, ridge @ U[:, head:].square())


class _SpectralInverse:
    """U (H + ridge)⁻¹ Uᵀ, whole for the first eigenvectors and block by block for the others."""

    def __init__(self, U: Tensor, H: Tensor, T: Tensor, ridge: Tensor) -> None:
        outputs, self.head = H.shape[:2]
        H = H.reshape(outputs * self.head, outputs * self.head)
        self.U, self.T = U, _invert(T, ridge[:, None]).to(U)
        # L⁻¹ itself: products with it take a fraction of the time of triangular systems, and are as exact.
        L, one = factor(H) if self.head else H, torch.eye(len(H), dtype=H.dtype, device=H.device)
        self.root = torch.linalg.solve_triangular(L, one, upper=False)

    def __call__(self, gradient: Tensor) -> Tensor:
        """See `Inverse`; on one thread, for a second gains nothing and spins where others want its core."""
        with limit_threads(1):
            g = gradient.to(self.U) @ self.U  # (…, K, D + 1)
            tail = torch.einsum("jab,...bj->...aj", self.T, g[..., self.head :])
            head = g[..., : self.head]
            if self.head:
                head = (head.reshape(-1, len(self.root)) @ self.root.T @ self.root).reshape(head.shape)
            return (torch.cat([head, tail], -1) @ self.U.T).double()


@dataclass(frozen=True)
class Blocks(Preconditioner):
    """One K × K block a feature, for data of very many features; beyond 20 classes their diagonals.

    Args:
        rows: how many are drawn to work it out.
        seed: of the draw.
    """

    rows: int = 10_000
    seed: int = 0

    def work(self, objective: Objective) -> float:
        """See `Preconditioner.work`."""
        rows = objective.rows
        entries = count_pairs(rows) if rows.outputs <= 20 else rows.outputs
        return count_passes(objective, min(self.rows, len(rows)) * entries * (rows.features + 1))

    def build(self, objective: Objective, point: Point) -> Inverse:
        """See `Preconditioner.build`."""
        objective, point = objective.near(point)
        index, weights = draw(objective, point, self.rows, self.seed)
        rows, scores = objective.rows.sample(index), point.scores[:, index]
        target = rows.target()
        entries = [
            (a, b, c * weights)
            for a, b, c in pairs(objective.loss, scores, target)
            if a == b or rows.outputs <= 20
        ]
        squares = rows.squares(torch.stack([c for _, _, c in entries]))
        ridge = ridge_of(objective, 1e-9 * float(squares.mean()))  # (D + 1,)
        if rows.outputs > 20:
            diagonal = (squares + ridge).double()  # (K, D + 1)
            return keep_shift_apart(lambda gradient: gradient / diagonal, objective)
        T = _fill_blocks(squares, [(a, b) for a, b, _ in entries], rows.outputs)
        inverse = _invert(T, ridge[:, None])  # (D + 1, K, K)
        return lambda gradient: torch.einsum("jab,...bj->...aj", inverse, gradient)


def has_blocks(rows: Rows) -> bool:
    """Whether an eigenbasis of the features, or K × K numbers of each, would cost too much."""
    return rows.features > WIDEST or rows.outputs > 100


def count_pairs(rows: Rows) -> int:
    """The pairs of classes that the losses of rows couple."""
    return rows.outputs * (rows.outputs + 1) // 2


def count_passes(objective: Objective, products: float) -> float:
    """So many multiplications as passes over the rows, each of one product with θ and one back."""
    rows = objective.rows
    stored = rows.X.nnz if isinstance(rows, SparseRows) else len(rows) * rows.features
    return products / max(2 * rows.outputs * (stored + len(rows)), LEAST)


def keep_shift_apart(inverse: Inverse, objective: Objective) -> Inverse:
    """The inverse of a picture that knows nothing of how classes are coupled, but for a shift of them all.

    Softmax does not feel a shift of all classes' parameters, which L2 alone curves. A picture class by class
    makes shifts with each step and takes them for curved as the classes are, so that it takes them back some
    hundred times too slowly. Here they have the curvature that they have, and other steps make none. A
    curvature that is less than rounding is raised to it, for what a gradient then says of shifts is rounding.
    """
    if not objective.loss.couples_outputs:
        return inverse
    ridge = objective.zeros()[0]  # (D + 1,), that of the bias 0
    ridge[:-1] = objective.l2
    flat = torch.where(ridge > 0, 1 / ridge.clamp(min=torch.finfo(objective.rows.dtype).eps), 0.0)

    def apart(gradient: Tensor) -> Tensor:
        mean = gradient.mean(-2, keepdim=True)  # (…, 1, D + 1)
        step = inverse(gradient - mean)
        return step - step.mean(-2, keepdim=True) + mean * flat

    return apart


def ridge_of(objective: Objective, least: float) -> Tensor:
    """The ridge of each column and of the bias, (D + 1,): the L2, or so little; of the bias so little."""
    ridge = torch.full_like(objective.zeros()[0], least)
    if objective.penalty.l2:
        ridge[:-1] = objective.l2
    return ridge


def _fill_blocks(squares: Tensor, index: list[tuple[int, int]], outputs: int) -> Tensor:
    """Symmetric blocks, (D, K, K), of what stands at each pair of classes, (J, D)."""
    T = squares.new_zeros(squares.shape[1], outputs, outputs)
    for row, (a, b) in zip(squares, index, strict=True):
        T[:, a, b] = T[:, b, a] = row
    return T


def _invert(T: Tensor, ridge: float | Tensor) -> Tensor:
    """(T_j + ridge)⁻¹ of positive semidefinite blocks, (D, K, K), float64, raised where they are singular.

    Args:
        T: (D, K, K).
        ridge: a number, or one a block, (D, 1).
    """
    T = T.double()
    diagonal = T.diagonal(dim1=1, dim2=2)
    diagonal += ridge + SINGULAR * diagonal.mean(1, keepdim=True) + torch.finfo(torch.float32).tiny
    return torch.linalg.inv(T)


def _tail(squares: Tensor, loss: Loss, scores: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Σ_i ω_i S_i z_ij², (D, K, K), of squared features z_ij², (B, D)."""
    entries = list(pairs(loss, scores, target))
    index = [(a, b) for a, b, _ in entries]
    sums = [
        torch.stack([c * weights for _, _, c in entries[low : low + PAIRS]]) @ squares
        for low in range(0, len(entries), PAIRS)
    ]
    return _fill_blocks(torch.cat(sums), index, len(scores))
