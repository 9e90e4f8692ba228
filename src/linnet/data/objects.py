"""Arrays of Python's objects, as lists and frames hold them, as numpy's numbers or text."""

from __future__ import annotations

import numpy as np

from linnet.errors import UsageError

NUMBERS = (int, float, np.integer, np.floating)


def plain(array: np.ndarray, what: str) -> np.ndarray:
    """Objects as numbers, as true and false, or as text, if they are all of one of these.

    Raises:
        UsageError: they are mixed, or something else.
    """
    values = array.reshape(-1).tolist()
    if values and all(isinstance(value, bool | np.bool_) for value in values):
        return array.astype(bool)
    if values and all(isinstance(value, str) for value in values):
        return array.astype(str)
    if values and isinstance(values[0], str):
        raise _mixed(values, what, "text", [isinstance(value, str) for value in values])
    are_numbers = [isinstance(v, NUMBERS) and not isinstance(v, bool | np.bool_) for v in values]
    if not all(are_numbers):
        raise _mixed(values, what, "numbers" if are_numbers[0] else "numbers or text", are_numbers)
    if not values:
        return array.astype(np.float32)
    try:
        return array.astype(np.int64 if all(isinstance(v, int | np.integer) for v in values) else np.float64)
    except OverflowError as error:
        raise UsageError(f"{what} holds a number that is too large for 64 bits") from error


def _mixed(values: list[object], what: str, kind: str, fits: list[bool]) -> UsageError:
    place = fits.index(False)
    value = values[place]
    shown = "a list, so that rows differ in length" if isinstance(value, list | tuple) else repr(value)[:60]
    return UsageError(f"{what} must hold {kind} throughout, and its entry {place} is {shown}")
