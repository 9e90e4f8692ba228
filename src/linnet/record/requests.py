"""Frozen requests: the options of a sweep, written to its folder and read from it again, and of a tune."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from linnet.config import Hyperparameters
from linnet.core.grids import LogUniform, Range, Uniform, list_values
from linnet.errors import FormatError

RANGES: dict[str, type[Range]] = {"log_uniform": LogUniform, "uniform": Uniform}


@dataclass(frozen=True, kw_only=True)
class SweepRequest:
    """What a sweep trains and how it chooses.

    Args:
        grid: name of a hyperparameter (see `linnet.config.Hyperparameters`) to its values or, with `random`,
            its range.
        settings: the settings themselves, in place of a grid.
        random: draw this many settings from the grid's values and ranges.
        folds: cross-validation: each model once a fold.
        bags: bootstraps: each model once a bag.
        validation: the share of the rows that is held out when there are neither folds nor bags.
        metric: that the best is chosen by: "accuracy" or "loss"; accuracy for classes when None.
        epochs: 10 for classes, 3 for a regression.
        batch_size: 256 for classes, 10 for a regression.
        loss: softmax, logistic, squared, absolute or huber.
        huber: Huber's threshold.
        patience: stop a model after so many epochs without a better validation loss.
        halving: epochs after which the worse half of the settings is dropped.
        seed: of the order of the rows, the folds and random draws.
        dtype: float32 or float64.
        device: auto, cpu, cuda or mps.
        threads: auto or a number.
    """

    grid: Mapping[str, Any] = field(default_factory=dict)
    settings: tuple[Hyperparameters, ...] | None = None
    random: int | None = None
    folds: int | None = None
    bags: int | None = None
    validation: float = 0.1
    metric: str | None = None
    epochs: int | None = None
    batch_size: int | None = None
    loss: str | None = None
    huber: float = 1.0
    patience: int | None = None
    halving: tuple[int, ...] = ()
    seed: int = 1
    dtype: str = "float32"
    device: str = "auto"
    threads: int | str = "auto"

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values, without what is None."""
        values = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        grid, settings = values.pop("grid"), values.pop("settings")
        first: dict[str, Any] = {"grid": {name: _values(name, value) for name, value in grid.items()}}
        if settings is not None:
            first = {"settings": [dataclasses.asdict(hyperparameters) for hyperparameters in settings]}
        return {**first, **{name: _plain(value) for name, value in values.items() if value is not None}}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SweepRequest:
        """The inverse of `as_dict`; keys that are no options of a sweep are left alone.

        Raises:
            FormatError: these are no options of a sweep.
        """
        known = {one.name: values[one.name] for one in dataclasses.fields(cls) if one.name in values}
        try:
            known["grid"] = {name: _range(value) for name, value in known.get("grid", {}).items()}
            if "settings" in known:
                known["settings"] = tuple(
                    Hyperparameters(**hyperparameters) for hyperparameters in known["settings"]
                )
            return cls(**{**known, "halving": tuple(known.get("halving", ()))})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise FormatError(f"these are no options of a sweep: {error!r}") from error


@dataclass(frozen=True, kw_only=True)
class TuneRequest:
    """What a tune searches.

    Args:
        space: name of a hyperparameter (see `linnet.config.Hyperparameters`) to a range, several values, or
            one.
        trials: settings to try.
        batch: of which so many are trained at once.
        study: its name; the data set's when None.
        sweep: how each batch is trained and judged.
    """

    space: Mapping[str, Any]
    trials: int = 100
    batch: int = 20
    study: str | None = None
    sweep: SweepRequest = SweepRequest()


def _values(name: str, value: Any) -> Any:
    for kind, of in RANGES.items():
        if isinstance(value, of):
            return {kind: [value.low, value.high]}
    return [_plain(one) for one in list_values(name, value)]


def _range(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, ends),) = value.items()
    return RANGES[kind](*ends)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return [_plain(one) for one in value] if isinstance(value, list | tuple | range) else value
