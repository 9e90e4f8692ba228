"""`ranks_of`: groups and times of rows as the places of their values in order."""

from __future__ import annotations

import datetime
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from linnet.data.tensors import plain
from linnet.errors import ShapeError, UsageError
from linnet.lazy import is_tensor, torch

if TYPE_CHECKING:
    from torch import Tensor


def ranks_of(given: Any, what: str, rows: int) -> Tensor | np.ndarray:
    """The place of each row's value among the different ones in order, (N,), int64; such places as they are.

    Args:
        given: numbers, dates or names; whole numbers of a tensor are taken for places.
        what: they are, "groups" or "times", for messages; times are numbers or dates.
        rows: N.

    Raises:
        ShapeError: they are not one a row.
        UsageError: some are missing, or they are of several kinds, or times are text that is no ISO date.
    """
    if is_tensor(given) and given.dtype == torch.int64:
        places = given
    else:
        values = given.numpy(force=True) if is_tensor(given) else np.asarray(given)
        if values.dtype.kind in "US" and isinstance(given, list | tuple):
            values = np.asarray(given, object)  # in which numbers among text stay numbers
        values = _orderly(values.reshape(-1), what).reshape(values.shape)
        if values.dtype.kind in "fMm" and bool(
            (np.isnan(values) if values.dtype.kind == "f" else np.isnat(values)).any()
        ):
            raise UsageError(f"{what} are missing in some rows: give each row one")
        places = np.unique(values, return_inverse=True)[1].astype(np.int64)
    if places.shape != (rows,):
        raise ShapeError(f"{what} must have shape ({rows},), one a row, got {tuple(places.shape)}")
    return places


def _orderly(values: np.ndarray, what: str) -> np.ndarray:
    """Values of a type whose order is theirs: as text 10 would come before 9, and None be a name."""
    if values.dtype == object:
        dates = [isinstance(value, datetime.date) for value in values.tolist()]
        values = _as_dates(values, what) if dates and all(dates) else plain(values, what)
    return _as_dates(values, what) if what == "times" and values.dtype.kind in "US" else values


def _as_dates(values: np.ndarray, what: str) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # numpy's, of zones
        try:
            return values.astype("M8[us]")
        except (TypeError, ValueError, OverflowError, Warning) as error:
            raise UsageError(
                f"{what} must be numbers, or dates without zones, and some are not ({error}): read text by "
                "pandas.to_datetime, which takes its format, and bring times of zones to UTC"
            ) from error
