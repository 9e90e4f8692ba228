"""The rows that a run was trained on and is judged by, got again where that can be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from linnet.data import user_data
from linnet.data.dataset import Dataset, Splits
from linnet.data.origin import Origin
from linnet.data.registry import load_again, sources
from linnet.errors import LinnetError
from linnet.record.paths import shared


@dataclass(frozen=True, eq=False)
class Rows:
    """What is at hand.

    Args:
        train: the rows it was trained on, weights and all; None when they are not at hand.
        test: the rows it is judged by; None where there are none.
        reason: why the training rows are not at hand; empty when they are.
        values: of the blanks in the reason.
        seed: that the data set was loaded with, which matters to synthetic data.
        is_catalog: whether they are known to be as linnet loads them by name.
        is_absent: whether they are not at hand only because their files are not here.
    """

    train: Dataset | None
    test: Dataset | None
    reason: str = ""
    values: Mapping[str, str] | None = None
    seed: int = 0
    is_catalog: bool = False
    is_absent: bool = False


def is_loadable(name: str) -> bool:
    """Whether a data set's name says how to load it: one of linnet's, or a path."""
    return name in sources() or user_data.is_own(name)


def elsewhere(asked: Mapping[str, Any], data_dir: Path | str | None) -> dict[str, Any]:
    """What was asked, the data being in another folder now if one is given."""
    return {**asked} if data_dir is None else {**asked, "data_dir": str(data_dir)}


def at_hand(name: str, asked: Mapping[str, Any], checksum: str, origin: Origin | None = None) -> Rows:
    """The rows of a data set, if it can be loaded by its name and is still the same. Nothing is downloaded.

    Args:
        name: of the data set.
        asked: what the run records of it: data_dir, sample_weight, seed, hold_out.
        checksum: of its training rows.
        origin: of the rows, where they have one.
    """
    if not is_loadable(name):
        said = "The rows of {name} are not at hand: they were in memory when it was trained."
        return Rows(None, None, said, {"name": name})
    if name in sources() and not sources()[name].is_there(asked.get("data_dir")):
        said = "The rows of {name} are not at hand: its files are not here (linnet data fetch)."
        return Rows(None, None, said, {"name": name}, is_absent=True)
    if user_data.is_own(name) and user_data.find(name, asked.get("data_dir")) is None:
        said = "The rows of {name} are not at hand: they were in memory, or have moved (--data-dir)."
        return Rows(None, None, said, {"name": shared(name)})
    try:
        splits, seed = loaded(name, asked, origin)
    except (LinnetError, OSError) as error:
        said = "The rows of {name} are not at hand: {error}"
        return Rows(None, None, said, {"name": shared(name), "error": _without_paths(error, name, asked)})
    if checksum and splits.train.checksum != checksum:
        said = "The rows of {name} at hand, or their weights, are not those it was trained on."
        return Rows(None, None, said, {"name": shared(name)})
    return Rows(splits.train, splits.test, seed=seed, is_catalog=True)


def _without_paths(error: Exception, name: str, asked: Mapping[str, Any]) -> str:
    """The first line of a message, with names in place of paths."""
    line = str(error).splitlines()[0]
    for path in (name, asked.get("data_dir"), asked.get("sample_weight")):
        line = line.replace(path, shared(path)) if path else line
    return line


def loaded(name: str, asked: Mapping[str, Any], origin: Origin | None) -> tuple[Splits, int]:
    """A data set as a run had it, whether or not its rows are still the same; and the seed of its rows.

    Args:
        name: of the data set.
        asked: as in `at_hand`.
        origin: likewise.

    Raises:
        LinnetError, OSError: it cannot be had.
    """
    if origin is None or origin.source != name:  # rows that a name or path told before they had an origin
        origin = Origin(name, seed=int(asked.get("seed", 0)), hold_out=asked.get("hold_out") is not False)
    told = {key: asked[key] for key in ("data_dir", "sample_weight") if asked.get(key) is not None}
    origin = replace(origin, **told)
    return load_again(origin), origin.seed
