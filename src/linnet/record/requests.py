"""What a sweep was asked, as plain values: what `sweep.json` keeps and a replay begins with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from linnet.config import Knobs
from linnet.errors import FormatError
from linnet.train.trials import LogUniform, Uniform, listed

RANGES: dict[str, type[LogUniform | Uniform]] = {"log_uniform": LogUniform, "uniform": Uniform}


def recorded(grid: Mapping[str, Any], settings: Sequence[Knobs] | None, **options: Any) -> dict[str, Any]:
    """A sweep's arguments as plain JSON values.

    Args:
        grid: as `sweep` takes it.
        settings: likewise.
        options: the other arguments by name; those that are None are left out.
    """
    known = {name: _plain(value) for name, value in options.items() if value is not None}
    if settings is not None:
        return {"settings": [dataclasses.asdict(knobs) for knobs in settings], **known}
    return {"grid": {name: _values(name, value) for name, value in grid.items()}, **known}


def arguments(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `sweep` that `recorded` made plain.

    Raises:
        FormatError: these are none.
    """
    values = dict(asked)
    try:
        if "settings" in values:
            values["settings"] = [Knobs(**knobs) for knobs in values["settings"]]
        else:
            values["grid"] = {name: _range(value) for name, value in values["grid"].items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FormatError(f"these are no options of a sweep: {error!r}") from error
    return values


def _values(name: str, value: Any) -> Any:
    for kind, of in RANGES.items():
        if isinstance(value, of):
            return {kind: [value.low, value.high]}
    return [_plain(one) for one in listed(name, value)]


def _range(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, ends),) = value.items()
    return RANGES[kind](*ends)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return [_plain(one) for one in value] if isinstance(value, list | tuple | range) else value
