"""Sums over rows that squared errors are made of, gathered block by block without copying the data."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache, reduce

import numpy as np
import torch
from torch import Tensor

from linnet.core.losses import Loss
from linnet.data.dataset import Dataset
from linnet.device import Result, limit_blas, limit_threads, map_in_threads
from linnet.dist.processes import Processes

ROWS = 1024
"""Rows at once. Pixels less 128 have products of at most 2^14; float32 adds 2^10 of them without rounding."""

MIDDLE = 128
"""Is taken from pixels, so that they lie in −128…127."""

HELD = 64
"""Blocks whose products int32 holds: 2^14 each, 2^10 rows a block, come to 2^30."""

MANY = 64
"""Blocks from which it pays to look for the threads of numpy's BLAS, so that each block has one."""

PANELS = 4
"""Strips that the upper half of a symmetric product is computed in, five eighths of the work."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Σ w, Σ w u, Σ w u uᵀ, Σ w u v, Σ w v and Σ w v² of rows u = x − centre and targets v = y − level.

    Args:
        rows: how many rows of positive weight.
        weight: their weights' sum.
        x: (D,).
        y: (K,).
        xx: (D, D).
        xy: (D, K).
        yy: (K,).
    """

    rows: int
    weight: float
    x: Tensor
    y: Tensor
    xx: Tensor
    xy: Tensor
    yy: Tensor

    def over(self, processes: Processes) -> Moments:
        """The sums over the rows of all processes, in one transfer."""
        parts = {name: torch.as_tensor(value, dtype=torch.float64) for name, value in vars(self).items()}
        flat = processes.sum_(torch.cat([part.flatten() for part in parts.values()]))
        pieces = zip(parts.items(), flat.split([part.numel() for part in parts.values()]), strict=True)
        found = {name: piece.view_as(part) for (name, part), piece in pieces}
        rows, weight = int(found.pop("rows")), float(found.pop("weight"))
        return Moments(rows, weight, **found)

    def join(self, other: Moments, sign: int = 1) -> Moments:
        """The sums over both, or with −1 over the rows that `other` lacks; both about the same point."""
        pairs = zip(vars(self).items(), vars(other).values(), strict=True)
        return Moments(**{name: mine + sign * theirs for (name, mine), theirs in pairs})


def targets(dataset: Dataset, rows: slice | Tensor, dtype: torch.dtype = torch.float64) -> Tensor:
    """Some rows' targets as numbers, (B, K): classes are one-hot."""
    part = dataset.y[rows]
    return Loss.encode(part.cpu() if part.device.type == "mps" else part, dataset.outputs, dtype).T


def wide_device(dataset: Dataset) -> torch.device:
    """Where a data set's rows are computed with in float64, which Apple's MPS lacks."""
    return torch.device("cpu") if dataset.X.device.type == "mps" else dataset.X.device


def blocks(dataset: Dataset, index: Tensor | None = None) -> list[slice | Tensor]:
    """The rows, or those of an index, in parts."""
    if index is not None:
        return list(index.split(ROWS))
    return [slice(low, min(low + ROWS, len(dataset))) for low in range(0, len(dataset), ROWS)]


def are_pixels(dataset: Dataset) -> bool:
    """Whether sums over the rows are whole numbers that float32 products can give exactly."""
    return (
        dataset.X.dtype == torch.uint8
        and dataset.weights is None
        and not dataset.y.is_floating_point()
        and dataset.X.device.type == "cpu"
        and torch.get_float32_matmul_precision() == "highest"
    )


def find_origin(dataset: Dataset) -> tuple[Tensor, Tensor]:
    """A point amid the rows that count, (D,) and (K,), from which sums keep their digits.

    It is a multiple of the first rows' spread, rounded down to a power of two, so that whole numbers
    stay whole and their sums exact.
    """
    first: slice | Tensor = slice(ROWS)
    if dataset.weights is not None and bool((dataset.weights == 0).any()) and bool(dataset.weights.any()):
        first = dataset.weights.nonzero()[:ROWS, 0]
    if dataset.X.dtype == torch.uint8:
        centre = torch.full((dataset.features,), float(MIDDLE), dtype=torch.float64)
    else:
        centre = _centre(dataset.X[first].double().cpu())
    if not dataset.y.is_floating_point():
        return centre, torch.zeros(dataset.outputs, dtype=torch.float64)
    return centre, _centre(dataset.y[first].double().cpu())


def _centre(values: Tensor) -> Tensor:
    low, high = values.amin(0), values.amax(0)
    _, exponent = torch.frexp(high / 2 - low / 2)
    step = torch.ldexp(torch.ones_like(low), exponent - 1)
    centre = torch.round((low / 2 + high / 2) / step) * step
    return torch.where((low < high) & centre.isfinite(), centre, low)


def share_out(
    work: Callable[[Sequence[slice | Tensor]], Result],
    parts: Sequence[slice | Tensor],
    device: torch.device,
    *,
    in_order: bool = False,
) -> list[Result]:
    """The results of work on a share of the parts each; on a CPU every core takes a share.

    Args:
        work: on some parts.
        parts: all.
        device: that computes.
        in_order: whether the parts of a share follow each other, as rows that are read from files should.
    """
    shares = max(1, min(torch.get_num_threads(), len(parts))) if device.type == "cpu" else 1
    if in_order:
        bounds = [len(parts) * share // shares for share in range(shares + 1)]
        return map_in_threads(work, [parts[low:high] for low, high in itertools.pairwise(bounds)])
    return map_in_threads(work, [parts[share::shares] for share in range(shares)])


def gather(dataset: Dataset, centre: Tensor, level: Tensor, index: Tensor | None = None) -> Moments:
    """The sums over a data set, or over some of its rows.

    Args:
        dataset: stored rows.
        centre: is taken from each row, (D,).
        level: is taken from each target, (K,).
        index: which rows, (B,); all when None.
    """
    parts, is_read = blocks(dataset, index), dataset.is_streamed
    is_whole = are_pixels(dataset) and bool((centre == MIDDLE).all()) and not bool(level.any())

    def work(part: Sequence[slice | Tensor]) -> Moments:
        return _pixels(dataset, part) if is_whole else _reals(dataset, centre, level, part)

    # Threads of numpy's products would wait for each other within each of the blocks that these threads take.
    with limit_blas(1) if len(parts) > MANY else nullcontext():
        return reduce(Moments.join, share_out(work, parts, dataset.X.device, in_order=is_read))


@cache
def multiplies_bytes() -> bool:
    """Whether torch has a product of bytes here that neither saturates nor rounds: tried on the extremes.

    Processors without an instruction for it may add pairs of products in 16 bits, which do not hold them.
    """
    source = torch.Generator().manual_seed(0)
    extremes = torch.randint(0, 2, (ROWS, 64), generator=source) * 255 - 128
    extremes[:, 0], extremes[:, 1] = -128, 127
    tried = extremes.to(torch.int8)
    try:
        found = torch._int_mm(tried[:, :48].T, tried)  # pyright: ignore[reportPrivateImportUsage]
    except (AttributeError, RuntimeError):  # it is not a promised part of torch
        return False
    return torch.equal(found.double(), extremes[:, :48].double().T @ extremes.double())


@cache
def bytes_are_quicker() -> bool:
    """Whether that product takes less time here than one of float32.

    With an instruction for it (VNNI) it takes a quarter; without, torch falls back to a loop that took 20 to
    50 times as long on a processor with AVX2 alone. Both sums are exact, so the clock decides nothing else.
    """
    whole = torch.randint(-128, 128, (256, 128), generator=torch.Generator().manual_seed(0)).to(torch.int8)
    real = whole.float()

    with limit_threads(1):
        by_bytes = _seconds(torch._int_mm, whole)  # pyright: ignore[reportPrivateImportUsage]
        return by_bytes < 2 * _seconds(torch.mm, real)  # narrow ones say too little for bytes


def _seconds(product: Callable[[Tensor, Tensor], Tensor], part: Tensor) -> float:
    """The least that partᵀ part takes of three times, after one to warm up."""
    times = []
    for _ in range(4):
        start = time.perf_counter()
        product(part.T, part)
        times.append(time.perf_counter() - start)
    return min(times[1:])


def _pixels(dataset: Dataset, parts: Sequence[slice | Tensor]) -> Moments:
    """Sums of pixels less 128, of one-hot classes and of ones in one product a block, exact.

    The product is of bytes where that is exact and quick here, else of float32.
    """
    features, outputs = dataset.features, dataset.outputs
    width = features + outputs + 1
    total = torch.zeros(features, width, dtype=torch.float64)
    counts = torch.zeros(outputs, dtype=torch.float64)
    kind = torch.int8 if multiplies_bytes() and bytes_are_quicker() else torch.float32
    held = torch.zeros(features, width, dtype=torch.int32) if kind == torch.int8 else total
    buffer = torch.ones(ROWS, width, dtype=kind)
    rows = 0
    for number, block in enumerate(parts):
        # Much quicker on a CPU than indexing by a tensor.
        pixels = dataset.X[block] if isinstance(block, slice) else dataset.X.index_select(0, block)
        part = buffer[: len(pixels)]  # (B, D + K + 1)
        part[:, :features] = (pixels ^ MIDDLE).view(torch.int8)  # the same bits as pixels − 128
        part[:, features:-1] = targets(dataset, block, kind)
        counts += part[:, features:-1].sum(0)
        _add_upper_(held, part)
        rows += len(pixels)
        if held is not total and (number + 1 == len(parts) or (number + 1) % HELD == 0):
            total += held
            held.zero_()
    xx = total[:, :features].triu()
    xx += xx.triu(1).T
    xy, x = total[:, features:-1].clone(), total[:, -1].clone()
    return Moments(rows, float(rows), x, counts, xx, xy, counts.clone())


def _add_upper_(total: Tensor, part: Tensor) -> None:
    """Add the first rows of partᵀ part to a total (D, D + K + 1), from the diagonal on, strip by strip.

    Args:
        total: int32 for bytes, else float64.
        part: rows, (B, D + K + 1), int8 or float32.
    """
    is_bytes = part.dtype == torch.int8
    product = torch._int_mm if is_bytes else torch.mm  # pyright: ignore[reportPrivateImportUsage]
    features = len(total)
    edges = [features * panel // PANELS for panel in range(PANELS + 1)]
    for low, high in itertools.pairwise(edges):
        total[low:high, low:] += product(part[:, low:high].T, part[:, low:])


def _square(Z: Tensor, V: Tensor) -> Tensor:
    """Zᵀ V, (P, P); on a CPU by numpy, which makes half of Zᵀ Z and takes a third of the time of torch."""
    if Z.device.type != "cpu":
        return Z.T @ V
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large is refused later
        return torch.from_numpy(Z.numpy().T @ V.numpy())


def _reals(dataset: Dataset, centre: Tensor, level: Tensor, parts: Sequence[slice | Tensor]) -> Moments:
    """The sums in float64, of any rows; the readable reference of `_pixels`."""
    device, features = wide_device(dataset), dataset.features
    width = features + dataset.outputs + 1
    shift = torch.cat([centre, level, centre.new_zeros(1)]).to(device)
    total = torch.zeros(features, width, dtype=torch.float64, device=device)
    sums, squares, rows = total.new_zeros(width), total.new_zeros(width), 0
    for block in parts:
        X, Y = dataset.X[block].to(device).double(), targets(dataset, block).to(device)
        w = X.new_ones(len(X)) if dataset.weights is None else dataset.weights[block].to(device).double()
        Z = torch.cat([X, Y, X.new_ones(len(X), 1)], 1) - shift  # (B, D + K + 1): u, v and 1
        V = Z if dataset.weights is None else Z * w[:, None]
        total += _square(Z, V)[:features]
        sums += V.sum(0)
        squares += (V * Z).sum(0)
        rows += int((w > 0).sum())
    total, sums, squares = total.cpu(), sums.cpu(), squares[features:-1].cpu()
    xx, xy, x = total[:, :features], total[:, features:-1].clone(), sums[:features]
    return Moments(rows, float(sums[-1]), x, sums[features:-1], (xx + xx.T) / 2, xy, squares)
