"""Synthetic linear regression data, `y = X w + b + ε` (D2L 3.2.1)."""

from __future__ import annotations

from collections.abc import Sequence

from linnet.data.dataset import Dataset, LinearTruth, Splits
from linnet.data.origin import Origin
from linnet.data.sources.source import BuiltIn
from linnet.device import generator
from linnet.errors import UsageError
from linnet.lazy import torch

BOOK_W = (2.0, -3.4)
BOOK_B = 4.2
BOOK = (BOOK_W, BOOK_B, 1000, 0.01)
"""What the data set of the name synthetic is made with: w, b, rows and noise, as float32."""


def linear(
    w: Sequence[float] = BOOK_W,
    b: float = BOOK_B,
    rows: int = 1000,
    noise: float = 0.01,
    seed: int = 0,
    dtype: torch.dtype | None = None,
) -> Dataset:
    """Rows with features from N(0, 1) and noise ε from N(0, noise²).

    Args:
        w: the true weights, (D,).
        b: the true bias.
        rows: N.
        noise: the standard deviation of ε.
        seed: of features and noise.
        dtype: of features and targets; float32 when None.

    Returns:
        A regression of one output whose `truth` holds w and b.

    Raises:
        UsageError: no rows, no weights, or negative noise.
    """
    if rows < 1 or len(w) < 1 or noise < 0:
        raise UsageError(
            f"synthetic data needs rows ≥ 1, weights and noise ≥ 0; got {rows}, {len(w)}, {noise}"
        )
    dtype, source = dtype or torch.float32, generator(seed, "synthetic")
    weights = torch.tensor(w, dtype=torch.float64)
    X = torch.randn(rows, len(w), generator=source, dtype=torch.float64)  # (N, D)
    y = X @ weights + b + noise * torch.randn(rows, generator=source, dtype=torch.float64)
    is_book = (tuple(w), b, rows, noise) == BOOK and dtype == torch.float32
    return Dataset(
        X.to(dtype),
        y[:, None].to(dtype),
        name="synthetic",
        source=f"y = Xw + b + ε with w = {list(w)}, b = {b}, ε from N(0, {noise}²), seed {seed}",
        truth=LinearTruth(weights, b),
        origin=Origin("synthetic", seed=seed) if is_book else None,
    )


SOURCE = BuiltIn(
    "synthetic",
    "Synthetic",
    "1,000 rows of y = Xw + b + ε, the book's linear regression (made on the spot)",
    make=lambda seed, hold_out: Splits(linear(seed=seed)),
    has_classes=False,
)
