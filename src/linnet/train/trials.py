"""The models of a sweep: settings from grids, ranges and lists, and which rows each trains on."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from linnet.config import KNOBS, Knobs
from linnet.data.dataset import Dataset
from linnet.data.split import split
from linnet.device import generator
from linnet.errors import UsageError

NAMES = ("lr", *KNOBS)


@dataclass(frozen=True)
class LogUniform:
    """A range that `random` draws from, its logarithm being uniform.

    Args:
        low: above 0.
        high: at least low.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.high < math.inf:
            raise UsageError(f"a log-uniform range needs 0 < low ≤ high, got {self.low}…{self.high}")

    def at(self, share: float) -> float:
        """The value below which a share of the range lies."""
        return math.exp(math.log(self.low) + share * math.log(self.high / self.low))


@dataclass(frozen=True)
class Uniform:
    """A range that `random` draws from evenly, such as that of the momentum.

    Args:
        low: finite.
        high: finite, at least low.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not -math.inf < self.low <= self.high < math.inf:
            raise UsageError(f"a uniform range needs low ≤ high, got {self.low}…{self.high}")

    def at(self, share: float) -> float:
        """The value below which a share of the range lies."""
        return self.low + share * (self.high - self.low)


@dataclass(frozen=True, eq=False)
class View:
    """Rows to train on, with weights, and rows to be judged by.

    Args:
        weights: of the training rows, (N,); None where all count alike.
        validation: which rows are kept from training, (n,), row numbers.
    """

    weights: Tensor | None
    validation: Tensor


@dataclass(frozen=True)
class Trial:
    """One model of a sweep.

    Args:
        setting: the number of its settings, which other folds and seeds share.
        knobs: its settings.
        view: the number of its view: its fold.
    """

    setting: int
    knobs: Knobs
    view: int


def grid(values: Mapping[str, Any], base: Knobs) -> list[Knobs]:
    """Every combination of some knobs' values.

    Args:
        values: knob to a value or several.
        base: the knobs that are not named.

    Raises:
        UsageError: an unknown knob, no value for one, or a value that cannot be.
    """
    _check_names(values)
    lists = {name: listed(name, value) for name, value in values.items()}
    combinations = itertools.product(*lists.values())
    return [dataclasses.replace(base, **dict(zip(lists, chosen, strict=True))) for chosen in combinations]


def random(values: Mapping[str, Any], base: Knobs, count: int, seed: int) -> list[Knobs]:
    """Settings drawn at random: from a `LogUniform` or `Uniform`, or with equal chance from several values.

    Args:
        values: knob to a range, a value, or several.
        base: the knobs that are not named.
        count: how many settings; each comes once for every seed.
        seed: of the draws.

    Raises:
        UsageError: as `grid` does.
    """
    _check_names(values)
    seeds = listed("seed", values.get("seed", base.seed))  # each setting from every start
    values = {name: value for name, value in values.items() if name != "seed"}
    source = generator(seed, "trials")
    drawn = []
    for _ in range(count):
        chosen = {}
        for name, value in values.items():
            share = float(torch.rand((), generator=source, dtype=torch.float64))
            if isinstance(value, LogUniform | Uniform):
                chosen[name] = value.at(share)
            else:
                several = listed(name, value)
                chosen[name] = several[min(int(share * len(several)), len(several) - 1)]
        drawn += [dataclasses.replace(base, **chosen, seed=start) for start in seeds]
    return drawn


def held_out(dataset: Dataset, fraction: float, seed: int) -> list[View]:
    """One view: a share of the rows, stratified by class, is kept from training."""
    _, kept = _split_rows(dataset, fraction, seed)
    weights = torch.ones(len(dataset))
    weights[kept] = 0
    return [View(weights, kept)]


def set_aside(train: Dataset, validation: Dataset) -> tuple[Dataset, list[View]]:
    """Rows to train on and rows to validate on as one data set, and the view that keeps them apart."""
    pairs = zip((train.X, train.y), (validation.X, validation.y), strict=True)
    X, y = (torch.cat([ours, theirs.to(ours)]) for ours, theirs in pairs)
    rows = torch.arange(len(y))
    weights = None
    if train.weights is not None:
        theirs = torch.ones(len(validation)) if validation.weights is None else validation.weights
        weights = torch.cat([train.weights, theirs.to(train.weights)])
    whole = dataclasses.replace(train, X=X, y=y, weights=weights, validation=None)
    return whole, [View((rows < len(train)).float(), rows[len(train) :])]


def folded(dataset: Dataset, folds: int, seed: int) -> list[View]:
    """K views, each of which keeps another k-th of the rows from training, stratified by class.

    Each class is trained on in every view. The only row of a class is always trained on, and judges nowhere.

    Raises:
        UsageError: fewer than two folds, or fewer rows to judge by than folds.
    """
    if not 2 <= folds <= len(dataset):
        raise UsageError(f"folds must lie in 2…{len(dataset)}, the number of rows, not {folds}")
    source = generator(seed, "folds")
    order = torch.randperm(len(dataset), generator=source)
    if dataset.is_classification:  # dealt out class by class, so that each fold has its share
        order = order[torch.argsort(dataset.labels.cpu()[order], stable=True)]
    if dataset.is_classification:
        order = order[~_alone(dataset)[order]]
    if len(order) < folds:
        raise UsageError(
            f"{folds} folds need as many rows of classes with more than one row, and {dataset.name} has "
            f"{len(order)}: use fewer folds, or more rows a class"
        )
    number = torch.full((len(dataset),), -1)
    number[order] = torch.arange(len(order)) % folds
    return [View((number != fold).float(), (number == fold).nonzero()[:, 0]) for fold in range(folds)]


def bagged(dataset: Dataset, bags: int, seed: int) -> list[View]:
    """Views of bootstraps: each row counts as often as a Poisson(1) number says, and those of 0 judge.

    So many draws with replacement are nearly this for many rows (Oza and Russell 2001). About 37 % of the
    rows are out of each bag. The counts of a class that would be left out of a bag are drawn again.

    Raises:
        UsageError: no bag, or so few rows that a bag is empty or nothing is left to judge by.
    """
    if bags < 1:
        raise UsageError(f"bags must be at least 1, not {bags}")
    views = []
    for bag in range(bags):
        source = generator(seed, "bags", bag)
        counts = torch.poisson(torch.ones(len(dataset)), source)
        for rows in _left_out(dataset, counts):
            while not counts[rows].any():
                counts[rows] = torch.poisson(torch.ones(len(rows)), source)
        out = (counts == 0).nonzero()[:, 0]
        if not 0 < len(out) < len(dataset):
            raise UsageError(f"{len(dataset)} rows are too few for bags")
        views.append(View(counts, out))
    return views


def trials(settings: Sequence[Knobs], views: int) -> list[Trial]:
    """A model for each settings and view."""
    return [Trial(number, knobs, view) for number, knobs in enumerate(settings) for view in range(views)]


def unjudged(dataset: Dataset, views: Sequence[View]) -> tuple[str, ...]:
    """The classes with rows, none of which is kept from training in any view, so that no score is of them.

    Args:
        dataset: the rows; those it sets aside to validate on follow them in the views' numbers (`set_aside`).
        views: of a sweep.
    """
    if not dataset.is_classification:
        return ()
    parts = [dataset] if dataset.validation is None else [dataset, dataset.validation]
    labels = torch.cat([part.labels.cpu() for part in parts])
    judged = labels[torch.cat([view.validation.cpu() for view in views])]
    trained = labels[: len(dataset)]
    there, seen = (torch.bincount(rows, minlength=dataset.outputs) for rows in (trained, judged))
    return tuple(dataset.classes[k] for k in ((there > 0) & (seen == 0)).nonzero()[:, 0].tolist())


def _alone(dataset: Dataset) -> Tensor:
    """Which rows are the only ones of their class, (N,), bool."""
    labels = dataset.labels.cpu()
    return torch.bincount(labels, minlength=dataset.outputs)[labels] == 1


def _left_out(dataset: Dataset, counts: Tensor) -> list[Tensor]:
    """The rows of each class that has rows, none of which counts."""
    if not dataset.is_classification:
        return []
    labels = dataset.labels.cpu()
    there = torch.bincount(labels, minlength=dataset.outputs) > 0
    seen = torch.bincount(labels, counts.double(), dataset.outputs) > 0
    return [(labels == k).nonzero()[:, 0] for k in (there & ~seen).nonzero()[:, 0].tolist()]


def _split_rows(dataset: Dataset, fraction: float, seed: int) -> tuple[Tensor, Tensor]:
    """The row numbers of the two parts of a split."""
    numbers = torch.arange(len(dataset))
    labelled = dataclasses.replace(
        dataset, X=numbers[:, None], image_shape=None, y=dataset.y.cpu(), scale=1.0, weights=None, columns=(),
        validation=None,
    )  # fmt: skip
    return tuple(part.X[:, 0] for part in split(labelled, fraction, seed))  # type: ignore[return-value]


def _check_names(values: Iterable[str]) -> None:
    if unknown := [name for name in values if name not in NAMES]:
        raise UsageError(f"unknown knob {unknown[0]!r}: expected {', '.join(NAMES)}")


def listed(name: str, value: Any) -> list[Any]:
    """A knob's values, whether one or several.

    Raises:
        UsageError: there is none.
    """
    several = [value] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)
    if not several:
        raise UsageError(f"{name} needs at least one value")
    return several
