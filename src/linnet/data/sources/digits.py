"""Handwritten digits: 1,797 real images of 8 × 8 that scikit-learn carries, so they are always there."""

from __future__ import annotations

import numpy as np

from linnet.data.dataset import Dataset, Splits
from linnet.data.sources.source import BuiltIn
from linnet.data.split import Whole

CLASSES = tuple("0123456789")


def load(*, hold_out: bool = True) -> Splits:
    """The digits, four fifths to train on and one fifth to test on, the split being fixed.

    Args:
        hold_out: without it all are to train on.
    """
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    whole = Dataset(
        np.asarray(pixels, np.uint8),  # type: ignore[arg-type]  # whole numbers 0…16
        np.asarray(labels, np.int64),  # type: ignore[arg-type]
        name="digits",
        classes=CLASSES,
        image_shape=(8, 8),
        scale=1 / 16,
        source="scikit-learn's copy of the UCI optical digits",
    )
    return Whole(whole).splits(hold_out=hold_out)


SOURCE = BuiltIn(
    "digits",
    "Digits",
    "1,797 images of handwritten digits, 8 × 8, ten classes (built in)",
    make=lambda seed, hold_out: load(hold_out=hold_out),
)
