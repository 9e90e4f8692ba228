"""`edge_of`: whether the best of a grid's values lies at its edge, and which way to widen it."""

from __future__ import annotations

from collections.abc import Sequence


def edge_of(name: str, values: Sequence[float], losses: Sequence[float], best: float, fewest: int = 3) -> str:
    """A sentence where the best value has nothing tried on one side of it; empty where that is no matter.

    It is none where fewer than `fewest` values were tried (of two none lies within), where the values next to
    the edge do as well, so that the loss has levelled off; and at 0, below which nothing lies.

    Args:
        name: of the setting, such as "l2".
        values: that were tried, in any order, not negative.
        losses: of each, less being better.
        best: the one that was chosen.
        fewest: values, at least 2, from which on it is worth a word.
    """
    tried = sorted(zip(values, losses, strict=True))
    kept = [(value, loss) for value, loss in tried if loss == loss]  # without NaN
    if len({value for value, _ in kept}) < fewest:
        return ""
    least = min(loss for value, loss in kept if value == best)
    low, high = kept[0][0], kept[-1][0]
    if best == low and best > 0 and min(loss for value, loss in kept if value > low) > least:
        return f"the best {name}, {best:g}, is the smallest that was tried: widen {name} downwards"
    if best == high and min(loss for value, loss in kept if value < high) > least:
        return f"the best {name}, {best:g}, is the largest that was tried: widen {name} upwards"
    return ""
